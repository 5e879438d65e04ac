"""What happens to the agent when its supervisor or Docker is killed or restarted under a real systemd."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

import tap
from boot import Scenario, boot

AGENT = "docker inspect -f '{{.Id}} {{.State.Running}}' ecs-agent"
RULES = "iptables -t nat -S | grep -c 51679"
# until the agent runs under an active ecs.service again; prints the seconds that took
BACK = ("begin=$(date +%s%N); for i in $(seq 150); do "
        f"[ \"$({AGENT} 2>/dev/null | cut -d' ' -f2)\" = true ] && systemctl -q is-active ecs && break; sleep 0.05; done; "
        "echo after $(( ($(date +%s%N) - begin) / 1000000 )) ms")
# dockerd's unit gives up after three restarts in a minute; that is not what is tested here
FORGET = "systemctl reset-failed docker"


def timed(command):
    return f"timeout 15 sh -c '{command.replace(chr(39), chr(39) + chr(92) + chr(39) + chr(39))}'"


STEPS = {
    "before": f"{AGENT}; {RULES}",
    "supervisor killed": f"kill -9 $(systemctl show -p MainPID --value ecs); sleep 0.3; {RULES}; {AGENT}; sleep 3; {BACK}; {AGENT}; {RULES}",
    "docker restarted": f"systemctl restart docker; {BACK}; {AGENT}",
    "docker stopped": f"systemctl stop docker 2>/dev/null; sleep 1; systemctl is-active docker ecs; systemctl start docker; {BACK}; {AGENT}",
    "dockerd killed": f"{FORGET}; kill -9 $(cat /run/docker.pid); sleep 0.5; {BACK}; {AGENT}; {RULES}",
    "reloaded": f"{AGENT}; systemctl reload ecs; echo $?; {AGENT}; echo ECS_RELOADED=yes >>/etc/ecs/ecs.config; systemctl reload ecs; "
                f"echo $?; {AGENT}; docker inspect -f '{{{{.Config.Env}}}}' ecs-agent | grep -c ECS_RELOADED=yes; systemctl is-active ecs",
    "reload refused": f"echo 'ECS_LOG_OPTS={{\"max-sise\":\"1m\"}}' >>/etc/ecs/ecs.config; {AGENT}; systemctl reload ecs 2>/dev/null; "
                      f"echo $?; {AGENT}; systemctl is-active ecs; sed -i /max-sise/d /etc/ecs/ecs.config; systemctl reload ecs; echo $?; {AGENT}",
    "registered": "ecs-bootstrap wait --timeout 5s",
    "stopped": f"systemctl stop ecs; systemctl is-active ecs; {AGENT}; {RULES}",
    "started": f"systemctl start ecs; {AGENT}; {RULES}; systemctl show -p StatusText --value ecs",
}
FAULTS = Scenario("user-data.mime", steps=tuple(timed(command) for command in STEPS.values()), seconds=60)


def lines(name):
    machine = boot(FAULTS)
    steps = machine.need()["steps"]
    step = steps[list(STEPS).index(name)]
    return step["output"].splitlines()


def first_agent():
    agent, rules = lines("before")
    tap.check(agent.endswith(" true"), f"the agent did not run to begin with: {agent}")
    tap.equal(rules, "2", "rules to begin with")
    return agent


def test_killed_supervisor_costs_the_agent_nothing():
    before = first_agent()
    rules, meanwhile, after, agent, rules_after = lines("supervisor killed")
    tap.equal([rules, meanwhile], ["2", before], "rules and agent while no supervisor runs")
    tap.equal([agent, rules_after], [before, "2"], "agent and rules under the next supervisor")
    tap.check(int(after.split()[1]) < 7000, f"no supervisor again: {after}")


def test_restart_of_docker_brings_the_agent_back():
    after, agent = lines("docker restarted")[-2:]
    tap.check(agent.endswith(" true"), f"{after}: {agent}")


def test_start_of_docker_after_a_stop_brings_the_agent_back():
    docker, ecs, after, agent = lines("docker stopped")[-4:]
    tap.equal([docker, ecs], ["inactive", "inactive"], "docker and ecs after the stop: nobody wakes Docker up again")
    tap.check(agent.endswith(" true"), f"{after}: {agent}")


def test_killed_dockerd_brings_the_agent_back():
    after, agent, rules = lines("dockerd killed")[-3:]
    tap.check(agent.endswith(" true"), f"{after}: {agent}")
    tap.equal(rules, "2", "rules")


def test_reload_replaces_the_agent_only_if_its_configuration_changed():
    before, same, unchanged, changed, agent, has, active = lines("reloaded")
    tap.equal([same, unchanged], ["0", before], "exit status and agent, nothing changed")
    tap.equal([changed, has, active], ["0", "1", "active"], "exit status, agents with the new line, state of the unit")
    tap.check(agent.endswith(" true") and agent != before, f"the agent was not replaced: {agent}")


def test_reload_that_docker_refuses_fails_and_keeps_the_agent():
    before, refused, kept, active, again, after = lines("reload refused")
    tap.check(refused != "0", "systemctl reload succeeded")
    tap.equal([kept, active], [before, "active"], "agent and unit after it")
    tap.equal([again, after], ["0", before], "reload of what was there before, and the agent")


def test_wait_says_that_the_agent_has_registered():
    tap.matches("".join(lines("registered")), r"^registered in cluster '\w+' as arn:aws:ecs:", "ecs-bootstrap wait")


def test_stop_is_a_stop():
    state, agent, rules = lines("stopped")[-3:]
    tap.equal([state, rules], ["inactive", "0"], "state of the unit, rules")
    tap.check(agent.endswith(" false"), agent)


def test_status_text_of_the_running_unit():
    agent, rules, status = lines("started")[-3:]
    tap.check(agent.endswith(" true"), agent)
    tap.matches(status, r"^The agent runs in container [0-9a-f]{12}$", "StatusText")


def main():
    try:
        tap.main()
    except SystemExit:
        if boot(FAULTS).report:
            for name, step in zip(STEPS, boot(FAULTS).report["steps"]):
                tap.say(f"# {name}: {' / '.join(step['output'].splitlines())}")
        raise


main()
