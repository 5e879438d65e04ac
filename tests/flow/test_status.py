"""ecs-bootstrap status: what is shown of each kind of boot, and of records that nobody should trust."""

import json
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from aws import Introspection
from records import BOOT_ID, STEPS, Host
from supervisor import Instance
from tap import check, contains, each, equal, lacks, matches, together

def test_no_record_of_this_boot_is_a_failure():
    with Host() as host:
        equal(host.status().exits(1).out, "no step of this boot is written down\n")
        equal(host.json(1), {"fine": False, "bootId": "this", "steps": [], "units": []})
        host.step("image", boot="before")
        equal(host.results(1), {})


def test_config_writes_its_steps():
    with Host() as host:
        host.config_of(json.dumps({"version": 1, "agent": {"ECS_CLUSTER": "x"}, "docker": {"debug": True}})).exits(0)
        equal([oct(host.mode(path)) for path in (STEPS, f"{STEPS}/user-data")], ["0o755", "0o644"])
        got = host.json()
        equal([(s["step"], s["result"]) for s in got["steps"]], [("user-data", "done"), ("ecs.config", "done"), ("setting.docker", "done")])
        contains(got["steps"][0]["cause"], "/given: 1 of 1 part for ecs-bootstrap")
        equal(got["steps"][1]["cause"], "1 setting, written")
        now = time.clock_gettime(time.CLOCK_MONOTONIC) * 1000
        for step in got["steps"]:
            check(now - 60000 < step["beganMs"] <= now and step["tookMs"] < 10000, f"times of {step}")
        # a section that goes is a step; once it is gone it is none
        host.config_of("#ecs-bootstrap\nECS_CLUSTER=x\n").exits(0)
        equal(host.results(), {"user-data": "done", "ecs.config": "done", "setting.docker": "done"})
        host.config_of("#ecs-bootstrap\nECS_CLUSTER=x\n").exits(0)
        equal(host.results(), {"user-data": "done", "ecs.config": "done"})


def test_failed_section():
    with Host() as host:
        host.write("/etc/docker/daemon.json", "{ not json")
        host.config_of(json.dumps({"version": 1, "docker": {"debug": True}})).exits(1)
        result = host.status().exits(1)
        matches(result.out, r"^setting.docker +failed .*daemon.json")
        equal(host.results(1)["ecs.config"], "skipped")


def test_refused_user_data():
    with Host() as host:
        host.config_of('{"version": 1, "agnt": {}}').exits(1)
        equal(host.results(1), {"user-data": "done", "ecs.config": "failed"})
        matches(host.status().exits(1).out, r"^ecs.config +failed .*agnt.*agent")


def test_metadata_that_does_not_answer():
    with Host() as host:
        host.config(seconds=0).exits(1)
        equal(host.results(1), {"user-data": "failed"})


def test_secrets_stay_out():
    with Host() as host:
        user_data = json.dumps({"version": 1, "agent": {"ECS_ENGINE_AUTH_DATA": {"r": {"password": "hunter2"}}, "MY_TOKEN": "hunter2"},
                                "proxy": {"http": "http://user:hunter2@p:1"}, "docker": {"debug": 1}})
        host.config_of(user_data)
        for name in os.listdir(host.at(STEPS)):
            lacks(host.read(f"{STEPS}/{name}"), "hunter2", name)


def test_steps_of_dead_processes_were_interrupted():
    with Host() as host:
        host.process(7, 900)
        host.process(8, 5000)   # the number was given away again
        for pid in (7, 8, 9):
            host.step(f"of-{pid}", "running", end=0, pid=pid)
            host.step(f"wait-{pid}", "waiting", end=0, pid=pid)
        equal(host.results(1), {"of-7": "running", "wait-7": "waiting", "of-8": "interrupted", "wait-8": "interrupted",
                                "of-9": "interrupted", "wait-9": "interrupted"})


def test_running_and_waiting_are_no_failures():
    with Host() as host:
        host.process(7, 900)
        host.step("a", "waiting", end=0, pid=7, cause="for Docker")
        matches(host.status().exits(0).out, r"^a +waiting +1\.000 s +\S+ m?s  for Docker$")


def test_order_and_durations():
    with Host() as host:
        host.step("z", begin=1000, end=1007)
        host.step("a", begin=61001, end=81002)
        equal(host.status().exits(0).out.splitlines()[1:],
              ["z     done              1.000 s       7 ms  so it is", "a     done             61.001 s     20.0 s  so it is"])


@each(empty=b"", cut=b"RESULT=do", binary=bytes(range(256)), huge=b"CAUSE=" + b"x" * 100000 + b"\n", other=b"RESULT=splendid\nBEGIN_MS=1\n")
def test_record_that_is_none(data):
    with Host() as host:
        host.step("good")
        host.write(f"{STEPS}/bad", data)
        equal(host.results(), {"good": "done", "bad": "unknown"})


def test_hostile_folder():
    with Host() as host:
        host.step("good", cause="\x1b[2J\x07bell \x9b \xff")
        os.mkfifo(host.at(f"{STEPS}/fifo"))
        os.mkdir(host.at(f"{STEPS}/folder"))
        os.symlink("/dev/zero", host.at(f"{STEPS}/zero"))
        host.write(f"{STEPS}/.hidden.0123abcd", "x")
        host.write(f"{STEPS}/a\nb", "x")
        for number in range(500):
            host.step(f"many-{number}")
        result = host.status().exits(0).within(5)
        check(len(result.lines) == 0 and 50 < len(result.out.splitlines()) < 80, f"lines: {len(result.out.splitlines())}")
        check(not any(ord(c) < 32 or 0x7f <= ord(c) < 0xa0 for c in result.out.replace("\n", "")), "control characters")
        json.loads(host.status("--json").out)


def test_folder_is_a_file():
    with Host() as host:
        host.write(STEPS, "x")
        host.status().exits(1).says(rf"^ecs-bootstrap: open '{STEPS}': Not a directory$")
        host.config_of("#ecs-bootstrap\nECS_CLUSTER=x\n").exits(0)     # and config does not care


def test_packages_and_mounts_each():
    with Host() as host:
        host.step("packages", "failed", cause="some are missing")
        host.write("/run/ecs/packages.json", '{"packages":["a","b"]}')
        host.write("/var/lib/ecs/bootstrap/packages.json", json.dumps({"instanceId": "i-1", "packages": {
            "a": {"state": "installed"}, "b": {"state": "failed", "cause": "no\nsuch"}, "old": {"state": "failed"}}}))
        host.write("/run/ecs/efs-results.json", '{"/left": {"state": "failed"}}')     # nothing is asked for
        steps = {s["step"]: s for s in host.json(1)["steps"]}
        equal({n: s["result"] for n, s in steps.items()}, {"packages": "failed", "package a": "done", "package b": "failed"})
        equal(steps["package b"]["cause"], "no such")
        host.write("/run/ecs/packages.json", "garbage")
        host.write("/run/ecs/efs-mounts.json", "{}")
        host.write("/run/ecs/efs-results.json", '{"/efs": {"state": "waiting", "cause": "dns"}, "/b": {"state": "mounted"}, "/c": 5}')
        steps = {s["step"]: s["result"] for s in host.json(1)["steps"]}
        equal((steps["mount /efs"], steps["mount /b"], steps["mount /c"]), ("waiting", "done", "unknown"))


def test_units_and_registration():
    with Host() as host, Introspection(cluster="blue") as agent:
        host.step("image")
        host.systemd()
        result = host.status(url=agent.url).exits(0)
        matches(result.out, r"^ecs\.service +active/x  Waiting for Docker$")
        matches(result.out, rf"^registered in cluster 'blue' as {agent.arn}$")
        got = host.json(url=agent.url)
        equal((got["registered"], got["cluster"], got["containerInstanceArn"]), (True, "blue", agent.arn))
        equal([u["unit"] for u in got["units"]], ["ecs-bootstrap.service", "ecs.service"])


def test_agent_that_does_not_answer_is_waited_for():
    with Host() as host:
        host.step("image")
        host.systemd()
        matches(host.status().exits(0).out, r"^registered +waiting .*Connection refused")
        with Introspection(wrong=["*=silent"]) as agent:
            host.status(url=agent.url).exits(0).within(5)


def test_failed_unit_is_a_failure():
    with Host() as host:
        host.step("image")
        host.systemd("failed")
        host.status().exits(1)


@together
@each(hangs="exec sleep 60", fails="exit 1", garbage="head -c 300000 /dev/urandom")
def test_systemd_that_is_ill(script):
    with Host() as host:
        host.step("image")
        host.systemd()
        host.write("/bin/systemctl", f"#!/bin/sh\n{script}\n", 0o755)
        json.loads(host.status("--json").exits(0).within(12).out)


@together
@each(same=("echo '# backend: nftables'", 0, "as they should be, by nftables"),
      differ=("echo '# backend: iptables'; echo '-A x'; echo '-A y'; exit 1", 1, "not as they should be: 2 differences: -A x"),
      refuses=("echo 'must be root' >&2; exit 1", 0, "cannot be looked at: must be root"), hangs=("exec sleep 60", 0, "cannot be looked at: "))
def test_rules(script, code, words):
    if os.geteuid() != 0:
        tap.skip("only root is shown the rules")
    with Host() as host:
        host.step("image")
        host.systemd()
        host.write("/run/ecs/netconf.state", "")
        os.makedirs(host.at("/usr/bin"))
        shutil.copy(program.path_of("ecs-bootstrap"), host.at("/usr/bin"))
        host.write("/usr/libexec/ecs-netconf", f'#!/bin/sh\n[ "$1" = check ] || exit 9\n{script}\n', 0o755)
        result = host.status(binary=host.at("/usr/bin/ecs-bootstrap")).exits(code).within(12)
        contains(result.out, f"rules: {words}")


def test_anybody_may_look():
    if os.geteuid() != 0:
        tap.skip("needs root to be somebody else")
    with Host() as host:
        host.step("image")
        host.systemd()
        host.write("/run/ecs/packages.json", '{"packages":["a"]}', 0o600)
        os.chmod(host.path, 0o755)
        shutil.copy(program.path_of("ecs-bootstrap"), host.at("/bin"))
        env = program.environment(ECS_AGENT_INTROSPECTION_URL="http://127.0.0.1:1")
        result = program.run([host.at("/bin/ecs-bootstrap"), "status", "--root", host.path], env, user=65534, group=65534, extra_groups=[])
        result.exits(0)
        matches(result.out, r"^image +done")
        matches(result.out, r"^more is shown to root$")


def test_supervisor_and_engine_write_theirs():
    with Instance() as i:
        i.write(BOOT_ID, "this\n")
        with i.start() as supervisor:
            i.wait_ready()
            tap.wait_until(lambda: "RESULT=done" in i.read(f"{STEPS}/agent"), 5, "the agent is written down")
            matches(i.read(f"{STEPS}/agent"), r"^CAUSE=container \w{12} was started$")
            i.docker.container().kill(9)
            tap.wait_until(lambda: "RESULT=failed" in i.read(f"{STEPS}/agent"), 5, "its end is written down")
        tap.wait_until(lambda: "RESULT=done" not in i.read(f"{STEPS}/agent"), 5, "the supervisor's end is written down")


def test_usage():
    with Host() as host:
        host.status("more").exits(2)


if __name__ == "__main__":
    tap.main()
