"""The units, as systemd-analyze sees them beside those of Docker and cloud-init: nothing it warns of, no cycle, and for each a
bound for what a program that was taken over could do."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, f"{HERE}/../lib")
import tap

UNITS = sorted(os.path.basename(path) for path in glob.glob(TOP + "/rpm/*.service") + glob.glob(TOP + "/rpm/*.socket"))
# What systemd 252 measures is up to 0.3 below. Why it is not less stands in each unit; Amazon's units have 9.6.
EXPOSURE = {
    "amazon-ecs-volume-plugin.service": 5.5,
    "ecs-after-user-data.service": 2.8,
    "ecs-bootstrap.service": 5.2,
    "ecs-efs-mounts.service": 3.5,
    "ecs-efs-tunnel@.service": 4.4,
    "ecs-packages.service": 9.4,
    "ecs-prepare.service": 5.2,
    "ecs-start-tasks.service": 3.5,
    "ecs-trunk.service": 3.4,
    "ecs.service": 5.4,
}
# These mount for others, take mounts off or must see them as they are. Each of the options gives a namespace of mounts.
HOSTS_MOUNTS = ("amazon-ecs-volume-plugin.service", "ecs-bootstrap.service", "ecs-efs-mounts.service", "ecs-efs-tunnel@.service", "ecs-packages.service")
NAMESPACE = (r"^(Protect(System|Home|Proc|ControlGroups|Kernel\w+)|Private(Tmp|Devices|Mounts|Network|Users)|ProcSubset|MountFlags|TemporaryFileSystem|"
             r"(ReadWrite|ReadOnly|Inaccessible|Exec|NoExec|Bind|BindReadOnly)Paths|Root\w+|DynamicUser|JoinsNamespaceOf)=")
SANDBOX = (r"^(CapabilityBoundingSet|NoNewPrivileges|Protect\w+|Private\w+|ReadWritePaths|BindReadOnlyPaths|RestrictAddressFamilies|RestrictNamespaces|"
           r"RestrictRealtime|RestrictSUIDSGID|LockPersonality|SystemCall\w+|DevicePolicy|MemoryDenyWriteExecute)=.*")
# Known to releases after 249, the oldest we install on: an older one says at each boot that it does not know it.
TOO_NEW = r"^(RestartSteps|RestartMaxDelaySec|RestartMode|ExecSearchPath|MemoryPressure\w+|OpenFile|SurviveFinalKillSignal|RestrictFileSystems|ConditionCPUs)="


def read(unit):
    with open(f"{TOP}/rpm/{unit}") as file:
        return file.read()


def value(unit, key, default):
    found = re.findall(rf"^{key}=(.*)$", read(unit), re.M)
    return found[-1] if found else default


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|min|)", text).groups()
    return int(number) * (60 if unit == "min" else 1)


class Root:
    """The units of this machine, of Docker, of cloud-init and ours, and for each command of theirs an empty program."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="units-")
        self.units = self.path + "/usr/lib/systemd/system"
        host = next(folder for folder in ("/usr/lib/systemd/system", "/lib/systemd/system") if os.path.isdir(folder))
        shutil.copytree(host, self.units, symlinks=True)
        for unit in UNITS:
            shutil.copy(f"{TOP}/rpm/{unit}", self.units)
        os.makedirs(self.path + "/etc")
        self.make_programs()
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def make_programs(self):
        os.makedirs(self.path + "/usr/bin")
        os.symlink("usr/bin", self.path + "/bin")
        for name in ("sh", "systemd-tmpfiles", "udevadm"):      # those without a folder
            self.make_program("/usr/bin/" + name)
        for path in glob.glob(self.units + "/*.service"):
            if os.path.isfile(path):
                with open(path, errors="replace") as file:
                    for program in re.findall(r"^Exec\w+=[-@:+!|]*(/\S+)", file.read(), re.M):
                        self.make_program(program)

    def make_program(self, path):
        os.makedirs(os.path.dirname(self.path + path), exist_ok=True)
        with open(self.path + path, "a") as file:
            os.chmod(file.fileno(), 0o755)

    def analyze(self, verb, *words):
        done = subprocess.run(["systemd-analyze", verb, f"--root={self.path}", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def verify(self):
        enable = subprocess.run(["systemctl", "--quiet", f"--root={self.path}", "enable", "ecs.service", "amazon-ecs-volume-plugin.service"],
                                capture_output=True, text=True)
        tap.equal(enable.returncode, 0, f"systemctl enable: {enable.stderr}")
        there = [unit for unit in ("docker.service", "cloud-init.service", "cloud-init-network.service", "cloud-final.service", "cloud-init.target")
                 if os.path.exists(f"{self.units}/{unit}")]
        _, text = self.analyze("verify", "--man=no", "multi-user.target", *there, *(u.replace("@.", "@some.") for u in UNITS))
        # Units of the machine may have complaints of their own.
        return [line for line in text.splitlines() if "ecs" in line or "cycle" in line]


def need(*words):
    if not shutil.which("systemd-analyze"):
        tap.skip("there is no systemd-analyze here")
    text = subprocess.run(["systemd-analyze", "--help"], capture_output=True, text=True).stdout
    for word in words:
        if word not in text:
            tap.skip(f"this systemd-analyze has no {word}")


def test_nothing_to_warn_of():
    need("--man")
    with Root() as root:
        tap.equal(root.verify(), [], "systemd-analyze verify")


def test_a_cycle_and_an_unknown_key_would_be_seen():
    need("--man")
    with Root() as root:
        with open(root.units + "/ecs-bootstrap.service", "a") as file:
            file.write("[Unit]\nAfter=ecs.service\nNoSuchKey=1\n")
        said = "\n".join(root.verify())
        tap.contains(said, "NoSuchKey", "systemd-analyze verify")
        tap.matches(said, "ordering cycle", "systemd-analyze verify")


def test_every_service_has_a_bound():
    tap.equal(sorted(EXPOSURE), [unit for unit in UNITS if unit.endswith(".service")], "units in the table")


@tap.each(**{unit: unit for unit in EXPOSURE})
def test_exposure(unit):
    need("--offline")
    with Root() as root:
        status, text = root.analyze("security", "--offline=true", "--no-pager", unit.replace("@.", "@some."))
        found = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", text)
        tap.check(found, f"systemd-analyze ended with {status}: {text[-500:]}")
        tap.between(float(found[1]), EXPOSURE[unit] - 0.6, EXPOSURE[unit], "exposure (lower the bound if it is less)")


@tap.each(**{unit: unit for unit in HOSTS_MOUNTS})
def test_mounts_stay_the_hosts(unit):
    tap.equal(re.findall(NAMESPACE, read(unit), re.M), [], "options that give a mount namespace of its own")


def test_what_runs_the_same_may_do_the_same():
    lines = [[match[0] for match in re.finditer(SANDBOX, read(unit), re.M)] for unit in ("ecs.service", "ecs-prepare.service")]
    tap.check(len(lines[0]) > 10, f"the sandbox of ecs.service: {lines[0]}")
    tap.equal(lines[0], lines[1], "sandbox of ecs.service and of ecs-prepare.service")


def test_no_unit_has_keys_that_older_systemd_warns_of():
    tap.equal([unit for unit in UNITS if re.search(TOO_NEW, read(unit), re.M)], [], "units")


def test_no_unit_that_restarts_is_given_up():
    """But the one that Docker waits for."""
    for unit in EXPOSURE:
        if value(unit, "Restart", "no") == "no":
            continue
        interval = seconds(value(unit, "StartLimitIntervalSec", "10s"))
        restarts = interval / max(seconds(value(unit, "RestartSec", "0")), 0.1)
        given_up = interval > 0 and restarts >= int(value(unit, "StartLimitBurst", "5"))
        tap.equal(given_up, unit == "ecs-packages.service", f"{unit} is given up after {restarts:.0f} restarts within {interval} s")
        tap.check(seconds(value(unit, "RestartSec", "0")) >= 1, f"{unit} may spin")


if __name__ == "__main__":
    tap.main()
