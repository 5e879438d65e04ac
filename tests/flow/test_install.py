"""`make install` and `make uninstall`: what one brings the other takes away, and nothing else."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, f"{HERE}/../lib")
import tap

# What an instance has beside: the operator's, the agent's, and programs of others in the same folders.
OTHERS = {
    "/etc/ecs/ecs.config": "ECS_CLUSTER=kept\n",
    "/var/lib/ecs/data/agent.db": "state",
    "/var/cache/ecs/ecs-agent.tar": "image",
    "/var/log/ecs/ecs-init.log": "log",
    "/usr/bin/other": "",
    "/usr/libexec/amazon-ecs-other": "",
    "/usr/lib/systemd/system/ecs-other.service": "",
    "/usr/share/man/man8/other.8": "",
    "/usr/lib/tmpfiles.d/ecs-other.conf": "",
}
# There is no run of the tests whose build folder has all programs, but the plain one.
PLAIN = ("env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "SAN", "-u", "OUT")


class Root:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="install-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def make(self, target, *words):
        done = subprocess.run([*PLAIN, "make", "--no-print-directory", "-C", TOP, target, f"DESTDIR={self.path}", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        tap.equal(done.returncode, 0, f"exit status of make {target}:\n{done.stdout[-2000:]}")

    def write(self, path, text=""):
        os.makedirs(os.path.dirname(self.path + path), exist_ok=True)
        with open(self.path + path, "w") as file:
            file.write(text)

    def files(self):
        return {os.path.join(folder, name)[len(self.path):] for folder, _, names in os.walk(self.path) for name in names}

    def texts(self, paths):
        found = {}
        for path in paths:
            with open(self.path + path) as file:
                found[path] = file.read()
        return found


@tap.each(usual=(), other_folders=("PREFIX=/opt/ecs", "UNITDIR=/etc/systemd/system", "LIBEXECDIR=/opt/ecs/lib"))
def test_uninstall_takes_what_install_brought(*words):
    with Root() as root:
        root.make("install", *words)
        tap.check(len(root.files()) >= 25, f"installed: {root.files()}")
        root.make("uninstall", *words)
        tap.equal(sorted(root.files()), [], "left")


def test_what_is_not_ours_stays():
    with Root() as root:
        for path, text in OTHERS.items():
            root.write(path, text)
        root.make("install")
        root.make("uninstall")
        tap.equal(root.texts(root.files()), OTHERS, "what was there before")


def test_uninstall_twice_and_where_nothing_is():
    with Root() as root:
        root.make("uninstall")
        root.make("install")
        root.make("uninstall")
        root.make("uninstall")
        tap.equal(sorted(root.files()), [], "left")


def test_mount_helper_goes_only_if_it_is_ours():
    with Root() as root:
        root.make("install")
        os.makedirs(root.path + "/sbin")
        os.symlink("/usr/libexec/ecs-mount-efs", root.path + "/sbin/mount.efs")
        root.make("uninstall")
        tap.check(not os.path.lexists(root.path + "/sbin/mount.efs"), "our link is left")
        root.write("/sbin/mount.efs", "of efs-utils")
        root.make("uninstall")
        tap.equal(root.texts(["/sbin/mount.efs"]), {"/sbin/mount.efs": "of efs-utils"}, "theirs")


if __name__ == "__main__":
    tap.main()
