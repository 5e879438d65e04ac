"""`ecs-bootstrap check`: what it finds, where, and how it says so."""

import base64
import gzip
import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import corpus
import program
import tap
from tap import each, equal

ENV = "application/vnd.ecs-bootstrap.env"
JSON = "application/vnd.ecs-bootstrap+json"
HEAD = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="==B=="\n\n'
SCRIPT = "text/x-shellscript"
HOOK = "text/cloud-boothook"


def check(*arguments, stdin=None):
    return program.run([program.path_of("ecs-bootstrap"), "check", *arguments], stdin=stdin)


def mime(*parts):
    """Parts as (type, body) or (headers, body); the first line of the first part is line 5, its body begins at 7."""
    text = HEAD
    for headers, body in parts:
        text += "--==B==\n" + (headers if ":" in headers else f"Content-Type: {headers}") + f"\n\n{body}\n"
    return (text + "--==B==--\n").encode()


def findings(data):
    """As [(id, line)]; checks the manners of the JSON on the way."""
    result = check("--json", "-", stdin=data or b"\n")
    found = json.loads(result.out)
    equal(result.err, "")
    counts = {"error": 0, "warning": 0, "note": 0}
    for one in found["findings"]:
        counts[one["severity"]] += 1
        tap.check(one["what"] and "\n" not in one["what"], f"no sentence: {one}")
    equal([found[f"{severity}s"] for severity in counts], list(counts.values()), "counts")
    equal(result.code, 1 if counts["error"] or counts["warning"] else 0, "exit status")
    return [(one["id"], one["line"]) for one in found["findings"]]


# Cases of the corpus with something to find; in all others nothing may be found.
EXPECTED = {
    "01": [("no-interpreter", 7)], "02": [("no-interpreter", 7)],
    "04": [("no-delimiter", 1), ("delimiter-lookalike", 4), ("delimiter-lookalike", 10), ("delimiter-lookalike", 16)],
    "05": [("no-delimiter", 1), ("delimiter-lookalike", 4), ("delimiter-lookalike", 10)],
    "07": [("no-interpreter", 2)], "12": [("bare-settings", 1)], "15": [("empty-part", 1)], "16": [("empty-part", 1)],
    "17": [("byte-order-mark", 1)], "18": [("byte-order-mark", 1)], "19": [("unknown-document", 1)], "20": [("type-unknown", 12)],
    "21": [("no-interpreter", 7)], "23": [("cr-line-ends", 7)], "25": [("no-mime-version", 1)], "26": [("late-mime-version", 3)],
    "28": [("blank-first-line", 1)], "32": [("too-large", 0)], "33": [("no-interpreter", 7)], "34": [("base64-around", 1)],
    "35": [("base64-around", 1)], "36": [("base64-with-space", 1)], "37": [("base64-around", 1), ("unknown-document", 1)],
    "38": [("damaged-gzip", 0)], "39": [("damaged-gzip", 0)], "41": [("unreadable", 0)], "46": [("base64-junk", 8)],
    "47": [("empty-part", 5), ("base64-junk", 8)], "48": [("encoding-unknown", 6), ("encoding-unknown", 21)],
    "49": [("no-closing-delimiter", 10)], "50": [("no-closing-delimiter", 4)], "51": [("text-before", 4), ("parts-after", 15)],
    "52": [("not-ascii", 9)], "53": [("not-utf-8", 8), ("not-ascii", 8)], "58": [("text-before", 6)],
    "59": [("delimiter-lookalike", 10), ("delimiter-lookalike", 12)], "61": [("repeated-delimiter", 5), ("repeated-delimiter", 6)],
    "62": [("text-unknown", 10)], "63": [("no-blank-line", 6), ("odd-header", 10)],
    "64": [("empty-part", 5), ("empty-part", 8), ("empty-part", 10), ("last-delimiter-open", 11), ("repeated-delimiter", 12), ("empty-part", 13)],
    "65": [("no-boundary", 2)], "70": [("comment-in-type", 5), ("comment-in-type", 11)],
    "73": [("type-overruled", 5), ("type-overruled", 12), ("no-interpreter", 21)], "74": [("text-unknown", 50), ("text-unknown", 55)],
    "75": [("type-misspelt", 5), ("type-unknown", 11), ("type-malformed", 15), ("type-malformed", 27)], "77": [("parts-after", 11)],
    "78": [("no-interpreter", 14)], "80": [("message-part", 5)], "82": [("last-delimiter-open", 16), ("empty-part", 17)],
}
OTHER_SETTINGS = ("13", "42", "79", "81", "83", "84", "85")  # settings of these are from an earlier draft of the format


@each(**corpus.as_cases())
def test_corpus(name):
    found = findings(corpus.Case(name).data)
    if name[:2] in OTHER_SETTINGS:
        tap.contains([kind for kind, _ in found], "setting")
    else:
        equal(found, EXPECTED.get(name[:2], []))


GOOD = mime((ENV, "# comment\nECS_CLUSTER=a\n"), (JSON, '{ "version": 1, "agent": { "ECS_RESERVED_MEMORY": 32 } }\n'), (SCRIPT, "#!/bin/sh\ntrue\n"),
            (HOOK, "#cloud-boothook\n#!/bin/sh\ncloud-init-per once x true\n"), ("text/cloud-config", "#cloud-config\nruncmd: [ls]\n"))


def test_good_file():
    result = check("-", stdin=GOOD).exits(0)
    equal((result.out, result.err), ("<stdin>: 5 parts, 0 errors, 0 warnings, 0 notes\n", ""))


@each(
    too_large_after_gzip=(b"#!/bin/sh\n" + random.Random(1).randbytes(20000), [("too-large", 0)]),
    utf16=('#!/bin/sh\n'.encode("utf-16"), [("utf-16", 1)]),
    bom_json=(b"\xef\xbb\xbf" + b'{"version": 1}', [("byte-order-mark", 1)]),
    ours_in_base64_with_line_ends=(base64.encodebytes(b'{"version": 1, "agent": {"ECS_CLUSTER": "a"}}'), [("base64-with-space", 1)]),
    blank_before_script=(b"\n#!/bin/sh\ntrue\n", [("space-before-interpreter", 1)]),
    script_in_mime_after_blank_line=(mime((SCRIPT, "\n#!/bin/sh\n")), [("space-before-interpreter", 7)]),
    script_without_interpreter=(mime((SCRIPT, "echo a\n")), [("no-interpreter", 7)]),
    hook_of_its_own_without=(b"#cloud-boothook\necho a\n", [("no-interpreter", 2)]),
    hook_with=(b"#cloud-boothook\n\n#!/bin/sh\necho a\n", []),
    unclosed_with_dashes_only=(mime((SCRIPT, "#!/bin/sh\n")).replace(b"==B==--", b"==B=="), [("last-delimiter-open", 9), ("empty-part", 10)]),
    text_after=(GOOD + b"bye\n", [("text-after", 35)]),
    sentence_before=(GOOD.replace(b"\n\n", b"\n\nThis is a multi-part message in MIME format.\n", 1), []),
    one_delimiter_misspelt=(mime((SCRIPT, "#!/bin/sh\n"), (SCRIPT, "#!/bin/sh\n"))[::-1].replace(b"\n==B==--\n", b"\n==B====\n", 1)[::-1],
                            [("delimiter-lookalike", 9)]),
    same_names=(mime(*[(f'Content-Type: {SCRIPT}; name="a/b.sh"', "#!/bin/sh\n"), (f'Content-Type: {SCRIPT}; name="a_b.sh"', "#!/bin/sh\n")]), [("same-file-name", 10)]),
    same_names_of_two_kinds=(mime((f'Content-Type: {SCRIPT}; name="a"', "#!/bin/sh\n"), (f'Content-Type: {HOOK}; name="a"', "#!/bin/sh\n")), []),
    encoding_with_a_blank=(mime((f"Content-Type: {SCRIPT}\nContent-Transfer-Encoding: base64 ", "IyEvYmluL3NoCg==\n")),
                           [("encoding-unknown", 6), ("no-interpreter", 8)]),
    utf8_in_base64=(mime((f"Content-Type: {SCRIPT}\nContent-Transfer-Encoding: base64", base64.b64encode("#!/bin/sh\n# é\n".encode()).decode())), []),
    utf8_in_ours=(mime((ENV, "# é\nECS_CLUSTER=a\n")), []),
    launch_index=(mime((f"Content-Type: {SCRIPT}\nLaunch-Index: 1", "#!/bin/sh\n")), []),
    launch_index_of_words=(mime((f"Content-Type: {SCRIPT}\nLaunch-Index: first", "#!/bin/sh\n")), [("launch-index", 6)]),
    launch_index_below_zero=(mime((f"Content-Type: {SCRIPT}\nLaunch-Index: -1", "#!/bin/sh\n")), [("launch-index", 6)]),
    launch_index_empty=(mime((f"Content-Type: {SCRIPT}\nLaunch-Index:", "#!/bin/sh\n")), [("launch-index", 6)]),
    key_that_stands_twice=(b'{"version": 1,\n"agent": {"A": "1",\n "A": "2"}}', [("setting", 3)]),
    export=(mime((ENV, "A=1\nexport ECS_CLUSTER=a\n")), [("export", 8)]),
    blank_at_equals=(mime((ENV, "ECS_CLUSTER = a\n")), [("blank-at-equals", 7)]),
    blank_after_equals=(mime((ENV, "ECS_CLUSTER= a\n")), [("blank-at-equals", 7)]),
    quotes=(mime((ENV, 'ECS_CLUSTER="a"\n')), [("quotes", 7)]),
    json_value_is_no_quotes=(mime((ENV, 'ECS_INSTANCE_ATTRIBUTES={"a":"b"}\n')), []),
    no_equals=(mime((ENV, "ECS_CLUSTER a\n")), [("setting", 7)]),
    broken_json=(mime((JSON, '{\n  "version": 1,\n}\n')), [("setting", 9)]),
    unknown_key=(mime((JSON, '{ "version": 1,\n  "agnet": {} }\n')), [("setting", 8)]),
    wrong_name=(mime((ENV, "ECS_CLUSTR=a\n")), [("setting", 7)]),
    in_base64=(mime((f"Content-Type: {ENV}\nContent-Transfer-Encoding: base64", base64.b64encode(b"A=1\nB\n").decode())), [("setting", 5)]),
    two_parts_each_at_its_line=(mime((ENV, "A\n"), (ENV, "B\n")), [("setting", 7), ("setting", 12)]),
    apply_script=(b'#!/usr/bin/ecs-bootstrap apply\n{ "version": 1,\n"x": 1 }\n', [("setting", 3)]),
)
def test_finds(data, expected):
    equal(findings(data), expected)


def body(*lines):
    return "#!/bin/sh\n" + "\n".join(lines) + "\n"


@each(plain="systemctl start ecs", unit="systemctl start ecs.service", restart="/usr/bin/systemctl restart docker", enable_now="systemctl enable --now ecs",
      now_last="systemctl enable ecs --now", sudo="sudo systemctl start ecs", quiet="systemctl -q start ecs;", both="systemctl start docker ecs",
      chained="systemctl daemon-reload && systemctl start ecs", condition="systemctl start docker && true")
def test_waiting_for_a_service(command):
    equal(findings(mime((SCRIPT, body("true", command)))), [("start-in-script", 9)])
    equal(findings(mime((HOOK, body("true", command)))), [("start-in-boothook", 9)])
    result = check("-", stdin=mime((SCRIPT, body(command)))).exits(0)
    tap.contains(result.out, "it works with ecs-bootstrap")


@each(no_block="systemctl --no-block start ecs", no_block_last="systemctl start ecs --no-block", enable="systemctl enable ecs", other="systemctl start sshd",
      comment="# systemctl start ecs", background="systemctl start ecs &", stop="systemctl stop ecs", text="echo ecs start")
def test_not_waiting(command):
    for kind in (SCRIPT, HOOK):
        equal(findings(mime((kind, body(command)))), [])


@each(start="start ecs", restart="restart ecs", initctl="initctl start ecs")
def test_upstart(command):
    equal(findings(mime((SCRIPT, body(command)))), [("upstart-command", 8)])


def test_reads_like_a_compiler():
    with program.Root() as root:
        root.write("/ud.mime", mime(("text/x-shellscrip", "#!/bin/sh\n")))
        result = check(root.at("/ud.mime")).exits(1)
        equal(result.out, f"""{root.at("/ud.mime")}:5:15: error: unknown type 'text/x-shellscrip'; did you mean 'text/x-shellscript'? [type-misspelt]
    5 | Content-Type: text/x-shellscrip
      |               ^
  why: cloud-init warns of the unknown type and does nothing with the part
  fix: write 'Content-Type: text/x-shellscript'
{root.at("/ud.mime")}: 1 part, 1 error, 0 warnings, 0 notes
""")


def test_size_with_the_cure():
    big = b"#!/bin/sh\n" + b"echo hello\n" * 2000
    result = check("-", stdin=big).exits(1)
    tap.matches(result.out, r"^<stdin>: error: the user data has 22010 bytes \[too-large\]$")
    size = int(re.search(r"compress it with gzip, which is understood: (\d+) bytes then", result.out)[1])
    tap.between(size, 20, 300, "said size")
    check("-", stdin=gzip.compress(big)).exits(0)


SECRET = "hunter2"


@each(
    env=mime((ENV, f'ECS_ENGINE_AUTH_DATA = {{"https://r":{{"password":"{SECRET}"}}}}\n')),
    quoted=mime((ENV, f'ECS_ENGINE_AUTH_DATA="{SECRET}"\n')),
    no_equals=mime((ENV, f"ECS_ENGINE_AUTH_DATA {SECRET}\n")),
    exported=mime((ENV, f"export AWS_SECRET_ACCESS_KEY={SECRET}\n")),
    json_in_lines=mime((JSON, '{ "version": 1, "agent": { "ECS_ENGINE_AUTH_DATA": { "r": {\n"username":\n"' + SECRET + '" "x"\n} } } }\n')),
    json_unknown_key=mime((JSON, '{ "version": 1, "agnet": { "ECS_ENGINE_AUTH_DATA": "' + SECRET + '" } }\n')),
    script=mime((SCRIPT, body(f"systemctl start ecs; echo TOKEN={SECRET}"))),
    script_utf8=mime((SCRIPT, body(f"PASSWORD={SECRET} # é"))),
    after_the_end=mime((SCRIPT, body("true"))) + f"password: {SECRET}\n".encode(),
    whole=f"ECS_ENGINE_AUTH_DATA={SECRET}\n".encode(),
)
def test_secrets_are_not_printed(data):
    for arguments in ((), ("--json",)):
        result = check(*arguments, "-", stdin=data)
        tap.contains(result.out + result.err, "[" if not arguments else "findings")
        tap.lacks(result.out + result.err, SECRET, "what is printed")


def test_lines_are_those_of_the_inside():
    result = check("-", stdin=gzip.compress(mime((SCRIPT, "echo\n")))).exits(1)
    tap.contains(result.out, "<stdin>:7: error: this script does not begin with '#!'")
    tap.contains(result.out, "lines are those of the document without gzip around it")


def test_place_inside_an_encoded_part():
    data = mime((f"Content-Type: {ENV}\nContent-Transfer-Encoding: base64", base64.b64encode(b"A=1\n\nB\n").decode()))
    result = check("-", stdin=data).exits(1)
    tap.contains(result.out, "line 3 of part 1 when decoded")


def test_many_findings_are_counted():
    result = json.loads(check("--json", "-", stdin=mime((ENV, 'A="1"\n' * 500))).out)
    equal((result["warnings"] >= 500, len(result["findings"])), (True, 128))


def test_no_controls_on_the_terminal():
    out = check("-", stdin=mime(("Content-Type: text/\x1b[31m\nA\x07: b", "x\x1b[0m\n"))).out
    tap.check(all(c.isprintable() or c == "\n" for c in out), f"controls in {out!r}")


def test_whatever_it_is_given():
    dice = random.Random(7)
    sources = [corpus.Case(name).data for name in corpus.names()]
    for _ in range(60):
        data = bytearray(dice.choice(sources))
        for _ in range(dice.randrange(1, 8)):
            at = dice.randrange(len(data) + 1)
            data[at:at + dice.randrange(3)] = dice.choice([b"\n", b"--", b"\0", b"\xff", b'"', b"--==BOUNDARY==\n", b"{", b"=", b"#!"])
        findings(bytes(data))


@each(none=(), two=("a", "b"))
def test_wrong_use(*arguments):
    check(*arguments).exits(2)


def test_no_file():
    check("/nonexistent/file").exits(1).says(r"^ecs-bootstrap: open '/nonexistent/file': No such file")


LONG = "ECS_UNKNOWN_ABCDEFG_NAMING_THINGS_IS_HARD"


@each(unknown_names=("#ecs-bootstrap\n" + f"{LONG}=1\n" * 20000),
      unknown_members=('{"version": 1, "agent": {' + ",".join(f'"{LONG[:30]}_{i}": 1' for i in range(18000)) + "}}"),
      mounts=('{"version": 1, "efs": [' + ",".join(f'{{"mountPoint": "/m{i % 3000}", "q": 1}}' for i in range(20000)) + "]}"),
      scripts=mime(*[(f'Content-Type: {SCRIPT}; name="a{i}"', "#!/bin/sh\n") for i in range(1024)]),
      delimiters=(HEAD + "--==B==\n" * 90000), starts=mime((SCRIPT, "#!/bin/sh\n" + "systemctl start ecs\n" * 40000)))
def test_much_is_done_soon(document):
    """A few KB of gzip hold a MiB; none of it may be compared with all of it."""
    data = gzip.compress(document.encode() if isinstance(document, str) else document)
    check("-", stdin=data).within(5)
    with program.Root() as root:
        root.write("/given", data)
        program.run([program.path_of("ecs-bootstrap"), "config", "--root", root.path, "--user-data", root.at("/given")]).within(5)


if __name__ == "__main__":
    tap.main()
