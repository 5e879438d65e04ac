#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/paths.h"

static struct {
	const char *program;
	int         level;
	int         root;
	int         fd;      /* -1: no file */
	char        file[256];
	bool        journal; /* standard error is read by systemd */
} out = { .program = "ecs", .level = LOG_INFO, .fd = -1 };

/* The names that the peer takes in ECS_LOGLEVEL and prints in level=. */
static const struct {
	const char *name;
	int         level;
} levels[] = {
	{ "debug", LOG_DEBUG }, { "info", LOG_INFO },  { "warn", LOG_WARNING },
	{ "error", LOG_ERR },   { "crit", LOG_CRIT },  { "none", -1 },
};

static const char *level_name(int level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (levels[i].level == level)
			return levels[i].name;
	return "info";
}

static int level_from_environment(void)
{
	const char *want = getenv("ECS_LOGLEVEL");

	for (size_t i = 0; want && i < ARRAY_LEN(levels); i++)
		if (strcasecmp(levels[i].name, want) == 0)
			return levels[i].level;
	return LOG_INFO;
}

/* systemd puts device and inode of the stream it gave us in JOURNAL_STREAM (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *want = getenv("JOURNAL_STREAM");
	char have[64];
	struct stat st;

	if (!want || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(have, sizeof have, "%llu:%llu", (unsigned long long) st.st_dev, (unsigned long long) st.st_ino);
	return strcmp(want, have) == 0;
}

static void open_log(void)
{
	out.fd = file_open(out.root, out.file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY, 0640);
}

void log_open(const char *program, int root, const char *file)
{
	struct err unused;

	out.program = program;
	out.level = level_from_environment();
	out.journal = stderr_is_journal();
	out.root = root;
	if (!file || file[0] != '/')
		return;
	snprintf(out.file, sizeof out.file, "%s", file);
	(void) !dir_make(root, PATH_LOG_DIR, 0755, &unused);
	open_log();
}

/* One old file is kept, so both together stay under twice the limit. */
static void file_rotate(void)
{
	char old[sizeof out.file + 2];
	struct stat st;

	if (fstat(out.fd, &st) < 0 || st.st_size < LOG_FILE_MAX)
		return;
	snprintf(old, sizeof old, "%s.1", out.file);
	(void) renameat(out.root, out.file + 1, out.root, old + 1);
	(void) close(out.fd);
	open_log();
}

/* msg="…" as Go quotes it: what the peer's log readers expect. */
static size_t quote(char *to, size_t size, const char *s)
{
	size_t n = 0;

	for (; *s && n + 3 < size; s++) {
		if (*s == '"' || *s == '\\')
			to[n++] = '\\';
		to[n++] = *s;
	}
	to[n] = '\0';
	return n;
}

static void file_write(int level, const char *text)
{
	char quoted[2048], line[2304], when[32];
	time_t now = time(NULL);
	struct tm tm;
	int n;

	if (out.fd < 0)
		return;
	file_rotate();
	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	quote(quoted, sizeof quoted, text);
	n = snprintf(line, sizeof line, "level=%s time=%s msg=\"%s\"\n", level_name(level), when, quoted);
	if (n > 0 && out.fd >= 0 && write(out.fd, line, (size_t) n) < 0)
		return; /* a full disk must not stop the program that would report it */
}

void log_line(int level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (level > out.level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char) *p < 0x20 || *p == 0x7f)
			*p = ' '; /* one record, one line */
	if (out.journal)
		fprintf(stderr, "<%d>%s\n", level, text);
	else
		fprintf(stderr, "%s: %s\n", out.program, text);
	file_write(level, text);
}
