"""The section `taskRoles`: from user data to ecs.config and to what ecs-netconf shows."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import bootstrap
import program
import tap
from tap import contains, each, equal, lacks

CONF = "/etc/ecs/netconf.conf"
CONFIG = "/etc/ecs/ecs.config"


def config(host, **section):
    host.config_of(json.dumps({"version": 1, **({"taskRoles": section} if section else {})}))


def shown(host):
    return program.run([program.path_of("ecs-netconf"), "--root", host.path, "show"]).exits(0).out


def test_rules_off():
    with bootstrap.Host() as host:
        contains(shown(host), "169.254.170.2")
        config(host, enabled=False)
        contains(host.read(CONF), "\nTASK_ROLES=false\n")
        contains(host.read(CONFIG), "ECS_ENABLE_TASK_IAM_ROLE=false\n")
        contains(host.read(CONFIG), "ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST=false\n")
        lacks(shown(host), "169.254.170.2")
        config(host)
        equal(host.has(CONF), False, "the file without the section")
        lacks(host.read(CONFIG), "TASK_IAM_ROLE")
        contains(shown(host), "169.254.170.2")


def test_metadata_blocked():
    with bootstrap.Host() as host:
        lacks(shown(host), "169.254.169.254")
        config(host, blockInstanceMetadata=True)
        contains(host.read(CONFIG), "ECS_AWSVPC_BLOCK_IMDS=true\n")
        text = shown(host)
        contains(text, "169.254.169.254")
        if os.path.exists("/proc/sys/net/ipv6"):
            contains(text, "fd00:ec2::254")
        equal(host.mode(CONF), 0o644, "mode of the file")


@each(iptables=("iptables", "# iptables-restore --noflush\n"), nftables=("nftables", "# backend: nftables\n# nft -f -\n"))
def test_backend(name, shows):
    with bootstrap.Host() as host:
        config(host, backend=name)
        contains(host.read(CONF), f"\nBACKEND={name}\n")
        if name == "iptables" and not os.path.exists("/usr/sbin/iptables-restore"):
            tap.skip("iptables is not installed")
        contains(shown(host), shows)


if __name__ == "__main__":
    tap.main()
