#!/bin/sh
# instance.sh FOLDER REPOSITORY - makes an instance of the new mount, network
# and pid namespaces it is started in (by instance.py), then stays as their
# first process. When that one is killed, all that is here ends with it.
#
# The host's files are seen, and changes to them go to a tmpfs: programs use
# the real paths and the host keeps its own.
set -eu
folder=$1
repository=$2

mount --make-rprivate /
mount -t proc proc /proc
# not divided by namespaces: dockerd would raise the host's key limits
for s in kernel vm; do
	mount --bind /proc/sys/$s /proc/sys/$s
	mount -o remount,bind,ro /proc/sys/$s
done

mkdir -p "$folder/upper" "$folder/docker"
mount -t tmpfs -o mode=755 instance "$folder/upper"
cd "$folder/upper"
mkdir folder repository cgroup
mount --bind "$folder" folder
mount --bind "$repository" repository
mount --rbind /sys/fs/cgroup cgroup

for d in etc var usr mnt; do
	mkdir $d $d.work
	mount -t overlay -o "lowerdir=/$d,upperdir=$PWD/$d,workdir=$PWD/$d.work" overlay /$d
done
# should these two lie below an overlay: sockets and new builds are seen through a bind only
mount --bind folder "$folder"
mount --bind repository "$repository"
mount -t tmpfs -o mode=755 run /run
# a sysfs of the new network namespace, with the cgroup tree that Docker needs
mount -t sysfs sysfs /sys
mount --rbind cgroup /sys/fs/cgroup

rm -rf /etc/ecs /etc/docker /var/lib/ecs /var/cache/ecs /var/log/ecs /var/lib/docker /var/lib/cloud
mkdir -p /etc/ecs /var/lib/ecs/data /var/cache/ecs /var/log/ecs /var/lib/docker
mount --bind folder/docker /var/lib/docker

ip link set lo up
ip addr add 169.254.169.254/32 dev lo
ip netns add gateway
ip link add eth0 type veth peer name gw0 netns gateway
ip -n gateway link set lo up
ip -n gateway addr add 10.0.0.1/24 dev gw0
ip -n gateway link set gw0 up
ip addr add 10.0.0.15/24 dev eth0
ip link set eth0 up
# without a default route 169.254.170.2 is unreachable before any rule sees it
ip route add default via 10.0.0.1
if [ -e /proc/sys/net/ipv6 ]; then
	ip -n gateway addr add fd00:10::1/64 dev gw0 nodad
	ip addr add fd00:10::15/64 dev eth0 nodad
	ip addr add fd00:ec2::254/128 dev lo nodad
fi

echo ready
# the first process of a pid namespace inherits orphans: an ignored SIGCHLD reaps them
exec env --ignore-signal=CHLD sleep infinity
