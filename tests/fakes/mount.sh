#!/bin/sh
# A stand-in for mount(8) and umount(8), by the name it is called with. FAKE_MOUNTS is a folder:
#   log        what it was called with, one line each
#   mountinfo  where it writes what is mounted, in the kernel's format
#   do-mount, do-umount, do-mount-NAME, do-umount-NAME   shell that decides what happens to all, or to one volume
# $target and $mountinfo are set for that shell; `exit` in it is the exit status, falling through does the work.
me=${0##*/}
for target; do :; done
mountinfo=$(readlink -f "$FAKE_MOUNTS/mountinfo")
printf '%s %s\n' "$me" "$*" >>"$FAKE_MOUNTS/log"
for order in "$FAKE_MOUNTS/do-$me-${target##*/}" "$FAKE_MOUNTS/do-$me"; do
	# shellcheck disable=SC1090  # the test wrote it
	if [ -e "$order" ]; then . "$order"; fi
done
exec 9>"$FAKE_MOUNTS/lock"
flock 9
if [ "$me" = mount ]; then
	printf '99 22 0:99 / %s rw shared:9 - nfs4 127.0.0.1:/ rw\n' "$target" >>"$mountinfo"
	exit 0
fi
line=$(grep -n " / $target rw" "$mountinfo" | tail -n 1 | cut -d: -f1)
if [ -z "$line" ]; then
	echo "umount: $target: not mounted." >&2
	exit 32
fi
# whole or not at all, as the kernel's: a reader sees the old lines or the new ones
sed "${line}d" "$mountinfo" >"$mountinfo.new" && mv "$mountinfo.new" "$mountinfo"
