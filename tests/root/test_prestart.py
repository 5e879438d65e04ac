"""The one-shot verbs against a real dockerd: pre-start, reload-cache, post-stop."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap
from host import STATE, TAR, Host, Supervised, image_tar
from tap import check, contains, equal

CREDENTIALS = ["/fetch", "169.254.170.2", "80", "/v2/credentials/task"]
INTROSPECTION = "/v1/metadata"


def ours(rules):
    """The lines that the peer's five rules have, whatever chains they stand in."""
    return {family: [line for line in lines if "ECS" in line or "51678" in line or "51679" in line]
            for family, lines in rules.items()}


def test_pre_start_loads_the_image():
    with Host() as host:
        host.verb("pre-start")
        check(host.engine.image_id(), "image is not loaded")
        equal(host.read(STATE).strip(), "1", "state")
        check(os.path.isdir(host.path("/mnt/ecs/ebs")), "/mnt/ecs/ebs was not made")


def test_second_pre_start_changes_nothing():
    with Host() as host:
        host.verb("pre-start")
        before = host.engine.image_id(), host.rules(), os.stat(host.path(STATE)).st_mtime_ns
        images = host.engine.get("/images/json?all=1")
        result = host.verb("pre-start")
        equal(host.rules(), before[1], "rules")
        equal((host.engine.image_id(), os.stat(host.path(STATE)).st_mtime_ns), (before[0], before[2]),
              "image id and time of the state file")
        equal(host.engine.get("/images/json?all=1"), images, "images")
        tap.between(result.seconds, 0, 2, "seconds")


@tap.each(no_state_file=(None, False), state_0=("0", False), state_not_a_number=("x\n", False),
          state_empty=("", False), no_state_file_but_loaded=(None, True))
def test_tar_or_image_that_is_there_is_enough(state, loaded):
    with Host(state=state) as host:
        if loaded:
            host.engine.load(image_tar())
        tap.between(host.verb("pre-start").seconds, 0, 3, "seconds")
        check(host.engine.image_id(), "image is not loaded")


def test_state_2_loads_the_new_tar_over_the_old_image():
    with Host(loaded=True) as host:
        old = host.engine.image_id()
        host.copy_in(image_tar("1.0.1"), TAR)
        host.write(STATE, "2")
        host.verb("pre-start")
        check(host.engine.image_id() != old, "the old image is still the tagged one")
        equal(host.read(STATE).strip(), "1", "state")


def test_reload_cache():
    with Host(loaded=True) as host:
        old, rules = host.engine.image_id(), host.rules()
        host.copy_in(image_tar("1.0.1"), TAR)
        host.verb("reload-cache")
        check(host.engine.image_id() != old, "the old image is still the tagged one")
        equal(host.read(STATE).strip(), "1", "state")
        equal(host.rules(), rules, "rules: reload-cache has nothing to do with them")


def test_tar_that_is_no_image():
    with Host() as host:
        host.write(TAR, "this is no tar\n" * 100)
        result = host.verb("pre-start", code=255)
        line = result.stderr.strip().splitlines()[-1]
        contains(line, "load", "last line")
        equal(host.read(STATE).strip(), "2", "state is as it was")


def test_credentials_from_a_bridge_container():
    with Host(loaded=True) as host:
        host.verb("pre-start")
        with Supervised(host) as supervisor:
            supervisor.wait_ready()
            code, out = host.engine.run(CREDENTIALS)
            equal(code, 0, f"exit code of the fetch ({out})")
            contains(out, '"AccessKeyId":"ASIASTANDIN"')
            # and from the host's own network, which is the OUTPUT rule
            contains(host.get(*CREDENTIALS[1:]) or "", "ASIASTANDIN", "answer to the host itself")


def test_without_the_rules_there_are_no_credentials():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        # the supervisor may put the rules back; then this test says nothing
        if ours(host.rules())["iptables"]:
            tap.skip("start applies the rules itself")
        check(host.engine.run(CREDENTIALS)[0] != 0, "credentials without rules")


def test_introspection_is_for_the_bridge_and_not_for_the_neighbour():
    with Host(loaded=True) as host:
        with Supervised(host) as supervisor:
            supervisor.wait_ready()
            knock = ("10.0.0.15", 51678, INTROSPECTION, "gateway")
            if not ours(host.rules())["iptables"]:
                # without the rule the same request is answered: the test can fail
                contains(host.get(*knock) or "", "Version", "unprotected port")
            host.verb("pre-start")
            equal(host.get(*knock), None, "answer to the neighbour")
            gateway = host.shell("ip -4 -o addr show docker0 | awk '{ sub(\"/.*\", \"\", $4); print $4 }'").strip()
            code, out = host.engine.run(["/fetch", gateway, "51678", INTROSPECTION])
            equal(code, 0, f"exit code of the fetch from the bridge ({out})")


def test_post_stop_leaves_nothing():
    with Host(loaded=True) as host:
        before = host.rules()
        local = host.sysctl("net/ipv4/conf/all/route_localnet")
        host.verb("pre-start")
        check(ours(host.rules())["iptables"], "pre-start made no rules")
        host.verb("post-stop")
        equal(ours(host.rules()), {"iptables": [], "ip6tables": []}, "rules of ours")
        equal(host.rules()["iptables"], before["iptables"], "all rules")
        equal(host.sysctl("net/ipv4/conf/all/route_localnet"), local, "route_localnet")


def test_post_stop_twice_and_without_pre_start():
    with Host(loaded=True) as host:
        host.verb("post-stop")
        host.verb("post-stop")
        equal(ours(host.rules()), {"iptables": [], "ip6tables": []}, "rules of ours")


def test_post_stop_before_a_restart_keeps_the_rules():
    with Host(loaded=True) as host:
        host.verb("pre-start")
        before = host.rules()
        # what systemd tells ExecStopPost when it is about to start the unit again
        host.verb("post-stop", SERVICE_RESULT="signal", EXIT_CODE="killed", EXIT_STATUS="KILL")
        equal(host.rules(), before, "rules: tasks that run on need their credentials")
        host.verb("post-stop", SERVICE_RESULT="exit-code", EXIT_CODE="exited", EXIT_STATUS="5")
        equal(ours(host.rules()), {"iptables": [], "ip6tables": []}, "rules after an exit that forbids a restart")


def test_post_stop_without_docker():
    with Host(loaded=True) as host:
        host.verb("pre-start")
        host.stop_docker()
        tap.between(host.verb("post-stop").seconds, 0, 5, "seconds")
        equal(ours(host.rules()), {"iptables": [], "ip6tables": []}, "rules of ours")


def test_pre_start_waits_for_docker():
    with Host() as host:
        host.stop_docker()
        begin = host.popen(["amazon-ecs-init", "pre-start"], env=host.environment())
        time.sleep(2)
        check(begin.poll() is None, f"pre-start gave up on Docker with {begin.returncode}")
        host.start_docker()
        equal(begin.wait(15), 0, "exit code")
        check(host.engine.image_id(), "image is not loaded")


def test_version_needs_nothing():
    with Host(docker=False) as host:
        host.shell("rm -rf /var/cache/ecs /var/log/ecs")
        result = host.verb("version")
        tap.matches(result.stdout, r"^ecs-init version \S+|^amazon-ecs-init \S+", "stdout")
        check(not os.path.exists(host.path("/var/log/ecs/ecs-init.log")), "version wrote a log")


@tap.each(unknown="frobnicate", none="")
def test_wrong_usage(verb):
    with Host(docker=False) as host:
        result = host.run(["amazon-ecs-init"] + ([verb] if verb else []))
        equal(result.returncode, 1, "exit code")
        contains(result.stdout + result.stderr, "pre-start", "usage")


if __name__ == "__main__":
    tap.main()
