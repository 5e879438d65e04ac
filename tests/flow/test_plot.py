"""ecs-bootstrap plot: SVG that an XML parser takes, of one step and of many, of this boot and of a file."""

import json
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import records
import tap
from tap import check, contains, each, equal, matches

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "a<b> & \"c\" ']]> <!-- \x1b[2J \x01\x0b \ufffe \uffff \U0001f4a9 </svg>"


class Host(records.Host):
    def plot(self, *arguments):
        return self.look("plot", *arguments)

    def picture(self, *arguments):
        return Picture(self.plot(*arguments).exits(0).out)


class Picture:
    def __init__(self, text):
        self.root = ElementTree.fromstring(text.encode())
        equal(self.root.tag, f"{SVG}svg")
        self.width, self.height = (float(self.root.get(name)) for name in ("width", "height"))
        self.steps = [g for g in self.root if g.tag == f"{SVG}g"]
        self.titles = [g.find(f"{SVG}title").text for g in self.steps]
        self.check_places()

    def bars(self):
        return [[{k: rect.get(k) if k == "class" else float(rect.get(k)) for k in ("class", "x", "y", "width", "height")} for rect in g.iter(f"{SVG}rect")]
                for g in self.steps]

    def check_places(self):
        """All inside, no bar on another, names left of the bars and what it took right of them."""
        last = 0
        for rects, g in zip(self.bars(), self.steps):
            name, took = g.findall(f"{SVG}text")
            for rect in rects:
                check(0 <= rect["x"] and rect["x"] + rect["width"] <= self.width and rect["y"] + rect["height"] < self.height, f"{rect} stands out")
                check(float(name.get("x")) < rect["x"] and rect["x"] + rect["width"] <= float(took.get("x")), f"{rect} covers text")
            check(rects[0]["y"] >= last, f"{rects[0]} covers the one above")
            last = rects[0]["y"] + rects[0]["height"]
            check(len(name.text) * 7 < float(name.get("x")), f"'{name.text}' begins outside")


def test_one_step():
    with Host() as host:
        host.step("image", begin=3000, end=3000, cause="loaded")
        picture = host.picture()
        equal(picture.titles, ["image: done, 0 ms: loaded"])
        check(300 < picture.width < 1500 and 80 < picture.height < 400, f"{picture.width} x {picture.height}")


def test_many_steps():
    with Host() as host:
        for number in range(40):
            host.step(f"step-{number:02}-" + "x" * number, ("done", "failed", "warned", "skipped")[number % 4], 1000 + number * 100, 1100 + number * 137)
        picture = host.picture()
        equal(len(picture.steps), 40)
        equal([title.split(":")[0][:7] for title in picture.titles], [f"step-{n:02}" for n in range(40)])
        begins = [rects[0]["x"] for rects in picture.bars()]
        equal(begins, sorted(begins))


def test_waits():
    with Host() as host:
        host.process(7, 900)
        host.step("cloud-init", begin=1000, end=9000)
        host.step("image", "waiting", begin=1000, end=0, pid=7, cause="for Docker")
        host.step("rules", begin=1000, end=2000)
        equal([[rect["class"] for rect in rects] for rects in host.picture().bars()], [["done", "hatch"], ["waiting", "hatch"], ["done"]])


def test_other_boots_are_left_out():
    with Host() as host:
        host.step("image")
        host.step("old", boot="before")
        equal(len(host.picture().steps), 1)


def test_hostile_texts():
    with Host() as host:
        host.step("image", cause=HOSTILE)
        contains(host.picture().titles[0], "a<b> & \"c\" ']]>")
        host.write("/in.json", json.dumps({"steps": [{"step": HOSTILE, "result": HOSTILE, "beganMs": 1, "tookMs": 2, "cause": HOSTILE}]}))
        contains(host.picture(host.at("/in.json")).titles[0], "unknown, 2 ms: a<b>")


def test_file_and_standard_input():
    with Host() as host:
        host.step("image", begin=1000, end=1500)
        host.step("rules", "failed", begin=1500, end=1700)
        here = host.plot().exits(0).out
        host.write("/in.json", host.status("--json").exits(1).out)
        equal(host.plot(host.at("/in.json")).exits(0).out, here)
        argv = [program.path_of("ecs-bootstrap"), "plot", "-"]
        equal(program.run(argv, stdin=host.read("/in.json").encode()).exits(0).out, here)


@each(empty=b"", binary=bytes(range(256)), other=b'{"a": 1}', cut=b'{"steps": [', large=b'{"steps": [' + b" " * (1 << 20) + b"]}", deep=b"[" * 5000,
      times=b'{"steps": [{"step": "a", "beganMs": 1e300, "tookMs": -5}]}', none=b'{"steps": []}')
def test_file_that_is_none(data):
    with Host() as host:
        host.write("/in.json", data)
        result = host.plot(host.at("/in.json")).exits(1)
        equal((result.out, len(result.lines)), ("", 1))
        matches(result.err, r"^ecs-bootstrap: (read|plot|parse) [^\n]+$")


def test_nothing_to_plot():
    with Host() as host:
        host.plot().exits(1).says(r"^ecs-bootstrap: plot steps: none of this boot is written down$")
        host.plot("/nowhere").exits(1).says(r"/nowhere.*No such file")


def test_usage():
    with Host() as host:
        host.plot("a", "b").exits(2)


def test_both_backgrounds():
    with Host() as host:
        host.step("image")
        svg = host.plot().exits(0).out
        contains(svg, "prefers-color-scheme: dark")
        light, dark = (dict(re.findall(r"([.\w]+) { (?:fill|stroke): (#\w{6}) }", part)) for part in svg.split("@media"))
        equal(sorted(light), sorted(dark))
        equal(set(light), {"text"} | {f".{name}" for name in ("back", "dim", "line", "stripe", "done", "skipped", "warned", "failed", "waiting", "running")})
        check(all(light[name] != dark[name] for name in light), "one colour for both")


if __name__ == "__main__":
    tap.main()
