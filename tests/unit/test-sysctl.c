#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/file.h"
#include "netconf/sysctl.h"

#define ROUTE     "/proc/sys/net/ipv4/conf/all/route_localnet"
#define DEFAULT   "/proc/sys/net/ipv4/conf/default/route_localnet"
#define ACCEPT_RA "/proc/sys/net/ipv6/conf/docker0/accept_ra"

/* One folder stands for "/" and for /proc at once. */
struct place {
	char           path[64];
	struct sysctls s;
	struct err     e;
};

/* As the *at() calls want it. */
static const char *below(const char *path)
{
	return path + 1;
}

static void put(struct place *p, const char *path, const char *text)
{
	char folder[256];

	snprintf(folder, sizeof folder, "%.*s", (int) (strrchr(path, '/') - path), path);
	assert_int_equal(dir_make(p->s.root, folder, 0755, &p->e), 0);
	assert_true(file_replace(p->s.root, path, text, strlen(text), 0644, &p->e) >= 0);
}

static void holds(struct place *p, const char *path, const char *text)
{
	AUTO_BUF b = { .limit = 0 };

	assert_int_equal(file_read(p->s.root, path, 4096, &b, &p->e), 0);
	/* The kernel takes "1" without a line end; a plain file keeps what is behind it. */
	assert_true(b.len > 0 && strncmp(b.p, text, strlen(text)) == 0);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	strcpy(p->path, "/tmp/test-sysctl-XXXXXX");
	assert_non_null(mkdtemp(p->path));
	assert_int_equal(root_open(p->path, &p->s.root, &p->e), 0);
	p->s.proc = p->s.root;
	p->s.bridge = "docker0";
	put(p, "/run/ecs/x", "");
	put(p, ROUTE, "0\n");
	put(p, DEFAULT, "0\n");
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", p->path);
	assert_int_equal(system(command), 0);
	fd_closep(&p->s.root);
	free(p);
	return 0;
}

static void test_set_noted_and_put_back(void **state)
{
	struct place *p = *state;
	struct stat st;

	put(p, ACCEPT_RA, "1\n");
	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	holds(p, ROUTE, "1");
	holds(p, ACCEPT_RA, "0");
	holds(p, SYSCTL_STATE, "net/ipv4/conf/all/route_localnet=0\nnet/ipv6/conf/docker0/accept_ra=1\n");
	assert_int_equal(fstatat(p->s.root, below(SYSCTL_STATE), &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(sysctls_remove(&p->s, &p->e), 0);
	holds(p, ROUTE, "0");
	holds(p, ACCEPT_RA, "1");
	assert_false(file_exists(p->s.root, SYSCTL_STATE));
}

static void test_second_apply_touches_nothing(void **state)
{
	struct place *p = *state;
	struct stat before, after;

	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	assert_int_equal(fstatat(p->s.root, below(SYSCTL_STATE), &before, 0), 0);
	assert_int_equal(sysctls_apply(&p->s, &p->e), 0);
	assert_int_equal(fstatat(p->s.root, below(SYSCTL_STATE), &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	holds(p, SYSCTL_STATE, "net/ipv4/conf/all/route_localnet=0\n");
}

static void test_bridge_that_comes_later(void **state)
{
	struct place *p = *state;

	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	put(p, ACCEPT_RA, "2\n");
	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	holds(p, ACCEPT_RA, "0");
	holds(p, SYSCTL_STATE, "net/ipv4/conf/all/route_localnet=0\nnet/ipv6/conf/docker0/accept_ra=2\n");
	assert_int_equal(unlinkat(p->s.root, below(ACCEPT_RA), 0), 0); /* and goes again */
	assert_int_equal(sysctls_remove(&p->s, &p->e), 0);
	holds(p, ROUTE, "0");
	assert_false(file_exists(p->s.root, ACCEPT_RA));
}

static void test_no_bridge(void **state)
{
	struct place *p = *state;

	put(p, ACCEPT_RA, "1\n");
	p->s.bridge = NULL;
	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	holds(p, ACCEPT_RA, "1");
}

static void test_remove_without_state(void **state)
{
	struct place *p = *state;

	put(p, ROUTE, "1\n");
	assert_int_equal(sysctls_remove(&p->s, &p->e), 0);
	holds(p, ROUTE, "0");
	assert_int_equal(sysctls_remove(&p->s, &p->e), 0);
}

static void test_state_that_nobody_of_us_wrote(void **state)
{
	struct place *p = *state;

	put(p, "/proc/sys/kernel/x", "a\n");
	put(p, ROUTE, "1\n");
	put(p, SYSCTL_STATE, "net/ipv4/conf/all/route_localnet=0\nkernel/x=b\nnet/ipv4/conf/../../../kernel/x=c\n"
			     "garbage\nnet/ipv4/conf/all/route_localnet\n=\n");
	assert_int_equal(sysctls_remove(&p->s, &p->e), 0);
	holds(p, "/proc/sys/kernel/x", "a");
	holds(p, ROUTE, "0");
}

static void test_report(void **state)
{
	struct place *p = *state;
	AUTO_BUF out = { .limit = 0 };

	put(p, ACCEPT_RA, "1\n");
	assert_int_equal(sysctls_report(&p->s, &out, &p->e), 0);
	assert_string_equal(out.p, "sysctl: differs: net/ipv4/conf/all/route_localnet is 0, wanted 1\n"
				   "sysctl: differs: net/ipv6/conf/docker0/accept_ra is 1, wanted 0\n");
	buf_clear(&out);
	put(p, ACCEPT_RA, "0\n");
	put(p, ROUTE, "1\n");
	assert_int_equal(sysctls_report(&p->s, &out, &p->e), 0);
	assert_int_equal(out.len, 0);
}

static void test_show(void **state)
{
	struct place *p = *state;
	AUTO_BUF out = { .limit = 0 };

	assert_int_equal(sysctls_show(&p->s, &out), 0);
	assert_string_equal(out.p, "# sysctl -w net/ipv4/conf/all/route_localnet=1\n"
				   "# sysctl -w net/ipv6/conf/docker0/accept_ra=0\n");
}

static void test_failures_are_named(void **state)
{
	struct place *p = *state;

	assert_int_equal(unlinkat(p->s.root, below(ROUTE), 0), 0);
	assert_int_equal(dir_make(p->s.root, ROUTE, 0755, &p->e), 0);
	assert_true(sysctls_apply(&p->s, &p->e) < 0);
	assert_string_equal(p->e.text, "read '" ROUTE "': Is a directory");
	assert_false(file_exists(p->s.root, SYSCTL_STATE));
}

#define DOCKER0    "/proc/sys/net/ipv4/conf/docker0/route_localnet"
#define USER_MADE  "/proc/sys/net/ipv4/conf/br-0a1b/route_localnet"
#define AWSVPC     "/proc/sys/net/ipv4/conf/ecs-bridge/route_localnet"
#define VIRTUAL    "/proc/sys/net/ipv4/conf/virbr0/route_localnet"

static void with_udev(struct place *p)
{
	put(p, "/run/udev/control", "");
	put(p, "/usr/lib/systemd/systemd-sysctl", "");
	put(p, DOCKER0, "0\n");
	put(p, USER_MADE, "0\n");
	put(p, VIRTUAL, "0\n");
	put(p, "/proc/sys/net/ipv6/conf/br-0a1b/accept_ra", "1\n");
	put(p, "/proc/sys/net/ipv6/conf/virbr0/accept_ra", "1\n");
	strcpy(p->s.bridges.name[0], "docker0");
	strcpy(p->s.bridges.name[1], "br-0a1b");
	strcpy(p->s.bridges.name[2], "virbr0");
	p->s.bridges.n = 3;
}

static void test_with_udev_only_bridges_let_in(void **state)
{
	struct place *p = *state;
	AUTO_BUF later = { .limit = 0 };

	with_udev(p);
	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	holds(p, ROUTE, "0");
	holds(p, DOCKER0, "1");
	holds(p, USER_MADE, "1");
	holds(p, VIRTUAL, "1");
	holds(p, "/proc/sys/net/ipv6/conf/br-0a1b/accept_ra", "0");
	holds(p, "/proc/sys/net/ipv6/conf/virbr0/accept_ra", "1"); /* not Docker's */
	assert_int_equal(file_read(p->s.root, SYSCTL_LATER, 4096, &later, &p->e), 0);
	assert_non_null(strstr(later.p, "\n-net/ipv4/conf/ecs-bridge/route_localnet = 1\n"));
	assert_non_null(strstr(later.p, "\n-net/ipv4/conf/br-*/route_localnet = 1\n"));
	assert_non_null(strstr(later.p, "\n-net/ipv6/conf/docker0/accept_ra = 0\n"));
	assert_int_equal(sysctls_apply(&p->s, &p->e), 0);
	put(p, AWSVPC, "0\n");
	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	holds(p, AWSVPC, "1");
	assert_int_equal(sysctls_remove(&p->s, &p->e), 0);
	holds(p, DOCKER0, "0");
	holds(p, AWSVPC, "0");
	holds(p, "/proc/sys/net/ipv6/conf/br-0a1b/accept_ra", "1");
	assert_false(file_exists(p->s.root, SYSCTL_LATER));
	assert_false(file_exists(p->s.root, SYSCTL_STATE));
}

/* At the first apply there was no udev, then there is; then task roles are switched off. */
static void test_what_is_not_wanted_any_more_is_put_back(void **state)
{
	struct place *p = *state;

	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	holds(p, ROUTE, "1");
	with_udev(p);
	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	holds(p, ROUTE, "0");
	holds(p, DOCKER0, "1");
	p->s.no_task_roles = true;
	assert_int_equal(sysctls_apply(&p->s, &p->e), 0);
	holds(p, DOCKER0, "0");
	holds(p, USER_MADE, "0");
	holds(p, "/proc/sys/net/ipv6/conf/br-0a1b/accept_ra", "0");
}

static void test_systemd_that_understands_no_patterns(void **state)
{
	struct place *p = *state;

	with_udev(p);
	p->s.old_systemd = true;
	assert_int_equal(sysctls_apply(&p->s, &p->e), SYSCTL_CHANGED);
	holds(p, ROUTE, "1");
	assert_false(file_exists(p->s.root, SYSCTL_LATER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_set_noted_and_put_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_second_apply_touches_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bridge_that_comes_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_bridge, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_remove_without_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_state_that_nobody_of_us_wrote, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_report, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_show, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_with_udev_only_bridges_let_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_not_wanted_any_more_is_put_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_systemd_that_understands_no_patterns, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("sysctl", tests, NULL, NULL);
}
