#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/log-file.h"
#include "common/log-journal.h"
#include "common/log.h"

static struct {
	const char          *program;
	int                  level;
	bool                 journal; /* standard error is read by systemd */
	struct log_file      file;
	struct journal_field fields[LOG_FIELDS_MAX];
	size_t               n_fields;
} out = { .program = "ecs", .level = LOG_INFO, .file = { .root = -1, .fd = -1 } };

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

/* A word that is none of them is said, once the log is open. */
static int level_from_environment(const char **ret_unknown)
{
	const char *want = getenv("ECS_LOGLEVEL");

	*ret_unknown = NULL;
	if (!want || !want[0])
		return LOG_INFO;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (strcasecmp(levels[i].name, want) == 0)
			return levels[i].level;
	*ret_unknown = want;
	return LOG_INFO;
}

void log_open(const char *program, int root, const char *file)
{
	const char *unknown;

	out.program = program;
	out.level = level_from_environment(&unknown);
	out.journal = journal_reads_stderr();
	out.file.root = root;
	if (file)
		log_file_open(&out.file, root, file);
	if (unknown)
		log_warn("ECS_LOGLEVEL: '%.32s' is no level; info is used (debug, info, warn, error, crit, none)", unknown);
}

/* One record, one line. */
static void blank_controls(char *text)
{
	for (char *p = text; *p; p++)
		if ((unsigned char) *p < 0x20 || *p == 0x7f)
			*p = ' ';
}

void log_field(const char *name, const char *value)
{
	size_t i = 0;

	while (i < out.n_fields && strcmp(out.fields[i].name, name) != 0)
		i++;
	if (!value && i < out.n_fields)
		out.fields[i] = out.fields[--out.n_fields];
	if (!value || i == LOG_FIELDS_MAX)
		return;
	out.fields[i].name = name;
	snprintf(out.fields[i].value, sizeof out.fields[i].value, "%s", value);
	blank_controls(out.fields[i].value);
	if (i == out.n_fields)
		out.n_fields++;
}

/* msg="…" as Go quotes it: what the peer's log readers expect. */
static void quote(char *to, size_t size, const char *s)
{
	size_t n = 0;

	for (; *s && n + 3 < size; s++) {
		if (*s == '"' || *s == '\\')
			to[n++] = '\\';
		to[n++] = *s;
	}
	to[n] = '\0';
}

static void to_file(int level, const char *text)
{
	char quoted[2048], line[2304], when[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	quote(quoted, sizeof quoted, text);
	snprintf(line, sizeof line, "level=%s time=%s msg=\"%s\"\n", level_name(level), when, quoted);
	log_file_write(&out.file, view_of(line), now);
}

/* What journald does not take goes the way it always can: as a line with its priority in front (sd-daemon(3)). */
static void to_journal(int level, const char *text)
{
	char record[2048];
	int n = journal_record(record, sizeof record, level, out.program, text, out.fields, out.n_fields);

	if (n < 0 || journal_send(out.file.root, record, (size_t) n) < 0)
		fprintf(stderr, "<%d>%s\n", level, text);
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
	blank_controls(text);
	if (out.journal)
		to_journal(level, text);
	else
		fprintf(stderr, "%s: %s\n", out.program, text);
	to_file(level, text);
}

void log_failure(const struct err *e)
{
	char code[16];

	snprintf(code, sizeof code, "%d", -e->code);
	log_field("ERRNO", code);
	log_error("%s", e->text);
	log_field("ERRNO", NULL);
}
