#include "bootstrap/packages-manager.h"
#include "tests/unit/test.h"

static bool there(void *ctx, const char *program)
{
	char padded[64];

	snprintf(padded, sizeof padded, " %s ", program);
	return strstr(ctx, padded);
}

static const char *found(const char *os_release, const char *programs)
{
	const struct package_manager *m = package_manager_find(view_of(os_release), there, (void *) (uintptr_t) programs);

	return m ? m->name : "none";
}

static void test_which_manager(void **state)
{
	(void) state;
	assert_string_equal(found("ID=\"amzn\"\nID_LIKE=\"fedora\"\n", " dnf yum rpm "), "dnf");
	assert_string_equal(found("ID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\n", " yum rpm "), "yum");
	assert_string_equal(found("ID=ubuntu\nID_LIKE=debian\n", " apt-get dpkg-query dnf "), "apt-get");
	assert_string_equal(found("ID=mint\nID_LIKE='ubuntu debian'\n", " apt-get dnf "), "apt-get");
	assert_string_equal(found("ID=\"sles\"\nID_LIKE=\"suse\"\n", " zypper "), "zypper");
	assert_string_equal(found("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", " dnf apt-get "), "dnf");
	assert_string_equal(found("", " zypper "), "zypper");
	assert_string_equal(found("ID=flatcar\n", " "), "none");
	assert_string_equal(found("ID=\n", ""), "none");
}

static void test_what_mounts_efs(void **state)
{
	static const struct {
		const char *os_release, *programs, *package;
	} cases[] = {
		{ "ID=\"amzn\"\n", " dnf ", "amazon-efs-utils" }, { "ID=\"amzn\"\n", " yum ", "amazon-efs-utils" },
		{ "ID=fedora\n", " dnf ", "nfs-utils" },          { "ID=debian\n", " apt-get ", "nfs-common" },
		{ "ID=sles\n", " zypper ", "nfs-client" },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct view release = view_of(cases[i].os_release);
		const struct package_manager *m = package_manager_find(release, there, (void *) (uintptr_t) cases[i].programs);

		assert_string_equal(package_for_efs(m, release), cases[i].package);
	}
}

static void test_what_is_installed(void **state)
{
	struct view listed = view_of("hello 2.10-3 installed\nremoved 1 config-files\nlibc6 2.36-9 installed\npackage absent is not installed\n");

	(void) state;
	assert_true(package_is_listed(listed, "hello"));
	assert_true(package_is_listed(listed, "hello=2.10-3"));
	assert_true(package_is_listed(listed, "libc6:amd64"));
	assert_false(package_is_listed(listed, "hello=2.10-4"));
	assert_false(package_is_listed(listed, "removed"));
	assert_false(package_is_listed(listed, "absent"));
	assert_false(package_is_listed(listed, "hell"));
	assert_false(package_is_listed(view_of(""), "hello"));
}

/* Texts as the managers print them. */
static void test_what_answers_mean(void **state)
{
	static const struct {
		const char *manager;
		int status;
		const char *said;
		enum package_verdict verdict;
	} cases[] = {
		{ "apt-get", 0, "Setting up hello", PACKAGE_INSTALLED },
		{ "apt-get", 100, "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)\n"
				  "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n", PACKAGE_BUSY },
		{ "apt-get", 100, "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)\n", PACKAGE_BUSY },
		{ "apt-get", 100, "E: Unable to locate package no-such\n", PACKAGE_UNKNOWN },
		{ "apt-get", 100, "E: Version '9' for 'hello' was not found\n", PACKAGE_UNKNOWN },
		{ "apt-get", 100, "E: Package 'x' has no installation candidate\n", PACKAGE_UNKNOWN },
		{ "apt-get", 100, "Err:1 http://deb.debian.org/debian bookworm InRelease\n  Temporary failure resolving 'deb.debian.org'\n"
				  "E: Failed to fetch http://deb.debian.org/x  Temporary failure resolving 'deb.debian.org'\n", PACKAGE_UNREACHABLE },
		{ "apt-get", 100, "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. \n", PACKAGE_INTERRUPTED },
		{ "apt-get", 100, "E: Sub-process /usr/bin/dpkg returned an error code (1)\n", PACKAGE_FAILED },
		{ "dnf", 200, "Failed to obtain the transaction lock (logged in as: root).\n", PACKAGE_BUSY },
		{ "dnf", 1, "Error: Failed to download metadata for repo 'amazonlinux': Cannot prepare internal mirrorlist: Curl error (6)", PACKAGE_UNREACHABLE },
		{ "dnf", 1, "Error: Unable to find a match: no-such\n", PACKAGE_UNKNOWN },
		{ "dnf", 1, "No match for argument: no-such\nError: Unable to find a match: no-such\n", PACKAGE_UNKNOWN },
		{ "yum", 200, "Existing lock /var/run/yum.pid: another copy is running as pid 812.\n", PACKAGE_BUSY },
		{ "yum", 1, "No package no-such available.\nError: Nothing to do\n", PACKAGE_UNKNOWN },
		{ "yum", 1, "Could not retrieve mirrorlist http://amazonlinux.default.amazonaws.com/mirror.list error was\n"
			    "12: Timeout on http://amazonlinux.default.amazonaws.com/mirror.list\n", PACKAGE_UNREACHABLE },
		{ "zypper", 7, "System management is locked by the application with pid 812 (zypper).\n", PACKAGE_BUSY },
		{ "zypper", 104, "No provider of 'no-such' found.\n", PACKAGE_UNKNOWN },
		{ "zypper", 106, "Repository 'x' is invalid.\n", PACKAGE_UNREACHABLE },
		{ "zypper", 103, "", PACKAGE_INSTALLED },
		{ "zypper", 8, "Installation of x failed\n", PACKAGE_FAILED },
		{ "dnf", 103, "", PACKAGE_FAILED },
		{ "dnf", 137, "", PACKAGE_FAILED },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct package_manager m = { .name = cases[i].manager };

		if (package_judge(&m, cases[i].status, view_of(cases[i].said)) != cases[i].verdict)
			fail_msg("%s %d: %s", cases[i].manager, cases[i].status, cases[i].said);
	}
}

static void test_the_line_that_tells(void **state)
{
	(void) state;
	assert_view(package_cause(view_of("Reading package lists...\nE: Unable to locate package x\nmore\n")), "E: Unable to locate package x");
	assert_view(package_cause(view_of("one\n  Temporary failure resolving 'h'\nlast\n")), "Temporary failure resolving 'h'");
	assert_view(package_cause(view_of("one\ntwo\n\n")), "two");
	assert_view(package_cause(view_of("E: first\nE: second")), "E: first");
	assert_view(package_cause(view_of("\n \n")), "it did not say why");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_which_manager),
		TEST(test_what_mounts_efs),
		TEST(test_what_is_installed),
		TEST(test_what_answers_mean),
		TEST(test_the_line_that_tells),
	};

	return RUN("packages-manager", tests);
}
