"""The rows of the boot matrix: what an instance is given, and what must have become of it."""

import dataclasses
import functools
import glob
import os
import shutil
import subprocess

import efs_scene
import peer_package
import userdata as ud
from boot import TOP, Scenario, boot

# As large as the real agent's image, and as long from its start until it has registered (see PEER in table.py).
AGENT = ("--size", "74", "--register-ms", "380")
PATIENT = ("/etc/cloud/cloud.cfg.d/91-patient.cfg", "datasource:\n  Ec2: { timeout: 5, max_wait: 120, metadata_urls: [\"http://169.254.169.254\"] }\n")
# as cloud-init in this root: it would be 120 s
IMPATIENT = ("/etc/systemd/system/ecs-bootstrap.service.d/impatient.conf",
             "[Service]\nExecStart=\nExecStart=/usr/bin/ecs-bootstrap config --imds-timeout 20\n")
BAKED = ("/etc/ecs/ecs.config", "ECS_CLUSTER=baked\n")
IMDS = ("--token-optional",)
# Docker's unit is begun late, or fails until it does not.
LATE_DOCKER = ("/etc/systemd/system/docker.service.d/late.conf", "[Service]\nExecStartPre=/bin/sleep 5\n")
FAILING_DOCKER = ("/etc/systemd/system/docker.service.d/failing.conf",
                  "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=1\n"
                  "ExecStartPre=/bin/sh -c '[ -e /run/seen ] || { sleep 3; touch /run/seen; exit 1; }'\n")
NOT_NEEDED = r"mnt-not\x2dneeded.mount"
WITHHELD = "systemctl -q is-failed ecs-after-user-data.service"
WAITS = "ecs-bootstrap status | grep -q 'user data was not applied.*applied again in'"
# the unit's own command, but not a minute later
SOON = ("/etc/systemd/system/ecs-after-user-data.service.d/soon.conf",
        "[Service]\nExecStart=\nExecStart=/usr/bin/ecs-bootstrap after-user-data --retry 5 systemctl start --no-block ecs.service\n")
STATE = ("grep -v '^#' /etc/fstab", "grep swapfile /proc/swaps | cut -f1 | cut -d' ' -f1", "cat /etc/ecs/ecs.config",
         "find /etc/systemd/system /etc/docker /etc/cloud -name '*ecs*' | sort")


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    scenario: Scenario
    cluster: str | None = "matrix"      # None: the agent must not have been started
    env: tuple = ()         # what the agent must have in its environment, beside that
    lacks: tuple = ()       # and names that it must not have
    journal: str = ""       # a pattern: why something is not as it should be
    failed: tuple = ()      # units that may have failed
    script_ends: bool = False
    first: bool = False     # look at the first boot of the two
    peer: str = ""          # its row in the peer's table

    def machine(self):
        made = boot(self.scenario)
        return made.before if self.first and made.before else made


def scene(data, **more):
    data = data.encode() if isinstance(data, str) else data
    return Scenario(data, **{"agent": AGENT, **more})


def attributes(row):
    return (f"ECS_INSTANCE_ATTRIBUTES={ud.attributes(row)}",)


def of_script(name, *commands, **more):
    """The guide's script, and in it what people write to have the agent at once."""
    return Row(name, scene(ud.guide("script", *commands)), env=attributes("script"), **{"script_ends": True, "peer": name, **more})


HOOK = (ud.BOOTHOOK, "#!/bin/sh\n[ -e /run/hook ] || echo ECS_CONTAINER_INSTANCE_TAGS='{\"hook\":\"ran\"}' >>/etc/ecs/ecs.config\ntouch /run/hook\n")
BOTH = ud.mime((ud.OURS, ud.document("both", cluster="first")), (ud.SCRIPT, ud.guide("script")))

USER_DATA = (
    Row("declarative only", scene(ud.document("declared")), env=attributes("declared")),
    of_script("guide's script", peer="guide's script"),
    Row("declarative and script", scene(BOTH), env=attributes("script"), script_ends=True),
    Row("boothook, script, ours", scene(ud.mime(HOOK, (ud.SCRIPT, ud.script(ud.appends("ECS_RESERVED_MEMORY=64"))), (ud.OURS, ud.document("third")))),
        env=(*attributes("third"), "ECS_RESERVED_MEMORY=64", 'ECS_CONTAINER_INSTANCE_TAGS={"hook":"ran"}'), peer="MIME boothook and script"),
    Row("Batch's part first", scene(ud.batch(ud.BATCH, (ud.OURS, ud.document("batch", cluster="mine")))), cluster="AWSBatch-matrix",
        env=(*attributes("batch"), "ECS_RESERVED_MEMORY=32")),
    Row("Batch's part last", scene(ud.batch((ud.OURS, ud.document("batch", cluster="mine")), ud.BATCH)), cluster="AWSBatch-matrix",
        env=(*attributes("batch"), "ECS_RESERVED_MEMORY=32")),
    Row("no user data", Scenario(None, agent=AGENT), cluster="default"),
    Row("unknown setting", scene(ud.document("bad", swapp={"size": "1GiB"}), over=WITHHELD), cluster=None,
        journal=r"swapp.*\bswap\b", failed=("ecs-bootstrap.service", "ecs-after-user-data.service")),
    Row("unknown setting, script", scene(ud.mime((ud.OURS, ud.document("bad", swapp={"size": "1GiB"})), (ud.SCRIPT, ud.guide("script")))),
        env=attributes("script"), journal=r"swapp.*\bswap\b", failed=("ecs-bootstrap.service",)),
    Row("truncated gzip", scene(ud.broken_gzip(ud.document("bad")), over=WITHHELD), cluster=None, journal="(?i)gzip|compress",
        failed=("ecs-bootstrap.service", "ecs-after-user-data.service", "cloud-init.service")),
    Row("printed delimiters", scene(ud.mime((ud.OURS, ud.document("bad"))).replace(b"\n--==BOUND", b"\n====BOUND"), over=WITHHELD), cluster=None,
        journal="no part can be found", failed=("ecs-bootstrap.service", "ecs-after-user-data.service")),
    of_script("script fails half way", "set -e; date +%s.%N >/run/user-script.ended; false; echo never", journal="with 1 error, the first in its module .scripts-user",
              failed=("cloud-final.service",)),
)
COMMANDS = (
    of_script("a script that takes 4 s", "sleep 4", peer="guide's script"),
    of_script("systemctl start ecs", "systemctl start ecs"),
    of_script("systemctl start --no-block ecs", "systemctl start --no-block ecs", peer=""),
    of_script("systemctl enable --now ecs", "systemctl enable --now ecs"),
    of_script("enable --now --no-block ecs", "systemctl enable --now --no-block ecs", peer=""),
    of_script("systemctl restart docker", "systemctl restart docker"),
)
AROUND = (
    Row("IMDS off, cluster baked", scene("", imds=("--wrong", "*=403"), files=(BAKED,), seconds=70), cluster="baked", journal="(?i)metadata|IMDS",
        failed=("cloud-init.service", "cloud-init-local.service")),
    # Whoever switches it off means it: nothing failed, and what the files do not say is the agent's default.
    Row("IMDS off, nothing baked", scene("", imds=("--wrong", "*=403"), seconds=70), cluster="default", journal="(?i)metadata|IMDS"),
    Row("IMDS hangs, nothing baked", scene("", imds=("--wrong", "*=full"), files=(IMPATIENT,), seconds=70, over=WAITS), cluster=None,
        journal="169.254.169.254.*timed out", failed=("ecs-bootstrap.service",)),
    # By then cloud-init has given up, and so has the first try; nobody else would ask again.
    Row("IMDS comes after 60 s", scene(ud.document("late"), imds=(*IMDS, "--wrong", "*=absent:60"), files=(IMPATIENT, SOON), seconds=110), env=attributes("late"),
        journal="applying it again in 5 s"),
    Row("IMDS late by 30 s", scene(ud.document("late"), imds=(*IMDS, "--wrong", "*=absent:30"), files=(PATIENT,), seconds=90), env=attributes("late")),
    Row("Docker begins 5 s late", scene(ud.document("docker"), files=(LATE_DOCKER,), seconds=60), env=attributes("docker")),
    Row("Docker fails at first", scene(ud.document("docker"), files=(FAILING_DOCKER,), seconds=60), env=attributes("docker")),
    Row("spot", scene(ud.document("spot"), imds=(*IMDS, "--set", "instance-life-cycle=spot")),
        env=(*attributes("spot"), "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true")),
    Row("proxy", scene(ud.document("proxy", proxy={"http": "http://u:planted-proxy@10.0.0.131:3128"})),
        env=(*attributes("proxy"), "HTTP_PROXY=http://u:planted-proxy@10.0.0.131:3128")),
)

# For the figures. A script that takes longer than the image's load shows what is left to do afterwards.
SLOW_SCRIPTS = tuple(of_script(f"a script that takes 4 s, {n}", "sleep 4", f"true {n}", peer="guide's script") for n in (1, 2))
DECLARED = tuple(Row(f"declarative only, {n}", scene(ud.document("declared", agent={"ECS_RESERVED_MEMORY": n})), env=attributes("declared")) for n in (1, 2))

TWICE = ud.mime((ud.OURS, ud.document("twice", swap={"size": "64MiB", "device": "/report/swapfile"}, docker={"live-restore": True},
                                      efs=[{"mountPoint": "/efs", "fileSystemId": "fs-0123456789abcdef0", "required": True}])),
                (ud.SCRIPT, ud.guide("script")))
TOOLS = (efs_scene.APT, ("/usr/sbin/mount.efs", efs_scene.MOUNT.format(mend="")))
REBOOTED = Scenario(TWICE, agent=AGENT, files=TOOLS, steps=STATE, seconds=60, again=Scenario(TWICE, steps=STATE, seconds=60))
SEALED = scene(ud.document("first", cluster="first", docker={"live-restore": True}),
               steps=("systemctl stop ecs docker.socket docker; ecs-bootstrap seal", "cat /etc/ecs/ecs.config; ls /var/lib/ecs/data /run/ecs"),
               again=Scenario(ud.document("second").encode(), imds=(*IMDS, "--set", "instance-id=i-0fedcba9876543210")))
DISKS = (
    Row("swap, EFS and a script", REBOOTED, env=attributes("script"), first=True),
    Row("the same, rebooted", REBOOTED, env=attributes("script")),
    Row("sealed, as another instance", SEALED, env=attributes("second"), lacks=("first",)),
    Row("EFS not there, not required", efs_scene.scenario(broken=False, agent=AGENT, seconds=60), cluster="boot",
        journal="mnt/not-needed.*refused", failed=(NOT_NEEDED,)),
    Row("EFS not there, required", efs_scene.scenario(broken=True, agent=AGENT, seconds=15), cluster=None, journal="/efs.*access denied",
        failed=("efs.mount", NOT_NEEDED)),
)


# --- packages

@functools.cache
def package():
    """(path of our .deb, ""), or ("", why there is none)."""
    done = subprocess.run(("make", "--no-print-directory", "-C", TOP, "deb"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = glob.glob(os.path.join(TOP, "build/deb/ecs-bootstrap_*.deb"))
    return (found[0], "") if done.returncode == 0 and found else ("", "make deb: " + (done.stdout.splitlines() or ["no package"])[-1])


# The root has the agent's image as a plain file; in Amazon's layout it is a link to a file that its package owns.
PEER_THEN_OURS = """mv /var/cache/ecs/ecs-agent.tar /var/tmp
rm /var/cache/ecs/state
dpkg -i /var/tmp/peer.deb >/dev/null
mv /var/tmp/ecs-agent.tar /var/cache/ecs/ecs-agent-v1.105.1.tar
echo ECS_CLUSTER=matrix >/etc/ecs/ecs.config
echo state >/var/lib/ecs/data/agent.db
dpkg -i /var/tmp/ours.deb >/var/tmp/dpkg 2>&1 || { cat /var/tmp/dpkg; exit 1; }
"""


@functools.cache
def peer():
    """A stand-in for Amazon's package, where ours is."""
    folder = os.path.join(TOP, "build/deb/peer")
    shutil.rmtree(folder, ignore_errors=True)
    peer_package.build(folder, folder + ".deb")
    return folder + ".deb"


@functools.cache
def upgraded(ours, peer):
    return Row("over Amazon's package", Scenario(None, agent=AGENT, installed=False, prepare=PEER_THEN_OURS,
                                                 copies=((ours, "/var/tmp/ours.deb"), (peer, "/var/tmp/peer.deb")),
                                                 steps=("cat /var/lib/ecs/data/agent.db; ls -l /etc/systemd/system/multi-user.target.wants; dpkg -l '*ecs*'",)))
