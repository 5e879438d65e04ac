"""amazon-ecs-init beside the Docker stand-in. Its programs run from a folder of their own, in which
ecs-netconf is a script that only writes down its arguments: no test here touches the host's rules."""

import os
import shutil

import program
import tap
from docker import AGENT_IMAGE, Docker
from notify import Notify

TAR = "/var/cache/ecs/ecs-agent.tar"
STATE = "/var/cache/ecs/state"
NETCONF = """#!/bin/sh
echo "$@" >>{log}
"""


class Instance(program.Root):
    """A root, a Docker stand-in (not started if DOCKER is False) and a NOTIFY_SOCKET."""

    def __init__(self, docker=True, image=True, **more):
        programs = [program.path_of(name) for name in ("amazon-ecs-init", "ecs-supervisor")]
        super().__init__()
        for path in ("/run", "/etc/ecs", "/var/cache/ecs", "/var/lib/ecs/data"):
            os.makedirs(self.at(path))
        self.write("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        self.write("/etc/ecs/ecs.config", "ECS_CLUSTER=prod\n", 0o600)
        self.bin = self.at("/bin")
        os.makedirs(self.bin)
        for path in programs:
            shutil.copy(path, self.bin)
        self.write("/bin/ecs-netconf", NETCONF.format(log=self.at("/netconf.log")), 0o755)
        self.docker = Docker(self.at("/run/docker.sock"), images=[AGENT_IMAGE] if image else [],
                             proc=self.at("/proc"), **more)
        self.notify = Notify(self.at("/run/notify"))
        if docker:
            self.docker.start()

    def __exit__(self, *what):
        self.docker.stop()
        self.notify.close()
        super().__exit__(*what)

    def argv(self, verb):
        return [f"{self.bin}/amazon-ecs-init", "--root", self.path, verb]

    def env(self, **more):
        return program.environment(DOCKER_HOST=f"unix://{self.docker.listen_at}", AWS_EC2_METADATA_DISABLED="true", **more)

    def verb(self, name, timeout=program.SOON, **env):
        return program.run(self.argv(name), self.env(**env), timeout)

    def begin(self, verb, **env):
        """Runs beside the test; end it by leaving the `with`."""
        return program.Started(self.argv(verb), self.env(NOTIFY_SOCKET=self.notify.path, **env))

    def start(self, **env):
        """The supervisor."""
        return self.begin("start", **env)

    def wait_ready(self, seconds=5, after=0):
        tap.check(self.notify.wait_for("READY=1", seconds, after), f"READY=1 did not come in {seconds} s; "
                  f"told: {[m for _, m in self.notify.messages]}, asked: {[str(r) for r in self.docker.asked()]}")

    def wait_container(self, seconds=5, other_than=None):
        def running():
            found = self.docker.container()
            return found if found and found.running and found is not other_than else None
        return tap.wait_until(running, seconds, "the agent's container runs")

    @property
    def netconf(self):
        return [line.split()[0] for line in self.read("/netconf.log").splitlines()] if self.has("/netconf.log") else []
