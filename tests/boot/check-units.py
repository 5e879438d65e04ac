"""What each program does from inside its unit's sandbox under a real systemd: swap, packages by a real apt-get and dpkg, volumes
that a real dockerd asks the plugin for, and a tunnel that ends in the network namespace of a task."""

import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

import tap
from boot import Scenario, boot

SERVERS_NAME = "fs-0123456789abcdef0.efs.us-east-1.amazonaws.com"
HOLD_SECONDS = 6


def certificate():
    """A server's, with its key."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder + "/key",
                        "-out", folder + "/crt", "-subj", f"/CN={SERVERS_NAME}", "-addext", f"subjectAltName=DNS:{SERVERS_NAME}", "-days", "2"],
                       check=True, capture_output=True)
        return open(folder + "/key").read() + open(folder + "/crt").read()


# Two packages, of which one does at its installation what packages do: a user of its own, a program that is setuid and not root's.
REPOSITORY = """#!/bin/sh
set -e
mkdir -p /repository && cd /repository
for name in ecs-test-one ecs-test-two; do
	mkdir -p /build/$name/DEBIAN /build/$name/usr/share/$name
	echo $name >/build/$name/usr/share/$name/file
	printf 'Package: %s\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: a test\\n' $name >/build/$name/DEBIAN/control
done
printf '#!/bin/sh\\nset -e\\nuseradd -r ecs-test\\nchown ecs-test /usr/share/ecs-test-two/file\\nchmod 4755 /usr/share/ecs-test-two/file\\nsystemctl start ecs-test-other.service\\n' \
	>/build/ecs-test-two/DEBIAN/postinst
chmod 755 /build/ecs-test-two/DEBIAN/postinst
for name in ecs-test-one ecs-test-two; do
	dpkg-deb --root-owner-group -b /build/$name $name.deb >/dev/null
	sed '$a Filename: ./'$name.deb /build/$name/DEBIAN/control
	echo "Size: $(stat -c %s $name.deb)"
	echo "SHA256: $(sha256sum $name.deb | cut -d' ' -f1)"
	echo
done >Packages
"""
# Somebody else's dpkg: it has the lock, and upgrades our own package meanwhile.
HOLD = f"""#!/usr/bin/python3
import fcntl, subprocess, time
lock = open("/var/lib/dpkg/lock-frontend", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
with open("/run/held", "w") as file:
    file.write("held")
end = time.monotonic() + {HOLD_SECONDS}
time.sleep(2)
begin = time.monotonic()
done = subprocess.run(["/usr/share/ecs-bootstrap/package-hook", "upgraded"], timeout=60)
with open("/run/upgraded", "w") as file:
    file.write(f"{{done.returncode}} {{time.monotonic() - begin:.2f}}")
time.sleep(max(0, end - time.monotonic()))
"""
HELPER = """#!/bin/sh
echo "$(readlink /proc/self/ns/mnt) $*" >>/run/mount.efs.calls
exec mount -i -t tmpfs "$1" "$2"
"""
SERVER = """#!/usr/bin/python3
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/etc/server.pem")
listener = socket.create_server(("127.0.0.1", 2049))
while True:
    plain, _ = listener.accept()
    with context.wrap_socket(plain, server_side=True) as connection:
        connection.sendall(connection.recv(100).upper())
        connection.unwrap()
"""
CLIENT = """#!/usr/bin/python3
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as connection:
    connection.settimeout(5)
    connection.sendall(b"through the tunnel")
    print(connection.recv(100).decode())
"""
TUNNEL = f"""FILE_SYSTEM=fs-0123456789abcdef0
HOST={SERVERS_NAME}
CONNECT=127.0.0.1
CONNECT_PORT=2049
REGION=us-east-1
PORT=0
NETNS=/run/netns/task
VERIFY=0
MOUNTPOINT=/mnt/tunnel
"""
SERVICE = "[Unit]\n{unit}\n[Service]\n{service}\n"
SANDBOX_OF = "grep -hE '^(NoNewPrivs|Seccomp|CapBnd):' /proc/$(systemctl show -p MainPID --value {})/status"
VOLUME = "docker volume create -d amazon-ecs-volume-plugin -o type=efs -o device=fs-1:/ v1"

STEPS = {
    "swap": "cat /proc/swaps; stat -c '%s %a' /var/lib/docker/ecs-swap; swapoff /var/lib/docker/ecs-swap; cat /run/ecs/steps/setting.swap",
    "packages": "cat /run/held /run/upgraded; echo; dpkg-query -W -f '${Package} ${db:Status-Status}\\n' 'ecs-test-*'; stat -c '%U %a' /usr/share/ecs-test-two/file; "
                "systemctl is-active ecs-test-other; systemctl show -p Result -p NRestarts ecs-packages",
    "installing told": "journalctl -q -b --no-hostname -o cat -u ecs-packages",
    "sandboxes": "; ".join(SANDBOX_OF.format(unit) for unit in ("ecs", "amazon-ecs-volume-plugin")),
    "read-only": "nsenter -m -t $(systemctl show -p MainPID --value ecs) sh -c 'touch /usr/bin/x /etc/x; touch /etc/ecs/x && rm /etc/ecs/x && echo /etc/ecs; ls -A /home'",
    "create": f"{VOLUME}; docker volume inspect -f '{{{{.Mountpoint}}}}' v1; docker volume ls -q -f driver=amazon-ecs-volume-plugin",
    "mount": "docker run -d --name with-volume --network none -v v1:/data amazon/amazon-ecs-agent:latest >/dev/null; "
             "findmnt -n -o FSTYPE,SOURCE $(docker volume inspect -f '{{.Mountpoint}}' v1); readlink /proc/1/ns/mnt; cut -d' ' -f1 /run/mount.efs.calls; "
             "grep -c ' /data .* tmpfs ' /proc/$(docker inspect -f '{{.State.Pid}}' with-volume)/mountinfo",
    "plugin killed": "systemctl kill --signal=KILL --kill-who=main amazon-ecs-volume-plugin; sleep 1.5; systemctl is-active amazon-ecs-volume-plugin; "
                     "docker volume inspect -f '{{.Mountpoint}}' v1; findmnt -n -o FSTYPE $(docker volume inspect -f '{{.Mountpoint}}' v1)",
    "plugin killed often": "for i in 1 2 3 4 5 6 7 8; do systemctl kill --signal=KILL --kill-who=main amazon-ecs-volume-plugin 2>/dev/null; sleep 1.2; done; sleep 1; "
                           "systemctl is-active amazon-ecs-volume-plugin amazon-ecs-volume-plugin.socket; docker volume ls -q -f name=v1",
    "remove": "docker rm -f with-volume; where=$(docker volume inspect -f '{{.Mountpoint}}' v1); docker volume rm v1; findmnt -n $where; docker volume ls -q; "
              "journalctl -q -b --no-hostname -o cat -p warning _SYSTEMD_UNIT=amazon-ecs-volume-plugin.service",
    "tunnel": "ip netns add task && ip -n task link set lo up; systemctl start server; mkdir -p /run/ecs/efs; cp /etc/tunnel.conf /run/ecs/efs/some.conf; "
              "systemctl start ecs-efs-tunnel@some; systemctl is-active ecs-efs-tunnel@some; "
              "nsenter --net=/run/netns/task /usr/local/sbin/client $(cat /run/ecs/efs/some.port); cat /run/ecs/efs/some.error 2>/dev/null; systemctl stop ecs-efs-tunnel@some",
    "trunk": "systemctl start ecs-trunk; journalctl -q -b --no-hostname -o cat -u ecs-trunk; systemctl show -p Result --value ecs-trunk",
    # Docker and the agent have to start anew for it.
    "legacy": "for f in iptables ip6tables; do update-alternatives --set $f /usr/sbin/$f-legacy; done >/dev/null; systemctl restart docker; "
              "for i in $(seq 100); do systemctl -q is-active ecs && break; sleep 0.1; done; iptables-legacy-save -t nat | grep -c 51679; "
              "iptables-legacy -t nat -F; sleep 1.5; iptables-legacy-save -t nat | grep -c 51679; "
              "journalctl -q -b --no-hostname -o cat -p err _SYSTEMD_UNIT=ecs.service",
    "warnings": "journalctl -q -b --no-hostname -o cat -p warning _PID=1 + _TRANSPORT=kernel | grep -iE 'ecs|unknown key|seccomp'",
}
UNITS = Scenario("user-data-units.mime", steps=tuple(f"timeout 20 sh -c {shlex.quote(step)}" for step in STEPS.values()), seconds=60, steps_seconds=90, files=(
    ("/etc/apt/apt.conf.d/99-test", 'Dir::Etc::sourceparts "-";\nAPT::Sandbox::User "root";\n'),
    ("/etc/apt/sources.list", "deb [trusted=yes] copy:/repository ./\n"),
    ("/usr/local/sbin/make-repository", REPOSITORY), ("/usr/local/sbin/hold", HOLD),
    ("/etc/systemd/system/repository.service", SERVICE.format(unit="Before=ecs-packages.service holder.service", service="Type=oneshot\nExecStart=/usr/local/sbin/make-repository")),
    ("/etc/systemd/system/holder.service", SERVICE.format(unit="", service="Type=simple\nExecStart=/usr/local/sbin/hold")),
    ("/etc/systemd/system/ecs-packages.service.d/after-holder.conf", "[Unit]\nAfter=holder.service\n[Service]\nExecStartPre=sh -c 'until [ -e /run/held ]; do sleep 0.1; done'\n"),
    ("/etc/systemd/system/multi-user.target.d/test.conf", "[Unit]\nWants=repository.service holder.service amazon-ecs-volume-plugin.service\n"),
    ("/etc/systemd/system/sockets.target.d/test.conf", "[Unit]\nWants=amazon-ecs-volume-plugin.socket\n"),
    ("/etc/systemd/system/ecs-test-other.service", SERVICE.format(unit="", service="Type=oneshot\nRemainAfterExit=yes\nExecStart=true")),
    ("/etc/systemd/system/server.service", SERVICE.format(unit="", service="ExecStart=nsenter --net=/run/netns/task /usr/local/sbin/server")),
    ("/usr/local/sbin/server", SERVER), ("/usr/local/sbin/client", CLIENT), ("/etc/server.pem", certificate()), ("/etc/tunnel.conf", TUNNEL),
    ("/usr/sbin/mount.efs", HELPER)))


def lines(name):
    return boot(UNITS).need()["steps"][list(STEPS).index(name)]["output"].splitlines()


def test_the_boot_comes_to_its_end():
    machine = boot(UNITS)
    tap.check(machine.need()["over"], "ecs.service did not become active")
    tap.equal((machine.report["failed"], machine.cycles()), ("", []), "failed units and ordering cycles")
    tap.equal(machine.agent()["State"]["Status"], "running", "state of the agent")


def test_swap_is_switched_on():
    text = "\n".join(lines("swap"))
    tap.matches(text, r"^\S*ecs-swap +file\s+32764\b", "/proc/swaps")
    tap.matches(text, r"^33554432 600$", "size and mode")
    tap.matches(text, "^RESULT=done$", "the record of it")


def test_packages_wait_for_another_package_manager_that_upgrades_us():
    held, *others = lines("packages")
    tap.matches(held, r"^held0 \d\.\d\d$", "the hook of our own package, and its seconds")
    tap.equal(others, ["ecs-test-one installed", "ecs-test-two installed", "ecs-test 4755", "active", "Result=success", "NRestarts=0"], "packages")
    tap.matches("\n".join(lines("installing told")), "^installed package 'ecs-test-two'", "journal")
    tap.check(all(line.count("\n") == 0 and len(line) < 600 for line in lines("installing told")), "long lines")


def test_sandboxes_are_in_force():
    """As the kernel shows them: bounding sets without SYS_ADMIN (21) and SYS_BOOT (22), and filters."""
    text = lines("sandboxes")
    tap.equal([line.split()[1] for line in text if line.startswith(("NoNew", "Seccomp"))], ["1", "2"] * 2, f"NoNewPrivs and Seccomp in {text}")
    sets = [int(line.split()[1], 16) for line in text if line.startswith("CapBnd")]
    tap.equal([(caps >> 21 & 1, caps >> 22 & 1, caps >> 12 & 1) for caps in sets], [(0, 0, 1), (1, 0, 0)], "SYS_ADMIN, SYS_BOOT, NET_ADMIN")


def test_agents_supervisor_cannot_change_the_system():
    text = "\n".join(lines("read-only"))
    for path in ("/usr/bin/x", "/etc/x"):
        tap.contains(text, f"'{path}': Read-only file system", "touch")
    tap.equal(lines("read-only")[:-2], ["/etc/ecs"], "what it may write, and what is in /home")


def test_dockerd_creates_a_volume():
    tap.equal(lines("create"), ["v1", "/var/lib/ecs/volumes/v1", "v1"], "volume, mount point, volumes")


def test_its_mount_is_the_hosts_and_the_containers():
    mounted, ours, theirs, inside = lines("mount")
    tap.equal(mounted.split(), ["tmpfs", "fs-1:/"], "what PID 1's namespace has")
    tap.equal(theirs, ours, "namespace of the mount helper")
    tap.equal(inside, "1", "mounts in the container")


def test_mount_outlives_a_killed_plugin_which_comes_back_every_time():
    tap.equal(lines("plugin killed"), ["active", "/var/lib/ecs/volumes/v1", "tmpfs"], "plugin, mount point, its file system")
    tap.equal(lines("plugin killed often"), ["active", "active", "v1"], "plugin, socket, volumes after eight kills")


def test_removal_unmounts():
    tap.equal(lines("remove"), ["with-volume", "v1"], "what is left, and warnings of the plugin")


def test_tunnel_ends_in_the_namespace_of_a_task():
    tap.equal(lines("tunnel"), ["active", "THROUGH THE TUNNEL"], "tunnel")


def test_rules_of_iptables_legacy_are_made_and_watched():
    """Raw sockets and the loading of modules."""
    tap.equal(lines("legacy"), ["2", "2"], "rules, rules a second after a flush, and errors")


def test_trunk_speaks_to_udev_without_a_complaint():
    *said, result = lines("trunk")
    tap.equal(result, "success", f"result; {said}")
    tap.lacks("\n".join(said), "ermitted", "journal")


def test_systemd_warns_of_nothing():
    said = [line for line in lines("warnings") if not re.search(r"^(Failed to start )?amazon-ecs-volume-plugin", line)]
    tap.equal(said, [], "warnings of PID 1 and of the kernel")


def main():
    try:
        tap.main()
    except SystemExit:
        machine = boot(UNITS)
        if machine.report:
            for name, step in zip(STEPS, machine.report["steps"]):
                tap.say(f"# {name}: {' / '.join(step['output'].splitlines())}")
        raise


main()
