/* The log: what goes to the journal and in which form, and a file that is bounded whatever happens. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log-file.h"
#include "common/log-journal.h"
#include "common/log.h"
#include "tests/unit/test.h"

#define LOG "/var/log/ecs/test.log"

enum { NOON = 1800014400, DAY = 86400 }; /* 12:00 UTC of some day */

static char dir[64];
static int root = -1;

static int set_up(void **state)
{
	struct err e;

	(void) state;
	snprintf(dir, sizeof dir, "/tmp/test-log.XXXXXX");
	return mkdtemp(dir) && root_open(dir, &root, &e) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void) state;
	close(root);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

/* The size of LOG with this ending, -1 if there is none. */
static long size_of(const char *ending)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "%s%s", LOG + 1, ending);
	return fstatat(root, path, &st, 0) == 0 ? (long) st.st_size : -1;
}

/* As if LOG with this ending had last been written to at that time. */
static void touch(const char *ending, time_t at)
{
	struct timespec times[2] = { { .tv_sec = at }, { .tv_sec = at } };
	char path[128];

	snprintf(path, sizeof path, "%s%s", LOG + 1, ending);
	assert_int_equal(utimensat(root, path, times, 0), 0);
}

static void grow(off_t size)
{
	AUTO_FD fd = file_open(root, LOG, O_WRONLY, 0);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
}

static void test_file_is_bounded_by_size_and_number(void **state)
{
	struct log_file f;

	(void) state;
	log_file_open(&f, root, LOG);
	for (int i = 0; i < 12; i++) {
		log_file_write(&f, view_of("line\n"), NOON);
		grow(LOG_FILE_MAX);
		touch("", NOON);
	}
	log_file_write(&f, view_of("last\n"), NOON);
	assert_int_equal(size_of(""), 5);
	for (int i = 1; i <= LOG_FILE_OLD; i++) {
		char ending[16];

		snprintf(ending, sizeof ending, ".%d", i);
		assert_int_equal(size_of(ending), LOG_FILE_MAX);
	}
	assert_int_equal(size_of(".8"), -1);
	fd_closep(&f.fd);
}

static void test_file_is_bounded_by_age(void **state)
{
	struct log_file f;

	(void) state;
	log_file_open(&f, root, LOG);
	log_file_write(&f, view_of("one\n"), NOON);
	touch("", NOON);
	log_file_write(&f, view_of("same day\n"), NOON + DAY / 3);
	assert_int_equal(size_of(""), 4 + 9);
	touch("", NOON);
	log_file_write(&f, view_of("next day\n"), NOON + DAY);
	assert_int_equal(size_of(".1"), 4 + 9);
	touch("", NOON + DAY);
	log_file_write(&f, view_of("day after\n"), NOON + 2 * DAY);
	assert_int_equal(size_of(".2"), 4 + 9);
	touch("", NOON + 2 * DAY);
	touch(".1", NOON + DAY);
	log_file_write(&f, view_of("much later\n"), NOON + (LOG_FILE_DAYS + 1) * DAY);
	assert_int_equal(size_of(""), 11);
	assert_int_equal(size_of(".1"), 10);
	assert_int_equal(size_of(".2"), 9); /* its age is just the limit */
	assert_int_equal(size_of(".3"), -1);
	fd_closep(&f.fd);
}

/* The supervisor has the file open for months while its children rotate it. */
static void test_two_programs_share_a_file(void **state)
{
	struct log_file a, b;
	time_t now = time(NULL);

	(void) state;
	log_file_open(&a, root, LOG);
	log_file_open(&b, root, LOG);
	log_file_write(&a, view_of("a\n"), now);
	grow(LOG_FILE_MAX);
	log_file_write(&b, view_of("b\n"), now);
	log_file_write(&a, view_of("a\n"), now);
	assert_int_equal(size_of(""), 4);
	assert_int_equal(size_of(".1"), LOG_FILE_MAX);
	assert_int_equal(size_of(".2"), -1);
	fd_closep(&a.fd);
	fd_closep(&b.fd);
}

static void test_file_that_was_taken_away_comes_back(void **state)
{
	struct log_file f;

	(void) state;
	log_file_open(&f, root, LOG);
	log_file_write(&f, view_of("a\n"), NOON);
	assert_int_equal(unlinkat(root, LOG + 1, 0), 0);
	log_file_write(&f, view_of("b\n"), NOON);
	assert_int_equal(size_of(""), 2);
	assert_int_equal(unlinkat(root, LOG + 1, 0), 0);
	assert_int_equal(symlinkat("elsewhere", root, LOG + 1), 0);
	log_file_write(&f, view_of("c\n"), NOON); /* not through a link */
	assert_int_equal(size_of(""), -1);
	fd_closep(&f.fd);
}

static void test_record(void **state)
{
	static const struct journal_field fields[] = { { "ECS_VERB", "up" }, { "ERRNO", "5" } };
	char text[128];
	int n = journal_record(text, sizeof text, 4, "amazon-ecs-init", "so it is", fields, 2);

	(void) state;
	assert_int_equal(n, strlen(text));
	assert_string_equal(text, "PRIORITY=4\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=amazon-ecs-init\nMESSAGE=so it is\nECS_VERB=up\nERRNO=5\n");
	for (size_t size = 0; size <= (size_t) n; size++)
		assert_true(journal_record(text, size, 4, "amazon-ecs-init", "so it is", fields, 2) < 0);
}

static int journal(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct err e;

	assert_int_equal(dir_make(root, "/run/systemd/journal", 0755, &e), 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s" JOURNAL_SOCKET, dir);
	assert_int_equal(bind(fd, (struct sockaddr *) &at, sizeof at), 0);
	return fd;
}

static const char *received(int fd)
{
	static char text[4096];
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Says itself to be what systemd reads. */
static void claim_stderr(void)
{
	char text[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(text, sizeof text, "%llu:%llu", (unsigned long long) st.st_dev, (unsigned long long) st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
}

static void test_journal_gets_fields(void **state)
{
	AUTO_FD fd = journal();
	struct err e;

	(void) state;
	claim_stderr();
	log_open("prog", root, NULL);
	log_field("ECS_VERB", "up\nECS_FORGED=1");
	log_warn("one\nPRIORITY=0\n%d", 2);
	assert_string_equal(received(fd),
		"PRIORITY=4\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=prog\nMESSAGE=one PRIORITY=0 2\nECS_VERB=up ECS_FORGED=1\n");
	log_field("ECS_VERB", "stop");
	(void) err_set(&e, -ENOENT, "open 'x'");
	log_failure(&e);
	assert_string_equal(received(fd), "PRIORITY=3\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=prog\n"
		"MESSAGE=open 'x': No such file or directory\nECS_VERB=stop\nERRNO=2\n");
	for (const char *const *n = (const char *const[]) { "B", "C", "D", "E", "F", "TOO_MANY", NULL }; *n; n++)
		log_field(*n, "1");
	log_field("ECS_VERB", NULL);
	log_info("x");
	assert_string_equal(received(fd), "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=prog\nMESSAGE=x\nF=1\nB=1\nC=1\nD=1\nE=1\n");
	log_debug("not at this level");
	assert_string_equal(received(fd), "");
	for (const char *const *n = (const char *const[]) { "B", "C", "D", "E", "F", NULL }; *n; n++)
		log_field(*n, NULL);
	unsetenv("JOURNAL_STREAM");
}

static void test_level_of_the_environment(void **state)
{
	static const struct {
		const char *level;
		int         seen; /* of error, warning, info, debug */
	} cases[] = { { "error", 1 }, { "WARN", 2 }, { "info", 3 }, { "Debug", 4 }, { "none", 0 }, { "crit", 0 }, { "", 3 } };
	AUTO_FD fd = journal();

	(void) state;
	claim_stderr();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int seen = 0;

		setenv("ECS_LOGLEVEL", cases[i].level, 1);
		log_open("prog", root, NULL);
		log_error("e");
		log_warn("w");
		log_info("i");
		log_debug("d");
		while (received(fd)[0])
			seen++;
		assert_int_equal(seen, cases[i].seen);
	}
	setenv("ECS_LOGLEVEL", "loud", 1);
	log_open("prog", root, NULL);
	if (!strstr(received(fd), "ECS_LOGLEVEL: 'loud' is no level"))
		fail_msg("an unknown level was not said");
	unsetenv("ECS_LOGLEVEL");
	unsetenv("JOURNAL_STREAM");
}

/* A journal that takes nothing more must not hold us up. */
static void test_journal_that_is_stuck_is_not_waited_for(void **state)
{
	AUTO_FD fd = journal();
	int r = 0;

	(void) state;
	for (int i = 0; i < 100000 && r == 0; i++)
		r = journal_send(root, "MESSAGE=x\n", 10);
	assert_int_equal(r, -EAGAIN);
}

static void test_no_journal(void **state)
{
	(void) state;
	assert_true(journal_send(root, "MESSAGE=x\n", 10) < 0);
	setenv("JOURNAL_STREAM", "1:1", 1);
	assert_false(journal_reads_stderr());
	unsetenv("JOURNAL_STREAM");
	assert_false(journal_reads_stderr());
}

#define ROOTED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOTED(test_file_is_bounded_by_size_and_number), ROOTED(test_file_is_bounded_by_age), ROOTED(test_two_programs_share_a_file),
		ROOTED(test_file_that_was_taken_away_comes_back), TEST(test_record), ROOTED(test_journal_gets_fields),
		ROOTED(test_level_of_the_environment), ROOTED(test_journal_that_is_stuck_is_not_waited_for), ROOTED(test_no_journal),
	};

	return RUN("log", tests);
}
