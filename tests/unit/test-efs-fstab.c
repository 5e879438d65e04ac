#include <errno.h>

#include "bootstrap/efs-fstab.h"
#include "bootstrap/proc-text.h"
#include "tests/unit/test.h"

#define BEGIN "# BEGIN ecs-bootstrap: written from user data at each boot; do not edit up to END\n"
#define END   "# END ecs-bootstrap\n"
#define TAIL  ",x-systemd.mount-timeout=90s,x-systemd.after=ecs-packages.service 0 0\n"

static void read_mount(const char *text, struct json_object **doc, struct efs_mount *m)
{
	struct json_place at;
	struct err e;

	assert_int_equal(json_parse(view_of(text), doc, &at, &e), 0);
	assert_int_equal(efs_mount_read(*doc, m, &e), 0);
}

static void test_lines(void **state)
{
	static const struct {
		const char *entry, *line;
	} cases[] = {
		{ "{\"mountPoint\":\"/efs\",\"fileSystemId\":\"fs-01234567\"}", "fs-01234567:/ /efs efs _netdev,nofail" TAIL },
		{ "{\"mountPoint\":\"/efs\",\"fileSystemId\":\"fs-01234567\",\"rootDirectory\":\"/a b\\\\#\",\"transitEncryptionPort\":5}",
		  "fs-01234567:/a\\040b\\134\\043 /efs efs _netdev,nofail" TAIL },
		{ "{\"mountPoint\":\"/mnt/x-y\",\"fileSystemId\":\"fs-01234567\",\"transitEncryption\":\"ENABLED\",\"transitEncryptionPort\":20049,"
		  "\"authorizationConfig\":{\"iam\":\"ENABLED\",\"accessPointId\":\"fsap-0123456789abcdef0\"}}",
		  "fs-01234567:/ /mnt/x-y efs _netdev,nofail,tls,tlsport=20049,iam,accesspoint=fsap-0123456789abcdef0" TAIL },
		{ "{\"mountPoint\":\"/efs\",\"fileSystemId\":\"fs-01234567\",\"transitEncryption\":\"DISABLED\","
		  "\"authorizationConfig\":{\"iam\":\"DISABLED\"}}", "fs-01234567:/ /efs efs _netdev,nofail" TAIL },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_JSON *doc = NULL;
		AUTO_BUF line = { 0 };
		struct efs_mount m;

		read_mount(cases[i].entry, &doc, &m);
		assert_int_equal(efs_fstab_line(&m, &line), 0);
		assert_string_equal(line.p, cases[i].line);
	}
}

/* As systemd-escape --path --suffix=mount gives them. */
static void test_names_of_units(void **state)
{
	static const struct {
		const char *path, *unit;
	} cases[] = {
		{ "/efs", "efs.mount" },
		{ "/mnt/x-y", "mnt-x\\x2dy.mount" },
		{ "/.hidden/.x", "\\x2ehidden-.x.mount" },
		{ "/a_b:c.d/E9", "a_b:c.d-E9.mount" },
		{ "/\xc3\xa4/%i@~", "\\xc3\\xa4-\\x25i\\x40\\x7e.mount" },
	};
	char unit[EFS_UNIT_SIZE], longest[300];

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(efs_unit_name(cases[i].path, unit), 0);
		assert_string_equal(unit, cases[i].unit);
	}
	memset(longest, 'a', sizeof longest);
	longest[0] = '/';
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(efs_unit_name(longest, unit), -ENAMETOOLONG);
}

static void test_drop_ins(void **state)
{
	const struct efs_mount m[] = {
		{ .unit = "a.mount", .required = true }, { .unit = "b.mount" }, { .unit = "c.mount", .required = true },
	};
	AUTO_BUF docker = { 0 };
	AUTO_BUF agent = { 0 };
	AUTO_BUF none = { 0 };

	(void) state;
	assert_int_equal(efs_dropin(m, 3, false, &docker), 0);
	assert_non_null(strstr(docker.p, "\n[Unit]\nAfter=a.mount b.mount c.mount\nRequires=a.mount c.mount\nWants=b.mount\n"));
	assert_int_equal(efs_dropin(m, 3, true, &agent), 0);
	assert_non_null(strstr(agent.p, "\n[Unit]\nAfter=a.mount c.mount\nRequires=a.mount c.mount\n"));
	assert_null(strstr(agent.p, "b.mount"));
	assert_int_equal(efs_dropin(m + 1, 1, true, &none), 0);
	assert_int_equal(efs_dropin(m, 0, false, &none), 0);
	assert_int_equal(none.len, 0);
}

static void assert_merged(const char *fstab, const char *lines, const char *wanted)
{
	AUTO_BUF out = { 0 };

	assert_int_equal(efs_fstab_merge(view_of(fstab), view_of(lines), &out), 0);
	assert_string_equal(out.len > 0 ? out.p : "", wanted);
}

static void test_the_block(void **state)
{
	(void) state;
	assert_merged("", "x\n", BEGIN "x\n" END);
	assert_merged("a\n", "x\ny\n", "a\n" BEGIN "x\ny\n" END);
	assert_merged("a", "x\n", "a\n" BEGIN "x\n" END);
	assert_merged("a\n" BEGIN "x\n" END "b\n", "y\n", "a\nb\n" BEGIN "y\n" END);
	assert_merged("a\r\n" BEGIN "x\n" END "b", "", "a\r\nb");
	assert_merged(BEGIN "x\n" END BEGIN "y\n" END, "", "");
	assert_merged("a\n" BEGIN "b\n", "", "a\nb\n");
	assert_merged("a\n", "", "a\n");
}

static void test_lines_of_others(void **state)
{
	static const char fstab[] = "# /efs\n/dev/vda / ext4 defaults 0 1\n" BEGIN "fs-1:/ /ours efs x 0 0\n" END "\tfs-2:/ /mnt/a\\040b/ efs\nalone\n";

	(void) state;
	assert_int_equal(efs_fstab_taken(view_of(fstab), "/"), 2);
	assert_int_equal(efs_fstab_taken(view_of(fstab), "/ours"), 0);
	assert_int_equal(efs_fstab_taken(view_of(fstab), "/mnt/a b"), 6);
	assert_int_equal(efs_fstab_taken(view_of(fstab), "/efs"), 0);
	assert_int_equal(efs_fstab_taken(view_of(""), "/efs"), 0);
}

static void test_mountinfo(void **state)
{
	struct view text = view_of("22 1 254:0 / / rw - ext4 /dev/root rw\n40 22 0:36 / /mnt/a\\040b rw,relatime shared:1 - nfs4 127.0.0.1:/ rw\nshort\n");

	(void) state;
	assert_true(mountinfo_has(text, "/"));
	assert_true(mountinfo_has(text, "/mnt/a b"));
	assert_false(mountinfo_has(text, "/mnt"));
	assert_false(mountinfo_has(view_of(""), "/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_names_of_units),
		TEST(test_drop_ins),
		TEST(test_the_block),
		TEST(test_lines_of_others),
		TEST(test_mountinfo),
	};

	return RUN("efs-fstab", tests);
}
