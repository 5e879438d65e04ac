"""`ecs-bootstrap config` killed at random points: every file is whole whenever it is looked at, and the next run leaves
nothing of the killed ones. KILLS: how many (20)."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import program
import tap

KILLS = int(os.environ.get("KILLS", "20"))
TEMP = re.compile(r"\.[^/]+\.[0-9a-f]{8}$")
STATE = "var/lib/ecs/bootstrap/docker.json"
THEIRS = {"etc/docker/daemon.json": '{"mtu": 1500}\n', "etc/ecs/ecs.config": "MINE=1\n",
          "etc/systemd/system/docker.service.d/theirs.conf": "[Service]\n"}


def document(number):
    """As many files as config can write; each number makes other ones. 0 takes all of them away again."""
    if number == 0:
        return '{"version": 1}'
    return json.dumps({
        "version": 1,
        "agent": {"ECS_CLUSTER": f"c{number}", "ECS_INSTANCE_ATTRIBUTES": {"fill": f"{number}" * 3000}},
        "proxy": {"http": f"http://u:p{number}@10.0.0.{number}:3128", "https": f"http://10.0.0.{number}:3128"},
        "docker": {"debug": number == 1, "log-opts": {"max-size": f"{number}m"}, "labels": [f"{number}" * 500]},
        "startTasks": [{"taskDefinition": f"task:{number}"}] * number})


class Host(program.Root):
    def __init__(self):
        super().__init__()
        os.makedirs(self.at("/bin"))  # no dockerd and no systemctl: the table judges, nobody is told
        for path, text in THEIRS.items():
            self.write(f"/{path}", text, 0o600)
        for number in range(4):
            self.write(f"/given{number}", document(number))

    def argv(self, number):
        return [program.path_of("ecs-bootstrap"), "config", "--root", self.path, "--user-data", self.at(f"/given{number}")]

    def env(self):
        return program.environment(PATH=self.at("/bin"))

    def config(self, number):
        return program.run(self.argv(number), self.env()).exits(0)

    def killed_after(self, number, seconds):
        """Whether it was killed, and had not ended before."""
        child = subprocess.Popen(self.argv(number), env=self.env(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        end = time.monotonic() + seconds
        while time.monotonic() < end:  # sleep() is too coarse
            pass
        child.kill()
        return child.wait() == -signal.SIGKILL

    def files(self):
        """Path -> (bytes, mode); temporary files in a list of their own."""
        found, temps = {}, []
        for folder, _, names in os.walk(self.path):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.path)
                if path.startswith(("given", "var/log/", "bin/", "run/ecs/steps/")):
                    continue
                if TEMP.search(path):
                    temps.append(path)
                else:
                    found[path] = (self.read(f"/{path}"), self.mode(f"/{path}"))
        return found, temps


def whole_files():
    """Path -> all that may stand there, from runs that nobody disturbed; and what each number ends with."""
    known, last = {}, {}
    for path, text in THEIRS.items():
        known[path] = {(text, 0o600)}
    with Host() as host:
        for number in (0, 1, 2, 3, 1, 0, 2, 1, 3, 2, 0, 3, 0):
            host.config(number)
            last[number], _ = host.files()
            for path, what in last[number].items():
                known.setdefault(path, set()).add(what)
    return known, last


def check_whole(host, known):
    files, temps = host.files()
    for path, what in files.items():
        tap.check(path in known, f"'{path}' is a file that no run makes")
        if path == STATE:  # between two writes it names both; what it says must be JSON
            tap.check(isinstance(json.loads(what[0]), list) and what[1] == 0o600, f"'{path}' is {what}")
        else:
            tap.check(what in known[path], f"'{path}' is none of its whole states: {what}")
    for path in THEIRS:
        tap.check(path in files, f"'{path}' is gone")
    return len(temps)


def test_killed_at_random_points():
    seed = random.randrange(1 << 32)
    dice, killed, left = random.Random(seed), 0, 0
    known, last = whole_files()
    with Host() as host:
        begin = time.monotonic()
        for number in (1, 2, 3):
            host.config(number)
        usual = (time.monotonic() - begin) / 3
        for _ in range(20 * KILLS):
            number = dice.randrange(4)
            killed += host.killed_after(number, dice.random() * usual)
            left += check_whole(host, known)
            if killed == KILLS:
                break
            if dice.random() < 0.2:
                host.config(number)
                equal_to(host, last[number], seed)
        tap.equal(killed, KILLS, f"runs killed (seed {seed})")
        for number in (1, 0):
            host.config(number)
            equal_to(host, last[number], seed)
    tap.say(f"# {killed} runs killed, {left} times a temporary file was seen; usual run {usual * 1000:.1f} ms")


def equal_to(host, wanted, seed):
    files, temps = host.files()
    tap.equal(temps, [], f"temporary files after a run that ended (seed {seed})")
    tap.equal(sorted(files), sorted(wanted), f"files (seed {seed})")
    for path, what in files.items():
        tap.equal(what, wanted[path], f"'{path}' (seed {seed})")


if __name__ == "__main__":
    tap.main()
