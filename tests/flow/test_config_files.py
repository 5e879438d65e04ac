"""ecs-bootstrap config: bad input and bad disks. The old files stay as they were."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from bootstrap import CONFIG, COPY, ENV, JSON, KIND, OLD, SCRIPT, Host, mime, refused
from imds import Imds
from tap import check, each, equal, lacks

PLAIN = "#ecs-bootstrap\nECS_CLUSTER=prod\n"
NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


# A part of ours that is wrong: nothing is written, and the place is named

@each(no_equals=("#ecs-bootstrap\nA=1\nsecret stuff\n", "part 1, line 3"),
      blank_in_the_name=("#ecs-bootstrap\nA B=1\n", "line 2"),
      exported=("#ecs-bootstrap\nexport A=secret\n", "line 2"),
      digit_first=("#ecs-bootstrap\n1A=secret\n", "line 2"),
      no_name=("#ecs-bootstrap\n=secret\n", "line 2"),
      control_character=("#ecs-bootstrap\nA=secret\x01\n", "line 2"),
      second_part=(mime(SCRIPT, (ENV, "A=1\nB\n")), "part 2, line 2"))
def test_wrong_line(user_data, place):
    with Host() as host:
        before = host.state("/etc")
        refused(host.config_of(user_data), host, before, place)


@each(cut_off=('{"version": 1, "agent": {"A": "secret', "part 1"),
      comma=('{"version": 1,\n "agent": {"A": 1,}}', "line 2, column"),
      text_after_it=('{"version": 1} secret', "part 1"),
      twice=('{"version": 1}{"version": 1}', "part 1"),
      no_version=('{"agent": {"A": "secret"}}', "version"),
      version_of_the_future=('{"version": 2, "agent": {}}', "version.*2"),
      version_as_text=('{"version": "1", "agent": {}}', "version"),
      unknown_key=('{"version": 1, "agnet": {}}', "agnet.*agent"),
      agent_is_a_list=('{"version": 1, "agent": ["secret"]}', "agent"),
      agent_is_text=('{"version": 1, "agent": "secret"}', "agent"),
      name_is_no_name=('{"version": 1, "agent": {"A B": "secret"}}', "A B"),
      name_is_empty=('{"version": 1, "agent": {"": "secret"}}', "agent"),
      line_end_in_a_value=('{"version": 1, "agent": {"A": "secret\\nB=2"}}', r"agent\.A"),
      nul_in_a_value=('{"version": 1, "agent": {"A": "secret\\u0000"}}', "a NUL character"),
      nul_in_a_name=('{"version": 1, "agent": {"A\\u0000B": "secret"}}', "a NUL character"),
      name_not_in_utf8=(b'{"version": 1, "agent": {"A\xff": "secret"}}', ""),
      too_deep=('{"version": 1, "agent": {"A": ' + "[" * 2000 + "]" * 2000 + "}}", "part 1"),
      list_in_a_part=(mime((JSON, '["secret"]')), "part 1"),
      empty_part=(mime((JSON, "")), "part 1"),
      one_of_two=(mime((ENV, "A=1"), SCRIPT, (JSON, '{"version": 1, "agent": nonsense}')), "part 3"))
def test_wrong_document(user_data, place):
    with Host() as host:
        before = host.state("/etc")
        refused(host.config_of(user_data), host, before, place)


def test_value_without_utf8_does_not_break_the_file():
    with Host() as host:
        result = host.config_of(b'{"version": 1, "agent": {"A": "\xff\xfe"}}')
        check(result.code in (0, 1) and result.err, str(result))
        equal(host.rest(), OLD, "lines outside the block")


@each(one_bad_in_the_middle=(b"\x1f\x8b\x08\x00 no gzip",), huge_gzip=None)
def test_damaged_or_exploding_gzip(data):
    if data is None:
        import gzip
        data = gzip.compress(b"#ecs-bootstrap\nA=" + b"A" * (64 << 20))
    with Host() as host:
        before = host.state("/etc")
        refused(host.config_of(data).within(3), host, before)


@each(no_parts=('Content-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n\n',),
      only_the_end=('Content-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n\n--x--\n',),
      no_boundary=("Content-Type: multipart/mixed\nMIME-Version: 1.0\n\n--x\n\nA\n--x--\n",))
def test_mime_without_a_part(user_data):
    with Host() as host:
        before = host.state("/etc")
        refused(host.config_of(user_data), host, before, "no part")


@each(cut_in_the_headers=('Content-Type: multipart/mixed; boundary="x"\nMIME-Ver',),
      cut_in_a_foreign_part=(mime(SCRIPT)[:150],))
def test_mime_with_nothing_of_ours_leaves_the_rest(user_data):
    with Host() as host, Imds(user_data) as imds:
        before = host.state("/etc")
        host.config(imds=imds).exits(0)
        program.same_state(before, host.state("/etc"))
        check(host.kind in ("none", "scripts"), f"{KIND} says {host.kind}")


def test_user_data_over_the_limit():
    with Host() as host:
        before = host.state("/etc")
        refused(host.config_of("#ecs-bootstrap\nA=" + "x" * (2 << 20)), host, before, "/given", kind="failed")


# --user-data FILE

@each(missing=("/none",), folder=("/etc",))
def test_given_file(path):
    with Host() as host:
        before = host.state("/etc")
        refused(host.config("--user-data", host.at(path)), host, before, path, kind="failed")


def test_root_that_is_not_there():
    argv = [program.path_of("ecs-bootstrap"), "config", "--root", "/nonexistent/root"]
    result = program.run(argv).exits(1).says("^ecs-bootstrap: [a-z ]+ '/nonexistent/root': ")
    equal(len(result.lines), 1)


# ecs.config is not what it should be

def test_config_is_a_folder():
    with Host(old=None) as host:
        host.write(CONFIG + "/inside", "A=1\n")
        before = host.state("/etc")
        refused(host.config_of(PLAIN), host, before, CONFIG, kind="failed")


def test_config_is_a_pipe():
    with Host(old=None) as host:
        os.makedirs(host.at("/etc/ecs"))
        os.mkfifo(host.at(CONFIG))
        result = host.config_of(PLAIN).within(2)
        refused(result, host, host.state("/etc"), CONFIG, kind="failed")


def test_config_over_the_limit():
    with Host("A=" + "x" * (2 << 20)) as host:
        before = host.state("/etc")
        refused(host.config_of(PLAIN), host, before, CONFIG, kind="failed")


def test_folder_of_config_is_a_file():
    with Host(old=None) as host:
        host.write("/etc/ecs", "not a folder")
        before = host.state("/etc")
        refused(host.config_of(PLAIN), host, before, "/etc/ecs", kind="failed")


def test_copy_that_cannot_be_read():
    with Host() as host, Imds(wrong=["token=404"]) as imds:
        os.makedirs(host.at(COPY))
        before = host.state("/etc")
        refused(host.config(imds=imds), host, before, COPY, kind="failed")


# Disks that are full or read-only, in a mount namespace that ends with the run

def in_namespace(prepare, host, *arguments):
    """PREPARE is shell; $etc is the root's /etc/ecs. What is in there afterwards stands in result.out."""
    if subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode != 0:
        tap.skip("no mount namespace may be made here")
    host.write("/given", PLAIN)
    script = f"""set -e; etc={host.at('/etc/ecs')}
        {prepare}
        code=0; "$@" || code=$?
        ls -A "$etc"; cat "$etc/ecs.config"
        exit $code"""
    argv = [program.path_of("ecs-bootstrap"), "config", "--root", host.path, "--user-data", host.at("/given"), *arguments]
    return program.run([*NAMESPACE, "sh", "-c", script, "sh", *argv])


FULL = """cp "$etc/ecs.config" "$etc/../kept"
        mount -t tmpfs -o size=16k,mode=755 tmpfs "$etc"
        cp "$etc/../kept" "$etc/ecs.config"
        cat /dev/zero >"$etc/fill" 2>/dev/null || true"""


def test_disk_full():
    with Host() as host:
        result = in_namespace(FULL, host).exits(1)
        equal(result.out, f"ecs.config\nfill\n{OLD}")
        result.says(f"^ecs-bootstrap: [a-z]+ '{CONFIG}': No space left on device")
        equal(len(result.lines), 1, f"lines on stderr:\n{result.err}")


def test_disk_with_room_for_half_the_file():
    # The old file and 4 KiB beside it fit; the new file is 8 KiB.
    with Host() as host:
        prepare = FULL + """
            rm "$etc/fill"; head -c 8192 /dev/zero >"$etc/fill"
            { echo "#ecs-bootstrap"; printf A=; head -c 8000 /dev/zero | tr '\\0' x; } >"$etc/../../given" """
        result = in_namespace(prepare, host).exits(1).says("No space left on device")
        equal(result.out, f"ecs.config\nfill\n{OLD}")


def test_file_system_is_read_only():
    with Host() as host:
        prepare = """mount --bind "$etc" "$etc"; mount -o remount,bind,ro "$etc" """
        result = in_namespace(prepare, host).exits(1)
        equal(result.out, f"ecs.config\n{OLD}")
        result.says(f"^ecs-bootstrap: [a-z]+ '{CONFIG}': Read-only file system")


def test_everything_is_read_only_but_nothing_is_to_be_done():
    with Host() as host:
        host.config_of(PLAIN).exits(0)
        prepare = """mount --bind "$etc" "$etc"; mount -o remount,bind,ro "$etc" """
        equal(host.block(), ["ECS_CLUSTER=prod"])
        lacks(in_namespace(prepare, host).exits(0).says("kept").err, "wrote")


def test_folder_may_not_be_written():
    if os.geteuid() == 0:
        drop = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    else:
        drop = []
    with Host() as host:
        host.write("/given", PLAIN)
        for path in (host.path, host.at("/etc"), host.at("/given"), host.at(CONFIG)):
            os.chmod(path, 0o755)
        before = host.state("/etc")
        os.chmod(host.at("/etc/ecs"), 0o555)
        argv = [program.path_of("ecs-bootstrap"), "config", "--root", host.path, "--user-data", host.at("/given")]
        result = program.run([*drop, *argv]).exits(1).says("Permission denied")
        os.chmod(host.at("/etc/ecs"), 0o755)
        program.same_state(before, host.state("/etc"))
        equal(len(result.lines), 1, f"lines on stderr:\n{result.err}")


if __name__ == "__main__":
    tap.main()
