#include <unistd.h>

#include "bootstrap/trunk-files.h"
#include "bootstrap/trunk-host.h"
#include "common/file.h"
#include "tests/unit/test.h"

static const struct trunk_primary primary = { "0e:49:61:0f:c3:11", "ens5" };

static const char *rendered(size_t i, const char *drivers)
{
	static char text[2048];
	AUTO_BUF b = { .limit = 0 };

	assert_int_equal(trunk_files[i].render(&primary, drivers, &b), 0);
	snprintf(text, sizeof text, "%.*s", VIEW_ARG(buf_view(&b), sizeof text - 1));
	return text;
}

/* A file that is seen by another instance, booted from an image of this one, takes its network away. */
static void test_all_are_forgotten_at_the_next_boot(void **state)
{
	(void) state;
	for (size_t i = 0; i < TRUNK_FILES; i++) {
		assert_int_equal(strncmp(trunk_files[i].path, "/run/", 5), 0);
		assert_true(rendered(i, TRUNK_DRIVERS)[0] == '#');
	}
}

static void test_lists_of_drivers(void **state)
{
	(void) state;
	assert_non_null(strstr(rendered(0, "a b"), "ENV{ID_NET_DRIVER}==\"a|b\", ATTR{address}!=\"0e:49:61:0f:c3:11\""));
	assert_non_null(strstr(rendered(1, "a b"), "[Match]\nDriver=a b\nName=!ens5\n"));
	assert_non_null(strstr(rendered(2, "a b"), "match-device=driver:a,driver:b,except:mac:0e:49:61:0f:c3:11\n"));
	assert_non_null(strstr(rendered(2, "a"), "match-device=driver:a,except:"));
}

/* Each must name the primary interface as the one that is not meant, or not name interfaces at all. */
static void test_the_primary_is_left_out_of_each(void **state)
{
	(void) state;
	for (size_t i = 0; i < TRUNK_FILES; i++) {
		const char *text = rendered(i, TRUNK_DRIVERS);

		assert_true(strstr(text, "!ens5") || strstr(text, "!=\"0e:49:61:0f:c3:11\"") || strstr(text, "except:mac:0e:49:61:0f:c3:11") ||
			    strstr(text, "ConditionPathExists"));
	}
}

static char folder[64];
static int  root = -1;

static void put(const char *path, const char *text)
{
	char dir[256];
	struct err e;

	snprintf(dir, sizeof dir, "%.*s", (int) (strrchr(path, '/') - path), path);
	assert_int_equal(dir_make(root, dir, 0755, &e), 0);
	assert_true(file_replace(root, path, text, strlen(text), 0644, &e) >= 0);
}

static int set_up(void **state)
{
	struct err e;

	(void) state;
	strcpy(folder, "/tmp/test-trunk-XXXXXX");
	return mkdtemp(folder) ? root_open(folder, &root, &e) : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void) state;
	close(root);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static void test_which_interface_is_the_primary(void **state)
{
	struct trunk_primary p;
	struct err e;

	(void) state;
	assert_true(trunk_find_primary(root, primary.mac, &p, &e) < 0); /* no /sys at all */
	put("/sys/class/net/a-vlan.5/address", "0e:49:61:0f:c3:11\n");
	put("/sys/class/net/other/address", "0e:49:61:0f:c3:12\n");
	put("/sys/class/net/other/device/vendor", "");
	put("/sys/class/net/odd name/address", "0e:49:61:0f:c3:11\n");
	put("/sys/class/net/odd name/device/vendor", "");
	put("/sys/class/net/[*]/address", "0e:49:61:0f:c3:11\n");
	assert_int_equal(trunk_find_primary(root, "0E:49:61:0F:C3:11", &p, &e), 0);
	assert_string_equal(p.name, "a-vlan.5");
	put("/sys/class/net/ens5/address", "0e:49:61:0f:c3:11\n");
	put("/sys/class/net/ens5/device/vendor", "");
	put("/sys/class/net/z-bridge/address", "0e:49:61:0f:c3:11\n");
	assert_int_equal(trunk_find_primary(root, "0E:49:61:0F:C3:11", &p, &e), 0);
	assert_string_equal(p.name, "ens5");
	assert_string_equal(p.mac, "0e:49:61:0f:c3:11");
	for (size_t i = 0; i < 3; i++) {
		static const char *const none[] = { "", "0e:49:61:0f:c3", "0e:49:61:0f:c3:1g" };

		assert_true(trunk_find_primary(root, none[i], &p, &e) < 0);
		assert_says(e, "gives none");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_all_are_forgotten_at_the_next_boot),
		TEST(test_lists_of_drivers),
		TEST(test_the_primary_is_left_out_of_each),
		cmocka_unit_test_setup_teardown(test_which_interface_is_the_primary, set_up, tear_down),
	};

	return RUN("trunk-files", tests);
}
