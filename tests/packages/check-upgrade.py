"""The package is installed and upgraded in a booted machine while the agent runs: a real systemd, dockerd and dpkg."""

import glob
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [TOP + "/tests/boot", TOP + "/tests/lib"]

import boot as machine
import tap

VERSION = open(os.path.join(TOP, "VERSION")).read().strip()
DEB = glob.glob(f"{TOP}/build/deb/ecs-bootstrap_{VERSION}_*.deb")[0]
# what must not change while the supervisor is replaced, and what must
AGENT = "docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Running}}' ecs-agent"
RULES = "iptables -t nat -S | grep -c 51679"
SUPERVISOR = "systemctl show -p MainPID --value ecs"
DPKG = "dpkg -i /report/ecs.deb >/tmp/dpkg 2>&1; echo dpkg $?; grep -i -e error -e fail /tmp/dpkg"
SETTLED = "sleep 0.5; for i in $(seq 200); do systemctl -q is-active ecs && break; sleep 0.05; done"
PROGRAM = f"readlink /proc/$({SUPERVISOR})/exe"
STEPS = (
    f"{AGENT}; {RULES}; {SUPERVISOR}",
    f"{DPKG}; {RULES}; {SETTLED}; {AGENT}; {RULES}; {SUPERVISOR}; {PROGRAM}",
    f"{DPKG}; {RULES}; {SETTLED}; {AGENT}; {RULES}; {SUPERVISOR}; {PROGRAM}; systemctl is-enabled ecs-after-user-data.service",
    f"dpkg -r ecs-bootstrap >/tmp/dpkg 2>&1; echo dpkg $?; systemctl is-active ecs; {AGENT}; {RULES}; test -e /etc/ecs/ecs.config; echo $?",
)
SCENE = machine.Scenario("user-data.mime", steps=STEPS, seconds=90, steps_seconds=90)


def fill(work, scenario, plain=machine.fill):
    plain(work, scenario)
    shutil.copy(DEB, work.path("report", "ecs.deb"))


machine.fill = fill


def lines(number):
    return machine.boot(SCENE).need()["steps"][number]["output"].splitlines()


def check_taken_over(number, before):
    agent, rules, supervisor = before
    got = lines(number)
    tap.equal(got[0], "dpkg 0", "dpkg: " + "\n".join(got))
    tap.equal(got[1:4], [rules, agent, rules], "rules meanwhile, agent and rules afterwards")
    tap.check(got[4] not in ("0", supervisor), f"the supervisor was not replaced: process {got[4]}")
    tap.equal(got[5], "/usr/libexec/ecs-supervisor", "its program")
    return [agent, rules, got[4]]


def test_install_over_a_running_agent_keeps_its_container():
    check_taken_over(1, lines(0))


def test_upgrade_keeps_its_container():
    before = lines(1)[2:5]
    check_taken_over(2, before)
    tap.equal(lines(2)[6], "enabled", "ecs-after-user-data.service")


def test_remove_stops_the_agent_and_takes_the_rules_away():
    got = lines(3)
    tap.equal([got[0], got[1], got[3], got[4]], ["dpkg 0", "inactive", "0", "0"], "dpkg, ecs.service, rules, whether ecs.config stays:\n" + "\n".join(got))
    tap.check(got[2].endswith(" false"), got[2])


tap.main()
