"""User data with two EFS mounts and a package, and stand-ins for what mounts and what installs."""

from boot import Scenario

USER_DATA = "user-data-efs.mime"
APT = ("/usr/local/sbin/apt-get", """#!/bin/sh
sleep 1
echo "$(date +%s.%N) $*" >>/run/apt-get.calls
""")
# /mnt/not-needed never comes; /efs comes after a while, or once somebody has mended it
MOUNT = """#!/bin/sh
echo "$(date +%s.%N) $*" >>/run/mount.efs.calls
if [ "$2" = /mnt/not-needed ]; then
	echo "mount.nfs4: Connection refused" >&2
	exit 32
fi
{mend}
sleep 1
exec mount -i -t tmpfs "$1" "$2"
"""
BROKEN = "[ -e /run/mended ] || { sleep 1; echo 'mount.nfs4: access denied by server while mounting 127.0.0.1:/' >&2; exit 32; }"


def scenario(broken, **more):
    """BROKEN: /efs, which is required, cannot be mounted before there is /run/mended."""
    mount = MOUNT.format(mend=BROKEN if broken else "")
    return Scenario(USER_DATA, files=(APT, ("/usr/sbin/mount.efs", mount)), **more)
