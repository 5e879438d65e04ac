#include <string.h>

#include "common/attr.h"
#include "common/efs-cause.h"

#define IF_UNKNOWN (1U << EFS_WAY_UNKNOWN)
#define IF_PLAIN   (1U << EFS_WAY_PLAIN)
#define IF_TLS     (1U << EFS_WAY_TLS)
#define IF_IAM     (1U << EFS_WAY_TLS_IAM)
#define ANY        (IF_UNKNOWN | IF_PLAIN | IF_TLS | IF_IAM)

#define NO_HELPER "nothing here can mount it: neither amazon-efs-utils nor the NFS client with mount.efs is installed"
#define NO_KERNEL "this kernel has no NFS client: modprobe nfsv4"
#define NO_NAME   "its name does not resolve: it needs a mount target in this VPC and zone, and the VPC DNS resolution and DNS hostnames"
#define NO_ANSWER "no answer at TCP port 2049: the security groups of the mount target must let this instance, or the task's network interface, through"
#define NO_ROUTE  "there is no route to the mount target: is it in this VPC?"
#define DENIED    "access is denied: look at the file system policy (elasticfilesystem:ClientMount), the role, authorizationConfig (iam) and the access point"

/* The more exact one stands first. mount.efs puts a text of this table behind the words, so none may hold the words of a row above its own. */
const struct efs_cause efs_causes[] = {
	{ "unknown filesystem type 's3files'", ANY, "there is no mount.s3files on this host: amazon-efs-utils has it from version 3.0 on" },
	{ "unknown filesystem type 'efs'", ANY, NO_HELPER },
	{ "you might need a /sbin/mount.", ANY, NO_HELPER },
	{ "mount.nfs4: not found", ANY, NO_HELPER },
	{ "unknown filesystem type 'nfs", ANY, NO_KERNEL },
	{ "No such device", ANY, NO_KERNEL },
	{ "Protocol not supported", ANY, "the NFS client of this kernel cannot do this version of NFS" },
	{ "an incorrect mount option", ANY, "an option is none of NFS's nor of mount.efs" },
	{ "unable to find security credentials", ANY, "no credentials: has the task a role, and does 169.254.170.2 answer on this host?" },
	{ "Temporary failure in name resolution", ANY, "its name does not resolve: no name server has answered" },
	{ "Failed to resolve", ANY, NO_NAME },
	{ "Name or service not known", ANY, NO_NAME },
	{ "No address associated with hostname", ANY, NO_NAME },
	{ "access denied by server", IF_PLAIN, "access is denied: does the file system policy ask for TLS (option tls), or for a role (option iam)?" },
	{ "access denied by server", IF_TLS, "access is denied: does the file system policy ask for a role (option iam), and is the access point there?" },
	{ "access denied by server", IF_IAM | IF_UNKNOWN, DENIED },
	{ "AccessDenied", ANY, DENIED },
	{ "Access Denied", ANY, DENIED },
	{ "Permission denied", ANY, DENIED },
	{ "Operation not permitted", ANY, DENIED },
	{ "reason given by server: No such file or directory", ANY, "there is no such folder in the file system: look at rootDirectory" },
	{ "reset by peer", IF_TLS | IF_IAM, "the connection is cut off: TLS was refused, the access point is not ready, or a proxy stands in between" },
	{ "reset by peer", IF_PLAIN | IF_UNKNOWN, "the connection is cut off: the policy may demand TLS or IAM authorization, the access point is not ready, or a proxy stands in between" },
	{ "Connection refused", IF_TLS | IF_IAM, "the connection is refused: the tunnel does not listen any more" },
	{ "Connection refused", IF_PLAIN | IF_UNKNOWN, "the connection is refused: nothing listens on port 2049 of the mount target, or the TLS tunnel has ended" },
	{ "Network is unreachable", ANY, NO_ROUTE },
	{ "No route to host", ANY, NO_ROUTE },
	{ "timed out", ANY, NO_ANSWER },
	{ "Timed out", ANY, NO_ANSWER },
	{ "timeout", ANY, NO_ANSWER },
};
const size_t efs_causes_n = ARRAY_LEN(efs_causes);

const char *efs_cause(struct view said, enum efs_way way, bool timed_out)
{
	for (size_t i = 0; said.len > 0 && i < ARRAY_LEN(efs_causes); i++)
		if ((efs_causes[i].ways & (1U << way)) && memmem(said.p, said.len, efs_causes[i].said, strlen(efs_causes[i].said)))
			return efs_causes[i].text;
	return timed_out ? NO_ANSWER : "";
}
