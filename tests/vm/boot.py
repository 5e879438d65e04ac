"""Boots a virtual machine whose kernel has NFS, runs a test of tests/vm/guest in it and passes on what that says: what
check-*.py have in common. VM_KEEP=FOLDER keeps what the machine left."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PROGRAMS = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mke2fs", "setpriv", "flock")
SECONDS = int(os.environ.get("VM_SECONDS", "960"))
KEEP = os.environ.get("VM_KEEP")


def say(line):
    print(line, flush=True)


sys.path.insert(0, f"{TOP}/tests/lib")
import efs


def skip(reason):
    say(f"1..0 # SKIP {reason}")
    sys.exit(0)


def bail(text):
    say("1..1\nnot ok 1 - the machine ran the test")
    for line in text.splitlines()[-100:]:
        say(f"# {line}")
    sys.exit(1)


def command(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        bail(f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout}")


def build_root():
    child = subprocess.Popen([f"{HERE}/root"], stdout=subprocess.PIPE, text=True)
    try:
        output = child.communicate()[0]
    finally:
        child.terminate()   # not killed: it cleans up after itself
        child.wait()
    if child.returncode:
        bail(f"the disk could not be built: exit status {child.returncode}")
    return output.strip()


def fill(stage, test):
    command("make", "--no-print-directory", "-C", TOP, "install", f"DESTDIR={stage}/root")
    for name in ("lib", "fakes"):
        shutil.copytree(f"{TOP}/tests/{name}", f"{stage}/tests/{name}", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(f"{HERE}/guest", f"{stage}/tests/vm/guest")
    mount_target(f"{stage}/efs")
    os.symlink("tests/vm/guest/run", f"{stage}/test")
    with open(f"{stage}/name", "w") as file:
        file.write(test)


def mount_target(folder):
    """efs-front and what it needs, made here: in the machine everything takes long."""
    os.mkdir(folder)
    shutil.copy(efs.front_program(), f"{folder}/front")
    shutil.copy(efs.authority() + ".crt", f"{folder}/authority.crt")
    for name, san in (("server", f"*.efs.{efs.REGION}.amazonaws.com"), ("other", "*.example.org")):
        for suffix in (".crt", ".key"):
            shutil.copy(efs.server_certificate(name, san) + suffix, f"{folder}/{name}{suffix}")
    shutil.copy(efs.private_key(), f"{folder}/privateKey.pem")


def read(path):
    try:
        with open(path, errors="replace") as file:
            return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\0", "", file.read())
    except FileNotFoundError:
        return ""


def run(disk, work, test):
    fill(f"{work}/stage", test)
    child = subprocess.Popen([f"{HERE}/machine", disk, work])
    try:
        child.wait(SECONDS)
        ended = ""
    except subprocess.TimeoutExpired:
        ended = f"the machine still ran after {SECONDS} s\n"
    finally:
        child.kill()
        child.wait()
    report, console = read(f"{work}/report"), read(f"{work}/console.log")
    if KEEP:
        os.makedirs(KEEP, exist_ok=True)
        for name in ("report", "console.log"):
            with open(f"{KEEP}/{name}", "w") as file:
                file.write(read(f"{work}/{name}"))
    if "1.." not in report:
        bail(ended + report + console)
    sys.stdout.write(report)
    sys.stdout.flush()
    if ended or "not ok" in report:
        for line in (ended + console).splitlines()[-60:]:
            say(f"# {line}")
    sys.exit(1 if ended or re.search(r"^not ok", report, re.M) else 0)


def main(test):
    """TEST: of a file in tests/vm/guest."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    if os.geteuid() != 0:
        skip("needs root")
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        skip(f"missing here: {' '.join(missing)}")
    disk = build_root()
    lock = os.open(disk, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)    # a build of another one removes those that nobody uses
    with tempfile.TemporaryDirectory(prefix="vm-") as work:
        os.mkdir(f"{work}/stage")
        run(disk, work, test)
