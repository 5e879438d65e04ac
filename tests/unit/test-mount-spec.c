#include <errno.h>

#include "efs/mount/conf.h"
#include "efs/mount/spec.h"
#include "tests/unit/test.h"

static struct err err;

static void what_may_be_mounted(void **state)
{
	struct efs_spec s;

	(void) state;
	assert_int_equal(efs_spec_parse(view_of("fs-0123abcd"), &s, &err), 0);
	assert_view(s.id, "fs-0123abcd");
	assert_view(s.path, "/");
	assert_int_equal(efs_spec_parse(view_of("fs-1:/a b:c"), &s, &err), 0);
	assert_view(s.path, "/a b:c");
	assert_int_equal(efs_spec_parse(view_of("fs-1:"), &s, &err), 0);
	assert_view(s.path, "/");
	assert_int_equal(efs_spec_parse(view_of("files.example.com:/x"), &s, &err), 0);
	assert_int_equal(s.id.len, 0);
	assert_view(s.host, "files.example.com");
}

static void what_may_not(void **state)
{
	static const char *const bad[] = { "", ":/x", "fs-1:x", "fs-1:../x", "-x:/", "a_b:/", "fs-1/x", ".x", "fs-1:/a\nb" };
	struct efs_spec s;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(efs_spec_parse(view_of(bad[i]), &s, &err), -EINVAL);
	/* a name that only looks like an id is one of a host */
	assert_int_equal(efs_spec_parse(view_of("fs-xyz"), &s, &err), 0);
	assert_int_equal(s.id.len, 0);
}

static void names_taken_apart(void **state)
{
	static const char *const bad[] = { "fs-1", "fs-1.efs", "fs-1.efs.eu-west-1", "fs-1.efs.eu-west-1.com", "a.b.fs-1.efs.eu-west-1.amazonaws.com",
					   "fs-g.efs.eu-west-1.amazonaws.com", "fs-1.nfs.eu-west-1.amazonaws.com", "", ".", "fs-1.efs.eu-west-1.a$.b" };
	struct efs_name n;

	(void) state;
	assert_true(efs_name_parse(view_of("fs-1a.efs.cn-north-1.amazonaws.com.cn."), &n));
	assert_view(n.id, "fs-1a");
	assert_view(n.region, "cn-north-1");
	assert_view(n.domain, "amazonaws.com.cn");
	assert_int_equal(n.zone.len, 0);
	assert_true(efs_name_parse(view_of("us-east-1a.fs-1.efs.us-east-1.amazonaws.com"), &n));
	assert_view(n.zone, "us-east-1a");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(efs_name_parse(view_of(bad[i]), &n));
}

static void names_made(void **state)
{
	static const struct {
		const char *region, *domain, *name;
	} all[] = {
		{ "eu-central-1", NULL, "fs-1.efs.eu-central-1.amazonaws.com" }, { "cn-north-1", "", "fs-1.efs.cn-north-1.amazonaws.com.cn" },
		{ "eusc-de-east-1", NULL, "fs-1.efs.eusc-de-east-1.amazonaws.eu" }, { "us-iso-east-1", NULL, "fs-1.efs.us-iso-east-1.c2s.ic.gov" },
		{ "us-isob-west-1", NULL, "fs-1.efs.us-isob-west-1.sc2s.sgov.gov" }, { "us-gov-west-1", NULL, "fs-1.efs.us-gov-west-1.amazonaws.com" },
		{ "us-isof-east-1", NULL, "fs-1.efs.us-isof-east-1.csp.hci.ic.gov" }, { "eu-isoe-west-1", NULL, "fs-1.efs.eu-isoe-west-1.cloud.adc-e.uk" },
		{ "eu-west-1", "example.org", "fs-1.efs.eu-west-1.example.org" },
	};
	char host[EFS_HOST_SIZE];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_int_equal(efs_name_make("fs-1", all[i].region, all[i].domain, host, &err), 0);
		assert_string_equal(host, all[i].name);
	}
	assert_int_equal(efs_name_make("fs-1", "eu west", NULL, host, &err), -EINVAL);
	assert_int_equal(efs_name_make("fs-1", "eu-west-1", "a/b", host, &err), -EINVAL);
}

static void names_of_mounts(void **state)
{
	static const struct {
		const char *dir, *base;
	} all[] = {
		{ "/", "fs-1" }, { "/efs", "fs-1.efs" }, { "/mnt/a", "fs-1.mnt.a" }, { "/mnt/a.b", "fs-1.mnt.a\\x2eb" },
		{ "/mnt/.a", "fs-1.mnt.\\x2ea" }, { "/a b/c\n", "fs-1.a\\x20b.c\\x0a" }, { "/\xc3\xa4", "fs-1.\\xc3\\xa4" },
		{ "/var/lib/ecs/volumes/ecs-f-3-data_x", "fs-1.var.lib.ecs.volumes.ecs-f-3-data_x" }, { "/@\\", "fs-1.\\x40\\x5c" },
	};
	char base[EFS_BASE_SIZE];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_int_equal(efs_base_make("fs-1", all[i].dir, base, &err), 0);
		assert_string_equal(base, all[i].base);
	}
}

static void long_names_differ(void **state)
{
	char dir[4096], one[EFS_BASE_SIZE], two[EFS_BASE_SIZE];

	(void) state;
	memset(dir, '.', sizeof dir);
	dir[0] = '/';
	dir[sizeof dir - 1] = '\0';
	assert_int_equal(efs_base_make("fs-0123456789abcdef0", dir, one, &err), 0);
	dir[sizeof dir - 2] = 'x';
	assert_int_equal(efs_base_make("fs-0123456789abcdef0", dir, two, &err), 0);
	assert_true(strlen(one) < 190);
	assert_string_not_equal(one, two);
	assert_memory_equal(one, two, 160);
}

static void efs_utils_conf(void **state)
{
	struct view v, text = view_of("# c\nregion = no\n[mount]\nregion = eu-west-1\r\nDNS_name_suffix:x.org\nregion = eu-west-2\n; region = z\n"
				      "[mount.cn-north-1]\ndns_name_suffix = amazonaws.com.cn\n[client-info]\nsource=k8s\nempty =\nalone\n[mount\n");

	(void) state;
	assert_true(conf_find(text, "mount", "region", &v));
	assert_view(v, "eu-west-2");
	assert_true(conf_find(text, "client-info", "source", &v));
	assert_view(v, "k8s");
	assert_true(conf_find(text, "client-info", "empty", &v));
	assert_int_equal(v.len, 0);
	assert_false(conf_find(text, "mount", "source", &v));
	assert_true(conf_mount(text, "cn-north-1", "dns_name_suffix", &v));
	assert_view(v, "amazonaws.com.cn");
	assert_true(conf_mount(text, "eu-west-1", "dns_name_suffix", &v));
	assert_view(v, "x.org");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_may_be_mounted), TEST(what_may_not), TEST(names_taken_apart), TEST(names_made), TEST(names_of_mounts),
		TEST(long_names_differ), TEST(efs_utils_conf),
	};

	return RUN("mount.efs names", tests);
}
