"""tests/deps, with an apt-get that only writes down what it is asked."""

import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../lib")
import program
import tap
from tap import check, contains, equal, lacks

TOOLS = ["cat", "chmod", "cut", "grep", "ls", "mktemp", "rm", "sh", "sort", "tr"]
APT = """#!/bin/sh
for word; do case $word in update|install) echo "$@" >>{log};; esac; done
[ -x {policy} ] && echo "policy $({policy}; echo $?)" >>{log}
echo chatter of apt
exit {status}
"""


class Machine:
    """A PATH of its own, in which only what a test puts there is installed."""

    def __init__(self, installed=(), uid=0, apt_status=0):
        self.root = program.Root()
        for tool in TOOLS:
            self.root.write(f"/bin/{tool}", f'#!/bin/sh\nexec {shutil.which(tool)} "$@"\n', 0o755)
        for command in installed:
            self.root.write(f"/bin/{command}", "#!/bin/sh\nexit 0\n", 0o755)
        self.root.write("/bin/id", f"#!/bin/sh\necho {uid}\n", 0o755)
        self.root.write("/log", "")
        self.policy = self.root.at("/policy-rc.d")
        script = APT.format(log=self.root.at("/log"), policy=self.policy, status=apt_status)
        self.root.write("/bin/apt-get", script, 0o755)

    def run(self, *sets):
        env = program.environment(PATH=self.root.at("/bin"), POLICY_RC_D=self.policy, TMPDIR=self.root.path)
        return program.run(["/bin/sh", f"{HERE}/../deps", *sets], env)

    @property
    def log(self):
        return self.root.read("/log")

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.root.__exit__(*what)


LINT = ["clang", "clang-tidy", "cppcheck", "shellcheck"]


def test_nothing_is_said_or_done_when_all_is_there():
    with Machine(LINT) as machine:
        result = machine.run("lint").exits(0)
        equal((result.out + result.err, machine.log), ("", ""))


def test_only_what_is_missing_is_installed():
    with Machine(["clang", "clang-tidy", "shellcheck"]) as machine:
        result = machine.run("lint").exits(0)
        equal(result.out, "tests/deps: installing cppcheck\n")
        asked = [line for line in machine.log.splitlines() if not line.startswith("policy")]
        equal([line.split()[-1] for line in asked], ["update", "cppcheck"])
        contains(asked[1], "install --no-install-recommends cppcheck")
        contains(asked[1], "DPkg::Lock::Timeout=120")


def test_sets_add_up():
    with Machine() as machine:
        equal(machine.run("lint", "fuzz").exits(0).out.count("clang "), 1)


def test_services_are_forbidden_meanwhile():
    with Machine() as machine:
        machine.run("lint").exits(0)
        contains(machine.log, "policy 101")
        check(not os.path.exists(machine.policy), "the policy was left behind")


def test_policy_of_the_machine_stays():
    with Machine() as machine:
        machine.root.write("/policy-rc.d", "#!/bin/sh\nexit 104\n", 0o755)
        machine.run("lint").exits(0)
        contains(machine.log, "policy 104")
        contains(machine.root.read("/policy-rc.d"), "exit 104")


def test_failed_install_shows_why():
    with Machine(apt_status=100) as machine:
        result = machine.run("lint").exits(1).says("chatter of apt")
        result.says("^tests/deps: install .*cppcheck.*: apt-get failed$")
        check(not os.path.exists(machine.policy), "the policy was left behind")
        equal([name for name in os.listdir(machine.root.path) if name.startswith("tmp")], [])


def test_without_root_only_build_fails():
    for sets, code in ((["lint"], 0), (["build"], 1), (["lint", "build"], 1)):
        with Machine(uid=1000) as machine:
            result = machine.run(*sets).exits(code).says("missing, and cannot be installed without root and apt: ")
            lacks(machine.log, "install")
            contains(result.err, "cppcheck" if "lint" in sets else "libcurl4-openssl-dev")


def test_without_apt():
    with Machine() as machine:
        os.unlink(machine.root.at("/bin/apt-get"))
        machine.run("lint").exits(0).says("missing")


def test_unknown_set_is_refused():
    for sets in (["nonsense"], [], ["lint", "x"]):
        with Machine(LINT) as machine:
            machine.run(*sets).exits(2).says("^usage: ")


if __name__ == "__main__":
    tap.main()
