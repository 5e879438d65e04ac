"""What both forms of the demo share: the timeline, the checks, the supervisor as a child."""
import email
import os
import signal
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
USER_DATA = os.path.join(TESTS, "samples", "user-data.mime")
CREDENTIALS = "/v2/credentials/demo-task"


class Wrong(Exception):
    """What the demo shows is not what it should be."""


def expect(condition, why):
    if not condition:
        raise Wrong(why)


class Timeline:
    """Prints what happens with the seconds since the start."""

    def __init__(self):
        self.begin = time.monotonic()

    def say(self, text, at=None):
        print(f"{(at or time.monotonic()) - self.begin:6.2f} s  {text}", flush=True)

    @staticmethod
    def show(text):
        for line in text.rstrip("\n").splitlines():
            print(f"          | {line}", flush=True)

    @staticmethod
    def title(text):
        print(f"\n{text}", flush=True)


def user_script():
    """The shell part of the sample, which is cloud-init's business."""
    with open(USER_DATA, encoding="utf-8") as file:
        parts = email.message_from_file(file).walk()
    return next(p.get_payload() for p in parts if p.get_content_type() == "text/x-shellscript")


def build_image(folder):
    path = os.path.join(folder, "ecs-agent.tar")
    subprocess.run([sys.executable, os.path.join(TESTS, "agent", "image"), path], check=True)
    return path


def check_config(text):
    for line in ("ECS_CLUSTER=demo", "ECS_RESERVED_MEMORY=256", 'ECS_INSTANCE_ATTRIBUTES={"stack":"blue"}',
                 "ECS_ENABLE_CONTAINER_METADATA=true", "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true"):
        expect(line in text.replace('": ', '":').splitlines(), f"ecs.config lacks {line}")


def check_environment(container):
    env = container["Config"]["Env"]
    for line in ("ECS_CLUSTER=demo", "ECS_RESERVED_MEMORY=128", "ECS_DATADIR=/data"):
        expect(line in env, f"the container's environment lacks {line}")


class Supervision:
    """`amazon-ecs-init start` as a child; its notifications go into the timeline as they come."""

    def __init__(self, timeline, notify, process):
        self.timeline, self.notify, self.process = timeline, notify, process
        self.shown = 0

    def pump(self, seconds):
        self.notify.poll(seconds)
        for at, message in self.notify.messages[self.shown:]:
            if not message.startswith("WATCHDOG=1"):
                self.timeline.say(f"supervisor notifies {message}", at)
        self.shown = len(self.notify.messages)

    def told(self, start):
        return any(m.startswith(start) for _, m in self.notify.messages)

    def wait_ready(self, seconds=20):
        end = time.monotonic() + seconds
        while not self.told("READY=1"):
            self.pump(0.1)
            expect(self.process.poll() is None, f"amazon-ecs-init start ended with {self.process.returncode}")
            expect(time.monotonic() < end, f"no READY=1 within {seconds} s")

    def stop(self, seconds=20):
        self.timeline.say("SIGTERM to the supervisor")
        self.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            self.pump(0.05)
            expect(time.monotonic() < end, f"the supervisor still runs {seconds} s after SIGTERM")
        self.pump(0)
        expect(self.told("STOPPING=1"), "no STOPPING=1")
        expect(self.process.returncode == 0, f"the supervisor ended with {self.process.returncode}")
        self.timeline.say("supervisor ended with 0")
