"""Real boots under systemd-nspawn: is the agent there in the end, with what user data asked for?"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

import tap
from boot import Scenario, boot

DIAGNOSTIC_LINES = 150

DECLARED_AND_SCRIPT = Scenario("user-data.mime")
OURS_ONLY = Scenario("user-data-ours.mime", steps=(
    # Debian's own configuration is warned of, too
    "grep -E 'WARNING.*(Unhandled|user-?data|handler|ecs)' /var/log/cloud-init.log",
    "grep -c 'Added custom handler for .*vnd.ecs-bootstrap' /var/log/cloud-init.log",
    "cat /var/log/ecs/ecs-bootstrap.log",
    "docker info --format '{{.HTTPProxy}} {{.NoProxy}} {{.LiveRestoreEnabled}}'",
    "systemctl show --value -p Environment ecs.service docker.service",
    "tr '\\0' '\\n' </proc/$(systemctl show --value -p MainPID ecs.service)/environ",
))
# The pattern does not match itself, where it is an argument.
SECRETS = Scenario("user-data-secrets.mime", steps=(
    "sleep 1; ecs-bootstrap status --json",
    "ecs-bootstrap status",
    "setpriv --reuid=65534 --regid=65534 --clear-groups ecs-bootstrap status | tail -n 1",
    "journalctl -q -b -o json -u ecs -u ecs-bootstrap",
    "journalctl -q -b -o export --no-pager | grep -a 'plante[d]'",
    "grep -arl 'plante[d]' /var/log /run/ecs /run/systemd/system 2>/dev/null",
    "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -a 'plante[d]'",
    "ls -l /run/ecs/steps",
))
JOURNAL_LINES = 40      # what a boot says of itself at most
FROM_PART = ("ECS_CLUSTER=boot", "ECS_RESERVED_MEMORY=96")
FROM_SCRIPT = ("ECS_ENABLE_CONTAINER_METADATA=true", 'ECS_INSTANCE_ATTRIBUTES={"script":"saw-the-block"}')


def test_the_boot_comes_to_its_end():
    machine = boot(DECLARED_AND_SCRIPT)
    tap.check(machine.need()["over"], "cloud-init did not finish, or ecs.service did not become active")


def test_no_unit_failed_and_no_ordering_cycle_was_broken():
    machine = boot(DECLARED_AND_SCRIPT)
    tap.equal(machine.need()["failed"], "", "failed units")
    tap.equal(machine.cycles(), [], "ordering cycles")


def test_ecs_bootstrap_succeeded_before_the_user_script_began():
    machine = boot(DECLARED_AND_SCRIPT)
    tap.equal(machine.unit("ecs-bootstrap.service")["Result"], "success", "result")
    done = machine.stamp("ecs-bootstrap.service", "ExecMainExitTimestampMonotonic")
    tap.check(done, "ecs-bootstrap.service did not run")
    tap.check(machine.report["script_began"], "the user script did not run")
    tap.check(done < float(machine.report["script_began"]), "ecs-bootstrap.service ended after the script began")


def test_ecs_bootstrap_ended_before_the_network_stage_of_cloud_init_began():
    machine = boot(DECLARED_AND_SCRIPT)
    done = machine.stamp("ecs-bootstrap.service", "ExecMainExitTimestampMonotonic")
    tap.check(0 < done < machine.stamp("cloud-init.service", "ExecMainStartTimestampMonotonic"),
              "ecs-bootstrap.service ended after cloud-init.service began")


def test_user_data_was_read_with_a_token():
    machine = boot(DECLARED_AND_SCRIPT)
    machine.need()
    # cloud-init asks for a version with a date
    ours = [request for request in machine.requests if request["target"] == "/latest/user-data"]
    tap.check(ours, "nobody asked for /latest/user-data")
    for request in ours:
        tap.contains(request["headers"], "x-aws-ec2-metadata-token", "the request's headers")


def test_ecs_config_holds_the_block_and_below_it_what_the_script_appended():
    config = boot(DECLARED_AND_SCRIPT).need()["config"] or ""
    tap.matches(config, r"\A# BEGIN ecs-bootstrap", "ecs.config")
    block, end, below = config.partition("# END ecs-bootstrap\n")
    tap.check(end, f"the block does not end:\n{config}")
    for line in FROM_PART:
        tap.contains(block.splitlines(), line, "the block")
    tap.equal(sorted(below.split()), sorted(FROM_SCRIPT), "what is below the block")


def test_the_agent_runs_with_the_settings_of_both_parts():
    agent = boot(DECLARED_AND_SCRIPT).agent()
    tap.equal(agent["State"]["Status"], "running", "state of the agent")
    for line in FROM_PART + FROM_SCRIPT:
        tap.contains(agent["Config"]["Env"], line, "the agent's environment")


def test_ecs_service_is_active_and_became_so_after_user_data():
    machine = boot(DECLARED_AND_SCRIPT)
    tap.equal(machine.unit("ecs.service")["ActiveState"], "active", "state of ecs.service")
    tap.check(machine.report["cloud_init_finished"], "there is no result.json of cloud-init's")
    tap.check(machine.stamp("ecs.service", "ActiveEnterTimestampMonotonic") > machine.report["cloud_init_finished"],
              "ecs.service was active before cloud-init had finished")


def test_the_rules_for_the_credentials_are_there():
    rules = boot(DECLARED_AND_SCRIPT).need()["rules"]
    tap.matches(rules, r"-d 169\.254\.170\.2/32 .*--dport 80 .*DNAT --to-destination 127\.0\.0\.1:51679", "iptables-save")
    tap.matches(rules, r"-d 169\.254\.170\.2/32 .*--dport 80 .*REDIRECT --to-ports 51679", "iptables-save")


def test_credentials_are_reached_from_the_host_through_169_254_170_2():
    credentials = boot(DECLARED_AND_SCRIPT).need()["credentials"]
    tap.equal(credentials["status"], 200, f"status ({credentials['body']})")
    tap.contains(credentials["body"], "AccessKeyId", "answer")


# --- user data that is ours alone

def output_of(step):
    return boot(OURS_ONLY).need()["steps"][step]["output"]


def test_ours_only_the_agent_runs_and_nothing_waited_for_cloud_init():
    machine = boot(OURS_ONLY)
    agent = machine.agent()
    tap.equal(agent["State"]["Status"], "running", "state of the agent")
    for line in ("ECS_CLUSTER=ours", "ECS_RESERVED_MEMORY=96"):
        tap.contains(agent["Config"]["Env"], line, "the agent's environment")
    began = machine.stamp("ecs.service", "InactiveExitTimestampMonotonic")
    tap.check(machine.report["cloud_init_finished"], "there is no result.json of cloud-init's")
    tap.check(0 < began < machine.report["cloud_init_finished"], "ecs.service waited for cloud-init")
    tap.equal(machine.report["failed"], "", "failed units")
    tap.equal(machine.cycles(), [], "ordering cycles")


def test_ours_only_cloud_init_has_nothing_to_warn_of():
    tap.equal(output_of(0), "", "warnings in cloud-init.log")
    tap.check(int(output_of(1)) > 0, "our part handler was not there in time")
    tap.equal(json.loads(boot(OURS_ONLY).report["cloud_init_result"])["v1"]["errors"], [], "errors of cloud-init")


def test_ours_only_cloud_init_ran_our_script_and_that_changed_nothing():
    tap.matches(output_of(2), r"apply .*part-00\d.*nothing was changed", "ecs-bootstrap.log")


def test_ours_only_docker_and_systemd_know_the_proxy_on_the_same_boot():
    proxy = "http://user:p%40ss@10.0.0.131:3128"
    # dockerd shows no passwords
    tap.matches(output_of(3), r"^http://\S*10\.0\.0\.131:3128 169\.254\.169\.254,\S*,\.internal true$", "docker info")
    tap.lacks(output_of(4), "p%40ss", "what any user reads by systemctl show")
    tap.contains(output_of(4), "NO_PROXY=", "environment that systemd shows")
    tap.contains(output_of(5).splitlines(), f"HTTP_PROXY={proxy}", "environment of ecs.service")


# --- what a boot leaves for whoever looks at it

def told(step):
    return boot(SECRETS).need()["steps"][step]


def records():
    return [json.loads(line) for line in told(3)["output"].splitlines()]


def test_status_tells_of_each_step():
    machine = boot(SECRETS)
    tap.equal(machine.agent()["State"]["Status"], "running", "state of the agent")
    got = json.loads(told(0)["output"])
    steps = {step["step"]: step for step in got["steps"]}
    results = {name: step["result"] for name, step in steps.items()}
    wanted = {"user-data": "done", "ecs.config": "done", "setting.proxy": "done", "setting.docker": "done", "cloud-init": "done",
              "late-check": "warned", "docker": "done", "rules": "done", "image": "done", "pre-start": "done", "agent": "done"}
    tap.equal({name: results.get(name) for name in wanted}, wanted, f"results in {results}")
    tap.matches(steps["rules"]["cause"], r"^by iptables \((nft|legacy)\): ", "cause of the rules")
    tap.matches(steps["image"]["cause"], "^loaded from ", "cause of the image")
    tap.check(steps["cloud-init"]["tookMs"] > 900, f"cloud-init was not waited for: {steps['cloud-init']}")
    for name in wanted:
        tap.between(steps[name]["beganMs"] / 1000, machine.report["began"], machine.report["began"] + 60, f"begin of {name}")
        tap.between(steps[name]["tookMs"], 0, 30000, f"duration of {name}")
    tap.equal([step["step"] for step in got["steps"]][:2], ["user-data", "ecs.config"], "the first steps")
    units = {unit["unit"]: unit for unit in got["units"]}
    tap.equal(units["ecs.service"]["active"], "active", "ecs.service")
    tap.matches(units["ecs.service"]["says"], "^The agent runs in container ", "STATUS= of ecs.service")
    tap.equal(got["rules"], "same", "rules in force")
    tap.matches(got["rulesSay"], "^iptables", "backend in force")
    tap.equal((got["fine"], told(0)["status"]), (True, 0), "fine")
    tap.check(told(0)["seconds"] < 4, f"it took {told(0)['seconds']} s")


def test_status_is_a_table_for_anybody():
    tap.matches(told(1)["output"], r"^late-check +warned +\d+\.\d{3} s +\d+ ms  \d+ findings in ", "status")
    tap.equal(told(2)["output"], "more is shown to root\n", "last line for somebody")
    tap.lacks(told(7)["output"], "-rw-------", "modes of the records")


def test_journal_tells_the_story_in_a_few_lines():
    lines = [record["MESSAGE"] for record in records()]
    story = "\n".join(lines)
    tap.check(len(lines) < JOURNAL_LINES, f"{len(lines)} lines:\n{story}")
    for part in (r"^wrote '/etc/ecs/ecs.config'", "^applied setting 'proxy'", "^waiting for cloud-init", "^loaded the agent's image", "^rules for IPv4",
                 r"^agent container \w{12} runs"):
        tap.matches(story, part, "journal")
    ours = [line for record, line in zip(records(), lines) if record.get("SYSLOG_IDENTIFIER", "").startswith(("ecs-", "amazon-ecs-"))]
    tap.equal(sorted(line for line in set(ours) if ours.count(line) > 1), [], "said twice")


def test_journal_has_fields():
    found = records()

    def fields(message, name):
        return [record.get(name) for record in found if record["MESSAGE"].startswith(message)]
    tap.equal(fields("applied setting 'docker'", "ECS_SETTING"), ["docker"], "ECS_SETTING")
    agent = boot(SECRETS).agent()["Id"]
    tap.equal(fields("agent container ", "ECS_CONTAINER_ID"), [agent], "ECS_CONTAINER_ID")
    tap.equal(fields("loaded the agent's image", "ECS_VERB"), ["pre-start"], "ECS_VERB")
    tap.equal(fields("wrote ", "ECS_SETTING"), [None], "a field that does not belong there")


def test_secrets_stand_nowhere_they_should_not():
    tap.contains(boot(SECRETS).need()["config"], "planted-1", "ecs.config")    # they did come in
    for step, where in ((4, "the journal"), (5, "logs and records"), (6, "arguments of processes")):
        tap.equal(told(step)["output"], "", where)


# --- what is said beside the tests

def say_timeline(machine):
    tap.say("# seconds since PID 1 of the machine began")
    for when, what in machine.timeline():
        tap.say(f"# {when:8.3f}  {what}")
    if machine.report["script_ended"]:
        wait = machine.agent_started() - float(machine.report["script_ended"])
        tap.say(f"# from the script's end to the agent running: {wait:.2f} s")


def say_more(machine, failed):
    if machine.report and machine.report["agent"]:
        say_timeline(machine)
    if failed:
        tap.say("# from the machine's journal, or its console:")
        for line in machine.diagnostics()[-DIAGNOSTIC_LINES:]:
            tap.say(f"# {line}")


def main():
    try:
        tap.main()
    except SystemExit as end:
        if end.code in (0, 1):
            for scenario in (DECLARED_AND_SCRIPT, OURS_ONLY, SECRETS):
                tap.say(f"# --- {scenario.user_data}")
                say_more(boot(scenario), failed=end.code == 1)
        raise


if __name__ == "__main__":
    main()
