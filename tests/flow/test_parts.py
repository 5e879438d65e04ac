"""`ecs-bootstrap parts`: the whole corpus, and how the program behaves."""

import gzip
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import corpus
import program
import tap


def parts(*arguments, stdin=None):
    return program.run([program.path_of("ecs-bootstrap"), "parts", *arguments], stdin=stdin)


def listed(data):
    return json.loads(parts("--json", "-", stdin=data).exits(0).out)


@tap.each(**corpus.as_cases())
def test_corpus(name):
    case = corpus.Case(name)
    result = parts("--json", case.path)
    if case.expected["error"]:
        result.exits(1).says(r"^ecs-bootstrap: [a-z]+ [^\n]+: [^\n]+$")
        tap.equal((result.out, len(result.lines)), ("", 1))
        return
    got = json.loads(result.exits(0).out)
    tap.equal(result.err, "")
    tap.equal(json.dumps(got["parts"], indent=1, sort_keys=True), json.dumps(case.expected["parts"], indent=1, sort_keys=True), "parts")
    for key in ("outer_layers", "document_length"):
        tap.equal(got[key], case.expected[key], key)


def test_corpus_is_whole():
    tap.equal(len(corpus.names()), 85)


def mime(*parts_of_it):
    text = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
    for headers, body in parts_of_it:
        text += b"--B\n" + headers + b"\n\n" + body + b"\n"
    return text + b"--B--\n"


SCRIPT = b"#!/usr/bin/ecs-bootstrap apply\n"


@tap.each(env=(SCRIPT + b"ECS_CLUSTER=x\n", True), json=(SCRIPT + b'{"version": 1}\n', True), blank=(b"#! /usr/bin/ecs-bootstrap apply \r\nA=1\n", True),
          other_program=(b"#!/usr/bin/ecs-bootstrap-x apply\nA=1\n", False), other_verb=(b"#!/usr/bin/ecs-bootstrap config\nA=1\n", False),
          second_line=(b"#!/bin/sh\n" + SCRIPT, False))
def test_scripts_for_us(script, is_ours):
    for data in (script, mime((b"Content-Type: text/x-shellscript", script))):
        got = listed(data)
        tap.equal(got["parts"][0]["type"], "text/x-shellscript")
        tap.equal(got["ours"], [1] if is_ours else [])


def test_script_for_us_is_taken():
    data = SCRIPT + b'{"version": 1,\n "agent": {"ECS_CLUSTER": "s"}}\n'
    with program.Root() as root:
        root.write("/given", data)
        program.run([program.path_of("ecs-bootstrap"), "config", "--root", root.path, "--user-data", root.at("/given")]).exits(0)
        tap.contains(root.read("/etc/ecs/ecs.config"), "\nECS_CLUSTER=s\n")


def test_compressed_part_of_ours_is_taken():
    data = mime((b"Content-Type: application/vnd.ecs-bootstrap.env\nContent-Transfer-Encoding: 8bit", gzip.compress(b"ECS_CLUSTER=z\n")))
    with program.Root() as root:
        root.write("/given", data)
        program.run([program.path_of("ecs-bootstrap"), "config", "--root", root.path, "--user-data", root.at("/given")]).exits(0)
        tap.contains(root.read("/etc/ecs/ecs.config"), "\nECS_CLUSTER=z\n")


def test_table():
    result = parts(corpus.named("79").path).exits(0)
    tap.matches(result.out, r"^MIME document, \d+ bytes$")
    tap.matches(result.out, r"^ +1 +5 +41  application/vnd\.ecs-bootstrap\.env +part-001 +settings$")
    tap.matches(result.out, r"^ +2 +11 +38  application/vnd\.ecs-bootstrap\+json +10-base\.json +settings$")
    tap.matches(result.out, r"^ +3 +\d+ +57  text/x-shellscript +part-003 +run once, ")
    tap.contains(parts(corpus.named("04").path).exits(0).out, "no part was found in it")


def test_table_holds_no_controls():
    out = parts("-", stdin=mime((b'Content-Type: text/x-\x1b[31m\nContent-Disposition: attachment; filename="a\x07b"', b"x"))).exits(0).out
    tap.check(all(c.isprintable() or c == "\n" for c in out), f"controls in {out!r}")


@tap.each(too_large=(b"x" * (64 * 1024 + 1), "larger than 65536 bytes"), bomb=(gzip.compress(bytes(2 << 20)), "larger than 1048576 bytes"),
          parts=(mime(*[(b"", b"x")] * 1025), "more than 1024 parts"),
          deep=(b"MIME-Version: 1.0\n" + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(70)), "deeper than 64"),
          bomb_in_part=(mime((b"Content-Type: application/gzip", gzip.compress(bytes(2 << 20)))), "larger than 1048576 bytes"))
def test_limits(data, why):
    result = parts("-", stdin=data).exits(1).says(why)
    tap.equal((result.out, len(result.lines)), ("", 1))


def test_limit_is_shared_by_parts():
    one = gzip.compress(bytes(600 << 10))
    parts("-", stdin=mime(*[(b"Content-Type: application/gzip", one)] * 2)).exits(1).says("read part 2: ")


@tap.each(absent=("/nonexistent/file", "No such file"), folder=("/", "Is a directory"))
def test_no_file(path, why):
    parts(path).exits(1).says(rf"^ecs-bootstrap: [a-z]+ '{path}': {why}")


@tap.each(none=(), two=("a", "b"), option=("--xml", "a"))
def test_wrong_use(*arguments):
    parts(*arguments).exits(2)


def test_output_that_fails():
    with open("/dev/full", "w", encoding="ascii") as full:
        import subprocess
        done = subprocess.run([program.path_of("ecs-bootstrap"), "parts", corpus.named("01").path], stdout=full, stderr=subprocess.PIPE, check=False)
    tap.equal(done.returncode, 1)
    tap.contains(done.stderr.decode(), "write output: No space left")


if __name__ == "__main__":
    tap.main()
