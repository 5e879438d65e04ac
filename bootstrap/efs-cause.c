#include <string.h>

#include "bootstrap/efs-fstab.h"

/* In this order: the helper prints its own view first, and a hint that may name others' causes. Texts of mount(8), nfs-utils, efs-utils. */
static const struct {
	const char    *part;
	enum efs_cause cause;
} texts[] = {
	{ "unknown filesystem type 'efs'", EFS_NO_HELPER },
	{ "you might need a /sbin/mount.", EFS_NO_HELPER },
	{ "mount.nfs4: not found", EFS_NO_HELPER },
	{ "unknown filesystem type 'nfs", EFS_NO_KERNEL },
	{ "No such device", EFS_NO_KERNEL },
	{ "Protocol not supported", EFS_NO_KERNEL },
	{ "Failed to resolve", EFS_DNS },
	{ "Name or service not known", EFS_DNS },
	{ "Temporary failure in name resolution", EFS_DNS },
	{ "No address associated with hostname", EFS_DNS },
	{ "access denied by server", EFS_DENIED },
	{ "AccessDenied", EFS_DENIED },
	{ "Permission denied", EFS_DENIED },
	{ "Operation not permitted", EFS_DENIED },
	{ "reason given by server: No such file or directory", EFS_NO_FOLDER },
	{ "reset by peer", EFS_RESET },
	{ "Connection refused", EFS_REFUSED },
	{ "Network is unreachable", EFS_UNREACHABLE },
	{ "No route to host", EFS_UNREACHABLE },
	{ "timed out", EFS_TIMEOUT },
	{ "Timed out", EFS_TIMEOUT },
	{ "timeout", EFS_TIMEOUT },
};

enum efs_cause efs_judge(struct view said, bool timed_out)
{
	for (size_t i = 0; said.len > 0 && i < ARRAY_LEN(texts); i++)
		if (memmem(said.p, said.len, texts[i].part, strlen(texts[i].part)))
			return texts[i].cause;
	return timed_out ? EFS_TIMEOUT : EFS_OTHER;
}

const char *efs_cause_text(enum efs_cause cause)
{
	static const char *const words[] = {
		[EFS_OTHER] = "it failed",
		[EFS_DNS] = "its name does not resolve; it needs a mount target in this VPC, and the VPC DNS resolution and DNS hostnames",
		[EFS_REFUSED] = "the connection is refused; nothing listens on port 2049 of the mount target, or the local TLS tunnel has ended",
		[EFS_TIMEOUT] = "no answer; the security groups of the mount target and of this instance must let TCP port 2049 through",
		[EFS_DENIED] = "access is denied; look at the file system policy, the instance role, authorizationConfig and the access point",
		[EFS_RESET] = "the connection is cut off; the policy may demand TLS or IAM authorization, or the access point is not ready",
		[EFS_NO_FOLDER] = "there is no such folder in the file system; look at rootDirectory",
		[EFS_NO_HELPER] = "nothing here can mount it; neither amazon-efs-utils nor the NFS client with mount.efs is installed",
		[EFS_NO_KERNEL] = "this kernel has no NFS client",
		[EFS_UNREACHABLE] = "there is no route to the mount target",
	};

	return words[cause];
}
