"""`ecs-bootstrap config` under a temporary root, and what it must keep to whatever happens."""

import os
import re

import program
import tap

CONFIG = "/etc/ecs/ecs.config"
COPY = "/var/lib/cloud/instance/user-data.txt"
KIND = "/run/ecs/user-data"
LOG = "/var/log/ecs/ecs-bootstrap.log"
OLD = "# mine\nECS_CLUSTER=old\nECS_ENGINE_AUTH_DATA={\"a\": \"secret of old\"}\n"
BLOCK = re.compile(r"\A# BEGIN ecs-bootstrap[^\n=]*\n(.*?)^# END ecs-bootstrap[^\n=]*\n", re.S | re.M)
MESSAGE = r"^ecs-bootstrap: ([a-z]|PUT |GET )[^\n]*$"
ERROR = r"^ecs-bootstrap: ([a-z]+|PUT|GET) [^\n]+: [^\n]+$"


class Host(program.Root):
    """A root with an old ecs.config in it unless OLD is None."""

    def __init__(self, old=OLD):
        super().__init__()
        if old is not None:
            self.write(CONFIG, old, 0o600)

    def config(self, *arguments, imds=None, seconds=2, **env):
        """IMDS: a stand-in, or None for a port that refuses."""
        url = imds.url if imds else f"http://127.0.0.1:{program.free_port()}"
        argv = [program.path_of("ecs-bootstrap"), "config", "--root", self.path, "--imds-timeout", str(seconds), *arguments]
        result = program.run(argv, program.environment(**{"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, **env}))
        self.check_manners(result)
        return result

    def config_of(self, user_data, *arguments, **env):
        """With the user data in a file: IMDS has no part in it."""
        self.write("/given", user_data)
        result = self.config("--user-data", self.at("/given"), *arguments, **env)
        os.unlink(self.at("/given"))
        return result

    def check_manners(self, result):
        tap.equal(result.out, "", "stdout")
        for line in result.lines:
            tap.matches(line, MESSAGE, "stderr")
        tap.lacks(result.err, "secret", "stderr")
        if self.has(LOG):
            tap.lacks(self.read(LOG), "secret", "the log")
        for folder in ("/etc/ecs", "/run/ecs", "/var/log/ecs"):
            if os.path.isdir(self.at(folder)):
                known = {"ecs.config", "proxy.env", "netconf.conf", "user-data", "start-tasks.json", "ecs-bootstrap.log", "packages.json",
                         "efs-mounts.json", "steps"}
                tap.equal(sorted(set(os.listdir(self.at(folder))) - known), [], f"files left in {folder}")

    @property
    def kind(self):
        return self.read(KIND).strip() if self.has(KIND) else None

    def block(self):
        """The lines of our block; None without one."""
        found = BLOCK.match(self.read(CONFIG)) if self.has(CONFIG) else None
        return found[1].splitlines() if found else None

    def rest(self):
        """What stands outside our block."""
        return BLOCK.sub("", self.read(CONFIG))


def refused(result, host, before, words="", kind="refused"):
    """Exit 1, one line that says what failed and why, everything below /etc as it was. KIND: "refused", or "failed" and may pass."""
    result.exits(1)
    tap.equal(len(result.lines), 1, f"lines on stderr:\n{result.err}")
    result.says(ERROR)
    if words:
        result.says(words)
    program.same_state(before, host.state("/etc"))
    tap.equal(host.kind, kind, KIND)


def mime(*parts):
    """Parts are (content type, text)."""
    lines = ['Content-Type: multipart/mixed; boundary="=-limit-="', "MIME-Version: 1.0", ""]
    for kind, text in parts:
        lines += ["--=-limit-=", f"Content-Type: {kind}", "", text]
    return "\n".join([*lines, "--=-limit-=--", ""])


ENV = "application/vnd.ecs-bootstrap.env"
JSON = "application/vnd.ecs-bootstrap+json"
SCRIPT = ('text/x-shellscript; charset="us-ascii"', "#!/bin/sh\necho ECS_CLUSTER=script >>/etc/ecs/ecs.config\n")
