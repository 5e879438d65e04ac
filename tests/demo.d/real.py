"""The demo on an instance: namespaces, the kernel's rules, a real dockerd."""
import json
import os
import time

from instance import Instance
from notify import Notify
from scene import (CREDENTIALS, USER_DATA, Supervision, Wrong, build_image, check_config, check_environment, expect,
                   user_script)


class RealDemo:
    def __init__(self, timeline, instance):
        self.t, self.i = timeline, instance

    def run(self, *command, code=0, env=None):
        result = self.i.run(command, env=env)
        name = " ".join(command)
        expect(result.returncode == code, f"{name}: exit {result.returncode}: {result.stderr.strip()}")
        self.t.say(f"{name}: exit {code}")
        self.t.show(result.stderr)
        return result.stdout

    def rules(self):
        """Rules and chains without counters. A built-in chain that accepts is as good as none."""
        return {name: self.i.shell(f"{name}-save | sed 's/ \\[.*//' | grep -E '^-A|^:.* (-|DROP)$' || true")
                for name in ("iptables", "ip6tables")}

    def settings(self):
        lines = [line for line in self.i.read("/etc/ecs/ecs.config").splitlines()
                 if "=" in line and not line.startswith("#")]
        return dict(line.split("=", 1) for line in lines)

    def configure(self):
        self.t.title("User data becomes settings")
        self.run("ecs-bootstrap", "config")
        with open(os.path.join(self.i.folder, "imds.log"), encoding="utf-8") as log:
            requests = [json.loads(line) for line in log]
        self.t.show("\n".join(f"IMDS saw {r['method']} {r['target']}" for r in requests))
        expect(requests and requests[0]["method"] == "PUT", "IMDS was not asked for a token first")
        path = "/etc/ecs/ecs.config"
        mode = os.stat(self.i.path(path)).st_mode & 0o7777
        self.t.say(f"{path}, mode {mode:04o}")
        self.t.show(self.i.read(path))
        check_config(self.i.read(path))
        expect(mode == 0o600, f"mode of ecs.config is {mode:04o}")
        written = self.i.read(path)
        self.run("ecs-bootstrap", "config")
        expect(self.i.read(path) == written, "a second config changed ecs.config")
        self.i.shell(user_script())
        self.t.say("the shell part, run as cloud-init would: it appends ECS_RESERVED_MEMORY=128, which wins")
        expect(self.settings()["ECS_RESERVED_MEMORY"] == "128", "the script's line does not come last")

    def protect(self):
        self.t.title("Rules for credentials and introspection")
        self.before = self.rules()
        self.run("ecs-netconf", "apply")
        rules = self.rules()
        for name, text in rules.items():
            ours = "\n".join(line for line in text.splitlines() if "ECS" in line)
            expect(ours or name == "ip6tables", f"{name}-save shows no rule of ours")
            self.t.say(f"{name}-save, our lines")
            self.t.show(ours)
        for part in ("DNAT --to-destination 127.0.0.1:51679", "--dport 51678", "REDIRECT --to-ports 51679"):
            expect(part in rules["iptables"], f"iptables-save lacks {part}")
        self.run("ecs-netconf", "apply")
        expect(self.rules() == rules, "a second apply changed the rules")
        self.run("ecs-netconf", "check")

    def start(self):
        self.t.title("The agent, supervised")
        self.run("amazon-ecs-init", "pre-start", env=self.settings())
        expect(self.i.engine.image_id(), "pre-start loaded no image")
        notify = Notify(os.path.join(self.i.folder, "notify"))
        self.i.cleanup.callback(notify.close)
        self.log = os.path.join(self.i.folder, "start.log")
        self.t.say("amazon-ecs-init start")
        with open(self.log, "wb") as log:
            process = self.i.popen(["amazon-ecs-init", "start"], stdout=log, stderr=log,
                                   env={**self.settings(), "NOTIFY_SOCKET": notify.path})
        supervision = Supervision(self.t, notify, process)
        supervision.wait_ready()
        return supervision

    def look(self):
        self.t.title("What runs")
        self.t.say("docker ps")
        self.t.show(self.i.shell("/usr/bin/docker ps --format "
                                 "'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.Status}}\t{{.Names}}'"))
        container = self.i.engine.inspect()
        expect(container and container["State"]["Running"], "the agent's container does not run")
        check_environment(container)
        metadata = self.answer("127.0.0.1", 51678, "/v1/metadata")
        self.t.say("introspection, from the instance")
        self.t.show(metadata)
        expect('"Cluster":"demo"' in metadata, "the agent does not know its cluster")
        code, text = self.i.engine.run(["/fetch", "169.254.170.2", "80", CREDENTIALS])
        self.t.say(f"http://169.254.170.2{CREDENTIALS}, from inside a bridge container")
        self.t.show(text)
        expect(code == 0 and "AccessKeyId" in text, f"no credentials in a bridge container: {text.strip()}")
        knock = self.i.get("10.0.0.15", 51678, "/v1/metadata", where="gateway")
        expect(knock is None, "the introspection port is open for the neighbour")
        self.t.say("introspection, from another machine of the subnet: no answer, as it should be")

    def answer(self, *url):
        """The agent may need a moment between the start of its process and the first answer."""
        for _ in range(50):
            text = self.i.get(*url)
            if text:
                return text
            time.sleep(0.05)
        raise Wrong(f"the agent does not answer at {url}")

    def stop(self, supervision):
        self.t.title("The end")
        supervision.stop()
        container = self.i.engine.inspect()
        expect(not (container and container["State"]["Running"]), "the agent's container still runs")
        self.t.say("agent's container: " + (container["State"]["Status"] if container else "removed"))
        self.run("ecs-netconf", "remove")
        after = self.rules()
        expect("ECS" not in "".join(after.values()) and "5167" not in "".join(after.values()),
               "remove left rules of ours")
        expect(after == self.before, "the rules are not what they were before apply")
        self.t.say("rules and chains are what they were before apply")

    def explain(self):
        """After a failure: the logs that may tell why."""
        for name, path in (("amazon-ecs-init start", getattr(self, "log", "")),
                           ("dockerd", os.path.join(self.i.folder, "dockerd.log"))):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as log:
                    self.t.say(f"the last lines of {name}")
                    self.t.show("\n".join(log.read().splitlines()[-15:]))


def on_an_instance(timeline):
    with Instance(user_data=USER_DATA) as instance:
        version = instance.engine.get("/version")["Version"]
        image = build_image(instance.folder)
        instance.copy_in(image, "/var/cache/ecs/ecs-agent.tar")
        instance.write("/var/cache/ecs/state", "2")
        print("Real: the programs, a network namespace as the instance, its packet filter "
              f"({instance.shell('iptables --version').strip()}), dockerd {version}.")
        print("Stood in for: the instance metadata (an emulator on 169.254.169.254), the ECS agent (a small "
              "program in its image), cloud-init.")
        timeline.title("An instance")
        timeline.say(f"namespaces, dockerd and metadata are up; user data is {os.path.relpath(USER_DATA)}")
        demo = RealDemo(timeline, instance)
        try:
            demo.configure()
            demo.protect()
            supervision = demo.start()
            demo.look()
            demo.stop(supervision)
        except Wrong:
            demo.explain()
            raise
    timeline.say("namespaces, dockerd and all files are gone")
