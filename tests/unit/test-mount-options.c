#include <errno.h>

#include "efs/mount/options.h"
#include "tests/unit/test.h"

#define DEFAULTS "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport"
#define AP       "accesspoint=fsap-0123456789abcdef0"

static struct err err;

static void accepts(const char *text, unsigned port, const char *nfs)
{
	AUTO_EFS_OPTIONS o;
	AUTO_BUF b = { .limit = 0 };

	assert_int_equal(efs_options_parse(view_of(text), &o, &err), 0);
	assert_int_equal(efs_options_nfs(&o, port, &b), 0);
	assert_string_equal(b.p, nfs);
}

static void refuses(const char *text, int code, const char *says)
{
	AUTO_EFS_OPTIONS o;

	assert_int_equal(efs_options_parse(view_of(text), &o, &err), code);
	assert_says(err, says);
}

static void what_nfs_gets(void **state)
{
	(void) state;
	accepts("", 0, DEFAULTS);
	accepts("tls", 20049, DEFAULTS ",port=20049");
	accepts("rw,_netdev,nofail,noauto,auto,user,users,defaults,comment=x,x-systemd.automount,X-a=b", 0, "rw," DEFAULTS);
	accepts("soft,vers=4.0,timeo=1,retrans=9,resvport,rsize=4096,wsize=8192", 0, "soft,vers=4.0,timeo=1,retrans=9,resvport,rsize=4096,wsize=8192");
	accepts("minorversion=1,ro,ac,unknown=a=b", 0, "minorversion=1,ro,ac,unknown=a=b,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport");
	accepts("context=\"a,b:c\",ro", 0, "context=\"a,b:c\",ro," DEFAULTS);
	accepts(",,ro,,", 0, "ro," DEFAULTS);
	accepts("port=2050,notls", 0, "port=2050," DEFAULTS);
	accepts("tls,iam,awscredsuri=/v2/credentials/x," AP ",netns=/proc/1/ns/net,az=eu-west-1a,region=eu-west-1,cafile=/a,noocsp,stunnel,verify=0",
		1, DEFAULTS ",port=1");
}

static void what_is_ours(void **state)
{
	AUTO_EFS_OPTIONS o;

	(void) state;
	assert_int_equal(efs_options_parse(view_of("tls,tlsport=20050,iam,awscredsuri=/v2/credentials/a=b," AP ",rsize=65536,verify=0"), &o, &err), 0);
	assert_true(o.given[OPT_TLS] && o.given[OPT_IAM] && !o.given[OPT_NETNS]);
	assert_int_equal(o.tlsport, 20050);
	assert_int_equal(o.rsize, 65536);
	assert_false(o.verify);
	assert_view(o.value[OPT_AWSCREDSURI], "/v2/credentials/a=b");
	assert_view(o.value[OPT_ACCESSPOINT], "fsap-0123456789abcdef0");
}

static void defaults_of_ours_and_the_last_one_wins(void **state)
{
	AUTO_EFS_OPTIONS o;

	(void) state;
	assert_int_equal(efs_options_parse(view_of("tls,tlsport=1,tlsport=2,region=a-b-1,region=c-d-2"), &o, &err), 0);
	assert_int_equal(o.tlsport, 2);
	assert_view(o.value[OPT_REGION], "c-d-2");
	assert_int_equal(o.rsize, 1048576);
	assert_true(o.verify);
}

static void rules_between_options(void **state)
{
	(void) state;
	refuses("tls,notls", -EINVAL, "option 'tls' excludes 'notls'");
	refuses("port=1,tls", -EINVAL, "option 'tls' excludes 'port'");
	refuses("iam", -EINVAL, "option 'iam' needs 'tls'");
	refuses(AP, -EINVAL, "option 'accesspoint' needs 'tls'");
	refuses("tls,awscredsuri=/x", -EINVAL, "option 'awscredsuri' needs 'iam'");
	refuses("mounttargetip=10.0.0.1,crossaccount", -EINVAL, "excludes 'crossaccount'");
}

static void values_and_their_forms(void **state)
{
	static const char *const bad[] = {
		"tls=yes", "tlsport=", "tlsport=65536", "tlsport=1x", "tls,accesspoint=fsap-0123456789abcdef", "accesspoint=fsap-0123456789ABCDEF0",
		"accesspoint=", "az=eu/1", "az=", "region=EU", "region=a.b", "mounttargetip=1.2.3", "mounttargetip=host", "netns=proc/1", "netns=",
		"cafile=ca.pem", "verify=1", "verify=", "rsize=big", "rsize", "iam=true", "tls,iam,awscredsuri=http://x/",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refuses(bad[i], -EINVAL, "option '");
	refuses("tls,iam,awscredsuri", -EINVAL, "no value: the task has no role");
	refuses("tls,iam,awscredsuri=", -EINVAL, "no value: the task has no role");
	accepts("mounttargetip=fe80::1,az=eu-central-1a,tlsport=0", 0, DEFAULTS);
}

static void what_is_not_to_be_had_says_why(void **state)
{
	(void) state;
	refuses("ocsp", -ENOTSUP, "option 'ocsp': revocation");
	refuses("tls,iam,awsprofile=x", -ENOTSUP, "option 'awsprofile': profiles");
	refuses("rolearn=x", -ENOTSUP, "web identity");
	refuses("jwtpath=/x", -ENOTSUP, "web identity");
	refuses("capath=/x", -ENOTSUP, "use cafile");
	refuses("azid=x", -ENOTSUP, "S3 Files");
	refuses("remount,ro", -ENOTSUP, "umount");
}

static void limits(void **state)
{
	char text[OPTIONS_MAX + 2];

	(void) state;
	memset(text, 'a', sizeof text);
	text[OPTIONS_MAX + 1] = '\0';
	refuses(text, -E2BIG, "longer than 4096 bytes");
	refuses("ro,a\nb", -EINVAL, "line end");
	refuses("tls,iam,awscredsuri=/a b", -EINVAL, "must be a path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_nfs_gets), TEST(what_is_ours), TEST(defaults_of_ours_and_the_last_one_wins), TEST(rules_between_options),
		TEST(values_and_their_forms), TEST(what_is_not_to_be_had_says_why), TEST(limits),
	};

	return RUN("mount.efs options", tests);
}
