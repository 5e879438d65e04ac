#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/status.h"
#include "cloud-init/utf8.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"

enum { STARTED_FIELD = 22, TICK_MS = 10 /* USER_HZ is 100 everywhere */ };

void status_clean(struct view text, char *to, size_t size)
{
	size_t n = 0;

	while (text.len > 0) {
		size_t len = utf8_char(text), step = len ? len : 1;
		const unsigned char *p = (const unsigned char *) text.p;
		/* C0, DEL, and C1 as two bytes: terminals obey all of them */
		bool control = len == 1 ? p[0] < 0x20 || p[0] == 0x7f : len == 2 && p[0] == 0xc2 && p[1] < 0xa0;

		if (n + step >= size)
			break;
		if (len == 0 || control)
			to[n++] = len == 0 ? '?' : ' ';
		else
			n = (size_t) ((char *) memcpy(to + n, text.p, len) - to) + len;
		text.p += step;
		text.len -= step;
	}
	to[n] = '\0';
}

struct status_row *status_add(struct status *s, struct view name, const char *result, struct view cause)
{
	struct status_row *row = s->n_rows < STATUS_ROWS_MAX ? &s->rows[s->n_rows++] : NULL;

	if (!row)
		return NULL;
	*row = (struct status_row) { .result = result, .bad = strcmp(result, step_word(STEP_FAILED)) == 0 };
	status_clean(name, row->name, sizeof row->name);
	status_clean(cause, row->cause, sizeof row->cause);
	return row;
}

bool status_row_of(const struct step *step, const char *boot, bool alive, long now_ms, struct status_row *ret)
{
	bool ended = step->result != STEP_RUNNING && step->result != STEP_WAITING;
	long end = ended ? step->end_ms : now_ms;

	if (step->boot[0] && boot[0] && strcmp(step->boot, boot) != 0)
		return false;
	*ret = (struct status_row) {
		.result = ended || alive ? step_word(step->result) : "interrupted",
		.bad = step->result == STEP_FAILED || !(ended || alive),
		.timed = true,
		.began_ms = step->begin_ms,
		.took_ms = (ended || alive) && end > step->begin_ms ? end - step->begin_ms : 0,
	};
	status_clean(view_of(step->name), ret->name, sizeof ret->name);
	status_clean(view_of(step->cause), ret->cause, sizeof ret->cause);
	return true;
}

/* Its number may have been given to another process since: one that began later than the step did. */
static bool is_alive(int root, const struct step *s)
{
	char path[64];
	AUTO_BUF text = { 0 };
	struct err unused;
	struct view rest;
	const char *after_name;
	uint64_t ticks;

	snprintf(path, sizeof path, "/proc/%d/stat", s->pid);
	if (s->pid <= 0 || file_read(root, path, 4096, &text, &unused) != 0 || !(after_name = memrchr(text.p, ')', text.len)))
		return false;
	rest = (struct view) { after_name, (size_t) (text.p + text.len - after_name) };
	for (int field = 2; field < STARTED_FIELD; field++) /* from behind the second, which is the name */
		(void) view_cut(&rest, ' ');
	return parse_u64(view_cut(&rest, ' '), INT64_MAX / TICK_MS, &ticks) == 0 && (long) ticks * TICK_MS <= s->begin_ms + TICK_MS;
}

static void read_record(int root, const char *name, struct status *s)
{
	char path[sizeof PATH_STEPS + STEP_NAME_SIZE];
	AUTO_BUF text = { 0 };
	struct step step;
	struct err e;
	int r;

	snprintf(path, sizeof path, PATH_STEPS "/%s", name);
	r = file_read(root, path, STEP_FILE_MAX, &text, &e);
	if (r == FILE_ABSENT)
		return;
	if (r == 0 && step_read(buf_view(&text), &step) < 0)
		r = err_say(&e, -EBADMSG, "read '%s': it is no record of a step", path);
	if (r < 0) {
		(void) status_add(s, view_of(name), "unknown", view_of(e.text));
		return;
	}
	snprintf(step.name, sizeof step.name, "%s", name);
	if (s->n_rows < STATUS_ROWS_MAX && status_row_of(&step, s->boot, is_alive(root, &step), clock_ms(), &s->rows[s->n_rows]))
		s->n_rows++;
}

/* Of those that began in the same millisecond. */
static int rank(const char *name)
{
	static const char *const first[] = { "user-data", "ecs.config" };
	size_t i = 0;

	while (i < ARRAY_LEN(first) && strcmp(first[i], name) != 0)
		i++;
	return (int) i;
}

static int by_begin(const void *a, const void *b)
{
	const struct status_row *x = a, *y = b;

	if (x->timed != y->timed)
		return x->timed ? -1 : 1;
	if (x->began_ms != y->began_ms)
		return x->began_ms < y->began_ms ? -1 : 1;
	if (rank(x->name) != rank(y->name))
		return rank(x->name) - rank(y->name);
	return strcmp(x->name, y->name);
}

static void closedirp(DIR **d)
{
	if (*d)
		(void) closedir(*d);
}

int status_read(int root, struct status *s, struct err *e)
{
	AUTO_FD fd = file_open(root, PATH_STEPS, O_RDONLY | O_DIRECTORY, 0);
	CLEANUP(closedirp) DIR *d = NULL;
	struct dirent *entry;

	step_boot_id(root, s->boot);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(e, fd, "open '%s'", PATH_STEPS);
	d = fdopendir(fd);
	if (!d)
		return err_set(e, -errno, "read '%s'", PATH_STEPS);
	(void) TAKE_FD(fd);
	while (s->n_rows < STATUS_ROWS_MAX / 2 && (entry = readdir(d)))
		if (step_name_ok(entry->d_name))
			read_record(root, entry->d_name, s);
	qsort(s->rows, s->n_rows, sizeof s->rows[0], by_begin);
	s->n_recorded = s->n_rows;
	return 0;
}

bool status_is_fine(const struct status *s)
{
	bool fine = s->n_recorded > 0 && s->rules != STATUS_RULES_DIFFER;

	for (size_t i = 0; i < s->n_rows; i++)
		fine = fine && !s->rows[i].bad;
	for (size_t i = 0; i < s->n_units; i++)
		fine = fine && !s->units[i].bad;
	return fine;
}
