#include <string.h>

#include "common/attr.h"
#include "efs/cause.h"

/* The first row that is found wins: the more exact one stands first. In the C locale; efs-utils speaks English only. */
static const struct {
	const char *said, *hint;
} hints[] = {
	{ "unknown filesystem type 'efs'", "there is no mount.efs on this host: install amazon-efs-utils" },
	{ "unknown filesystem type 's3files'", "there is no mount.s3files on this host: amazon-efs-utils has it from version 3.0 on" },
	{ "Failed to resolve", "DNS: the name of the file system has no address in this VPC; is there a mount target in this availability zone, and are DNS resolution and host names on?" },
	{ "Name or service not known", "DNS: the name of the file system has no address in this VPC" },
	{ "Temporary failure in name resolution", "DNS: no name server has answered" },
	{ "access denied by server", "access denied: does the policy of the file system allow elasticfilesystem:ClientMount for this role, is iam set where it asks for it, and is the access point there?" },
	{ "Access Denied", "access denied: what may this role do?" },
	{ "Connection timed out", "no answer at TCP port 2049: do the security groups let this instance, or the task's network interface, reach the mount target?" },
	{ "Connection refused", "TCP port 2049 is closed: is it the mount target, and does the tunnel run?" },
	{ "reset by peer", "the connection was cut: TLS was refused, or a proxy stands in between" },
	{ "No route to host", "no route to the mount target: is it in this VPC?" },
	{ "Network is unreachable", "no route to the mount target: is the network up?" },
	{ "unable to find security credentials", "no credentials: has the task a role, and does 169.254.170.2 answer on this host?" },
	{ "reason given by server: No such file or directory", "the root directory does not exist in the file system" },
};

const char *cause_hint(struct view said)
{
	if (view_starts(said, "mount.efs: ")) /* our own helper names the cause itself */
		return "";
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (said.len > 0 && memmem(said.p, said.len, hints[i].said, strlen(hints[i].said)))
			return hints[i].hint;
	return "";
}
