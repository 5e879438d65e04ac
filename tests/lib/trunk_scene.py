"""A host under a temporary root with all that eniTrunking touches: metadata, ECS, interfaces, managers."""

import json
import os

from aws import Aws
from bootstrap import Host
from imds import MAC, Imds
from tap import check, equal

UDEV = "/run/udev/rules.d/99-zz-ecs-trunk.rules"
NETWORKD = "/run/systemd/network/05-ecs-trunk.network"
MANAGER = "/run/NetworkManager/conf.d/90-ecs-trunk.conf"
CLOUD_SETUP = "/run/systemd/system/nm-cloud-setup.service.d/10-ecs-trunk.conf"
FILES = (UDEV, NETWORKD, MANAGER, CLOUD_SETUP)
PROBES = ("/usr/lib/systemd/systemd-networkd", "/usr/sbin/NetworkManager", "/usr/lib/systemd/system/nm-cloud-setup.service")
MODULES = "/etc/modules-load.d/ecs-trunk.conf"


class Scene(Host):
    """A host whose primary interface is ens5, with everything installed; modprobe and systemctl only write down what they are told."""

    def __init__(self, wrong=(), imds_wrong=(), installed=PROBES, module=True):
        super().__init__(old="# mine\n")
        self.imds, self.aws = Imds(wrong=imds_wrong), Aws(wrong=wrong)
        self.write("/sys/class/net/ens5/address", MAC + "\n")
        self.write("/sys/class/net/ens5/device/vendor", "0x1d0f\n")
        self.write("/sys/class/net/ens6/address", "0e:00:00:00:00:06\n")
        self.write("/sys/class/net/lo/address", "00:00:00:00:00:00\n")
        self.write("/sys/class/net/br0/address", MAC + "\n")     # a bridge on top of it
        for path in installed:
            self.write(path, "")
        fails = "" if module else "echo 'modprobe: FATAL: Module 8021q not found in directory /lib/modules/6.1' >&2; exit 1"
        for name in ("modprobe", "systemctl"):
            self.write(f"/fake/{name}", f'#!/bin/sh\necho {name} "$@" >>{self.at("/fake/calls")}\n'
                       + (fails if name == "modprobe" else ""), 0o755)

    def __enter__(self):
        self.imds.start()
        self.aws.start()
        return self

    def __exit__(self, *what):
        self.imds.stop()
        self.aws.stop()
        super().__exit__(*what)

    def run(self, value="enabled", seconds=25, **env):
        """`config` with the setting; None: without it. The time it took is .seconds."""
        document = {"version": 1, **({"eniTrunking": value} if value else {})}
        self.imds.user_data = json.dumps(document).encode()
        return self.config(imds=self.imds, seconds=seconds, **{
            "AWS_ENDPOINT_URL_ECS": self.aws.url, "PATH": f"{self.at('/fake')}:{os.environ['PATH']}", **env})

    def calls(self):
        """What modprobe and systemctl were told since last asked."""
        if not self.has("/fake/calls"):
            return []
        lines = self.read("/fake/calls").splitlines()
        os.unlink(self.at("/fake/calls"))
        return lines

    def asked(self):
        return [(r.route, r.json) for r in self.aws.asked()]

    def is_prepared(self):
        for path in FILES:
            check(self.has(path), f"{path} is not there")
        equal(self.read(MODULES).splitlines()[-1], "8021q", MODULES)

    def is_released(self):
        equal([path for path in (*FILES, MODULES) if self.has(path)], [], "files")
