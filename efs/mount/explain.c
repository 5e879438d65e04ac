#include <errno.h>
#include <string.h>

#include "common/attr.h"
#include "efs/mount/explain.h"

enum { ANY, PLAIN, TLS };

/* The first row that is found wins. In the C locale. */
static const struct {
	const char *said, *hint;
	int         when;
	bool        no_iam;
} rows[] = {
	{ "No such device", "the kernel has no NFS client: modprobe nfsv4", ANY, false },
	{ "unknown filesystem type 'nfs", "the kernel has no NFS client: modprobe nfsv4", ANY, false },
	{ "Protocol not supported", "the kernel's NFS client cannot do this version of NFS", ANY, false },
	{ "access denied by server", "access denied: does the policy of the file system ask for TLS (option tls), or for a role (option iam)?", PLAIN, false },
	{ "access denied by server", "access denied: does the policy of the file system ask for a role (option iam), and is the access point there?", TLS, true },
	{ "access denied by server", "access denied: does the policy of the file system allow elasticfilesystem:ClientMount for this role, and is the access point there?", TLS, false },
	{ "reason given by server: No such file or directory", "the path does not exist in the file system", ANY, false },
	{ "reset by peer", "the mount target has cut the connection: TLS was refused, or a proxy stands in between", TLS, false },
	{ "Connection refused", "the tunnel does not listen any more", TLS, false },
	{ "an incorrect mount option", "an option is none of NFS's nor of mount.efs", ANY, false },
};

const char *explain(const struct failure *f)
{
	if (f->access < 0)
		return ""; /* that the mount target cannot be reached says it all */
	for (size_t i = 0; f->said.len > 0 && i < ARRAY_LEN(rows); i++)
		if (memmem(f->said.p, f->said.len, rows[i].said, strlen(rows[i].said)) &&
		    (rows[i].when == ANY || (rows[i].when == TLS) == f->tls) && (!rows[i].no_iam || !f->iam))
			return rows[i].hint;
	return "";
}
