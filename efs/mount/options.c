#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/aws-endpoint.h"
#include "common/parse.h"
#include "efs/mount/options.h"

enum { URI_MAX = 1024 };

/* --- what a value may be; what passes here may stand in a line of a file */

static bool is_path(struct view v, size_t max)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return false;
	return v.len > 0 && v.len < max && v.p[0] == '/';
}

static const char *check_uri(struct view v)
{
	if (v.len == 0)
		return "it has no value: the task has no role (taskRoleArn) whose credentials could be used";
	return is_path(v, URI_MAX) ? NULL : "must be a path that begins with '/', such as /v2/credentials/…";
}

static const char *check_file(struct view v)
{
	return is_path(v, PATH_MAX) ? NULL : "must be an absolute path";
}

static const char *check_access_point(struct view v)
{
	size_t digits = 0;

	if (view_starts(v, "fsap-"))
		while (5 + digits < v.len && v.p[5 + digits] && strchr("0123456789abcdef", v.p[5 + digits]))
			digits++;
	return digits == 17 && v.len == 22 ? NULL : "must be fsap- and 17 hexadecimal digits";
}

/* Names of zones and regions are made of the same letters. */
static const char *check_zone(struct view v)
{
	return aws_is_region(v) ? NULL : "must be small letters, digits and '-'";
}

static const char *check_address(struct view v)
{
	unsigned char room[16];
	char text[64];

	snprintf(text, sizeof text, "%.*s", VIEW_ARG(v, sizeof text - 1));
	if (memchr(v.p, '\0', v.len) || (inet_pton(AF_INET, text, room) != 1 && inet_pton(AF_INET6, text, room) != 1))
		return "must be an IP address";
	return NULL;
}

static const char *check_port(struct view v)
{
	uint64_t n;

	return parse_u64(v, 65535, &n) == 0 ? NULL : "must be a number up to 65535";
}

static const char *check_verify(struct view v)
{
	return view_is(v, "2") || view_is(v, "0") ? NULL : "only 2 (the server's certificate is verified) and 0 (it is not) are to be had";
}

static const char *check_rsize(struct view v)
{
	uint64_t n;

	return parse_u64(v, UINT32_MAX, &n) == 0 ? NULL : "must be a number of bytes";
}

/* --- the grammar */

enum kind {
	FLAG,    /* ours, no value */
	VALUE,   /* ours, with a value */
	NFS,     /* passed on, but we want to know */
	DROPPED, /* meant for mount(8) and systemd */
	REFUSED,
};

static const struct row {
	const char  *name;
	enum kind    kind;
	enum efs_opt opt; /* of the first three */
	const char *(*check)(struct view value); /* NULL, or the rule that is broken; may be NULL */
	const char  *why; /* of REFUSED */
} grammar[] = {
	{ "tls", FLAG, OPT_TLS, NULL, NULL },
	{ "tlsport", VALUE, OPT_TLSPORT, check_port, NULL },
	{ "iam", FLAG, OPT_IAM, NULL, NULL },
	{ "awscredsuri", VALUE, OPT_AWSCREDSURI, check_uri, NULL },
	{ "accesspoint", VALUE, OPT_ACCESSPOINT, check_access_point, NULL },
	{ "az", VALUE, OPT_AZ, check_zone, NULL },
	{ "region", VALUE, OPT_REGION, check_zone, NULL },
	{ "mounttargetip", VALUE, OPT_MOUNTTARGETIP, check_address, NULL },
	{ "crossaccount", FLAG, OPT_CROSSACCOUNT, NULL, NULL },
	{ "netns", VALUE, OPT_NETNS, check_file, NULL },
	{ "verify", VALUE, OPT_VERIFY, check_verify, NULL },
	{ "cafile", VALUE, OPT_CAFILE, check_file, NULL },
	{ "notls", FLAG, OPT_NOTLS, NULL, NULL },
	{ "noocsp", FLAG, OPT_NOOCSP, NULL, NULL },
	{ "stunnel", FLAG, OPT_STUNNEL, NULL, NULL },
	{ "port", NFS, OPT_PORT, NULL, NULL },
	{ "nfsvers", NFS, OPT_VERSION, NULL, NULL },
	{ "vers", NFS, OPT_VERSION, NULL, NULL },
	{ "minorversion", NFS, OPT_VERSION, NULL, NULL },
	{ "rsize", NFS, OPT_RSIZE, check_rsize, NULL },
	{ "wsize", NFS, OPT_WSIZE, NULL, NULL },
	{ "hard", NFS, OPT_HARD, NULL, NULL },
	{ "soft", NFS, OPT_HARD, NULL, NULL },
	{ "softerr", NFS, OPT_HARD, NULL, NULL },
	{ "timeo", NFS, OPT_TIMEO, NULL, NULL },
	{ "retrans", NFS, OPT_RETRANS, NULL, NULL },
	{ "resvport", NFS, OPT_RESVPORT, NULL, NULL },
	{ "noresvport", NFS, OPT_RESVPORT, NULL, NULL },
	{ "_netdev", DROPPED, OPTS, NULL, NULL },
	{ "nofail", DROPPED, OPTS, NULL, NULL },
	{ "auto", DROPPED, OPTS, NULL, NULL },
	{ "noauto", DROPPED, OPTS, NULL, NULL },
	{ "user", DROPPED, OPTS, NULL, NULL },
	{ "users", DROPPED, OPTS, NULL, NULL },
	{ "nouser", DROPPED, OPTS, NULL, NULL },
	{ "owner", DROPPED, OPTS, NULL, NULL },
	{ "group", DROPPED, OPTS, NULL, NULL },
	{ "defaults", DROPPED, OPTS, NULL, NULL },
	{ "comment", DROPPED, OPTS, NULL, NULL },
	{ "remount", REFUSED, OPTS, NULL, "an EFS mount is changed by umount and mount" },
	{ "awsprofile", REFUSED, OPTS, NULL, "profiles need the AWS SDK: use the instance's role, or awscredsuri" },
	{ "rolearn", REFUSED, OPTS, NULL, "web identity is not to be had here: use the instance's role, or awscredsuri" },
	{ "jwtpath", REFUSED, OPTS, NULL, "web identity is not to be had here: use the instance's role, or awscredsuri" },
	{ "ocsp", REFUSED, OPTS, NULL, "revocation is not checked here: amazon-efs-utils with stunnel can" },
	{ "capath", REFUSED, OPTS, NULL, "not supported, neither by amazon-efs-utils: use cafile" },
	{ "azid", REFUSED, OPTS, NULL, "is for S3 Files (mount -t s3files) only" },
	{ "nodirects3read", REFUSED, OPTS, NULL, "is for S3 Files (mount -t s3files) only" },
	{ "nos3readcache", REFUSED, OPTS, NULL, "is for S3 Files (mount -t s3files) only" },
};

static const struct rule {
	enum efs_opt opt;
	bool         needs; /* else excludes */
	enum efs_opt other;
	const char  *text;
} rules[] = {
	{ OPT_TLS, false, OPT_NOTLS, "option 'tls' excludes 'notls'" },
	{ OPT_TLS, false, OPT_PORT, "option 'tls' excludes 'port': the port of the tunnel is 'tlsport'" },
	{ OPT_IAM, true, OPT_TLS, "option 'iam' needs 'tls'" },
	{ OPT_ACCESSPOINT, true, OPT_TLS, "option 'accesspoint' needs 'tls'" },
	{ OPT_AWSCREDSURI, true, OPT_IAM, "option 'awscredsuri' needs 'iam'" },
	{ OPT_MOUNTTARGETIP, false, OPT_CROSSACCOUNT, "option 'mounttargetip' excludes 'crossaccount'" },
};

static const struct {
	enum efs_opt unless;
	const char  *text;
} defaults[] = {
	{ OPT_VERSION, "nfsvers=4.1" }, { OPT_RSIZE, "rsize=1048576" }, { OPT_WSIZE, "wsize=1048576" }, { OPT_HARD, "hard" },
	{ OPT_TIMEO, "timeo=600" }, { OPT_RETRANS, "retrans=2" }, { OPT_RESVPORT, "noresvport" },
};

static const struct row *row_of(struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(grammar); i++)
		if (view_is(name, grammar[i].name))
			return &grammar[i];
	return NULL;
}

/* Cuts the next option off; a comma between double quotes belongs to it. */
static struct view cut_option(struct view *rest)
{
	struct view option = { rest->p, 0 };
	bool quoted = false;

	while (option.len < rest->len && (quoted || rest->p[option.len] != ',')) {
		quoted ^= rest->p[option.len] == '"';
		option.len++;
	}
	rest->p += option.len;
	rest->len -= option.len;
	if (rest->len > 0) {
		rest->p++;
		rest->len--;
	}
	return option;
}

static int pass(struct buf *b, struct view option)
{
	if (option.len == 0)
		return 0;
	return buf_printf(b, "%s%.*s", b->len > 0 ? "," : "", VIEW_ARG(option, (size_t) OPTIONS_MAX));
}

static int broken(struct view name, const char *rule, struct err *e)
{
	return err_say(e, -EINVAL, "option '%.*s': %s", VIEW_ARG(name, (size_t) 60), rule);
}

static int take(const struct row *row, struct view option, struct efs_options *o, struct err *e)
{
	struct view value = option, name = view_cut(&value, '=');
	bool has_value = name.len < option.len;
	const char *rule = NULL;

	if (row->kind == DROPPED)
		return 0;
	if (row->kind == REFUSED)
		return err_say(e, -ENOTSUP, "option '%s': %s", row->name, row->why);
	if (row->kind == FLAG && has_value)
		rule = "takes no value";
	else if (row->check)
		rule = row->check(value);
	if (rule)
		return broken(name, rule, e);
	o->given[row->opt] = true;
	o->value[row->opt] = value;
	return row->kind == NFS ? pass(&o->nfs, option) : 0;
}

static int take_all(struct view text, struct efs_options *o, struct err *e)
{
	while (text.len > 0) {
		struct view option = cut_option(&text), rest = option, name = view_cut(&rest, '=');
		const struct row *row = row_of(name);
		int r;

		if (memchr(option.p, '\n', option.len) || memchr(option.p, '\0', option.len))
			return broken(name, "has a line end or a NUL in it", e);
		if (view_starts(name, "x-") || view_starts(name, "X-"))
			continue; /* mount(8) keeps these to itself */
		r = row ? take(row, option, o, e) : pass(&o->nfs, option);
		if (r == -ENOMEM || r == -EMSGSIZE)
			return err_set(e, r, "read mount options");
		if (r < 0)
			return r;
	}
	return 0;
}

static uint64_t number(const struct efs_options *o, enum efs_opt opt, uint64_t otherwise)
{
	uint64_t n;

	return o->given[opt] && parse_u64(o->value[opt], UINT32_MAX, &n) == 0 ? n : otherwise;
}

int efs_options_parse(struct view text, struct efs_options *ret, struct err *e)
{
	int r;

	*ret = (struct efs_options) { .rsize = RSIZE_DEFAULT, .nfs = { .limit = 2 * OPTIONS_MAX } };
	if (text.len > OPTIONS_MAX)
		return err_say(e, -E2BIG, "read mount options: longer than %d bytes", OPTIONS_MAX);
	r = take_all(text, ret, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (ret->given[rules[i].opt] && ret->given[rules[i].other] != rules[i].needs)
			return err_say(e, -EINVAL, "%s", rules[i].text);
	ret->rsize = number(ret, OPT_RSIZE, RSIZE_DEFAULT);
	ret->tlsport = (unsigned) number(ret, OPT_TLSPORT, 0);
	ret->verify = number(ret, OPT_VERIFY, 2) != 0;
	return 0;
}

void efs_options_done(struct efs_options *o)
{
	buf_done(&o->nfs);
}

int efs_options_nfs(const struct efs_options *o, unsigned port, struct buf *b)
{
	size_t begin = b->len;
	int r = o->nfs.len > 0 ? buf_add(b, o->nfs.p, o->nfs.len) : 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(defaults); i++)
		if (!o->given[defaults[i].unless])
			r = buf_printf(b, "%s%s", b->len > begin ? "," : "", defaults[i].text);
	return r == 0 && port > 0 ? buf_printf(b, "%sport=%u", b->len > begin ? "," : "", port) : r;
}
