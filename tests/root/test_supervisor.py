"""`amazon-ecs-init start` and `stop` against a real dockerd: the container it makes,
what it does when that ends, and how it ends itself."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap
from engine import AGENT
from host import CONFIG, INIT_LOG, TAR, Host, Supervised, image_tar
from tap import check, contains, equal, wait_until

DEFAULTS = {
    "ECS_LOGFILE": "/log/ecs-agent.log",
    "ECS_DATADIR": "/data",
    "ECS_AGENT_CONFIG_FILE_PATH": "/etc/ecs/ecs.config.json",
    "ECS_UPDATE_DOWNLOAD_DIR": "/var/cache/ecs",
    "ECS_UPDATES_ENABLED": "true",
    "ECS_AVAILABLE_LOGGING_DRIVERS": '["json-file","syslog","awslogs","fluentd","none"]',
    "ECS_ENABLE_TASK_IAM_ROLE": "true",
    "ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST": "true",
    "ECS_AGENT_LABELS": "",
    "ECS_VOLUME_PLUGIN_CAPABILITIES": '["efsAuth"]',
    "ECS_ENABLE_TASK_ENI": "true",
    "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE": "true",
    "CREDENTIALS_FETCHER_HOST_DIR": "/var/credentials-fetcher/socket/credentials_fetcher.sock",
}


def os_family(host):
    values = dict(line.split("=", 1) for line in host.read("/etc/os-release").splitlines() if "=" in line)
    return "_".join(values.get(name, "").strip('"') for name in ("ID", "VERSION_ID"))


def first_of(host, *paths):
    return [path for path in paths if os.path.exists(host.path(path))][:1]


def wanted_binds(host):
    """SOURCE:DESTINATION[:ro], for an instance that is not external and has no GPU."""
    same_ro = ["/run/docker/plugins"] + [path for path in ("/etc/docker/plugins", "/usr/lib/docker/plugins")
                                         if os.path.exists(host.path(path))]
    return (["/var/run:/var/run", "/var/log/ecs:/log", "/var/lib/ecs/data:/data", "/etc/ecs:/etc/ecs",
             "/var/cache/ecs:/var/cache/ecs", "/sys/fs/cgroup:/sys/fs/cgroup", "/var/lib/ecs:/var/lib/ecs",
             "/var/log/ecs/exec:/log/exec"]
            + [f"{path}:{path}:ro" for path in first_of(host, "/etc/pki", "/etc/ssl")]
            + [f"{path}:{path}:ro" for path in same_ro]
            + ["/proc:/host/proc:ro"]
            + [f"{path}:{path}:ro" for path in ("/usr/lib", "/lib", "/usr/lib64", "/lib64")
               if os.path.exists(host.path(path))]
            + ["/sbin:/host/sbin:ro", "/etc/alternatives:/etc/alternatives:ro", "/usr/sbin:/usr/sbin:ro",
               "/usr/bin/lsblk:/usr/bin/lsblk"]
            + [f"{path}:{path}" for path in first_of(host, "/usr/bin/nsenter")]
            + [f"{path}:{path}" for path in first_of(host, "/sbin/modinfo", "/usr/sbin/modinfo")])


def test_start_runs_the_agent_and_says_so():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        container = supervisor.wait_ready()
        check(container, "no container")
        check(supervisor.notify.all("STATUS"), "no STATUS= was told")
        contains(host.metadata(), '"Cluster":"default"')
        equal(host.engine.inspect()["Name"], "/" + AGENT)


def test_environment_of_the_container():
    config = "ECS_CLUSTER=blue\nECS_UPDATES_ENABLED=false\n# a comment\nECS_RESERVED_MEMORY=256\n"
    with Host(config=config, loaded=True) as host:
        host.write("/var/lib/ecs/ecs.config", "ECS_CLUSTER=red\nECS_FROM_AMI=yes\n")
        host.shell("mkdir -p /mnt/ecs/ebs")
        with Supervised(host) as supervisor:
            supervisor.wait_ready()
            env = dict(e.split("=", 1) for e in host.engine.inspect()["Config"]["Env"])
        wanted = {**DEFAULTS, "ECS_UPDATES_ENABLED": "false", "ECS_CLUSTER": "blue", "ECS_FROM_AMI": "yes",
                  "ECS_RESERVED_MEMORY": "256", "ECS_EBSTA_SUPPORTED": "true",
                  "ECS_DETAILED_OS_FAMILY": os_family(host)}
        certificates = first_of(host, "/etc/pki/tls/certs", "/etc/ssl/certs")
        if certificates:
            wanted["SSL_CERT_DIR"] = certificates[0]
        env.pop("PATH", None)       # the image's
        equal(json.dumps(env, indent=1, sort_keys=True), json.dumps(wanted, indent=1, sort_keys=True), "environment")


def test_binds_of_the_container():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        wanted = wanted_binds(host)
        supervisor.wait_ready()
        binds = [b.removesuffix(":rw") for b in host.engine.inspect()["HostConfig"]["Binds"]]
        equal("\n".join(sorted(binds)), "\n".join(sorted(wanted)), "binds")


def test_cloud_init_result_is_bound_when_it_is_there():
    with Host(loaded=True) as host:
        host.write("/var/lib/cloud/data/result.json", "{}")
        with Supervised(host) as supervisor:
            supervisor.wait_ready()
            contains("\n".join(host.engine.inspect()["HostConfig"]["Binds"]),
                     "/var/lib/cloud/data/result.json:/var/lib/cloud/data/result.json:ro")


def test_host_config_of_the_container():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        document = host.engine.inspect()
        config = document["HostConfig"]
        equal(config["NetworkMode"], "host", "NetworkMode")
        equal(config["UsernsMode"], "host", "UsernsMode")
        equal(config["PidMode"], "", "PidMode")
        equal(config["IpcMode"], "shareable", "IpcMode")
        equal(sorted(c.removeprefix("CAP_") for c in config["CapAdd"]), ["NET_ADMIN", "SYS_ADMIN"], "CapAdd")
        equal(config["Init"], True, "Init")
        equal(config["Privileged"], False, "Privileged")
        equal(config["LogConfig"], {"Type": "json-file", "Config": {"max-size": "16m", "max-file": "4"}}, "LogConfig")
        equal(config["RestartPolicy"]["Name"] in ("", "no"), True, "no restart policy")
        if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
            equal(config["CgroupnsMode"], "host", "CgroupnsMode")
        equal(document["Config"]["Image"], "amazon/amazon-ecs-agent:latest", "Image")


def test_settings_that_change_the_container():
    config = ('ECS_AGENT_LABELS={"team":"a b"}\nECS_AGENT_PID_NAMESPACE_HOST=true\nECS_LOG_DRIVER=json-file\n'
              'ECS_LOG_OPTS={"max-size":"1m"}\n')
    with Host(config=config, loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        document = host.engine.inspect()
        equal(document["Config"]["Labels"].get("team"), "a b", "label")
        equal(document["HostConfig"]["PidMode"], "host", "PidMode")
        # what the user leaves out stays bounded
        equal(document["HostConfig"]["LogConfig"], {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "4"}},
              "LogConfig")


def test_SIGTERM_stops_the_agent_gracefully():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        supervisor.terminate()
        contains(supervisor.told(), "STOPPING=1", "notifications")
        state = host.engine.inspect()["State"]
        equal((state["Running"], state["ExitCode"]), (False, 0), "agent's state: obeyed SIGTERM itself")


def test_SIGTERM_ends_an_agent_that_ignores_it():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        host.order("ignore-term")
        begin = time.monotonic()
        supervisor.process.send_signal(signal.SIGTERM)
        supervisor.ends(0, seconds=20)
        tap.between(time.monotonic() - begin, 8, 15, "seconds of grace")
        equal(host.engine.running(), None, "agent")


def test_SIGTERM_while_waiting_for_the_back_off_ends_at_once():
    with Host(config="STAND_IN_ORDER=exit/3\n", loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_for("STATUS=")
        wait_until(lambda: "3" in supervisor.told() and host.engine.running() is None, 10, "first exit")
        time.sleep(1)
        begin = time.monotonic()
        supervisor.terminate()
        tap.between(time.monotonic() - begin, 0, 2, "seconds to end")


@tap.each(exit_0=(0, 0), exit_5=(5, 5))
def test_agent_ends_for_good(agent, supervisor_code):
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        host.order(f"exit/{agent}")
        supervisor.ends(supervisor_code, seconds=5)


@tap.each(exit_1="1", exit_2="2", exit_137="137")
def test_agent_that_fails_is_started_again(code):
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        begun = host.engine.inspect()["State"]["StartedAt"]
        host.order(f"exit/{code}")

        def again():
            state = (host.engine.inspect() or {}).get("State", {})
            return state.get("Running") and state["StartedAt"] != begun
        wait_until(again, 5, "agent is started again")
        contains(supervisor.log, f"status {code} ", "log")


def test_exit_2_logs_the_tail_of_the_agents_log():
    with Host(config="STAND_IN_ORDER=exit/2\n", loaded=True) as host, Supervised(host) as supervisor:
        wait_until(lambda: "agent stand-in 1.0.0 starting" in supervisor.log, 5, "log tail of the agent")
        contains(host.read(INIT_LOG), "agent stand-in 1.0.0 starting", "log file")


def test_starts_back_off():
    with Host(config="STAND_IN_ORDER=exit/3\n", loaded=True) as host, Supervised(host) as supervisor:
        starts = []

        def look():
            state = (host.engine.inspect() or {}).get("State", {})
            begun = state.get("StartedAt", "0001")
            if not begun.startswith("0001") and begun not in [s[0] for s in starts]:
                starts.append((begun, time.monotonic()))
            return len(starts) == 4
        wait_until(look, 12, "fourth start")
        gaps = [b[1] - a[1] for a, b in zip(starts, starts[1:])]
        # 0.5, 1, 2 s and up to 10 % more, and the time to run a container
        for gap, wanted in zip(gaps, (0.5, 1, 2)):
            tap.between(gap, wanted, wanted * 1.1 + 1, f"gap of {wanted} s in {gaps}")
        supervisor.stays("no reason to")


def test_exit_42_starts_the_image_that_the_agent_asks_for():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        old = host.engine.image_id()
        host.copy_in(image_tar("1.0.1"), "/var/cache/ecs/new-agent.tar")
        host.write("/var/cache/ecs/desired-image", "/somewhere/new-agent.tar\n")
        host.order("exit/42")
        wait_until(lambda: "v1.0.1" in host.metadata(), 10, "new agent answers")
        check(host.engine.image_id() != old, "the tag still names the old image")


def test_exit_42_without_a_desired_image_runs_the_old_one():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        begun = host.engine.inspect()["State"]["StartedAt"]
        host.order("exit/42")
        wait_until(lambda: host.metadata() and host.engine.inspect()["State"]["StartedAt"] != begun, 10,
                   "agent is back")
        supervisor.stays("no reason to")


def test_leftover_container_is_replaced():
    with Host(loaded=True) as host:
        left = host.engine.create(AGENT, {"Image": "amazon/amazon-ecs-agent:latest"})
        with Supervised(host) as supervisor:
            check(supervisor.wait_ready() != left, "the exited container of someone else was kept")


def test_killed_supervisor_leaves_the_agent_and_the_next_adopts_it():
    with Host(loaded=True) as host:
        with Supervised(host) as first:
            container = first.wait_ready()
            begun = host.engine.inspect()["State"]["StartedAt"]
            first.kill()
        equal(host.engine.running(), container, "container that runs on")
        with Supervised(host) as second:
            equal(second.wait_ready(), container, "adopted container")
            equal(host.engine.inspect()["State"]["StartedAt"], begun, "start of the container")
            host.order("exit/5")    # an adopted one is supervised as any
            second.ends(5, seconds=5)


def test_changed_configuration_is_not_adopted():
    with Host(loaded=True) as host:
        with Supervised(host) as first:
            container = first.wait_ready()
            first.kill()
        host.write(CONFIG, "ECS_CLUSTER=other\n")
        with Supervised(host) as second:
            second.wait_for("READY=1")
            check(host.wait_running(other_than=container), "old container runs on")
            wait_until(lambda: '"Cluster":"other"' in host.metadata(), 5, "agent with the new setting")


def test_changed_image_is_not_adopted():
    with Host(loaded=True) as host:
        with Supervised(host) as first:
            container = first.wait_ready()
            first.kill()
        host.copy_in(image_tar("1.0.1"), TAR)
        host.write("/var/cache/ecs/state", "2")
        host.verb("pre-start")
        with Supervised(host) as second:
            second.wait_for("READY=1")
            host.wait_running(other_than=container)
            wait_until(lambda: "v1.0.1" in host.metadata(), 5, "new agent answers")


def test_agent_that_ended_while_nobody_watched():
    with Host(loaded=True) as host:
        with Supervised(host) as first:
            first.wait_ready()
            first.kill()
        host.order("exit/1")
        wait_until(lambda: host.engine.running() is None, 5, "agent has ended")
        with Supervised(host) as second:
            second.wait_ready()


@tap.each(stop="stop", pre_stop="pre-stop")
def test_stop_verb_ends_the_agent_and_so_the_supervisor(verb):
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        host.verb(verb)
        equal(host.engine.running(), None, "agent")
        equal(host.engine.inspect()["State"]["ExitCode"], 0, "agent obeyed SIGTERM; exit code")
        supervisor.ends(0, seconds=5)


def test_stop_without_an_agent_is_fine():
    with Host(loaded=True) as host:
        host.verb("stop")
        host.engine.create(AGENT, {"Image": "amazon/amazon-ecs-agent:latest"})
        host.verb("stop")


# --- reload

def test_reload_replaces_the_agent_only_if_something_changed():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        old = supervisor.wait_ready()
        host.verb("reload", MAINPID=str(host.inner_pid(supervisor.pid)))
        equal(host.engine.running(), old, "container after a reload of what is the same")
        host.write(CONFIG, "ECS_CLUSTER=other\n")
        host.verb("reload", MAINPID=str(host.inner_pid(supervisor.pid)))
        new = host.engine.running()
        check(new and new != old, "the agent was not replaced")
        wait_until(lambda: '"Cluster":"other"' in host.metadata(), 5, "agent with the new setting")
        equal([c["Names"] for c in host.engine.get("/containers/json?all=1")], [[f"/{AGENT}"]], "containers")
        supervisor.terminate()


def test_reload_that_docker_refuses_keeps_the_agent():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        old = supervisor.wait_ready()
        begun = host.engine.inspect()["State"]["StartedAt"]
        host.write(CONFIG, 'ECS_LOG_OPTS={"max-sise":"1m"}\n')
        supervisor.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "runs on as it was" in supervisor.log, 10, "refusal")
        contains(supervisor.log, "max-sise", "what Docker says")
        equal((host.engine.running(), host.engine.inspect()["State"]["StartedAt"]), (old, begun), "agent")


# --- an agent that hangs

def begun_at(host):
    state = (host.engine.inspect() or {}).get("State", {})
    return state.get("Running") and state["StartedAt"]


@tap.each(obeys="", ignores_SIGTERM="ignore-term")
def test_hung_agent_is_restarted(order):
    with Host(config="ECS_INIT_HEALTH_TIMEOUT=4s\n", loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        time.sleep(2.5)     # it has been seen to answer
        begun = begun_at(host)
        if order:
            host.order(order)
        host.order("hang")
        time.sleep(1)
        equal(begun_at(host), begun, "restarted too soon; start")
        wait_until(lambda: begun_at(host) not in (None, False, begun) and host.metadata(), 25, "agent is back")
        contains(supervisor.log, "agent has not answered on its introspection port, 127.0.0.1:51678, for 4 s", "log")
        check([s for s in supervisor.notify.all("STATUS") if "does not answer" in s], "STATUS= did not say it")
        supervisor.stays("no reason to")


def test_agent_that_never_answers_is_given_six_times_as_long():
    with Host(config="ECS_INIT_HEALTH_TIMEOUT=1\nSTAND_IN_ORDER=hang\n", loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_for("READY=1")
        begun = begun_at(host)
        time.sleep(4)
        equal(begun_at(host), begun, "restarted too soon; start")
        wait_until(lambda: begun_at(host) not in (None, False, begun), 10, "agent is started again")
        contains(supervisor.log, "for 6 s", "log")


@tap.each(switched_off="0", long="1h")
def test_hung_agent_is_left_alone(timeout):
    with Host(config=f"ECS_INIT_HEALTH_TIMEOUT={timeout}\n", loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        begun = begun_at(host)
        host.order("hang")
        time.sleep(3)
        equal(begun_at(host), begun, "start of the agent")


def test_hung_agent_while_docker_hangs_too():
    with Host(config="ECS_INIT_HEALTH_TIMEOUT=2s\n", loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        time.sleep(1.5)
        begun = begun_at(host)
        host.order("hang")
        host.dockerd.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: "the agent runs on as it was" in supervisor.log, 15, "gives up for now")
        finally:
            host.dockerd.send_signal(signal.SIGCONT)
        wait_until(lambda: begun_at(host) not in (None, False, begun) and host.metadata(), 20, "agent is back")


# --- the watchdog

def test_watchdog_is_fed_while_waiting_and_while_running():
    with Host(loaded=True) as host:
        host.stop_docker()
        with Supervised(host, WATCHDOG_USEC="1000000") as supervisor:
            wait_until(lambda: len(supervisor.notify.all("WATCHDOG")) >= 3, 5, "WATCHDOG=1 while Docker is waited for")
            check(supervisor.notify.all("EXTEND_TIMEOUT_USEC"), "no EXTEND_TIMEOUT_USEC=")
            host.start_docker()
            supervisor.wait_ready()
            before = len(supervisor.notify.all("WATCHDOG"))
            wait_until(lambda: len(supervisor.notify.all("WATCHDOG")) >= before + 3, 5, "WATCHDOG=1 while the agent runs")


if __name__ == "__main__":
    tap.main()
