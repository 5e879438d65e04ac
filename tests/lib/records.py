"""A root with the records of a boot in it, for the verbs that look at them."""

import json
import os

import bootstrap
import program

STEPS = "/run/ecs/steps"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
SYSTEMCTL = """#!/bin/sh
[ "$1" = show ] || exit 1
for unit in ecs-bootstrap.service ecs.service; do
	printf 'Id=%s\\nLoadState=loaded\\nActiveState={}\\nSubState=x\\nResult=success\\nStatusText=Waiting for Docker\\n\\n' $unit
done
"""


class Host(bootstrap.Host):
    def __init__(self):
        super().__init__(old=None)
        self.write(BOOT_ID, "this\n")

    def step(self, name, result="done", begin=1000, end=1500, pid=1, boot="this", cause="so it is"):
        self.write(f"{STEPS}/{name}", f"RESULT={result}\nBEGIN_MS={begin}\nEND_MS={end}\nPID={pid}\nBOOT_ID={boot}\nCAUSE={cause}\n")

    def process(self, pid, began_ms):
        """One that runs, as /proc tells it."""
        self.write(f"/proc/{pid}/stat", f"{pid} (a) b) S " + "0 " * 18 + f"{began_ms // 10} 0 0\n")

    def systemd(self, state="active"):
        os.makedirs(self.at("/run/systemd/system"), exist_ok=True)
        self.write("/bin/systemctl", SYSTEMCTL.format(state), 0o755)

    def look(self, verb, *arguments, url="http://127.0.0.1:1", binary=None, **env):
        """One of the verbs that look at all this; the metadata service is off unless ENV names one."""
        argv = [binary or program.path_of("ecs-bootstrap"), verb, "--root", self.path, *arguments]
        if "AWS_EC2_METADATA_SERVICE_ENDPOINT" not in env:
            env["AWS_EC2_METADATA_DISABLED"] = "true"
        env = program.environment(ECS_AGENT_INTROSPECTION_URL=url, **env)
        env["PATH"] = f"{self.at('/bin')}:{env['PATH']}"
        return program.run(argv, env)

    def status(self, *arguments, **more):
        return self.look("status", *arguments, **more)

    def json(self, code=0, **more):
        return json.loads(self.status("--json", **more).exits(code).out)

    def results(self, code=0):
        return {step["step"]: step["result"] for step in self.json(code)["steps"]}
