#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/efs-mounts.h"
#include "bootstrap/kept.h"
#include "bootstrap/packages.h"
#include "bootstrap/packages-manager.h"
#include "bootstrap/packages-state.h"
#include "common/agent-files.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/os-release.h"
#include "common/spawn.h"

enum { SAID_MAX = 1 << 20, QUERY_MS = 30000, INSTALL_MS = 10 * 60 * 1000, ARGS_MAX = 96, TRIES_MAX = 3 };

/* One package that is to be installed. */
struct item {
	const char *name;
	unsigned    failures; /* of those that have no reason to go away */
	bool        done;
	struct err  why;      /* of the last try; a text of "" before */
};

struct work {
	const struct packages        *p;
	const struct package_manager *manager;
	struct packages_state         state;
	struct item                   items[PACKAGES_MAX];
	size_t                        n;
	long                          deadline;
	bool                          refreshed;
};

/* --- config's side */

int packages_name_instance(const struct apply *a, struct json_object *list, struct err *e)
{
	char id[32];
	int r = a->imds ? imds_instance_id(a->imds, id, e) : IMDS_OFF;

	if (r != 0)
		return r < 0 ? r : 0;
	return kept_set(list, "instanceId", id) < 0 ? err_set(e, -ENOMEM, "name the instance") : 0;
}

int packages_apply(const struct apply *a, struct json_object *value, struct err *e)
{
	AUTO_JSON *list = json_object_new_object();
	AUTO_JSON *before = NULL;
	int r = list ? kept_read(a->root, PATH_PACKAGES, &before, e) : err_set(e, -ENOMEM, "list packages");

	if (r == 0 && value && json_object_array_length(value) > PACKAGES_MAX - 1)
		r = err_say(e, -E2BIG, "list packages: more than %d", PACKAGES_MAX - 1);
	if (r == 0 && value && json_object_array_length(value) > 0) {
		if (json_object_object_add(list, "packages", json_object_get(value)) < 0)
			r = err_set(e, -ENOMEM, "list packages");
		else
			r = packages_name_instance(a, list, e);
	}
	if (r < 0)
		return r;
	if (json_object_equal(list, before))
		return APPLY_SAME;
	return kept_write(a->root, PATH_PACKAGES, list, e);
}

/* --- the work */

static void tell(const struct work *w, const struct item *item, enum package_outcome outcome)
{
	w->p->tell(w->p->ctx, item->name, outcome, &item->why);
}

static int settle(struct work *w, struct item *item, enum package_outcome outcome, struct err *e)
{
	static const char *const states[] = {
		[PACKAGE_EARLIER] = "installed", [PACKAGE_THERE] = "installed", [PACKAGE_NOW] = "installed",
		[PACKAGE_WAITS] = "waiting",     [PACKAGE_GIVEN_UP] = "failed",
	};

	item->done = outcome != PACKAGE_WAITS;
	if (outcome != PACKAGE_GIVEN_UP && outcome != PACKAGE_WAITS)
		item->why.text[0] = '\0';
	tell(w, item, outcome);
	return packages_state_set(&w->state, item->name, states[outcome], item->why.text[0] ? item->why.text : NULL, e);
}

/* Answers no question, and goes out through the proxy that the agent was given. */
static void set_environment(int root)
{
	static const char *const fixed[][2] = {
		{ "LC_ALL", "C" },  { "HOME", "/root" },           { "DEBIAN_FRONTEND", "noninteractive" }, { "APT_LISTCHANGES_FRONTEND", "none" },
		{ "UCF_FORCE_CONFFOLD", "1" }, { "NEEDRESTART_SUSPEND", "1" },
	};
	static const char *const proxies[][2] = {
		{ "HTTP_PROXY", "http_proxy" }, { "HTTPS_PROXY", "https_proxy" }, { "NO_PROXY", "no_proxy" },
	};

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		(void) setenv(fixed[i][0], fixed[i][1], 1);
	for (size_t i = 0; i < ARRAY_LEN(proxies); i++) {
		char *value = agent_files_value(root, proxies[i][0]);

		if (value) {
			(void) setenv(proxies[i][0], value, 1);
			(void) setenv(proxies[i][1], value, 1);
		}
		free(value);
	}
}

static bool is_there(void *ctx, const char *program)
{
	const char *path = getenv("PATH");
	struct view rest = view_of(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");

	(void) ctx;
	while (rest.len > 0) {
		char file[PATH_MAX];
		struct view dir = view_cut(&rest, ':');

		if (snprintf(file, sizeof file, "%.*s/%s", VIEW_ARG(dir, 1024), program) < (int) sizeof file && access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* argv with names behind it; output of both kinds goes to *said. */
static int run_manager(const char *const *argv, const char *const *names, size_t n, long ms, struct buf *said, int *ret_status, struct err *e)
{
	const char *all[ARGS_MAX + PACKAGES_MAX + 1];
	const struct spawn s = { .argv = all, .deadline_ms = ms > 1 ? (unsigned) ms : 1, .group = true };
	AUTO_BUF errors = { .limit = SAID_MAX };
	size_t used = 0;
	int r;

	while (used < ARGS_MAX && argv[used]) {
		all[used] = argv[used];
		used++;
	}
	for (size_t i = 0; i < n; i++)
		all[used++] = names[i];
	all[used] = NULL;
	said->limit = SAID_MAX;
	r = spawn_run(&s, ret_status, said, &errors, e);
	said->limit = 2 * SAID_MAX;
	return r < 0 ? r : buf_add(said, buf_view(&errors).p, errors.len);
}

static long left(const struct work *w, long most)
{
	long ms = w->deadline - clock_ms();

	return ms < most ? ms : most;
}

/* All that is there already, by one question. A database that cannot be asked knows of none. */
static int ask(struct work *w, struct err *e)
{
	const char *names[PACKAGES_MAX];
	char plain[PACKAGES_MAX][160];
	AUTO_BUF said = { 0 };
	struct err unused;
	int status, r = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct view name = view_of(w->items[i].name);

		name = view_cut(&name, '=');
		snprintf(plain[i], sizeof plain[i], "%.*s", VIEW_ARG(name, sizeof plain[i] - 1));
		names[i] = plain[i];
	}
	if (run_manager(w->manager->query, names, w->n, left(w, QUERY_MS), &said, &status, &unused) < 0)
		return 0;
	for (size_t i = 0; i < w->n && r == 0; i++)
		if (package_is_listed(buf_view(&said), w->items[i].name))
			r = settle(w, &w->items[i], PACKAGE_THERE, e);
	return r;
}

/* Runs one command line of the manager; why says what went wrong unless the verdict is PACKAGE_INSTALLED. */
static enum package_verdict command(struct work *w, const char *const *argv, const char *name, struct err *why)
{
	AUTO_BUF said = { 0 };
	enum package_verdict verdict;
	struct view cause;
	int status = 0, r = run_manager(argv, &name, name ? 1 : 0, left(w, INSTALL_MS), &said, &status, why);

	if (r < 0) {
		(void) err_wrap(why, "install");
		return PACKAGE_FAILED;
	}
	verdict = package_judge(w->manager, status, buf_view(&said));
	cause = package_cause(buf_view(&said));
	if (verdict != PACKAGE_INSTALLED)
		(void) err_say(why, -EIO, "%s ended with %d: %.*s", w->manager->name, status, VIEW_ARG(cause, 400));
	return verdict;
}

/* The lists may be those of the day when the image was made, or be missing: only fresh ones can say that there is no such package. */
static enum package_verdict install(struct work *w, struct item *item)
{
	enum package_verdict fresh = PACKAGE_INSTALLED, verdict;
	struct err why;

	if (w->manager->refresh && !w->refreshed) {
		fresh = command(w, w->manager->refresh, NULL, &why);
		w->refreshed = fresh == PACKAGE_INSTALLED;
	}
	verdict = command(w, w->manager->install, item->name, &item->why);
	if (verdict == PACKAGE_INTERRUPTED && w->manager->repair && command(w, w->manager->repair, NULL, &why) == PACKAGE_INSTALLED)
		verdict = command(w, w->manager->install, item->name, &item->why);
	if (verdict == PACKAGE_UNKNOWN && fresh != PACKAGE_INSTALLED) {
		item->why = why;
		return fresh;
	}
	return verdict;
}

static int try_one(struct work *w, struct item *item, struct err *e)
{
	enum package_verdict verdict = install(w, item);

	if (verdict == PACKAGE_INSTALLED)
		return settle(w, item, PACKAGE_NOW, e);
	if (verdict == PACKAGE_FAILED || verdict == PACKAGE_INTERRUPTED)
		item->failures++;
	if (verdict == PACKAGE_UNKNOWN || item->failures >= TRIES_MAX)
		return settle(w, item, PACKAGE_GIVEN_UP, e);
	return settle(w, item, PACKAGE_WAITS, e);
}

static size_t open_items(const struct work *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += !w->items[i].done;
	return n;
}

static int give_up(struct work *w, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < w->n && r == 0; i++) {
		struct item *item = &w->items[i];

		if (item->done)
			continue;
		if (!item->why.text[0])
			(void) err_say(&item->why, -ETIMEDOUT, "its turn did not come within %u s", w->p->timeout_ms / 1000);
		r = settle(w, item, PACKAGE_GIVEN_UP, e);
	}
	return r;
}

static int work_off(struct work *w, struct err *e)
{
	static const struct backoff between = { .first_ms = 2000, .max_ms = 60000, .jitter_percent = 20 };
	int r = ask(w, e);

	for (unsigned round = 1; r == 0 && open_items(w) > 0; round++) {
		long wait;

		for (size_t i = 0; i < w->n && r == 0 && left(w, LONG_MAX) > 0; i++)
			if (!w->items[i].done)
				r = try_one(w, &w->items[i], e);
		wait = left(w, (long) backoff_ms(&between, round, clock_dice()));
		if (r < 0 || open_items(w) == 0)
			break;
		if (wait <= 0)
			return give_up(w, e);
		clock_sleep_ms((unsigned) wait);
	}
	return r;
}

/* --- what there is to do */

static void add_item(struct work *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->items[i].name, name) == 0)
			return;
	if (w->n < PACKAGES_MAX)
		w->items[w->n++] = (struct item) { .name = name };
}

static void add_listed(struct work *w, struct json_object *list)
{
	struct json_object *packages;

	if (json_get(list, json_type_array, &packages, "packages", NULL) < 0)
		return;
	for (size_t i = 0; i < json_object_array_length(packages); i++)
		if (json_object_is_type(json_object_array_get_idx(packages, i), json_type_string))
			add_item(w, json_object_get_string(json_object_array_get_idx(packages, i)));
}

/* What an earlier run installed on this instance needs nobody to be asked. */
static void leave_out_installed(struct work *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (packages_state_installed(&w->state, w->items[i].name))
			tell(w, &w->items[i], PACKAGE_EARLIER);
		else
			w->items[kept++] = w->items[i];
	}
	w->n = kept;
}

static int no_manager(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++)
		(void) err_say(&w->items[i].why, -ENOENT, "there is no dnf, yum, apt-get or zypper here");
	return give_up(w, e);
}

static int result(const struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->items[i].why.text[0])
			return PACKAGES_MISSING;
	return 0;
}

static int run_lists(struct work *w, struct json_object *list, struct json_object *efs, struct err *e)
{
	const char *id = json_text(list, "instanceId", NULL);
	AUTO_BUF os_release = { 0 };
	int r = os_release_read(w->p->root, &os_release, e);

	if (r >= 0)
		r = packages_state_open(w->p->root, id ? id : json_text(efs, "instanceId", NULL), &w->state, e);
	if (r < 0)
		return r;
	set_environment(w->p->root);
	w->manager = package_manager_find(buf_view(&os_release), is_there, NULL);
	if (w->manager && json_object_object_length(efs) > 0)
		add_item(w, package_for_efs(w->manager, buf_view(&os_release)));
	add_listed(w, list);
	if (w->n == 0)
		return PACKAGES_NOTHING;
	leave_out_installed(w);
	if (w->n > 0)
		r = w->manager ? work_off(w, e) : no_manager(w, e);
	return r < 0 ? r : result(w);
}

int packages_run(const struct packages *p, struct err *e)
{
	struct work w = { .p = p, .deadline = clock_ms() + (long) p->timeout_ms };
	AUTO_JSON *list = NULL;
	AUTO_JSON *efs = NULL;
	int r = kept_read(p->root, PATH_PACKAGES, &list, e);

	if (r == 0)
		r = kept_read(p->root, PATH_EFS_MOUNTS, &efs, e);
	if (r == 0)
		r = run_lists(&w, list, efs, e);
	packages_state_done(&w.state);
	return r;
}
