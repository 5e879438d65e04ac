"""The section `swap` with the real kernel: files, loop devices in place of an instance store, zram. Swap is the
whole machine's, so all is small, and whatever happens, nothing stays swapped to."""

import atexit
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import bootstrap
import program
import tap
from tap import each, equal

FILE = "/var/lib/ecs/swapfile"
STATE = "/var/lib/ecs/bootstrap/swap.json"
SWAPPINESS = "/proc/sys/vm/swappiness"
MODEL = "Amazon EC2 NVMe Instance Storage        \n"
MIB = 1 << 20


def why_not():
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/proc/swaps"):
        return "this kernel has no swap"
    return ""


def command(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    tap.check(done.returncode == 0, f"{' '.join(words)}: {done.stdout}")
    return done.stdout.strip()


def swaps():
    """What the kernel swaps to: path -> (MiB, priority)."""
    with open("/proc/swaps") as file:
        rows = [line.split() for line in file.read().splitlines()[1:]]
    return {row[0].replace("\\040", " "): (round(int(row[2]) / 1024), int(row[4])) for row in rows}


def setting(size="40MiB", **more):
    return json.dumps({"version": 1, "swap": {"size": size, **more}})


NOTHING = '{"version": 1}'


class Host(bootstrap.Host):
    """Below a temporary root on a real disk, with the machine's own /proc, /sys and /dev unless FAKE says otherwise."""

    def __init__(self, fake=()):
        reason = why_not()
        if reason:
            tap.skip(reason)
        tempfile.tempdir = "/var/tmp"
        super().__init__(old=None)
        for name in ("proc", "sys", "dev"):
            if name not in fake:
                os.symlink(f"/{name}", self.at(f"/{name}"))
        self.before = set(swaps())
        self.loops = []
        self.mounts = []
        with open(SWAPPINESS) as file:
            self.swappiness_before = file.read()
        atexit.register(self.clean)

    def clean(self):
        for path in set(swaps()) - self.before:
            if path.startswith(self.path) or path in self.loops or path.startswith("/dev/zram"):
                subprocess.run(["swapoff", path], stderr=subprocess.DEVNULL)
                if path.startswith("/dev/zram"):
                    with contextlib.suppress(OSError), open("/sys/class/zram-control/hot_remove", "w") as file:
                        file.write(path[len("/dev/zram"):])
        for mount in reversed(self.mounts):
            subprocess.run(["umount", "-l", mount])
        for loop in self.loops:
            subprocess.run(["losetup", "-d", loop])
        with open(SWAPPINESS) as file:
            now = file.read()
        if now != self.swappiness_before:
            with open(SWAPPINESS, "w") as file:
                file.write(self.swappiness_before)
        self.mounts, self.loops = [], []

    def __exit__(self, *_):
        self.clean()
        super().__exit__()

    def run(self, user_data):
        return self.config_of(user_data)

    def ours(self):
        """What is swapped to since the test began, with our root's name taken off."""
        return {path.removeprefix(self.path): value for path, value in swaps().items() if path not in self.before}

    def loop(self, mib, name=None):
        """A loop device of zeros; with NAME also a node below our own /dev."""
        path = self.at(f"/disk{len(self.loops)}")
        with open(path, "wb") as file:
            file.truncate(mib * MIB)
        loop = command("losetup", "-f", "--show", path)
        self.loops.append(loop)
        if name:
            os.makedirs(self.at("/dev"), exist_ok=True)
            os.mknod(self.at(f"/dev/{name}"), 0o600 | 0o060000, os.stat(loop).st_rdev)
        return loop

    def store(self, mib, name):
        """A device of the instance store."""
        self.write(f"/sys/block/{name}/device/model", MODEL)
        return self.loop(mib, name)

    def mount(self, target, *words):
        os.makedirs(self.at(target), exist_ok=True)
        command("mount", *words, self.at(target))
        self.mounts.append(self.at(target))


def close(found, wanted):
    """/proc/swaps shows a page less than the size."""
    equal({path: value for path, value in found.items()}, wanted, "what is swapped to")


# --- a file

def test_file_is_made_once():
    with Host() as host:
        host.run(setting()).exits(0).says("applied setting 'swap'")
        close(host.ours(), {FILE: (40, 5)})
        at = os.stat(host.at(FILE))
        equal((at.st_mode & 0o7777, at.st_size, at.st_uid, at.st_nlink), (0o600, 40 * MIB, 0, 1), "the file")
        tap.check(at.st_blocks * 512 >= at.st_size, "it has holes")
        tap.lacks(host.run(setting()).exits(0).err, "applied setting 'swap'")
        equal(os.stat(host.at(FILE)).st_ino, at.st_ino, "inode")
        equal(sorted(os.listdir(host.at("/var/lib/ecs"))), ["bootstrap", "swapfile"])


def test_blkid_and_swapon_know_it():
    with Host() as host:
        host.run(setting()).exits(0)
        command("swapoff", host.at(FILE))
        done = subprocess.run(["blkid", "-p", host.at(FILE)], capture_output=True, text=True)
        tap.matches(done.stdout, r'LABEL="ecs-bootstrap".*UUID="[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab].*TYPE="swap"')
        command("swapon", host.at(FILE))


def test_after_a_boot_it_is_only_switched_on():
    with Host() as host:
        host.run(setting()).exits(0)
        inode = os.stat(host.at(FILE)).st_ino
        command("swapoff", host.at(FILE))
        os.chmod(host.at(FILE), 0o644)
        host.run(setting()).exits(0).says("applied setting 'swap'")
        close(host.ours(), {FILE: (40, 5)})
        equal(os.stat(host.at(FILE)).st_ino, inode, "inode")
        equal(host.mode(FILE), 0o600, "mode")


@each(larger=("56MiB", 56), smaller=("33MiB", 33))
def test_other_size(size, mib):
    for active in (True, False):
        with Host() as host:
            host.run(setting()).exits(0)
            if not active:
                command("swapoff", host.at(FILE))
            host.run(setting(size)).exits(0)
            close(host.ours(), {FILE: (mib, 5)})
            equal(os.stat(host.at(FILE)).st_size, mib * MIB, "size")


def test_it_goes_with_the_setting():
    with Host() as host:
        host.run(setting()).exits(0)
        host.run(NOTHING).exits(0).says("applied setting 'swap'")
        close(host.ours(), {})
        equal((host.has(FILE), host.has(STATE)), (False, False), "file and state")
        tap.lacks(host.run(NOTHING).exits(0).err, "swap")


def test_it_moves_with_the_setting():
    with Host() as host:
        os.makedirs(host.at("/data"))
        host.run(setting()).exits(0)
        host.run(setting(device="/data/swap file".replace(" ", "-"))).exits(0)
        close(host.ours(), {"/data/swap-file": (40, 5)})
        equal(host.has(FILE), False, FILE)


def test_auto():
    with Host() as host:
        host.run(setting("auto")).exits(0)
        ((path, (mib, priority)),) = host.ours().items()
        equal((path, priority), (FILE, 5))
        tap.between(mib, 32, 4096, "MiB")
        inode = os.stat(host.at(FILE)).st_ino
        host.run(setting("auto")).exits(0)
        equal(os.stat(host.at(FILE)).st_ino, inode, "inode: it does not change with what is free")


def test_folder_that_is_not_there():
    with Host() as host:
        host.run(setting(device="/data/swap")).exits(1).says("folder of '/data/swap': No such file")
        close(host.ours(), {})


def full_disk(host):
    path = host.at("/small")
    with open(path, "wb") as file:
        file.truncate(64 * MIB)
    command("mkfs.ext4", "-q", "-F", path)
    host.mount("/data", "-o", "loop", path)


def test_disk_is_not_filled():
    with Host() as host:
        full_disk(host)
        free = os.statvfs(host.at("/data")).f_bavail
        host.run(setting("60MiB", device="/data/swap")).exits(1).says(
            "make swap in '/data/swap': 60 MiB of swap would leave less than [0-9]+ MiB of the disk")
        equal(os.statvfs(host.at("/data")).f_bavail, free, "blocks free")
        host.run(setting("32MiB", device="/data/swap")).exits(0)
        host.run(setting("60MiB", device="/data/swap")).exits(1).says("would leave less")
        close(host.ours(), {"/data/swap": (32, 5)})


@each(tmpfs=("tmpfs, which is memory", ("-t", "tmpfs", "none")),
      overlay=("overlayfs", ("-t", "overlay", "none", "-o", "lowerdir=LOW,upperdir=UP,workdir=WORK")))
def test_file_systems_that_cannot(says, words):
    with Host() as host:
        folders = {name: host.at(f"/{name.lower()}") for name in ("LOW", "UP", "WORK")}
        for folder in folders.values():
            os.makedirs(folder)
        host.mount("/data", *[re.sub("LOW|UP|WORK", lambda m: folders[m[0]], word) for word in words])
        host.run(setting(device="/data/swap")).exits(1).says(f"use '/data/swap' for swap: it would be on {says}")
        equal(os.listdir(host.at("/data")), [], "files left")


def spoil(host, kind):
    path = host.at(FILE)
    os.makedirs(os.path.dirname(path))
    if kind == "link":
        host.write("/elsewhere", b"mine")
        os.symlink(host.at("/elsewhere"), path)
        return
    if kind == "folder":
        os.makedirs(path)
        return
    if kind == "users_swap":
        host.write(FILE, bytes(40 * MIB))
        command("mkswap", path)
        return
    host.write(FILE, b"mine")
    if kind == "hard_link":
        os.link(path, host.at("/elsewhere"))
    if kind == "owner":
        os.chown(path, 12, 0)
    if kind == "writable_folder":
        os.unlink(path)
        os.chmod(os.path.dirname(path), 0o777)


@each(link=("link", "symbolic link"), hard_link=("hard_link", "other names"), owner=("owner", "not root's"),
      folder=("folder", "neither a file"), file=("file", "a file that is not ours"), users_swap=("users_swap", "a file that is not ours"),
      writable_folder=("writable_folder", "others than root may write in its folder"))
def test_what_is_not_ours_is_refused(kind, says):
    with Host() as host:
        spoil(host, kind)
        before = host.state(os.path.dirname(FILE)), host.state("/elsewhere")
        host.run(setting()).exits(1).says(f"apply setting 'swap': use '{FILE}' for swap: .*{says}")
        close(host.ours(), {})
        host.run(NOTHING).exits(0)
        os.rmdir(host.at("/var/lib/ecs/bootstrap"))
        after = host.state(os.path.dirname(FILE)), host.state("/elsewhere")
        equal({path: value for path, value in after[0].items()}, before[0], "what is there")
        equal(after[1], before[1])


def test_what_somebody_swaps_to_already_is_taken_as_it_is():
    with Host() as host:
        spoil(host, "users_swap")
        os.chmod(host.at(FILE), 0o600)
        command("swapon", host.at(FILE))
        host.run(setting("50MiB")).exits(0)
        host.run(NOTHING).exits(0)
        equal([path for path in host.ours()], [FILE])


def test_selinux_label_where_there_is_selinux():
    with Host(fake=("sys",)) as host:
        host.write("/sys/fs/selinux/enforce", "1")
        host.run(setting()).exits(0)
        equal(os.getxattr(host.at(FILE), "security.selinux"), b"system_u:object_r:swapfile_t:s0\0")


def test_without_a_kernel_nothing_is_made():
    with Host(fake=("proc",)) as host:
        host.run(setting()).exits(0)
        equal((host.has(FILE), host.has(STATE)), (False, False), "file and state")


def test_memory_that_would_not_do():
    """/proc/meminfo and what is used are ours to say here; the kernel's own are not touched."""
    with Host(fake=("proc",)) as host:
        os.makedirs(host.at("/proc/sys/kernel"))
        os.symlink("/proc/sys/kernel/random", host.at("/proc/sys/kernel/random"))
        os.symlink("/proc/meminfo", host.at("/proc/meminfo"))
        host.write("/proc/swaps", "Filename Type Size Used Priority\n")
        host.run(setting()).exits(0)
        os.unlink(host.at("/proc/meminfo"))
        host.write("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 80000 kB\n")
        host.write("/proc/swaps", f"Filename Type Size Used Priority\n{host.at(FILE)} file 40956 20000 5\n")
        for user_data in (setting("64MiB"), NOTHING):
            host.run(user_data).exits(1).says(f"change the swap in '{FILE}': 19 MiB are swapped out and 78 MiB of memory")
            close(host.ours(), {FILE: (40, 5)})
        equal(json.loads(host.read(STATE))["path"], FILE, "state")


OTHER = "/var/lib/other/swapfile"


def scarce(host, *swaps, available=80000):
    """80 MB of memory; FILE holds 19 MiB, SWAPS is what else the kernel is said to swap to: (path, free KiB)."""
    host.write("/proc/meminfo", f"MemTotal: 1000000 kB\nMemAvailable: {available} kB\n")
    lines = "".join(f"{host.at(path)} file {free} 0 5\n" for path, free in swaps)
    host.write("/proc/swaps", f"Filename Type Size Used Priority\n{host.at(FILE)} file 40956 20000 5\n{lines}")


def about_to_move(host):
    """Swap is on, there is a folder for it to move to, and memory has become scarce."""
    os.makedirs(host.at("/proc/sys/kernel"))
    os.symlink("/proc/sys/kernel/random", host.at("/proc/sys/kernel/random"))
    host.write("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 800000 kB\n")
    host.write("/proc/swaps", "Filename Type Size Used Priority\n")
    host.run(setting()).exits(0)
    os.makedirs(host.at("/var/lib/other"))
    scarce(host)


def test_a_move_that_memory_would_not_do_makes_the_new_one_first():
    with Host(fake=("proc",)) as host:
        about_to_move(host)
        # what the kernel is said to swap to does not change by itself here: the old one cannot be emptied yet
        host.run(setting(device=OTHER)).exits(1).says(f"change the swap in '{FILE}': 19 MiB are swapped out and 78 MiB of memory")
        close(host.ours(), {FILE: (40, 5), OTHER: (40, 5)})
        state = json.loads(host.read(STATE))
        equal((state["path"], state["oldPath"]), (OTHER, FILE), "state")
        scarce(host, (OTHER, 40956))
        host.run(setting(device=OTHER)).exits(0)
        close(host.ours(), {OTHER: (40, 5)})
        equal((host.has(FILE), "oldPath" in json.loads(host.read(STATE))), (False, False), "the old file and its name")


def test_a_move_for_which_neither_memory_nor_disk_has_room():
    with Host(fake=("proc",)) as host:
        about_to_move(host)
        host.run(setting("1000GiB", device=OTHER)).exits(1).says("the memory cannot hold what is swapped out, and both at once cannot be had: "
                                                                  f"make swap in '{OTHER}': 1024000 MiB of swap would leave")
        close(host.ours(), {FILE: (40, 5)})
        # back to where it was: that is all right again
        host.run(setting()).exits(0)
        close(host.ours(), {FILE: (40, 5)})
        equal(json.loads(host.read(STATE))["path"], FILE, "state")


# --- below a mount point

DATA = "/mnt/data/swapfile"


@each(cloud_init=("defaults,nofail,x-systemd.requires=cloud-init.service,_netdev,comment=cloudconfig", 3, "is not mounted yet, cloud-init does it later"),
      others=("defaults,nofail", 14, "of /etc/fstab is not mounted"))
def test_below_a_mount_point_that_is_not_mounted(options, within, words):
    with Host() as host:
        host.write("/etc/fstab", f"# a comment\n/dev/nvme1n1 /mnt/data auto {options} 0 2\n")
        os.makedirs(host.at("/mnt/data"))
        host.run(setting(device=DATA)).exits(1).says(f"use '{DATA}' for swap: '/mnt/data' {words}".replace("'/mnt/data' is", "'/mnt/data' of /etc/fstab is")).within(within)
        equal((os.listdir(host.at("/mnt/data")), host.ours(), host.has(STATE)), ([], {}, False), "what is there, swapped to, and in the state")


def test_a_mount_that_comes_a_little_later_is_waited_for():
    with Host() as host:
        loop = host.loop(200)
        command("mkfs.ext4", "-q", loop)
        os.makedirs(host.at("/mnt/data"))
        host.write("/etc/fstab", "/dev/nvme1n1 /mnt/data ext4 defaults,nofail 0 2\n")
        timer = threading.Timer(1.5, lambda: host.mount("/mnt/data", loop))
        timer.start()
        host.run(setting(device=DATA)).exits(0)
        timer.join()
        close(host.ours(), {DATA: (40, 5)})
        command("swapoff", host.at(DATA))


# --- swappiness

def test_swappiness_is_set_and_given_back():
    with Host() as host:
        before = int(host.swappiness_before)
        for value in (before + 1, before + 2):
            host.run(setting(swappiness=min(value, 100) if value <= 100 else value - 50)).exits(0).says("applied setting 'swap'")
        with open(SWAPPINESS) as file:
            tap.check(int(file.read()) != before, "it was not set")
        host.run(setting()).exits(0)
        with open(SWAPPINESS) as file:
            equal(int(file.read()), before, SWAPPINESS)
        close(host.ours(), {FILE: (40, 5)})


# --- devices

def test_instance_store():
    with Host(fake=("sys", "dev")) as host:
        host.store(48, "nvme1n1")
        host.run(setting(device="instance-store")).exits(0)
        close(host.ours(), {"/dev/nvme1n1": (40, 10)})
        host.run(setting("44MiB", device="instance-store")).exits(0)
        close(host.ours(), {"/dev/nvme1n1": (44, 10)})
        host.run(NOTHING).exits(0)
        close(host.ours(), {})
        with open(host.at("/disk0"), "rb") as file:
            equal(file.read().count(0), 48 * MIB, "zeros on the device")


def test_instance_store_is_empty_again_after_a_stop():
    with Host(fake=("sys", "dev")) as host:
        loop = host.store(48, "nvme1n1")
        host.run(setting(device="instance-store")).exits(0)
        command("swapoff", host.at("/dev/nvme1n1"))
        with open(loop, "r+b") as file:
            file.write(bytes(4096))
        host.run(setting(device="instance-store")).exits(0)
        close(host.ours(), {"/dev/nvme1n1": (40, 10)})


def test_instance_store_that_is_free_is_found():
    with Host(fake=("sys", "dev")) as host:
        command("mkfs.ext4", "-q", host.store(48, "nvme1n1"))
        host.store(48, "nvme10n1")
        host.store(48, "nvme2n1")
        host.write("/sys/block/nvme0n1/device/model", "Amazon Elastic Block Store\n")
        host.run(setting("auto", device="instance-store")).exits(0)
        close(host.ours(), {"/dev/nvme2n1": (48, 10)})
        command("swapoff", host.at("/dev/nvme2n1"))
        host.run(setting("auto", device="instance-store")).exits(0)
        close(host.ours(), {"/dev/nvme2n1": (48, 10)})


def test_no_instance_store():
    with Host(fake=("sys", "dev")) as host:
        host.write("/sys/block/nvme0n1/device/model", "Amazon Elastic Block Store\n")
        host.run(setting(device="instance-store")).exits(1).says("this instance has no NVMe instance storage")


@each(ext4=(("mkfs.ext4", "-q"), "an ext file system"), swap=(("mkswap",), "swap"))
def test_device_that_holds_something(words, says):
    with Host() as host:
        loop = host.loop(48)
        command(*words, loop)
        with open(host.at("/disk0"), "rb") as file:
            before = file.read()
        host.run(setting(device=loop)).exits(1).says(f"use '{loop}' for swap: it holds {says}")
        with open(host.at("/disk0"), "rb") as file:
            tap.check(file.read() == before, "the device was written to")


def test_device_with_something_at_its_end():
    with Host() as host:
        loop = host.loop(48)
        with open(loop, "r+b") as file:
            file.seek(48 * MIB - 512)
            file.write(b"EFI PART")
        host.run(setting(device=loop)).exits(1).says("it holds data")


def test_device_in_use():
    with Host() as host:
        loop = host.loop(48)
        held = os.open(loop, os.O_RDWR | os.O_EXCL)
        try:
            host.run(setting(device=loop)).exits(1).says(f"use '{loop}' for swap: it is in use")
        finally:
            os.close(held)
        host.run(setting(device=loop)).exits(0)
        close(host.ours(), {loop: (40, 10)})


@each(partitions=("nvme1n1p1/partition", "it has partitions"), holders=("holders/md0/x", "another device is built on it"))
def test_device_that_others_build_on(entry, says):
    with Host(fake=("sys", "dev")) as host:
        loop = host.store(48, "nvme1n1")
        at = os.stat(loop).st_rdev
        host.write(f"/sys/dev/block/{os.major(at)}:{os.minor(at)}/{entry}", "1\n")
        host.run(setting(device="instance-store")).exits(1).says(says)


@each(too_small=("60MiB", "60 MiB of swap on a device of 48 MiB"), absent=(None, "use '/dev/nothing' for swap: No such file"))
def test_device_that_will_not_do(size, says):
    with Host() as host:
        host.run(setting(size or "40MiB", device=host.loop(48) if size else "/dev/nothing")).exits(1).says(says)


# --- zram

def zram_host():
    host = Host()
    if not os.path.exists("/sys/class/zram-control/hot_add"):
        host.__exit__()
        tap.skip("this kernel has no zram that can be added")
    return host


def test_zram():
    with zram_host() as host:
        devices = set(os.listdir("/sys/block"))
        host.run(setting(device="zram")).exits(0)
        ((path, value),) = host.ours().items()
        tap.matches(path, "^/dev/zram[0-9]+$")
        tap.check(os.path.basename(path) not in devices, "it took a device that was there")
        equal(value, (40, 100))
        tap.lacks(host.run(setting(device="zram")).exits(0).err, "applied setting 'swap'")
        host.run(setting("56MiB", device="zram")).exits(0)
        close(host.ours(), {path: (56, 100)})
        host.run(NOTHING).exits(0)
        close(host.ours(), {})
        equal(set(os.listdir("/sys/block")), devices, "devices")


def test_zram_of_another_boot_is_no_more():
    with zram_host() as host:
        host.write(STATE, '{"path":"/dev/zram77","bootId":"of another boot"}')
        host.run(setting(device="zram")).exits(0)
        tap.check("/dev/zram77" not in host.ours(), "it believed an old state")
        equal(len(host.ours()), 1)
        host.run(setting()).exits(0)
        close(host.ours(), {FILE: (40, 5)})


# --- killed at any moment

def killed_run(host, user_data, seconds):
    host.write("/given", user_data)
    argv = [program.path_of("ecs-bootstrap"), "config", "--root", host.path, "--user-data", host.at("/given")]
    with program.Started(argv) as run:
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            run.signal(signal.SIGKILL)
        run.child.wait()
    os.unlink(host.at("/given"))


def check_whole(host):
    """No half of a file is ever to be seen."""
    if host.has(FILE):
        at = os.stat(host.at(FILE))
        equal((at.st_mode & 0o7777, at.st_nlink, at.st_size % MIB), (0o600, 1, 0), "a file that is there")
    equal(sorted(set(os.listdir(host.at("/var/lib/ecs"))) - {"bootstrap", "swapfile"}), [], "files left")


@each(file=({},), store=({"device": "instance-store"},))
def test_killed_at_random_points(more):
    with Host(fake=("sys", "dev")) as host:
        host.store(64, "nvme1n1")
        os.makedirs(host.at("/var/lib/ecs"))
        begin = time.monotonic()
        host.run(setting("33MiB", **more)).exits(0)
        whole = time.monotonic() - begin
        dice = random.Random(6)
        for turn in range(24):
            wanted = dice.choice([setting("33MiB", **more), setting("40MiB", **more), NOTHING])
            killed_run(host, wanted, dice.uniform(0, whole))
            check_whole(host)
            if turn % 4 == 3:
                host.run(setting("36MiB", **more)).exits(0)
                close(host.ours(), {"/dev/nvme1n1": (36, 10)} if more else {FILE: (36, 5)})
        host.run(NOTHING).exits(0)
        close(host.ours(), {})
        equal(host.has(FILE), False, FILE)


if __name__ == "__main__":
    tap.main()
