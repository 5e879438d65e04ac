"""Every bad answer at every step: amazon-ecs-init ends with a named error or comes round, never crashes
or hangs, and leaves nothing behind that would spoil the next try."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from supervisor import STATE, TAR, Instance
from tap import check, each, equal, together

# Right answers, if odd ones; Docker went away in the midst; answers that are none.
RIGHT = ["chunked", "drip:0.001", "delay:0.2"]
AWAY = ["close", "reset", "truncated:1", "truncated:2000"]
EITHER = ["badchunks"]      # cut off, or no answer: as the reader of HTTP sees it
NONSENSE = ["garbage", "headers", "binary", "html", "empty", "long:20000000", "endless", "body:null", "body:[]",
            "body:{}", "body:{\"Id\":", "body:\"text\"", "body:[[[[", "body:{\"Id\":\"../../x\"}", "types",
            "301:http://127.0.0.1:9/", "400", "404", "409", "418", "500", "503"]
# verb and route; of the second kind the reply's JSON is needed, and nonsense in it must be said
STEPS = {"pre_start_ping": ("pre-start", "ping"), "pre_start_load": ("pre-start", "load"), "up_ping": ("up", "ping"),
         "up_delete": ("up", "delete"), "up_start": ("up", "start"), "outcome_ping": ("outcome", "ping"), "logs": ("logs", "logs"),
         "stop": ("stop", "stop"), "reload_load": ("reload-cache", "load"), "upgrade_load": ("upgrade", "load")}
NEEDED = {"pre_start_networks": ("pre-start", "networks"), "pre_start_image": ("pre-start", "image"), "up_image": ("up", "image"),
          "up_inspect": ("up", "inspect"), "up_create": ("up", "create"), "outcome_wait": ("outcome", "wait"),
          "stop_inspect": ("stop", "inspect")}
# These are answers: no such container, no such image, no networks
KNOWN = {("pre-start", "networks", "body:[]"), ("up", "inspect", "404"), ("stop", "inspect", "404"), ("outcome", "wait", "404"),
         ("pre-start", "image", "404"), ("up", "image", "404")}
WAITS = ("pre-start", "up", "outcome")      # these try again when Docker went away


class Engine(Instance):
    def set_up(self, verb, route):
        """What the verb needs to get as far as the route."""
        self.docker.behave()
        self.forget()
        self.write(STATE, "2" if route == "load" else "1")
        self.write(TAR, "t" * 5000)
        self.write("/var/cache/ecs/desired-image", "ecs-agent.tar\n")
        args = []
        if verb in ("outcome", "logs", "stop") or route == "delete" or (verb, route) == ("up", "inspect"):
            made = self.docker.add("ecs-agent")
            if verb == "outcome":
                made.kill(9)
                made.wait(5)
            args = [made.id, "1.1"] if verb in ("outcome", "logs") else []
        return args

    def forget(self):
        for each_of in list(self.docker.containers.values()):
            each_of.kill(9)
            each_of.wait(5)
        self.docker.containers.clear()

    def engine(self, verb, args, seconds):
        return program.run([f"{self.bin}/amazon-ecs-init", "--root", self.path, verb, *args], self.env(), seconds)

    def look(self, verb, result, what):
        check(result.code in (0, 255), f"{what}: exit status {result.code}\n{result}")
        for line in result.lines:
            check(line.startswith("amazon-ecs-init: ") and len(line) < 1100 and line.isprintable(), f"{what}: said {line!r}")
        if result.code:
            tap.matches(result.lines[-1], r"(?i)docker|image", f"{what}: last line")
        check(len(result.lines) < 12, f"{what}: too much is said\n{result}")
        equal(sorted(os.listdir(self.at("/var/cache/ecs"))), ["desired-image", "ecs-agent.tar", "state"], f"{what}: the cache folder")
        check(len(self.docker.containers) <= 1, f"{what}: several containers")


def play(verb, route, mood, seconds=20):
    """One bad answer, then the verb again with an engine that is well."""
    with Engine() as i:
        what = f"{verb}, {route}={mood}"
        args = i.set_up(verb, route)
        i.docker.moods.add(f"{route}={mood}*1")
        result = i.engine(verb, args, seconds)
        i.look(verb, result, what)
        check(i.docker.asked(route), f"{what}: {route} was not asked")
        i.docker.behave()
        if verb == "outcome" or verb == "logs" or route in ("delete", "inspect"):
            args = i.set_up(verb, route)
        again = i.engine(verb, args, seconds)
        check(again.code == 0, f"{what}: and then, without a fault\n{again}\nbefore that\n{result}")
        return result


@together
@each(**{name: step for name, step in {**STEPS, **NEEDED}.items()})
def test_right_answers_in_odd_form(verb, route):
    for mood in RIGHT:
        equal(play(verb, route, mood).code, 0, f"{verb}, {route}={mood}: exit status")


@together
@each(**{name: step for name, step in {**STEPS, **NEEDED}.items()})
def test_docker_goes_away(verb, route):
    for mood in AWAY:
        result = play(verb, route, mood)
        if verb in WAITS:
            equal(result.code, 0, f"{verb}, {route}={mood}: exit status")


@together
@each(**STEPS)
def test_nonsense(verb, route):
    for mood in NONSENSE + EITHER:
        play(verb, route, mood)


@together
@each(**NEEDED)
def test_nonsense_where_the_answer_is_needed(verb, route):
    for mood in NONSENSE:
        result = play(verb, route, mood)
        if (verb, route, mood) not in KNOWN:
            equal(result.code, 255, f"{verb}, {route}={mood}: exit status")
    for mood in EITHER:
        play(verb, route, mood)


@together
@each(up_image=("up", "image"), up_inspect=("up", "inspect"), up_create=("up", "create"), up_start=("up", "start"),
      pre_start_networks=("pre-start", "networks"), outcome_wait=("outcome", "wait"))
def test_silence_has_an_end(verb, route):
    equal(play(verb, route, "silent", 60).code, 0, "exit status")


if __name__ == "__main__":
    tap.main()
