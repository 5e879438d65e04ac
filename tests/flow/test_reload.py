"""`systemctl reload ecs`: SIGHUP to the supervisor, and the verb that ExecReload= runs."""

import os
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import tap
from supervisor import Instance
from tap import check, contains, each, equal, lacks, together, wait_until

CONFIG = "/etc/ecs/ecs.config"
CALLS = ("create", "start", "stop", "kill", "delete", "rename")
RUNS = ["sleep", "600"]
CRASHES = ["sh", "-c", "exit 1"]


def configure(i, text):
    i.write(CONFIG, text, 0o600)


def changes(i):
    """What was asked for that changes something; a delete of what is not there changes nothing."""
    return [r.route for r in i.docker.asked(*CALLS) if r.status != 404]


def told_since(i, count):
    return [m for _, m in i.notify.messages[count:]]


def reload(i, supervisor, seconds=10):
    """SIGHUP and the READY=1 that ends it; what was told meanwhile."""
    before = len(i.notify.messages)
    i.docker.forget()
    supervisor.signal(signal.SIGHUP)
    i.wait_ready(seconds, after=before)
    told = told_since(i, before)
    equal(told[0], "RELOADING=1", "first word to systemd")
    check(told[1].startswith("MONOTONIC_USEC="), f"no time with it, which Type=notify-reload wants: {told}")
    check(abs(int(told[1].partition("=")[2]) / 1e6 - time.monotonic()) < 15, f"not the monotonic clock: {told[1]}")
    return told


@together
def test_nothing_changed_nothing_is_touched():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        pid = i.docker.container().process.pid
        for _ in range(3):
            reload(i, supervisor)
            equal((changes(i), i.docker.container().process.pid), ([], pid))
        i.docker.container().kill(9)    # it is watched on
        wait_until(lambda: i.docker.container() and i.docker.container().running and
                   i.docker.container().process.pid != pid, 8, "the agent is started again")


@together
def test_changed_configuration_replaces_the_agent_in_order():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        old = i.docker.container()
        configure(i, "ECS_CLUSTER=next\n")
        reload(i, supervisor)
        new = i.docker.container()
        contains(new.body["Env"], "ECS_CLUSTER=next")
        check(new is not old and new.running and not old.running, "not replaced")
        # taken by Docker before the old one goes, and that with its grace
        equal(changes(i), ["create", "stop", "delete", "rename", "start"])
        equal([r.query for r in i.docker.asked("stop")], [{"t": "10"}])
        equal(len(i.docker.containers), 1, "containers")
        new.kill(9)     # the new one is watched
        wait_until(lambda: i.docker.container() not in (None, new) and i.docker.container().running, 8, "the agent is started again")


@together
@each(refused="create=400:unknown log opt 'max-sise'*1", broken="create=500*1", image_lost="create=404*1")
def test_request_that_docker_refuses_costs_nothing(mood):
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        old = i.docker.container()
        configure(i, "ECS_CLUSTER=next\n")
        i.docker.misbehave(mood)
        told = reload(i, supervisor)
        check(i.docker.container() is old and old.running, "the agent was touched")
        contains(told[-1], "as it was", "STATUS=")
        supervisor.wait_to_say("the agent runs on as it was")
        reload(i, supervisor)
        contains(i.docker.container().body["Env"], "ECS_CLUSTER=next")


@together
def test_configuration_that_cannot_be_read_costs_nothing():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        old = i.docker.container()
        os.unlink(i.at(CONFIG))
        os.mkdir(i.at(CONFIG))
        reload(i, supervisor)
        check(i.docker.container() is old and old.running, "the agent was touched")
        supervisor.wait_to_say(f"reload: read '{CONFIG}': ")
        i.verb("reload", MAINPID=str(supervisor.pid)).exits(255).within(3).says("^amazon-ecs-init: reload: refused or failed")


@together
def test_switches_are_taken_from_the_files_anew():
    with Instance() as i:
        configure(i, "ECS_LOG_DRIVER=syslog\nECS_AGENT_RUN_PRIVILEGED=true\n")
        # as systemd gives it: the files', and one of the unit's own
        with i.start(ECS_LOG_DRIVER="syslog", ECS_AGENT_RUN_PRIVILEGED="true", ECS_AGENT_PID_NAMESPACE_HOST="true") as supervisor:
            i.wait_ready()
            host = i.docker.container().body["HostConfig"]
            equal((host["LogConfig"]["Type"], host.get("Privileged"), host.get("PidMode")), ("syslog", True, "host"))
            configure(i, 'ECS_LOG_DRIVER="journald"\n')
            reload(i, supervisor)
            host = i.docker.container().body["HostConfig"]
            equal((host["LogConfig"]["Type"], host.get("Privileged"), host.get("PidMode")), ("journald", None, "host"))


@together
def test_what_is_odd_is_said_at_each_reload():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        configure(i, "ECS_CLUSTER=c\nexport X=secret\n")
        for count in (1, 2):
            reload(i, supervisor)
            equal(supervisor.err.count("/etc/ecs/ecs.config:2: 1 line is passed over"), count, supervisor.err)
        lacks(supervisor.err, "secret")


@together
def test_reload_while_docker_is_waited_for():
    with Instance() as i:
        i.docker.go_away()
        with i.start() as supervisor:
            check(i.notify.wait_for("STATUS=Waiting for Docker", 5), "does not wait")
            configure(i, "ECS_CLUSTER=next\n")
            supervisor.signal(signal.SIGHUP)
            time.sleep(0.5)
            lacks("\n".join(told_since(i, 0)), "RELOADING=1", "there is nothing to reload before the first READY=1")
            i.docker.start()
            i.wait_ready()
            contains(i.docker.container().body["Env"], "ECS_CLUSTER=next")


@together
def test_reload_in_a_pause_starts_at_once():
    with Instance(runs=[CRASHES, CRASHES, CRASHES, RUNS]) as i, i.start() as supervisor:
        supervisor.wait_to_say(r"failure 3 in a row", 10)       # 2 s of pause
        begin = time.monotonic()
        supervisor.signal(signal.SIGHUP)
        wait_until(lambda: len(i.docker.asked("create")) == 4, 1.8, "the agent is started")
        check(time.monotonic() - begin < 1.8, "it waited for the end of the pause")


@together
def test_agent_that_ends_during_a_reload():
    with Instance(wrong=["create=delay:1.5*9"]) as i, i.start() as supervisor:
        i.wait_ready(10)
        old = i.docker.container()
        configure(i, "ECS_CLUSTER=next\n")
        before = len(i.notify.messages)
        supervisor.signal(signal.SIGHUP)
        time.sleep(0.7)
        old.kill(9)
        i.wait_ready(10, after=before)
        new = i.docker.container()
        check(new.running, "no agent")
        contains(new.body["Env"], "ECS_CLUSTER=next")
        equal(len(i.docker.containers), 1, "containers")
        lacks(supervisor.err, "internal error")


@together
def test_many_reloads_at_once():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        for n in range(10):
            configure(i, f"ECS_CLUSTER=c{n}\n")
            supervisor.signal(signal.SIGHUP)
            time.sleep(0.03)
        wait_until(lambda: i.docker.container() and i.docker.container().running and
                   "ECS_CLUSTER=c9" in i.docker.container().body["Env"], 15, "the last configuration is the agent's")
        time.sleep(0.5)
        equal(len(i.docker.containers), 1, "containers")
        lacks(supervisor.err, "internal error")
        supervisor.signal(signal.SIGTERM)
        supervisor.end(15).exits(0)


@together
def test_left_over_of_a_replacement_is_taken_away():
    with Instance() as i:
        i.docker.add("ecs-agent-next", run=False)
        with i.start():
            i.wait_ready()
            equal([c.name for c in i.docker.containers.values()], ["ecs-agent"])


@together
def test_stop_in_the_midst_of_a_reload():
    with Instance(wrong=["create=delay:1*9"]) as i, i.start() as supervisor:
        i.wait_ready(10)
        configure(i, "ECS_CLUSTER=next\n")
        supervisor.signal(signal.SIGHUP)
        time.sleep(0.5)
        supervisor.signal(signal.SIGTERM)
        supervisor.end(15).exits(0)
        check(not i.docker.container() or not i.docker.container().running, "the agent still runs")


# the verb

@together
def test_verb_waits_until_it_is_so():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        configure(i, "ECS_CLUSTER=next\n")
        i.verb("reload", MAINPID=str(supervisor.pid)).exits(0)
        contains(i.docker.container().body["Env"], "ECS_CLUSTER=next")
        check(i.docker.container().running, "the agent does not run")
        i.verb("reload", MAINPID=str(supervisor.pid)).exits(0).within(2)


@together
def test_verb_fails_at_once_if_docker_refuses():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        configure(i, "ECS_CLUSTER=next\n")
        i.docker.misbehave("create=400:unknown log opt")
        i.verb("reload", MAINPID=str(supervisor.pid)).exits(255).within(5).says("^amazon-ecs-init: reload: refused or failed")
        supervisor.wait_to_say("unknown log opt")


def test_verb_without_a_supervisor():
    with Instance() as i:
        child = subprocess.Popen(["true"])
        child.wait()
        i.verb("reload", MAINPID=str(child.pid)).exits(255).within(2).says("send SIGHUP to the supervisor, process .*: No such process$")


def test_verb_ends_with_the_supervisor():
    with Instance() as i:
        # not ignored, as it is below nohup: a signal that is ignored from the start cannot be trapped
        child = subprocess.Popen(["sh", "-c", "trap 'exec true' HUP; echo; while :; do sleep 0.1; done"], stdout=subprocess.PIPE,
                                 preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        reap = threading.Thread(target=child.wait)
        reap.start()
        try:
            child.stdout.readline()
            i.verb("reload", MAINPID=str(child.pid)).exits(255).within(3).says("the supervisor, process .*, has ended$")
        finally:
            child.kill()
            reap.join()


@each(none={}, init={"MAINPID": "1"}, word={"MAINPID": "x"}, negative={"MAINPID": "-1"})
def test_verb_is_for_systemd(env):
    with Instance() as i:
        i.verb("reload", **env).exits(255).says("systemctl reload ecs")


if __name__ == "__main__":
    tap.main()
