"""What a test could have changed on the host itself: taken before, compared after."""
import os
import subprocess

FOLDERS = ("/etc/ecs", "/etc/docker", "/var/lib/ecs", "/var/cache/ecs", "/var/log/ecs", "/mnt/ecs", "/run/ecs",
           "/run/docker", "/var/lib/docker/containers", "/var/lib/docker/image")
FILES = ("/run/docker.sock", "/run/docker.pid", "/usr/lib/docker", "/usr/bin/lsblk", "/etc/systemd/system")
SYSCTLS = ("/proc/sys/net/ipv4/conf/all", "/proc/sys/net/ipv4/conf/default", "/proc/sys/net/ipv6/conf/all",
           "/proc/sys/net/bridge", "/proc/sys/kernel/keys", "/proc/sys/vm")
SINGLE = ("/proc/sys/net/ipv4/ip_forward",)
VOLATILE = ("stat_refresh",)


def _run(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _stat(path):
    try:
        s = os.lstat(path)
        return (s.st_mode, s.st_size, s.st_mtime_ns, s.st_ino)
    except OSError:
        return None


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def take():
    """{what: state}; equal where nothing was touched."""
    found = {}
    for family in ("iptables", "ip6tables"):
        lines = _run(f"{family}-save").splitlines()
        found[f"{family}-save"] = [line.split(" [")[0] for line in lines if not line.startswith("#")]
    found["network interfaces"] = sorted(os.listdir("/sys/class/net"))
    for path in SINGLE:
        found[path] = _read(path)
    for folder in SYSCTLS:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name not in VOLATILE and os.path.isfile(os.path.join(folder, name)):
                found[os.path.join(folder, name)] = _read(os.path.join(folder, name))
    for path in FILES:
        found[path] = _stat(path)
    for top in FOLDERS:
        found[top] = _stat(top)
        for folder, folders, files in os.walk(top):
            for name in folders + files:
                found[os.path.join(folder, name)] = _stat(os.path.join(folder, name))
    return found


def differences(before, after):
    """The names of what differs."""
    return [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
