"""tests/run itself: a test program that lies, dies or hangs must not pass."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../lib")
import tap
from tap import contains, each, equal, lacks, matches

RUN = f"{HERE}/../run"


def run(script, *more, name="program", limit="20", interpreter="#!/bin/sh"):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/{name}"
        with open(path, "w") as file:
            file.write(f"{interpreter}\n{script}\n")
        os.chmod(path, 0o755)
        done = subprocess.run([RUN, *more, path], capture_output=True, text=True,
                              env={**os.environ, "TAP_TIMEOUT": limit, "TMPDIR": folder})
        return done.returncode, done.stdout.replace(path, "PROGRAM"), done.stdout.splitlines()[-1:]


def test_passed_failed_and_skipped_are_counted():
    code, text, last = run('echo 1..3; echo "ok 1 - a"; echo "not ok 2 - b"; echo "ok 3 - c # SKIP no root here"; exit 1')
    equal((code, last), (1, ["1 passed, 1 failed, 1 skipped"]))
    contains(text, "skipped c: no root here")
    contains(text, "| not ok 2 - b")


def test_what_passes_is_one_line():
    code, text, last = run('echo "ok 1 - a"; echo "# plan at the end"; echo 1..1')
    equal((code, last), (0, ["1 passed, 0 failed, 0 skipped"]))
    matches(text, r"^ok     PROGRAM +1 passed, \d+\.\d s$")
    lacks(text, "| ok")


def test_stderr_is_shown_with_a_failure():
    code, text, _ = run('echo 1..1; echo "not ok 1 - a"; echo cause of it >&2; exit 1')
    equal(code, 1)
    contains(text, "| cause of it")


@each(
    no_output=("true", "printed no plan", "0 passed, 1 failed, 0 skipped"),
    no_plan=("echo ok 1 - a", "printed no plan", "1 passed, 1 failed, 0 skipped"),
    empty_plan=("echo 1..0", "plans no test", "0 passed, 1 failed, 0 skipped"),
    too_few=("echo 1..3; echo ok 1 - a", "planned 3, ran 1", "1 passed, 1 failed, 0 skipped"),
    too_few_in_the_second_group=("echo 1..1; echo ok 1 - a; echo 1..1", "planned 1, ran 0",
                                 "1 passed, 1 failed, 0 skipped"),
    too_many=("echo 1..1; echo ok 1 - a; echo ok 2 - b", "planned 1, ran 2", "2 passed, 1 failed, 0 skipped"),
    same_number_twice=("echo 1..2; echo ok 1 - a; echo ok 1 - b", "test 2 calls itself 1",
                       "2 passed, 1 failed, 0 skipped"),
    bad_exit_status=("echo 1..1; echo ok 1 - a; exit 3", "exit status 3 though no test failed",
                     "1 passed, 1 failed, 0 skipped"),
    killed=("echo 1..1; echo ok 1 - a; kill -SEGV $$", "died of SIGSEGV", "1 passed, 1 failed, 0 skipped"),
    bails_out=("echo 1..1; echo ok 1 - a; echo Bail out! no disk", "Bail out! no disk",
               "1 passed, 1 failed, 0 skipped"),
    failed_but_exit_0=("echo 1..1; echo not ok 1 - a", "not ok 1 - a", "0 passed, 1 failed, 0 skipped"),
)
def test_lie_is_caught(script, fault, last_line):
    code, text, last = run(script)
    equal((code, last), (1, [last_line]))
    contains(text, fault)


def test_hanging_program_is_ended_and_cleans_up_first():
    code, text, last = run("trap 'echo cleaned; exit 1' TERM; echo 1..1; echo ok 1 - a; sleep 60 & wait", limit="0.5")
    equal((code, last), (1, ["1 passed, 1 failed, 0 skipped"]))
    contains(text, "still ran after 0.5 s")
    contains(text, "| cleaned")


def test_processes_left_behind_are_ended_and_named():
    # In a session of its own and with its output closed, as a daemon would be.
    code, text, last = run("setsid sleep 47 >/dev/null 2>&1 & echo 1..1; echo ok 1 - a")
    equal((code, last), (1, ["1 passed, 1 failed, 0 skipped"]))
    contains(text, "left processes behind: sleep")


def test_skipping_all_gives_the_reason():
    code, text, last = run('echo "1..0 # SKIP needs dockerd"')
    equal((code, last), (0, ["0 passed, 0 failed, 1 skipped"]))
    contains(text, "skipped all: needs dockerd")


def test_cmocka_skips_and_groups():
    code, text, last = run('echo 1..2; echo "ok 1 - a"; echo "not ok 2 # SKIP b"; echo 1..1; echo "ok 1 - c"')
    equal((code, last), (0, ["2 passed, 0 failed, 1 skipped"]))
    contains(text, "skipped: b")


def test_python_file_needs_no_mode_bits():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.py"
        with open(path, "w") as file:
            file.write("print('1..1'); print('ok 1 - a')\n")
        done = subprocess.run([RUN, path], capture_output=True, text=True)
        equal(done.stdout.splitlines()[-1], "1 passed, 0 failed, 0 skipped")


def test_missing_program_fails():
    done = subprocess.run([RUN, "/nonexistent/program"], capture_output=True, text=True)
    equal((done.returncode, done.stdout.splitlines()[-1]), (1, "0 passed, 1 failed, 0 skipped"))
    contains(done.stdout, "cannot be run: No such file or directory")


def test_two_at_a_time():
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{n}" for n in "ab"]
        for path, other in zip(paths, reversed(paths)):
            with open(path, "w") as file:       # each waits for the other
                file.write(f"#!/bin/sh\n: >{path}.here\nwhile ! [ -e {other}.here ]; do sleep 0.02; done\n"
                           "echo 1..1; echo ok 1 - a\n")
            os.chmod(path, 0o755)
        done = subprocess.run([RUN, "--jobs", "2", *paths], capture_output=True, text=True,
                              env={**os.environ, "TAP_TIMEOUT": "5"})
        equal(done.stdout.splitlines()[-1], "2 passed, 0 failed, 0 skipped")


@each(nothing=([],), no_number=(["--jobs"],), not_a_number=(["--jobs", "x", "y"],), unknown=(["--what"],))
def test_wrong_use_is_refused(arguments):
    done = subprocess.run([RUN, *arguments], capture_output=True, text=True)
    tap.check(done.returncode != 0 and done.stderr, "wrong use was accepted")


HARNESS = f"""
import sys
sys.path.insert(0, {HERE!r} + "/../lib")
import tap
"""


def test_harness_reports_each_kind_of_end():
    code, text, last = run(HARNESS + """
def test_good(): tap.equal(1, 1)
def test_wrong(): tap.equal("a", "b", "letter")
def test_broken(): 1 / 0
def test_skipped(): tap.skip("no reason to run")
@tap.each(one=(1,), two=(2,))
def test_number(n): tap.check(n == 1, "not one")
tap.main()
""", name="harness.py", interpreter="")
    equal((code, last), (1, ["2 passed, 3 failed, 1 skipped"]))
    for part in ("1..6", "letter: got 'a'", "wanted 'b'", "ZeroDivisionError", "# SKIP no reason to run",
                 "ok 5 - number: one", "not ok 6 - number: two", "not one"):
        contains(text, part)


def test_harness_cleans_up_when_ended():
    code, text, _ = run(HARNESS + """
import subprocess
def test_long():
    child = subprocess.Popen(["sleep", "60"])
    try:
        child.wait()
    finally:
        child.kill(), child.wait()
        tap.say("# cleaned up")
tap.main()
""", name="harness.py", interpreter="", limit="1")
    equal(code, 1)
    contains(text, "# cleaned up")
    lacks(text, "left processes")


if __name__ == "__main__":
    tap.main()
