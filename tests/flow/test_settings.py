"""The settings document: what is wrong in it is said with its place; what the documents say is what the table says."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = f"{HERE}/../.."
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from bootstrap import CONFIG, ENV, JSON, LOG, Host, mime, refused
from tap import each, equal, lacks

LATE = "/run/ecs/late-check"
README_HEAD = "| key of the settings document | value | what it does |\n|---|---|---|\n"
README_END = "\nAny other key"
MAN_HEAD, MAN_END = '.\\" from "ecs-bootstrap help settings"; a test compares them\n', '.\\" end of the settings\n'


def document(members):
    return '{\n  "version": 1,\n  ' + members + "\n}\n"


# Errors through config: one line, with the place; nothing is written

@each(unknown_key=('"swpa": {}', r"part 1, line 3, column 3: swpa: unknown key; did you mean 'swap'\?"),
      nested_unknown_key=('"taskRoles": {"enable": true}', r"taskRoles\.enable: unknown key; did you mean 'enabled'\?"),
      wrong_type=('"packages": "a"', r'line 3, column 15: packages: must be a list, not "a"'),
      range=('"swap": {"size": "1GiB",\n    "swappiness": 200}', r"line 4, column 19: swap\.swappiness: must be an integer from 0 to 100, not 200"),
      rule=('"efs": [{"mountPoint": "/efs", "fileSystemId": "fs-01234567",\n "rootDirectory": "/x", "transitEncryption": "ENABLED",\n'
            ' "authorizationConfig": {"accessPointId": "fsap-01234567"}}]',
            r'line 4, column 19: efs\[0\]\.rootDirectory: When using an EFS access point, the root directory must either be set to "/" or be omitted'),
      missing=('"swap": {}', r"line 3, column 11: swap: key 'size' is missing"),
      several=('"a": 1, "b": 2, "c": 3', "a: unknown key; and 2 more errors"),
      proxy_without_scheme=('"proxy": {"http": "bob:secret@h:1"}', r"proxy\.http: it has no scheme"))
def test_wrong_document(members, says):
    with Host() as host:
        before = host.state("/etc")
        refused(host.config_of(document(members)), host, before, says)


def test_rules_hold_for_all_parts_together():
    first = '{"version": 1, "efs": [{"mountPoint": "/efs", "fileSystemId": "fs-01234567", "authorizationConfig": {"iam": "ENABLED"}}]}'
    second = '{"version": 1, "efs": [{"mountPoint": "/efs", "transitEncryption": "ENABLED"}]}'
    with Host() as host:
        host.config_of(mime((JSON, first), (JSON, second))).exits(0)
        before = host.state("/etc")
        refused(host.config_of(mime((JSON, first), (ENV, "A=1"))), host, before, "part 1, line 1, column .*IAM authorization is used")


def test_unknown_variables_are_warnings():
    parts = mime((ENV, "A=1\nECS_CLUSTR=x"), (JSON, '{"version": 1, "agent": {"ECS_NEW_IN_2030": 1}}'))
    with Host() as host:
        result = host.config_of(parts).exits(0)
        result.says(r"part 1, line 2: ECS_CLUSTR: .*did you mean 'ECS_CLUSTER'\?")
        result.says(r"part 2, line 1, column 26: agent\.ECS_NEW_IN_2030: the agent is not known to have this variable$")
        equal(host.block(), ["A=1", "ECS_CLUSTR=x", "ECS_NEW_IN_2030=1"])


# The table and its documents

def table():
    """(path, values, help) of each setting, as the program says."""
    out = program.run([program.path_of("ecs-bootstrap"), "help", "settings"]).exits(0).out.splitlines()
    return [(out[i], out[i + 1].strip(), out[i + 2].strip()) for i in range(0, len(out), 3)]


def readme_rows():
    return "".join(f"| `{path}` | {values} | {text} |\n" for path, values, text in table())


def man_rows():
    def escape(text):
        return text.replace("-", "\\-")
    return "".join(f".TP\n.B {escape(path)}\n{escape(values)}.\n.br\n{escape(text)}\n" for path, values, text in table())


def compare(path, begin, end, wanted):
    """What stands between BEGIN and END in a file of the tree; with WRITE_DOCS=1 it is put there."""
    with open(f"{TOP}/{path}") as file:
        text = file.read()
    tap.contains(text, begin, path)
    head, rest = text.split(begin, 1)
    tap.contains(rest, end, path)
    found, tail = rest.split(end, 1)
    if os.environ.get("WRITE_DOCS") == "1":
        with open(f"{TOP}/{path}", "w") as file:
            file.write(head + begin + wanted + end + tail)
        return
    equal(found, wanted, f"{path} (WRITE_DOCS=1 mends it)")


def test_readme_has_the_table():
    compare("README.md", README_HEAD, README_END, readme_rows())


def test_man_page_has_the_table():
    compare("bootstrap/ecs-bootstrap.8", MAN_HEAD, MAN_END, man_rows())


def test_help_on_something_else():
    for verb in ("config", "status", "after-user-data", "doctor"):
        tap.contains(program.run([program.path_of("ecs-bootstrap"), verb, "--help"]).exits(0).out, "Usage: ecs-bootstrap VERB")
    program.run([program.path_of("ecs-bootstrap"), "help", "nonsense"]).exits(2).says("no help on 'nonsense'")


# The late check

def run(host, *arguments):
    return program.run([program.path_of("ecs-bootstrap"), arguments[0], "--root", host.path, *arguments[1:]])


LEFT = "ECS_CLUSTER=a\nECS_CLUSTER=b\nECS_CLUSTR=c\nexport ECS_LOGLEVEL=secret\nsecret\n"
SAID = ["line 2: ECS_CLUSTER: takes the place of what line 1 says", "line 3: ECS_CLUSTR: .*did you mean 'ECS_CLUSTER'",
        "line 4: what stands before '='", "line 5: there is no '='"]


def test_late_check_says_all_each_time():
    with Host(LEFT) as host:
        before = host.state("/etc")
        for _ in range(2):
            result = run(host, "late-check").exits(1)
            equal(len(result.lines), len(SAID), f"lines on stderr:\n{result.err}")
            for line, words in zip(result.lines, SAID):
                tap.matches(line, f"^ecs-bootstrap: check '{CONFIG}', {words}")
            lacks(result.err, "secret", "stderr")
        program.same_state(before, host.state("/etc"))


@each(clean=("ECS_CLUSTER=a\n# ECS_CLUSTER=b\n",), absent=(None,), empty=("",))
def test_late_check_has_nothing_to_say(text):
    with Host(text) as host:
        equal(run(host, "late-check").exits(0).err, "")
        tap.check(not host.has(LATE), f"{LATE} is there")


def test_after_user_data_says_it_once():
    with Host(LEFT) as host:
        first = run(host, "after-user-data", "true").exits(0)
        equal(len(first.lines), len(SAID), f"lines on stderr:\n{first.err}")
        tap.contains(host.read(LOG), "takes the place", "the log")
        equal(run(host, "after-user-data", "true").exits(0).err, "")
        host.write(CONFIG, LEFT + "ECS_CLUSTER=d\n", 0o600)
        equal(len(run(host, "after-user-data", "true").exits(0).lines), len(SAID) + 1)
        host.write(CONFIG, "ECS_CLUSTER=d\n", 0o600)
        equal(run(host, "after-user-data", "true").exits(0).err, "")
        tap.check(not host.has(LATE), f"{LATE} is still there")
        lacks(host.read(LOG), "secret", "the log")


def test_after_user_data_goes_on_whatever_the_file_is():
    with Host(None) as host:
        host.write(CONFIG + "/inside", "x")
        run(host, "after-user-data", "echo", "went on").exits(0).says("went on|" + CONFIG)


SYSTEMCTL = """#!/bin/sh
echo "$@" >>{root}/calls
[ $(wc -l <{root}/calls) -lt 2 ] || printf ours >{root}/run/ecs/user-data
"""


def failed(host, kind):
    """User data that was not applied, and a systemctl whose second call mends that."""
    host.write("/run/ecs/user-data", kind)
    host.write("/bin/systemctl", SYSTEMCTL.format(root=host.path), 0o755)
    return {"env": {"PATH": f"{host.path}/bin:/usr/bin:/bin"}}


def again(host, *options, **more):
    return program.run([program.path_of("ecs-bootstrap"), "--root", host.path, "after-user-data", *options, "echo", "went on"], **more)


def test_after_user_data_has_it_applied_again():
    with Host(None) as host:
        result = again(host, "--retry", "1", **failed(host, "failed"))
        result.exits(0)
        equal(result.out, "went on\n")
        equal(host.read("/calls"), "restart ecs-bootstrap.service\n" * 2)
        equal([line for line in result.lines if "applying it again" in line],
              [f"ecs-bootstrap: start agent: user data was not applied and no ecs.config names a cluster; applying it again in {n} s "
               "('ecs-bootstrap status' has the cause)" for n in (1, 2)])


def test_refused_user_data_is_not_applied_again():
    with Host(None) as host:
        result = again(host, "--retry", "1", **failed(host, "refused"))
        result.exits(1).says("user data was refused and no ecs.config names a cluster")
        tap.check(not host.has("/calls"), "it was applied again")


def test_a_cluster_that_is_named_is_joined():
    with Host(None) as host:
        more = failed(host, "failed")
        host.write(CONFIG, "ECS_CLUSTER=baked\n", 0o600)
        again(host, **more).exits(0)
        tap.check(not host.has("/calls"), "it was applied again")


if __name__ == "__main__":
    tap.main()
