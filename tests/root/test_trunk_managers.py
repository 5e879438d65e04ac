"""Real udevd, networkd and NetworkManager with the files of eniTrunking: the primary interface stays theirs, what is
plugged in later does not become so. The interfaces here are veth, so the list of drivers in each file is replaced, after
it was seen to be the real one; nothing else is."""
import contextlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "fakes")]
import tap
from imds import MAC
from tap import check, contains, equal, lacks, skip, wait_until
from trunk_scene import MANAGER, NETWORKD, UDEV, Scene

DRIVERS = {UDEV: ("ena|ixgbevf|vif", "veth"), NETWORKD: ("Driver=ena ixgbevf vif", "Driver=veth"),
           MANAGER: ("driver:ena,driver:ixgbevf,driver:vif", "driver:veth")}
SETUP = """
mount --make-rprivate /
mount -t tmpfs none /run
mkdir -p /run/dbus /run/udev/rules.d /run/systemd/network /run/systemd/system /run/NetworkManager/conf.d
mount -t sysfs $1 none /sys
for d in /etc/udev/rules.d /etc/systemd/network /etc/NetworkManager /var/lib/NetworkManager; do [ ! -d $d ] || mount -t tmpfs none $d; done
mkdir -p /etc/NetworkManager/system-connections /etc/NetworkManager/conf.d 2>/dev/null || :
ip link set lo up
echo ready; exec cat
"""
# What distributions ship, with a pattern that takes in veth: each is run for whatever is plugged in.
HELPERS = {
    "/etc/udev/rules.d/75-cloud-ifupdown.rules": 'SUBSYSTEM=="net", ACTION=="add"',
    "/run/udev/rules.d/61-cloud-netconfig-hotplug.rules": 'SUBSYSTEM=="net", ACTION=="add", ENV{INTERFACE}=="ens*"',
    "/run/udev/rules.d/90-cloud-init-hook-hotplug.rules": 'SUBSYSTEM=="net"',
    "/run/udev/rules.d/99-vpc-policy-routes.rules": 'SUBSYSTEM=="net", ACTION=="add", ENV{ID_NET_DRIVER}=="vif|ena|ixgbevf|veth"',
}
EVERY_ETHERNET = """[connection]
id=all
type=ethernet
multi-connect=3
[ipv4]
method=manual
address1=10.9.8.2/24
[ipv6]
method=disabled
"""


def written():
    """The files as `config` writes them, for veth."""
    with Scene() as scene:
        scene.run().exits(0)
        texts = {path: scene.read(path) for path in DRIVERS}
    for path, (real, here) in DRIVERS.items():
        equal(texts[path].count(real), 1, f"drivers in {path}:\n{texts[path]}")
        texts[path] = texts[path].replace(real, here)
    return texts


class Sandbox(contextlib.ExitStack):
    """Mounts, network and processes of its own. All in it ends with this process: its first one reads our pipe."""

    def __init__(self, *programs, sys_option="-orw"):
        super().__init__()
        if os.geteuid() != 0:
            skip("not root")
        for path in programs:
            if not shutil.which(path, path="/usr/sbin:/usr/bin:/sbin:/bin:/lib/systemd"):
                skip(f"{path} is not installed")
        self.first = subprocess.Popen(["unshare", "-m", "-n", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", SETUP, "sh", sys_option],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.callback(self.end)
        check(self.first.stdout.readline() == b"ready\n", "no namespaces")
        with open(f"/proc/{self.first.pid}/task/{self.first.pid}/children", encoding="ascii") as file:
            self.inside = file.read().split()[0]

    def end(self):
        self.first.stdin.close()
        try:
            self.first.wait(3)
        except subprocess.TimeoutExpired:
            self.first.kill()
            self.first.wait()
        self.first.stdout.close()

    def argv(self, *argv):
        return ["nsenter", "-t", self.inside, "-m", "-n", "-p", *argv]

    def sh(self, script):
        result = subprocess.run(self.argv("sh", "-ec", script), capture_output=True, text=True, timeout=20)
        check(result.returncode == 0, f"{script}: {result.stderr}{result.stdout}")
        return result.stdout

    def start(self, *argv):
        """A daemon; its words go to nobody. The kernel ends it with the first process of the namespace."""
        daemon = subprocess.Popen(self.argv(*argv), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.callback(daemon.wait)
        self.callback(self.end)

    def write(self, path, text, mode="644"):
        subprocess.run(self.argv("sh", "-ec", 'cat >"$1"; chmod "$2" "$1"', "sh", path, mode), input=text, text=True, check=True)

    def plug(self, name, mac):
        self.sh(f"ip link add {name} address {mac} type veth peer name gw-{name}; ip link set gw-{name} up")

    def addresses(self, name):
        return self.sh(f"ip -4 -o addr show dev {name}").split()


def tell_managers(box):
    """What ecs-trunk.service does, where systemctl says of every unit that it is active."""
    box.write("/run/systemctl", "#!/bin/sh\n", "755")
    with open(os.path.join(HERE, "../../rpm/ecs-trunk.service"), encoding="utf-8") as file:
        lines = file.read().replace("\\\n", "").splitlines()
    for line in lines:
        if line.startswith("ExecStart=-"):
            command = line.removeprefix("ExecStart=-").replace("$$", "$")
            subprocess.run(box.argv("sh", "-c", "PATH=/run:$PATH; " + command), capture_output=True, timeout=20, check=False)


# --- udev

def test_helpers_run_for_the_primary_interface_only():
    with Sandbox("systemd-udevd", "udevadm") as box:
        for path, match in HELPERS.items():
            box.write(path, f"{match}, RUN+=\"/bin/sh -c 'echo $name {os.path.basename(path)} >>/run/plugged'\"\n")
        box.write(UDEV, written()[UDEV])
        box.start("/lib/systemd/systemd-udevd")
        wait_until(lambda: box.sh("test -S /run/udev/control && echo yes || :"), 5, "udevd listens")
        box.plug("ens5", MAC)
        box.plug("ens6", "0e:00:00:00:00:06")
        box.sh("udevadm settle -t 10")
        plugged = box.sh("cat /run/plugged")
        for path in HELPERS:
            contains(plugged, f"ens5 {os.path.basename(path)}", "what was run")
        lacks(plugged, "ens6", "what was run")
        equal(box.sh("cat /proc/sys/net/ipv6/conf/ens5/accept_ra /proc/sys/net/ipv6/conf/ens6/accept_ra").split(), ["1", "0"], "accept_ra")
        contains(box.sh("udevadm info /sys/class/net/ens6"), "NM_UNMANAGED=1")


def test_udev_without_our_rule_runs_them_for_both():
    """Or the test above would prove nothing."""
    with Sandbox("systemd-udevd", "udevadm") as box:
        path, match = list(HELPERS.items())[-1]
        box.write(path, f"{match}, RUN+=\"/bin/sh -c 'echo $name >>/run/plugged'\"\n")
        box.start("/lib/systemd/systemd-udevd")
        wait_until(lambda: box.sh("test -S /run/udev/control && echo yes || :"), 5, "udevd listens")
        box.plug("ens6", "0e:00:00:00:00:06")
        box.sh("udevadm settle -t 10")
        contains(box.sh("cat /run/plugged"), "ens6")


# --- systemd-networkd

def links(box):
    """{name: setup state}"""
    return {line.split()[1]: line.split()[-1] for line in box.sh("networkctl --no-pager --no-legend list").splitlines()}


def networkd(box):
    # /sys is read-only here, so networkd asks no udev, and takes the driver's name from the kernel
    box.write("/run/systemd/network/80-ec2.network", "[Match]\nDriver=veth\nName=ens*\n[Network]\nAddress=10.9.8.2/24\nLinkLocalAddressing=no\n")
    box.sh("dbus-daemon --system --nopidfile --fork")
    box.start("/lib/systemd/systemd-networkd")
    wait_until(lambda: box.sh("networkctl --no-legend list 2>/dev/null || :"), 5, "networkd answers")


def test_networkd_keeps_the_primary_and_leaves_the_rest():
    with Sandbox("systemd-networkd", "networkctl", "dbus-daemon", sys_option="-oro") as box:
        networkd(box)
        box.plug("ens5", MAC)
        box.plug("ens7", "0e:00:00:00:00:07")       # there before we came, as a trunk is after a reboot
        wait_until(lambda: box.addresses("ens5") and box.addresses("ens7"), 5, "both are configured")
        before = box.sh("cat /run/systemd/netif/links/$(cat /sys/class/net/ens5/ifindex) | grep -v '^#'")
        contains(before, "NETWORK_FILE=/run/systemd/network/80-ec2.network", "ens5")
        box.write(NETWORKD, written()[NETWORKD])
        tell_managers(box)
        box.plug("ens6", "0e:00:00:00:00:06")
        wait_until(lambda: links(box).get("ens6") == "unmanaged", 5, "ens6 is unmanaged")
        wait_until(lambda: links(box)["ens7"] == "unmanaged", 5, "ens7 is let go")
        equal(box.addresses("ens6"), [], "addresses of ens6")
        equal(box.addresses("ens7"), [], "addresses of ens7")
        after = box.sh("cat /run/systemd/netif/links/$(cat /sys/class/net/ens5/ifindex) | grep -v '^#'")
        contains(after, "NETWORK_FILE=/run/systemd/network/80-ec2.network", "ens5")
        contains(box.addresses("ens5"), "10.9.8.2/24")
        check(links(box)["ens5"] != "unmanaged", "the primary interface is unmanaged")
        box.sh(f"rm {NETWORKD}; networkctl reload")
        wait_until(lambda: box.addresses("ens6"), 5, "without the file ens6 is configured")


# --- NetworkManager

def devices(box):
    return dict(line.split(":")[0:3:2] for line in box.sh("nmcli -t -f DEVICE,TYPE,STATE device").splitlines())


def test_network_manager_keeps_the_primary_and_leaves_the_rest():
    with Sandbox("NetworkManager", "nmcli", "dbus-daemon", "systemd-udevd") as box:
        box.write("/run/udev/rules.d/85-nm-unmanaged.rules", "")    # it would leave every veth alone
        box.write("/etc/NetworkManager/system-connections/all.nmconnection", EVERY_ETHERNET, "600")
        box.start("/lib/systemd/systemd-udevd")
        wait_until(lambda: box.sh("test -S /run/udev/control && echo yes || :"), 5, "udevd listens")
        box.plug("ens5", MAC)
        box.plug("ens7", "0e:00:00:00:00:07")
        box.sh("dbus-daemon --system --nopidfile --fork")
        box.start("NetworkManager", "--no-daemon")
        wait_until(lambda: "running" in box.sh("nmcli -t -f RUNNING general 2>/dev/null || :"), 10, "NetworkManager answers")
        wait_until(lambda: devices(box).get("ens5") == "connected" and devices(box).get("ens7") == "connected", 10, "both are connected")
        box.write(MANAGER, written()[MANAGER])
        contains(box.sh("NetworkManager --print-config"), "[device-ecs-trunk]", "configuration")
        box.write(UDEV, written()[UDEV])
        tell_managers(box)
        box.plug("ens6", "0e:00:00:00:00:06")
        wait_until(lambda: devices(box).get("ens6") == "unmanaged", 5, "ens6 is unmanaged")
        wait_until(lambda: devices(box).get("ens7") == "unmanaged", 5, "ens7 is let go")
        equal(box.addresses("ens7"), [], "addresses of ens7")
        equal(box.addresses("ens6"), [], "addresses of ens6")
        equal(devices(box)["ens5"], "connected", "ens5")
        contains(box.addresses("ens5"), "10.9.8.2/24")


if __name__ == "__main__":
    tap.main()
