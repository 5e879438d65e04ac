#include "common/file.h"
#include "netconf/conf.h"
#include "tests/unit/test.h"

static struct plan read_text(const char *text, const char *warnings)
{
	AUTO_BUF said = { .limit = 0 };
	struct plan p = { .wish = BACKEND_NFTABLES, .nc = { .no_task_roles = true, .block_instance_metadata = true } };

	assert_int_equal(conf_read(view_of(text), &p, &said), 0);
	assert_string_equal(said.p ? said.p : "", warnings);
	return p;
}

static void test_what_the_file_says(void **state)
{
	struct plan p = read_text("", "");

	(void) state;
	assert_false(p.nc.no_task_roles || p.nc.block_instance_metadata);
	assert_int_equal(p.wish, BACKEND_AUTO);
	p = read_text("# x\nTASK_ROLES=false\nBLOCK_INSTANCE_METADATA=true\nBACKEND=nftables\n", "");
	assert_true(p.nc.no_task_roles && p.nc.block_instance_metadata);
	assert_int_equal(p.wish, BACKEND_NFTABLES);
	assert_int_equal(read_text("BACKEND=iptables \r\n", "").wish, BACKEND_IPTABLES);
}

static void test_what_nobody_understands(void **state)
{
	struct plan p = read_text("TASK_ROLES=no\nBLOCK_INSTANCE_METADATA=\nBACKEND=pf\n\377",
				  "read TASK_ROLES in /etc/ecs/netconf.conf: 'no' is neither true nor false; taken as true\n"
				  "read BLOCK_INSTANCE_METADATA in /etc/ecs/netconf.conf: '' is neither true nor false; taken as false\n"
				  "read BACKEND in /etc/ecs/netconf.conf: 'pf' is none of auto, iptables and nftables; taken as auto\n");

	(void) state;
	assert_false(p.nc.no_task_roles || p.nc.block_instance_metadata);
	assert_int_equal(p.wish, BACKEND_AUTO);
}

static void test_bridge_of_the_last_apply(void **state)
{
	static const char *const bad[] = { "", "\n", "a b\n", "../x\n", "br-1234567890123456\n", "-i\n" };
	char folder[] = "/tmp/test-conf-XXXXXX", command[64], name[IF_NAMESIZE];
	AUTO_FD root = -1;
	struct err e;

	(void) state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(root_open(folder, &root, &e), 0);
	assert_int_equal(dir_make(root, PATH_RUN_DIR, 0755, &e), 0);
	assert_false(conf_bridge(root, name));
	assert_int_equal(conf_keep_bridge(root, "br-123456789012", &e), 0);
	assert_true(conf_bridge(root, name));
	assert_string_equal(name, "br-123456789012");
	assert_int_equal(conf_keep_bridge(root, NULL, &e), 0);
	assert_true(conf_bridge(root, name));
	assert_string_equal(name, "none");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(file_replace(root, CONF_BRIDGE, bad[i], strlen(bad[i]), 0644, &e), 0);
		assert_false(conf_bridge(root, name));
	}
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_what_the_file_says), TEST(test_what_nobody_understands),
					    TEST(test_bridge_of_the_last_apply) };

	return RUN("conf", tests);
}
