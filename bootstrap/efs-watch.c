#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/efs-fstab.h"
#include "bootstrap/efs-mounts.h"
#include "bootstrap/kept.h"
#include "bootstrap/proc-text.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/efs-cause.h"
#include "common/file.h"
#include "common/keyval.h"
#include "common/spawn.h"

enum { MOUNTINFO_MAX = 1 << 20, SAID_MAX = 65536, ASK_MS = 20000, LOOK_MS = 500 };

/* One mount that is waited for. */
struct item {
	struct efs_mount mount;
	bool             done, failed_before;
	unsigned         failures;
	long             again; /* when it is started next; 0: it is running */
	char             why[600];
};

struct watch {
	const struct efs_watch *w;
	struct json_object     *results;
	struct item             items[EFS_MOUNTS_MAX];
	size_t                  n;
	bool                    woken; /* Docker, if it had to be */
};

static int note(struct watch *w, struct item *item, enum efs_outcome outcome, struct err *e)
{
	static const char *const states[] = { [EFS_MOUNTED] = "mounted", [EFS_WAITS] = "waiting", [EFS_GIVEN_UP] = "failed" };
	struct json_object *one = json_object_new_object();
	struct err why;

	(void) err_say(&why, -EIO, "%s", item->why);
	w->w->tell(w->w->ctx, item->mount.mount_point, outcome, &why);
	if (!one || kept_set(one, "state", states[outcome]) < 0 || kept_set(one, "cause", outcome == EFS_MOUNTED ? NULL : item->why) < 0 ||
	    json_object_object_add(w->results, item->mount.mount_point, one) < 0) {
		json_object_put(one);
		return err_set(e, -ENOMEM, "write '%s'", PATH_EFS_RESULTS);
	}
	return kept_write(w->w->root, PATH_EFS_RESULTS, w->results, e);
}

/* What a program printed; nothing if it could not be run. */
static void ask(const char *const *argv, struct buf *said)
{
	const struct spawn s = { .argv = argv, .deadline_ms = ASK_MS };
	AUTO_BUF errors = { .limit = 4096 };
	struct err unused;
	int status;

	said->limit = SAID_MAX;
	(void) !spawn_run(&s, &status, said, &errors, &unused);
}

static struct view last_line(struct view text)
{
	struct view line, last = { "", 0 };

	while (view_line(&text, &line))
		if (view_trim(line).len > 0)
			last = view_trim(line);
	return last;
}

/* The words of mount(8) and its helper are in the journal, beside those of systemd about them, which are left out. */
static void find_cause(struct item *item, bool timed_out)
{
	char match[EFS_UNIT_SIZE + 32];
	const char *const argv[] = { "journalctl", "-b", "-q", "--no-pager", "-o", "cat", "-n", "20", match, NULL };
	AUTO_BUF said = { 0 };
	const char *cause;
	struct view last;

	snprintf(match, sizeof match, "_SYSTEMD_UNIT=%s", item->mount.unit);
	ask(argv, &said);
	last = last_line(buf_view(&said));
	cause = efs_cause(buf_view(&said), EFS_WAY_UNKNOWN, timed_out);
	snprintf(item->why, sizeof item->why, "mount '%s' at '%s': %s%s%.*s", item->mount.file_system, item->mount.mount_point,
		 cause[0] ? cause : "it failed", last.len > 0 ? ": " : "", VIEW_ARG(last, 200));
}

static int on_failure(struct watch *w, struct item *item, bool timed_out, struct err *e)
{
	static const struct backoff pace = { .first_ms = 5000, .max_ms = 60000, .jitter_percent = 20 };
	char before[sizeof item->why];

	memcpy(before, item->why, sizeof before);
	find_cause(item, timed_out);
	item->failed_before = true;
	item->again = clock_ms() + (long) backoff_ms(&pace, ++item->failures, clock_dice());
	return strcmp(before, item->why) == 0 ? 0 : note(w, item, EFS_WAITS, e);
}

static void start(const char *unit)
{
	const char *const argv[] = { "systemctl", "start", "--no-block", unit, NULL };
	AUTO_BUF said = { 0 };

	ask(argv, &said);
}

/* What systemd has made of it. A unit that is neither failed nor at work was stopped, or has not begun. */
static int look_at_unit(struct watch *w, struct item *item, struct err *e)
{
	const char *const argv[] = { "systemctl", "show", "-p", "ActiveState", "-p", "Result", item->mount.unit, NULL };
	struct view state = { "", 0 }, result = { "", 0 };
	AUTO_BUF said = { 0 };

	if (item->again > 0) {
		if (clock_ms() < item->again)
			return 0;
		item->again = 0;
		start(item->mount.unit);
		return 0;
	}
	ask(argv, &said);
	(void) keyval_find(buf_view(&said), "ActiveState", &state);
	(void) keyval_find(buf_view(&said), "Result", &result);
	return view_is(state, "failed") ? on_failure(w, item, view_is(result, "timeout"), e) : 0;
}

/* Docker's start has failed with a mount that it requires; once all of those are there it gets another. */
static void wake_docker(struct watch *w)
{
	bool failed_before = false;

	for (size_t i = 0; i < w->n; i++) {
		if (!w->items[i].mount.required)
			continue;
		if (!w->items[i].done)
			return;
		failed_before |= w->items[i].failed_before;
	}
	if (failed_before && !w->woken)
		start("docker.service");
	w->woken = true;
}

static int look(struct watch *w, struct err *e)
{
	AUTO_BUF mountinfo = { 0 };
	int r = file_read(w->w->root, "/proc/self/mountinfo", MOUNTINFO_MAX, &mountinfo, e);

	for (size_t i = 0; i < w->n && r >= 0; i++) {
		struct item *item = &w->items[i];

		if (item->done)
			continue;
		item->done = mountinfo_has(buf_view(&mountinfo), item->mount.mount_point);
		r = item->done ? note(w, item, EFS_MOUNTED, e) : look_at_unit(w, item, e);
	}
	if (r >= 0)
		wake_docker(w);
	return r < 0 ? r : 0;
}

static size_t count_open(const struct watch *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += !w->items[i].done;
	return n;
}

static int give_up(struct watch *w, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < w->n && r == 0; i++) {
		struct item *item = &w->items[i];

		if (item->done)
			continue;
		if (!item->why[0])
			find_cause(item, true);
		r = note(w, item, EFS_GIVEN_UP, e);
	}
	return r < 0 ? r : EFS_MISSING;
}

static int watch_all(struct watch *w, struct err *e)
{
	long deadline = clock_ms() + (long) w->w->timeout_ms;
	int r = look(w, e);

	while (r == 0 && count_open(w) > 0) {
		if (clock_ms() >= deadline)
			return give_up(w, e);
		clock_sleep_ms(LOOK_MS);
		r = look(w, e);
	}
	return r;
}

static int read_items(struct watch *w, struct json_object *doc, struct err *e)
{
	struct json_object *mounts;

	if (json_get(doc, json_type_array, &mounts, "mounts", NULL) < 0)
		return EFS_NOTHING;
	for (size_t i = 0; i < json_object_array_length(mounts) && i < EFS_MOUNTS_MAX; i++)
		if (efs_mount_read(json_object_array_get_idx(mounts, i), &w->items[w->n++].mount, e) < 0)
			return e->code;
	return w->n > 0 ? 0 : EFS_NOTHING;
}

int efs_mounts_watch(const struct efs_watch *w, struct err *e)
{
	struct watch watch = { .w = w };
	AUTO_JSON *doc = NULL;
	int r = kept_read(w->root, PATH_EFS_MOUNTS, &doc, e);

	if (r == 0)
		r = read_items(&watch, doc, e);
	watch.results = r == 0 ? json_object_new_object() : NULL;
	if (r == 0)
		r = watch.results ? watch_all(&watch, e) : err_set(e, -ENOMEM, "watch mounts of EFS");
	json_object_put(watch.results);
	return r;
}
