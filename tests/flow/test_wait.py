"""ecs-bootstrap wait: until the agent has registered, and why it has not."""

import json
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from aws import Introspection
from tap import check, each, equal, together

SYSTEMCTL = """#!/bin/sh
[ "$*" = "show -p ActiveState -p StatusText ecs.service" ] || exit 1
{}
"""


def wait(*arguments, root=None, url="http://127.0.0.1:1", path=None, timeout=20):
    argv = [program.path_of("ecs-bootstrap"), "wait", *(["--root", root.path] if root else []), *arguments]
    env = program.environment(ECS_AGENT_INTROSPECTION_URL=url)
    if path:
        env["PATH"] = f"{path}:{env['PATH']}"
    return program.run(argv, env, timeout)


@together
def test_registered():
    with Introspection(cluster="blue") as agent:
        result = wait(url=agent.url).exits(0).within(2)
        equal((result.out, result.err), (f"registered in cluster 'blue' as {agent.arn}\n", ""))
        result = wait("--json", url=agent.url).exits(0)
        equal(json.loads(result.out), {"cluster": "blue", "containerInstanceArn": agent.arn})


@together
def test_registers_late():
    with Introspection(register_after=4) as agent:
        wait("--timeout", "1m", url=agent.url).exits(0).within(8)
        equal(len(agent.asked()), 5)


@together
def test_starts_late():
    agent = Introspection()
    agent.start()
    agent.stop()        # its port is known, and refuses
    later = threading.Timer(1.5, agent.start)
    later.start()
    try:
        result = wait("--timeout", "15", url=agent.url).exits(0)
        check(result.seconds < 3.5, f"seen after {result.seconds - 1.5} s")
    finally:
        later.join()
        agent.stop()


@together
@each(refuses=([], "Connection refused"), silent=(["*=silent"], "Timeout|timed out"), page=(["*=html"], "has not registered .HTTP status 200, no ContainerInstanceArn"),
      not_found=(["*=404"], "HTTP status 404"), cut=(["*=truncated:5"], "."), endless=(["*=endless"], "."), closes=(["*=close"], "."))
def test_says_the_last_cause(wrong, cause):
    with Introspection(wrong=wrong) as agent:
        url = agent.url
        if not wrong:
            agent.stop()
        result = wait("--timeout", "2s", url=url).exits(1).within(7)
        result.says(rf"^ecs-bootstrap: wait 2 s for the agent to register: GET http://\S+/v1/metadata: .*({cause})")
        equal((len(result.lines), result.out), (1, ""))


@together
def test_not_registered():
    with Introspection(register_after=1000) as agent:
        wait("--timeout", "1", url=agent.url).exits(1).says("it answers but has not registered ")
        check(len(agent.asked()) < 15, "a hot loop")


@together
@each(waiting=("echo ActiveState=activating; echo 'StatusText=Waiting for Docker: no socket'",
               r"; ecs.service is activating \(Waiting for Docker: no socket\)$"),
      bare=("echo ActiveState=inactive; echo StatusText=", "; ecs.service is inactive$"),
      fails=("echo no bus >&2; exit 1", "Connection refused$"), garbage=("printf 'x\\0y'", "Connection refused$"),
      hangs=("exec sleep 60", "Connection refused$"))
def test_says_what_the_service_waits_for(script, words):
    with program.Root() as root:
        root.write("/run/systemd/system/x", "")
        root.write("/bin/systemctl", SYSTEMCTL.format(script), 0o755)
        result = wait("--timeout", "0", root=root, path=root.at("/bin")).exits(1).within(8)
        result.says("wait 0 s for the agent to register: .*" + words)
        equal(len(result.lines), 1)


@each(argument=("more",), word=("--timeout", "x"), long=("--timeout", "2h"), unit=("--timeout", "5d"))
def test_usage(*words):
    begin = time.monotonic()
    result = wait(*words).exits(2)
    check(result.err.startswith("ecs-bootstrap: "), result.err)
    check(time.monotonic() - begin < 2, "it waited")


if __name__ == "__main__":
    tap.main()
