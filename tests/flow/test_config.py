"""ecs-bootstrap config: user data in, ecs.config out."""

import base64
import gzip
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from bootstrap import CONFIG, COPY, ENV, JSON, LOG, OLD, SCRIPT, Host, mime
from imds import Imds
from tap import contains, each, equal, matches

PLAIN = "#ecs-bootstrap\nECS_CLUSTER=prod\n"
DOCUMENT = '{"version": 1, "agent": {"ECS_CLUSTER": "prod"}}'
PROD = ["ECS_CLUSTER=prod"]


@each(plain=(PLAIN, PROD, "ours"),
      plain_of_windows=(PLAIN.replace("\n", "\r\n"), PROD, "ours"),
      document=(DOCUMENT, PROD, "ours"),
      document_after_blanks=("\n  " + DOCUMENT, PROD, "ours"),
      env_part=(mime((ENV, "# a comment\n\nECS_CLUSTER=prod")), PROD, "ours"),
      json_part=(mime((JSON, DOCUMENT)), PROD, "ours"),
      part_beside_a_script=(mime(SCRIPT, (ENV, "ECS_CLUSTER=prod")), PROD, "scripts"),
      in_base64=(base64.b64encode(PLAIN.encode()), PROD, "ours"),
      in_gzip=(gzip.compress(mime((JSON, DOCUMENT)).encode()), PROD, "ours"),
      nested=(mime(SCRIPT, ('multipart/mixed; boundary="in"', f"--in\nContent-Type: {ENV}\n\nECS_CLUSTER=prod\n--in--")),
              PROD, "scripts"),
      value_with_blanks_and_equals=("#ecs-bootstrap\nA=b = c \nE=\n", ["A=b = c", "E="], "ours"),
      quotes_stay=('#ecs-bootstrap\nA="b c"\n', ['A="b c"'], "ours"))
def test_user_data(user_data, lines, kind):
    with Host() as host, Imds(user_data) as imds:
        result = host.config(imds=imds).exits(0)
        equal((host.block(), host.kind), (lines, kind))
        equal(host.rest(), OLD, "lines outside the block")
        equal(len(result.lines), 1, f"lines on stderr:\n{result.err}")


def test_values_of_a_document():
    document = ('{"version": 1, "agent": {"A": 256, "B": true, "C": ["x", 1], "D": {"stack": "blue/green"},'
                ' "E": "", "F": "\\u00e9"}}')
    with Host() as host:
        host.config_of(document).exits(0)
        equal(host.block(), ["A=256", "B=true", 'C=["x",1]', 'D={"stack":"blue/green"}', "E=", "F=é"])


def test_later_parts_win():
    parts = mime((ENV, "A=1\nB=1\nC=1"), (JSON, '{"version": 1, "agent": {"B": 2, "C": null}}'), (ENV, "D=3"))
    with Host() as host:
        host.config_of(parts).exits(0)
        equal(sorted(host.block()), ["A=1", "B=2", "D=3"])


def test_first_file_is_made():
    with Host(old=None) as host, Imds(PLAIN) as imds:
        host.config(imds=imds).exits(0)
        equal((host.block(), host.rest(), host.mode(CONFIG)), (PROD, "", 0o600))


def test_markers_hold_no_equals_sign():
    with Host(old=None) as host:
        host.config_of(PLAIN).exits(0)
        equal([line for line in host.read(CONFIG).splitlines() if "=" in line], PROD)


def test_mode_of_a_file_that_anyone_could_read_is_mended():
    with Host() as host:
        os.chmod(host.at(CONFIG), 0o644)
        host.config_of(PLAIN).exits(0)
        equal(oct(host.mode(CONFIG)), oct(0o600))


def test_second_run_changes_nothing():
    with Host() as host, Imds(mime(SCRIPT, (ENV, "ECS_CLUSTER=prod"))) as imds:
        host.config(imds=imds).exits(0)
        before = host.state("/etc"), host.state("/run")
        host.config(imds=imds).exits(0)
        equal(host.block(), PROD)
        for old, new in zip(before, (host.state("/etc"), host.state("/run"))):
            program.same_state(old, new)


@each(no_last_newline=("A=1\nB=2",), windows=("A=1\r\nB=2\r\n",), bytes=(b"A=\xff\xfe\0\nB=\xe9",), blank_lines=("\n\n\nA=1\n\n",),
      comment_like_ours=("# BEGIN of mine\n# END of mine\n",))
def test_lines_of_others_stay_byte_for_byte(old):
    with Host(old) as host:
        host.config_of(PLAIN).exits(0)
        host.config_of(PLAIN.replace("prod", "next")).exits(0)
        equal(host.block(), ["ECS_CLUSTER=next"])
        equal(host.rest(), old.decode(errors="surrogateescape") if isinstance(old, bytes) else old)


def test_appended_lines_stay_below_the_block():
    with Host(old=None) as host:
        host.config_of(PLAIN).exits(0)
        with open(host.at(CONFIG), "a") as file:
            file.write("ECS_CLUSTER=script\n")
        host.config_of(PLAIN.replace("prod", "next")).exits(0)
        equal((host.block(), host.rest()), (["ECS_CLUSTER=next"], "ECS_CLUSTER=script\n"))


def test_block_without_end_keeps_its_lines():
    with Host("# BEGIN ecs-bootstrap, cut short\nECS_CLUSTER=mine\n") as host:
        host.config_of("#ecs-bootstrap\nA=1\n").exits(0).says("END")
        contains(host.rest(), "ECS_CLUSTER=mine\n")
        equal(host.block(), ["A=1"])


@each(none=(None, "none"), empty=(b"", "none"), white=(b" \n\t\n", "none"),
      script=("#!/bin/sh\ntrue\n", "scripts"), cloud_config=("#cloud-config\nruncmd: []\n", "scripts"),
      scripts_in_mime=(mime(SCRIPT), "scripts"), binary=(bytes(range(256)) * 8, "scripts"))
def test_nothing_of_ours_removes_our_block(user_data, kind):
    with Host() as host:
        host.config_of(PLAIN).exits(0)
        with Imds(user_data) as imds:
            result = host.config(imds=imds).exits(0)
        equal((host.read(CONFIG), host.kind), (OLD, kind))
        result.says("no user data" if kind == "none" else "no part")


@each(none=(None, "none"), script=("#!/bin/sh\ntrue\n", "scripts"))
def test_nothing_of_ours_makes_no_file(user_data, kind):
    with Host(old=None) as host, Imds(user_data) as imds:
        host.config(imds=imds).exits(0)
        equal((host.has(CONFIG), host.kind), (False, kind))


def test_nothing_of_ours_touches_nothing():
    with Host() as host, Imds("#!/bin/sh\ntrue\n") as imds:
        before = host.state("/etc")
        host.config(imds=imds).exits(0)
        program.same_state(before, host.state("/etc"))


def test_requests():
    with Host() as host, Imds(PLAIN) as imds:
        host.config(imds=imds).exits(0)
        put, *gets = imds.asked()
        equal((str(put), put.body), ("PUT /latest/api/token 200", b""))
        equal([str(get) for get in gets], ["GET /latest/user-data 200", "GET /latest/meta-data/instance-life-cycle 200"])
        ttl = int(put.headers["x-aws-ec2-metadata-token-ttl-seconds"])
        tap.between(ttl, 60, 21600, "TTL of the token")
        for request in imds.asked():
            equal(request.headers["host"], imds.url.removeprefix("http://"))
            equal([h for h in request.headers if "forwarded" in h or h in ("proxy-connection", "authorization")], [])


def test_file_instead_of_imds():
    with Host() as host, Imds("#ecs-bootstrap\nECS_CLUSTER=imds\n") as imds:
        host.write("/given", PLAIN)
        host.config("--user-data", host.at("/given"), imds=imds).exits(0)
        equal((host.block(), imds.asked()), (PROD, []))


def test_log_is_logfmt():
    with Host() as host:
        host.config_of(PLAIN).exits(0)
        for line in host.read(LOG).splitlines():
            matches(line, r'^level=(info|warn|error) time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ msg="[^"]+"')


def test_journal_gets_priorities():
    # systemd names the stream it gave in JOURNAL_STREAM; here a file stands for it.
    with Host() as host:
        host.write("/given", PLAIN)
        with open(host.at("/stderr"), "w+") as stream:
            at = os.fstat(stream.fileno())
            argv = [program.path_of("ecs-bootstrap"), "config", "--root", host.path, "--user-data", host.at("/given")]
            equal(subprocess.run(argv, stderr=stream, env=program.environment(JOURNAL_STREAM=f"{at.st_dev}:{at.st_ino}")).returncode, 0)
            stream.seek(0)
            matches(stream.read(), r"^<6>[a-z]")


@each(unknown_option=(["config", "--what"],), timeout_without_number=(["config", "--imds-timeout", "soon"],),
      timeout_below_zero=(["config", "--imds-timeout", "-1"],), argument=(["config", "file"],), no_verb=([],),
      unknown_verb=(["confg"],), option_without_value=(["config", "--root"],), command_missing=(["after-user-data"],))
def test_wrong_use(arguments):
    with program.Root() as root:
        result = program.run([program.path_of("ecs-bootstrap"), "--root", root.path, *arguments]).exits(2)
    tap.check(result.err and not result.out, f"usage belongs on stderr:\n{result}")


@each(version=(["version"], r"^ecs-bootstrap \d"), help=(["help"], "^Usage: "), help_option=(["--help"], "^Usage: "))
def test_information(arguments, pattern):
    with program.Root() as root:
        result = program.run([program.path_of("ecs-bootstrap"), "--root", root.path, *arguments]).exits(0)
    matches(result.out, pattern)
    equal(result.err, "")


def test_copy_is_not_looked_at_while_imds_answers():
    with Host() as host, Imds(PLAIN) as imds:
        host.write(COPY, "#ecs-bootstrap\nECS_CLUSTER=copy\n")
        host.config(imds=imds).exits(0)
        equal(host.block(), PROD)


if __name__ == "__main__":
    tap.main()
