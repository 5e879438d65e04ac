/* What takes time: for each volume one request after the other, and at most one mount(8) or umount(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "efs/plugin/linger.h"
#include "efs/plugin/place.h"
#include "efs/plugin/work.h"

static void pump(struct work *w);

/* ---- jobs of one volume */

static struct job *take_first(struct work *w)
{
	struct job *j = w->jobs;

	w->jobs = j->next;
	if (w->asker == j)
		w->asker = NULL;
	return j;
}

void work_drop(struct work *w, struct job *j)
{
	struct job **at = &w->jobs;

	while (*at && *at != j)
		at = &(*at)->next;
	if (*at)
		*at = j->next;
	if (w->asker == j)
		w->asker = NULL;
}

static void append(struct work *w, struct job *j)
{
	struct job **at = &w->jobs;

	while (*at)
		at = &(*at)->next;
	j->next = NULL;
	*at = j;
}

static bool has_mounts(const struct work *w)
{
	for (const struct job *j = w->jobs; j; j = j->next)
		if (j->kind == JOB_MOUNT)
			return true;
	return false;
}

/* In the peer's words; its Remove does without a prefix. */
void work_fail(struct work *w, struct job *j, const char *cause)
{
	char text[TEXT_SIZE];

	if (j->kind == JOB_MOUNT)
		snprintf(text, sizeof text, "failed to mount volume %s: mounting volume failed: %s", j->name, cause);
	else if (j->kind == JOB_REMOVE)
		snprintf(text, sizeof text, "unmounting volume failed: %s", cause);
	else
		snprintf(text, sizeof text, "failed to unmount volume %s: unmounting volume failed: %s", j->name, cause);
	work_drop(w, j);
	job_fail(w->p, j, text);
}

/* All that have waited for this one mount get to know the same. */
void work_fail_mounts(struct work *w, const char *cause)
{
	for (struct job *j = w->jobs, *next; j; j = next) {
		next = j->next;
		if (j->kind == JOB_MOUNT)
			work_fail(w, j, cause);
	}
}

void work_undo_unless_wanted(struct work *w)
{
	struct job *j;

	if (has_mounts(w) || volume_users(w->v) > 0)
		return;
	log_warn("volume %s is mounted and nobody waits for it any more: it is unmounted", w->v->name);
	j = job_new(w->p, NULL, JOB_UNDO, w->v->name, "");
	if (!j)
		return; /* without memory it stays mounted; the next Mount takes it, Remove unmounts it */
	j->next = w->jobs;
	w->jobs = j;
}

/* ---- deciding */

static enum wish wish_of(const struct job *j, const struct volume *v)
{
	unsigned count;

	switch (j->kind) {
	case JOB_MOUNT:
		return WISH_MOUNT;
	case JOB_REMOVE:
		return WISH_REMOVE;
	case JOB_UNDO:
		return WISH_UNDO;
	default:
		break;
	}
	count = volume_count(v, j->id);
	if (count == 0)
		return WISH_UNMOUNT_UNKNOWN;
	return count == 1 && volume_users(v) == 1 ? WISH_UNMOUNT_LAST : WISH_UNMOUNT_ONE;
}

static void count(struct work *w, struct job *j)
{
	if (volume_count_up(w->v, j->id) < 0) {
		work_fail(w, j, strerror(ENOMEM));
		work_undo_unless_wanted(w);
		return;
	}
	log_info("mount %.64s holds volume %s", j->id, w->v->name);
	j->counted = true;
	work_drop(w, j);
	job_save(w->p, j);
}

static void drop(struct work *w, struct job *j)
{
	volume_count_down(w->v, j->id);
	log_info("mount %.64s does not hold volume %s any more", j->id, w->v->name);
	work_drop(w, j);
	job_save(w->p, j);
}

static void nothing(struct work *w, struct job *j)
{
	if (j->kind == JOB_UNMOUNT)
		log_warn("mount %.64s was not found on volume %s: nothing to do", j->id, w->v->name);
	work_drop(w, j);
	job_answer(w->p, j);
}

static void forget(struct work *w, struct job *j)
{
	char text[TEXT_SIZE];
	struct err e;

	log_info("removing volume %s", w->v->name);
	if (volume_is_ours(w->v) && place_remove(w->p->root, w->v->name, &e) < 0)
		log_warn("%s", e.text);
	work_drop(w, j);
	volumes_remove(&w->p->volumes, w->v);
	w->v = NULL;
	job_save(w->p, j);
	snprintf(text, sizeof text, "volume %s not found", j->name);
	while (w->jobs)
		job_fail(w->p, take_first(w), text);
}

static void step(struct work *w, struct job *j)
{
	enum truth t = work_look(w->p, w->v);

	if (t != TRUTH_UNKNOWN)
		w->v->mounted = t == TRUTH_MOUNTED;
	switch (decide(wish_of(j, w->v), stand_of(volume_users(w->v) > 0, w->v->mounted))) {
	case STEP_NOTHING:
		nothing(w, j);
		break;
	case STEP_COUNT:
		count(w, j);
		break;
	case STEP_DROP:
		drop(w, j);
		break;
	case STEP_MOUNT:
		run_mount(w, j);
		break;
	case STEP_UNMOUNT:
		run_unmount(w, j);
		break;
	case STEP_FORGET:
		forget(w, j);
		break;
	default:
		work_fail(w, j, "the plugin did not foresee this");
	}
}

static void work_free(struct work *w)
{
	struct work **at = &w->p->works;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (w->v)
		w->v->work = NULL;
	command_freep(&w->command);
	free(w);
}

/* Goes on until something has to be waited for. */
static void pump(struct work *w)
{
	while (w->jobs && !w->command && !w->held)
		step(w, w->jobs);
	if (!w->jobs && !w->command)
		work_free(w);
}

/* ---- from outside */

void work_add(struct plugin *p, struct volume *v, struct job *j)
{
	struct work *w = v->work;

	if (!w) {
		w = calloc(1, sizeof *w);
		if (!w) {
			job_fail(p, j, "no memory");
			return;
		}
		*w = (struct work) { .p = p, .v = v, .next = p->works };
		p->works = w;
		v->work = w;
	}
	append(w, j);
	pump(w);
}

void work_give_up(struct plugin *p, struct job *j)
{
	struct volume *v = volumes_find(&p->volumes, j->name);
	struct work *w = v ? v->work : NULL;

	if (w) {
		work_drop(w, j);
		w->held = false;
	}
	job_free(p, j);
	if (w)
		pump(w);
}

void work_take_back(struct plugin *p, const char *name, const char *id)
{
	struct volume *v = volumes_find(&p->volumes, name);
	struct job *j = v ? job_new(p, NULL, JOB_UNMOUNT, name, id) : NULL;

	if (j)
		work_add(p, v, j);
	else if (v)
		log_error("take mount %s of volume %s back: %s", id, name, strerror(ENOMEM));
}

void work_reap(struct plugin *p)
{
	struct work *w, *next;
	bool room = false;

	linger_reap(&p->lingering);
	for (w = p->works; w; w = next) {
		next = w->next;
		if (!w->command || !command_reap(w->command))
			continue;
		run_ended(w);
		room = true;
		pump(w);
	}
	for (w = room ? p->works : NULL; w; w = next) {
		next = w->next;
		if (w->held && p->mounting < MOUNTS_MAX) {
			w->held = false;
			pump(w);
		}
	}
}

/* Those who wait are told at once; the process may take its time to die, and until then the volume is busy. */
static void too_late(struct work *w, long now)
{
	if (!w->late) {
		w->late = true;
		command_kill(w->command, SIGTERM);
		w->deadline = now + KILL_AFTER_MS;
		command_explain(w->command, (unsigned) ((now - w->started) / 1000), w->cause, sizeof w->cause);
		if (w->doing == DOING_MOUNT)
			work_fail_mounts(w, w->cause);
		else if (w->doing == DOING_UNMOUNT && w->asker)
			work_fail(w, w->asker, w->cause);
		return;
	}
	w->killed = true;
	command_kill(w->command, SIGKILL);
}

static void fail_late_jobs(struct work *w, long now)
{
	char text[128] = "too many other mounts are at work";

	if (w->command)
		snprintf(text, sizeof text, "%s that was begun %ld s ago has not ended%s", w->doing == DOING_MOUNT ? "a mount" : "an umount",
		         (now - w->started) / 1000, w->killed ? ", though killed" : "");
	for (struct job *j = w->jobs, *next; j; j = next) {
		next = j->next;
		if (j->kind != JOB_UNDO && j->x && now >= j->deadline)
			work_fail(w, j, text);
	}
}

static void sooner(long *first, long deadline)
{
	if (*first < 0 || deadline < *first)
		*first = deadline;
}

long work_tick(struct plugin *p)
{
	long now = clock_ms(), first;
	unsigned killed = linger_kill(p->lingering, now);
	struct work *w, *next;

	if (killed > 0)
		log_warn("%u umount(s) waited for a server that does not answer, and were killed; what they unmounted is gone", killed);
	first = linger_next(p->lingering);
	for (w = p->works; w; w = next) {
		next = w->next;
		if (!run_gone(w) && w->command && !w->killed && now >= w->deadline)
			too_late(w, now);
		fail_late_jobs(w, now);
		w->held = false; /* if there is still no room, it is held again */
		pump(w);
	}
	for (w = p->works; w; w = w->next) {
		if (w->command && !w->killed)
			sooner(&first, w->deadline);
		if (w->command && w->doing != DOING_MOUNT)
			sooner(&first, w->look_at);
		for (const struct job *j = w->jobs; j; j = j->next)
			if (j->x)
				sooner(&first, j->deadline);
	}
	return first;
}

static bool any_command(struct plugin *p)
{
	for (struct work *w = p->works; w; w = w->next)
		if (w->command && !command_reap(w->command))
			return true;
	return false;
}

void work_stop(struct plugin *p)
{
	for (int round = 0; round < 2; round++) {
		for (struct work *w = p->works; w; w = w->next)
			if (w->command)
				command_kill(w->command, round ? SIGKILL : SIGTERM);
		for (int tries = 0; tries < 200 && any_command(p); tries++)
			clock_sleep_ms(10);
	}
	linger_leave(&p->lingering);
	while (p->works) {
		while (p->works->jobs)
			job_free(p, take_first(p->works));
		work_free(p->works);
	}
	for (struct job *j; (j = p->saving);) {
		p->saving = j->next;
		job_free(p, j);
	}
}
