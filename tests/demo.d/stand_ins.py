"""The demo where no instance can be made: the programs are real, most of the rest is not."""
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

import docker
import imds
from engine import Engine
from instance import BUILD
from notify import Notify
from scene import (CREDENTIALS, TESTS, USER_DATA, Supervision, Wrong, build_image, check_config, check_environment,
                   expect)


class StandInDemo:
    def __init__(self, timeline, folder, cleanup):
        self.t, self.folder, self.cleanup = timeline, folder, cleanup
        self.root = os.path.join(folder, "root")
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}

    def path(self, path):
        return self.root + path

    def run(self, program, *arguments, code=0):
        command = [program, *arguments]
        result = subprocess.run([os.path.join(BUILD, "bin", program), "--root", self.root, *arguments],
                                env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        expect(result.returncode == code,
               f"{' '.join(command)}: exit {result.returncode}: {result.stderr.strip()}")
        self.t.say(f"{' '.join(command)}: exit {code}")
        self.t.show(result.stderr)
        return result.stdout

    def prepare(self):
        for folder in ("/etc/ecs", "/var/cache/ecs", "/var/lib/ecs/data", "/var/log/ecs", "/run"):
            os.makedirs(self.path(folder))
        shutil.copy("/etc/os-release", self.path("/etc/os-release"))
        shutil.copy(build_image(self.folder), self.path("/var/cache/ecs/ecs-agent.tar"))
        with open(self.path("/var/cache/ecs/state"), "w", encoding="utf-8") as file:
            file.write("2")

    def stand_ins(self):
        with open(USER_DATA, encoding="utf-8") as file:
            metadata = imds.Imds(file.read())
        self.cleanup.enter_context(metadata)
        self.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata.url
        agent = os.path.join(self.folder, "agent")
        subprocess.run(["cc", "-o", agent, os.path.join(TESTS, "agent", "agent.c")], check=True)
        socket = os.path.join(self.folder, "docker.sock")
        self.cleanup.enter_context(docker.Docker(socket, images=(), runs=[[agent]], proc=self.path("/proc")))
        self.env["DOCKER_HOST"] = "unix://" + socket
        self.engine = Engine(socket)
        self.t.say("the stand-ins for metadata and Docker listen")

    def configure(self):
        self.t.title("User data becomes settings")
        self.run("ecs-bootstrap", "config")
        path = self.path("/etc/ecs/ecs.config")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.t.say("/etc/ecs/ecs.config")
        self.t.show(text)
        check_config(text)
        with open(path, "a", encoding="utf-8") as file:
            file.write("ECS_RESERVED_MEMORY=128\n")
        self.t.say("the line of the shell part, appended as cloud-init's run of it would: it wins")

    def protect(self):
        self.t.title("Rules for credentials and introspection: shown, not applied")
        rules = self.run("ecs-netconf", "show", "--bridge", "docker0")
        self.t.show(rules)
        for part in ("127.0.0.1:51679", "51678", "169.254.170.2"):
            expect(part in rules, f"ecs-netconf show lacks {part}")

    def start(self):
        self.t.title("The agent, supervised")
        self.run("amazon-ecs-init", "reload-cache")
        expect(self.engine.image_id(), "no image was loaded")
        notify = Notify(os.path.join(self.folder, "notify"))
        self.cleanup.callback(notify.close)
        log = self.cleanup.enter_context(open(os.path.join(self.folder, "start.log"), "wb"))
        self.t.say("amazon-ecs-init start")
        process = subprocess.Popen([os.path.join(BUILD, "bin", "amazon-ecs-init"), "--root", self.root, "start"],
                                   env={**self.env, "NOTIFY_SOCKET": notify.path}, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
        self.cleanup.callback(process.wait)
        self.cleanup.callback(process.kill)
        supervision = Supervision(self.t, notify, process)
        supervision.wait_ready()
        return supervision

    def look(self):
        self.t.title("What runs")
        container = self.engine.inspect()
        expect(container and container["State"]["Running"], "the agent's container does not run")
        check_environment(container)
        self.t.say("what docker ps would show, from the stand-in's API")
        self.t.show("\n".join(f"{c['Id'][:12]}  {c['Image']}  {c['Status']}  {' '.join(c['Names'])}"
                              for c in self.engine.get("/containers/json")))
        text = self.get(f"http://127.0.0.1:51679{CREDENTIALS}")
        self.t.say("credentials, from the port that the rules lead to")
        self.t.show(text)
        expect("AccessKeyId" in text, "the agent gives no credentials")

    @staticmethod
    def get(url):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(50):
            with contextlib.suppress(OSError):
                return opener.open(url, timeout=2).read().decode()
            time.sleep(0.05)
        raise Wrong(f"{url}: no answer")

    def stop(self, supervision):
        self.t.title("The end")
        supervision.stop()
        expect(not self.engine.running(), "the agent still runs")
        self.t.say("agent has ended")


def with_stand_ins(timeline, why):
    print(f"No instance can be made here ({why}), so more is stood in for:")
    print("the instance (a folder stands for /), Docker (its API, answered by this process; the agent is a child "
          "of it), the packet filter (rules are shown, not applied),")
    print("the instance metadata, the ECS agent, cloud-init. Real: the programs.")
    timeline.title("A folder")
    with contextlib.ExitStack() as cleanup:
        folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="ecs-demo-"))
        demo = StandInDemo(timeline, folder, cleanup)
        demo.prepare()
        demo.stand_ins()
        demo.configure()
        demo.protect()
        supervision = demo.start()
        demo.look()
        demo.stop(supervision)
