"""A stand-in for Amazon's own package: its files, and what its scripts do to the units."""

import os
import subprocess

UNIT = ("[Unit]\nAfter=docker.service\n[Service]\nExecStart=/usr/libexec/amazon-ecs-init start\n"
             "[Install]\nWantedBy=multi-user.target\n")
# What dh_installsystemd puts into the scripts of Amazon's deb, in the older form that masks too.
SCRIPTS = {
    "postinst": "deb-systemd-helper unmask ecs.service >/dev/null || true\n"
                "deb-systemd-helper --quiet was-enabled ecs.service && deb-systemd-helper enable ecs.service >/dev/null || true\n",
    "prerm": "if [ -d /run/systemd/system ] && [ \"$1\" = remove ]; then deb-systemd-invoke stop ecs.service >/dev/null || true; fi\n",
    "postrm": "if [ \"$1\" = remove ]; then deb-systemd-helper mask ecs.service >/dev/null || true; fi\n"
              "if [ \"$1\" = purge ]; then deb-systemd-helper purge ecs.service >/dev/null || true\n"
              "deb-systemd-helper unmask ecs.service >/dev/null || true; fi\n",
}


def tree(folder, units="/usr/lib/systemd/system"):
    for path, text, mode in (("/usr/libexec/amazon-ecs-init", "#!/bin/sh\nexit 0\n", 0o755),
                             ("/usr/libexec/amazon-ecs-volume-plugin", "#!/bin/sh\nexit 0\n", 0o755),
                             (units + "/ecs.service", UNIT, 0o644),
                             ("/var/cache/ecs/ecs-agent-v1.105.1.tar", "the agent's image", 0o644),
                             ("/var/cache/ecs/state", "2", 0o644)):
        os.makedirs(os.path.dirname(folder + path), exist_ok=True)
        with open(folder + path, "w") as file:
            file.write(text)
        os.chmod(folder + path, mode)
    for path in ("/etc/ecs", "/var/log/ecs", "/var/lib/ecs/data"):
        os.makedirs(folder + path)


def build(folder, package, units="/usr/lib/systemd/system"):
    """Puts the files into FOLDER and makes the .deb of them."""
    tree(folder, units)
    os.symlink("ecs-agent-v1.105.1.tar", folder + "/var/cache/ecs/ecs-agent.tar")
    os.mkdir(folder + "/DEBIAN")
    with open(folder + "/DEBIAN/control", "w") as file:
        file.write("Package: amazon-ecs-init\nVersion: 1.105.1-1\nArchitecture: all\nMaintainer: a <a@b.example>\nDescription: peer\n")
    for name, text in SCRIPTS.items():
        with open(f"{folder}/DEBIAN/{name}", "w") as file:
            file.write("#!/bin/sh\nset -e\n" + text)
        os.chmod(f"{folder}/DEBIAN/{name}", 0o755)
    subprocess.run(("dpkg-deb", "--root-owner-group", "-b", folder, package), check=True, stdout=subprocess.DEVNULL)
