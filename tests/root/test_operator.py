"""doctor and collect-logs on an instance with a real dockerd, a real packet filter and a metadata service on its own address."""

import json
import os
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import program
import tap
from host import Host, Supervised
from tap import contains, equal, lacks

S = "hunter2"
CONFIG = f"ECS_CLUSTER=blue\nECS_ENGINE_AUTH_TYPE=docker\nECS_ENGINE_AUTH_DATA={{\"r\":{{\"password\":\"{S}\"}}}}\nMY_OWN=unnamed\n"


class Instance(Host):
    """The agent runs in it; systemd seems to, and does not answer."""

    def __init__(self):
        self.given = tempfile.NamedTemporaryFile("w", suffix=".user-data")
        self.given.write("#ecs-bootstrap\nECS_CLUSTER=blue\n")
        self.given.flush()
        super().__init__(config=CONFIG, user_data=self.given.name)

    def found(self):
        result = self.run([program.path_of("ecs-bootstrap"), "doctor", "--json"])
        equal((result.returncode, result.stderr), (1, ""))
        lacks(result.stdout, S)
        return {one["check"]: one["what"] for one in json.loads(result.stdout)["findings"]}


def test_doctor_and_collector():
    with Instance() as i:
        i.write("/run/systemd/system/none", "")
        i.verb("pre-start")
        with Supervised(i):
            i.wait_running()
            tap.wait_until(i.metadata, 10, "the agent answers")
            found = i.found()
            equal(sorted(set(found) - {"registered", "disk"}), ["ecs"])     # no name is known in there; the disk is the machine's
            contains(found["ecs"], "ecs.eu-central-1.amazonaws.com")
            collect(i)
            i.shell("iptables -t nat -F ECS-PREROUTING 2>/dev/null || iptables -t nat -F PREROUTING")
            contains(i.found()["rules"], "difference")
        i.stop_docker()
        contains(i.found(), "docker-socket")


def collect(i):
    result = i.run([program.path_of("ecs-bootstrap"), "collect-logs", "--output", "/var/log/all.tar.gz"])
    equal((result.returncode, result.stdout), (0, "/var/log/all.tar.gz\n"))
    with tarfile.open(i.path("/var/log/all.tar.gz")) as tar:
        files = {m.name.partition("/")[2]: tar.extractfile(m).read().decode(errors="replace") for m in tar.getmembers()}
    for name, text in files.items():
        lacks(text, S, name)
    [agent] = [json.loads(text) for name, text in files.items() if name.startswith("docker/containers/")]
    equal((agent["Name"], agent["State"]["Status"]), ("/ecs-agent", "running"))
    contains(agent["Config"]["Env"], "ECS_ENGINE_AUTH_DATA=<hidden>")
    contains(agent["Config"]["Env"], "MY_OWN=<hidden>")
    contains(json.loads(files["docker/info.json"]), "ServerVersion")
    contains(files["network/iptables.txt"], "51679")
    contains(files["config/ecs.config"], "ECS_CLUSTER=blue\n")


if __name__ == "__main__":
    tap.main()
