"""amazon-ecs-init against a Docker that behaves: what it asks for, how it ends."""

import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from docker import AGENT_IMAGE
from supervisor import STATE, TAR, Instance
from tap import between, check, contains, each, equal, wait_until

CRASHES = ["sh", "-c", "exit 1"]
RUNS = ["sleep", "600"]


def routes(instance):
    return [r.route for r in instance.docker.asked()]


# pre-start

def test_pre_start_with_the_image_there():
    with Instance() as i:
        i.write(STATE, "1")
        i.write(TAR, "tar")
        i.verb("pre-start").exits(0)
        check("load" not in routes(i), "the image was loaded though it is there")
        equal(i.netconf, ["apply"])


def test_pre_start_loads_the_tar():
    with Instance(image=False) as i:
        i.write(STATE, "1")
        i.write(TAR, b"t" * 300000)
        i.verb("pre-start").exits(0)
        equal([r.body_size for r in i.docker.asked("load")], [300000])
        equal(i.read(STATE), "1")


def test_pre_start_reloads_when_the_package_asks_for_it():
    with Instance() as i:
        i.write(STATE, "2")
        i.write(TAR, "tar")
        i.verb("pre-start").exits(0)
        equal((len(i.docker.asked("load")), i.read(STATE)), (1, "1"))


def test_pre_start_with_a_bad_tar():
    with Instance(image=False) as i:
        i.docker.image_in_tar = None
        i.write(STATE, "1")
        i.write(TAR, "no tar")
        i.verb("pre-start").exits(255).says("invalid tar header")
        equal(i.read(STATE), "1")


def test_loaded_image_is_enough_whatever_the_state_says():
    with Instance() as i:
        i.verb("pre-start").exits(0)
        i.write(STATE, "0")
        i.verb("pre-start").exits(0)
        equal(i.docker.asked("load"), [])


def test_reload_cache_always_loads():
    with Instance() as i:
        i.write(STATE, "1")
        i.write(TAR, "tar")
        i.verb("reload-cache").exits(0)
        equal((len(i.docker.asked("load")), i.read(STATE), i.netconf), (1, "1", []))


# start

def test_start_asks_for_the_agent_as_the_peer_does():
    with Instance() as i, i.start():
        i.wait_ready()
        create, = i.docker.asked("create")
        equal((create.query, create.headers["content-type"]), ({"name": "ecs-agent"}, "application/json"))
        body, host = create.json, create.json["HostConfig"]
        equal((body["Image"], host["NetworkMode"], host["UsernsMode"], host["Init"]), (AGENT_IMAGE, "host", "host", True))
        equal(sorted(host["CapAdd"]), ["NET_ADMIN", "SYS_ADMIN"])
        equal(host["LogConfig"], {"Type": "json-file", "Config": {"max-size": "16m", "max-file": "4"}})
        env = dict(item.split("=", 1) for item in body["Env"])
        equal((env["ECS_CLUSTER"], env["ECS_DATADIR"], env["ECS_DETAILED_OS_FAMILY"]), ("prod", "/data", "debian_12"))
        for bind in ("/var/log/ecs:/log", "/var/lib/ecs/data:/data", "/etc/ecs:/etc/ecs", "/proc:/host/proc:ro"):
            contains(host["Binds"], bind)


def test_start_speaks_the_newest_version_that_both_know():
    for engine, version in (("20.10", "/v1.41/"), ("25", "/v1.44/"), ("29", "/v1.44/"), ("29.10", "/v1.44/")):
        with Instance(engine=engine) as i, i.start():
            i.wait_ready()
            contains(i.docker.asked("create")[0].path, version)


def test_sigterm_stops_the_agent_and_ends_well():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        supervisor.signal(signal.SIGTERM)
        supervisor.end(15).exits(0)
        equal([r.query for r in i.docker.asked("stop")], [{"t": "10"}])
        check(i.notify.wait_for("STOPPING=1", 1), "STOPPING=1 did not come")
        check(not i.docker.container() or not i.docker.container().running, "the agent still runs")


@each(done=("exit 0", 0), terminal=("exit 5", 5))
def test_agent_ends_for_good(script, code):
    with Instance(runs=[["sh", "-c", f"sleep 0.2; {script}"]]) as i, i.start() as supervisor:
        supervisor.end(10).exits(code)
        equal(len(i.docker.asked("create")), 1)


def test_crashed_agent_is_started_again_with_a_pause():
    with Instance(runs=[CRASHES, CRASHES, RUNS]) as i, i.start():
        wait_until(lambda: len(i.docker.asked("create")) == 3, 8, "the agent is started a third time")
        first, second, third = (r.at for r in i.docker.asked("create")[:3])
        between(second - first, 0.4, 1.5, "seconds before the second start")
        between(third - second, 0.8, 2.5, "seconds before the third start")


def test_exit_42_loads_the_desired_image():
    with Instance(runs=[["sh", "-c", "sleep 0.2; exit 42"], RUNS]) as i:
        i.write("/var/cache/ecs/new.tar", "n" * 1000)
        i.write("/var/cache/ecs/desired-image", "/somewhere/new.tar\n")
        with i.start():
            wait_until(lambda: len(i.docker.asked("create")) == 2, 8, "the agent is started again")
            equal([r.body_size for r in i.docker.asked("load")], [1000])


def test_container_of_somebody_else_is_replaced():
    with Instance() as i:
        old = i.docker.add("ecs-agent", {"Image": "other"})
        with i.start():
            i.wait_ready()
            new = i.docker.container()
            check(new.id != old.id and new.running and not old.running, "the old container was not replaced")


def test_supervisor_that_died_is_replaced_without_touching_the_agent():
    with Instance() as i:
        with i.start() as first:
            i.wait_ready()
            pid = i.docker.container().process.pid
            first.signal(signal.SIGKILL)
            first.child.wait()
        told = len(i.notify.messages)
        i.docker.forget()
        with i.start():
            i.wait_ready(after=told)
            equal(i.docker.container().process.pid, pid)
            equal(i.docker.asked("create", "start", "stop", "kill", "delete"), [])


def test_changed_settings_replace_the_agent():
    with Instance() as i:
        with i.start() as first:
            i.wait_ready()
            old = i.docker.container()
            first.signal(signal.SIGKILL)
            first.child.wait()
        i.write("/etc/ecs/ecs.config", "ECS_CLUSTER=next\n", 0o600)
        with i.start():
            new = i.wait_container(other_than=old)
            contains(new.body["Env"], "ECS_CLUSTER=next")


# stop, post-stop, version, usage

def test_stop_without_an_agent():
    with Instance() as i:
        i.verb("stop").exits(0)
        equal(i.docker.asked("kill", "delete"), [])


@each(stop=("stop",), pre_stop=("pre-stop",))
def test_stop(verb):
    with Instance() as i:
        agent = i.docker.add("ecs-agent")
        i.verb(verb).exits(0)
        equal([r.query for r in i.docker.asked("stop")], [{"t": "10"}])
        check(not agent.running, "the agent still runs")


def test_post_stop_needs_no_docker():
    with Instance(docker=False) as i:
        i.verb("post-stop").exits(0).within(1)
        equal(i.netconf, ["remove"])


def test_version():
    with Instance(docker=False) as i:
        tap.matches(i.verb("version").exits(0).out, r"version \d")


@each(none=([],), unknown=(["begin"],))
def test_usage(words):
    with program.Root() as root:
        result = program.run([program.path_of("amazon-ecs-init"), "--root", root.path, *words]).exits(1)
    contains(result.out + result.err, "Usage: ")


if __name__ == "__main__":
    tap.main()
