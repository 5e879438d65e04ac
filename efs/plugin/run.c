/* The commands of a volume: begun, and judged when they have ended. */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "common/clock.h"
#include "common/log.h"
#include "efs/plugin/linger.h"
#include "efs/plugin/names.h"
#include "efs/plugin/place.h"
#include "efs/plugin/work.h"

enum {
	ROUNDS_MAX = 8, /* umounts one after the other, of mounts that stand upon each other */
	LOOK_MS = 50,   /* an umount that takes longer may wait for a server, though the mount is gone */
	LOOK_MAX_MS = 1000,
};

enum truth work_look(struct plugin *p, const struct volume *v)
{
	struct err e;

	if (place_read(p->root, &p->mountinfo, &e) < 0) {
		log_warn("%s: what mount(8) says is believed", e.text);
		return TRUTH_UNKNOWN;
	}
	return place_has(buf_view(&p->mountinfo), p->real, v) ? TRUTH_MOUNTED : TRUTH_ABSENT;
}

static void on_output(struct plugin *p, struct source *s)
{
	struct work *w = (struct work *) s;

	(void) p;
	command_read(w->command); /* at the end of the file it is closed; the end of the process is told by SIGCHLD */
}

static int run(struct work *w, const char *const *argv, long limit_ms, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &w->output };
	int r = command_start(argv, &w->command, e);

	if (r < 0)
		return r;
	w->output.on_event = on_output;
	(void) epoll_ctl(w->p->epoll, EPOLL_CTL_ADD, w->command->fd, &ev); /* without it the words are read at the end */
	w->started = clock_ms();
	w->deadline = w->started + limit_ms;
	w->look_at = w->started + LOOK_MS;
	w->late = w->killed = false;
	return 0;
}

/* What of the peer's checks comes before the command. */
static int check_mount(const struct volume *v, char *text, size_t size)
{
	bool device = volume_option(v, "device")[0], target = volume_path(v)[0];
	struct err e;

	if (!volume_type_is_known(volume_type(v)))
		snprintf(text, size, "Volume %s's driver type %.128s not supported: volume %.128s type not supported", v->name,
		         volume_type(v), volume_type(v));
	else if (!device || !target)
		snprintf(text, size, "failed to mount volume %s: missing required fields: [%s%s%s]", v->name, device ? "" : "device",
		         !device && !target ? "," : "", target ? "" : "target");
	else if (device_check(volume_option(v, "device"), &e) < 0 || name_check(v->name, &e) < 0)
		snprintf(text, size, "failed to mount volume %.255s: %s", v->name, e.text);
	else
		return 0;
	return -EINVAL;
}

/* mount -t TYPE [-o O] DEVICE TARGET, the peer's words in the peer's order; no type means efs. */
static int start_mount(struct work *w, struct err *e)
{
	const struct volume *v = w->v;
	const char *type = volume_type(v), *options = volume_option(v, "o"), *argv[8];
	int n = 0;

	argv[n++] = "mount";
	argv[n++] = "-t";
	argv[n++] = type[0] ? type : "efs";
	if (options[0]) {
		argv[n++] = "-o";
		argv[n++] = options;
	}
	argv[n++] = volume_option(v, "device");
	argv[n++] = volume_path(v);
	argv[n] = NULL;
	if (volume_is_ours(v) && place_make(w->p->root, v->name, e) < 0)
		return e->code;
	return run(w, argv, w->p->mount_limit_ms, e);
}

void run_mount(struct work *w, struct job *asker)
{
	char text[TEXT_SIZE];
	struct err e;

	if (check_mount(w->v, text, sizeof text) < 0) {
		work_drop(w, asker);
		job_fail(w->p, asker, text);
		return;
	}
	w->held = w->p->mounting >= MOUNTS_MAX;
	if (w->held)
		return;
	log_info("mounting volume %s of type %s at %s", w->v->name, volume_type(w->v), volume_path(w->v));
	if (start_mount(w, &e) < 0) {
		work_fail_mounts(w, e.text);
		return;
	}
	w->doing = DOING_MOUNT;
	w->asker = asker;
	w->p->mounting++;
}

/* Lazy, as the peer: in a task's own network the interface may be gone, and anything else would hang. */
static int start_unmount(struct work *w, struct err *e)
{
	const char *const argv[] = { "umount", "-l", volume_path(w->v), NULL };

	return run(w, argv, UNMOUNT_LIMIT_MS, e);
}

void run_unmount(struct work *w, struct job *asker)
{
	struct err e;

	log_info("unmounting volume %s", w->v->name);
	w->asker = asker;
	w->doing = DOING_UNMOUNT;
	if (start_unmount(w, &e) < 0)
		work_fail(w, asker, e.text);
}

/* A mount that failed and yet is there; its cause is told when it is gone. */
static void run_undo(struct work *w)
{
	struct err e;

	w->doing = DOING_UNDO;
	if (start_unmount(w, &e) == 0)
		return;
	log_error("unmount volume %s: %s", w->v->name, e.text);
	work_fail_mounts(w, w->cause);
}

static void mount_ended(struct work *w, const struct command *c, enum truth t)
{
	enum verdict verdict = judge_mount(command_worked(c) && !w->late, t);

	w->p->mounting--;
	if (verdict == VERDICT_DONE) {
		w->v->mounted = true;
		log_info("volume %s is mounted", w->v->name);
		work_undo_unless_wanted(w);
		return;
	}
	if (verdict == VERDICT_NOWHERE)
		snprintf(w->cause, sizeof w->cause, "mount says that it worked, and nothing is mounted at %.512s (a symbolic link?)", volume_path(w->v));
	else
		command_explain(c, 0, w->cause, sizeof w->cause);
	if (verdict != VERDICT_FAILED)
		run_undo(w);
	else if (!w->late) /* those who came after the deadline have not had their mount yet */
		work_fail_mounts(w, w->cause);
}

static void unmount_ended(struct work *w, const struct command *c, enum truth t)
{
	enum verdict verdict = judge_unmount(command_worked(c) && !w->late, t);

	w->v->mounted = verdict != VERDICT_DONE;
	if (verdict == VERDICT_AGAIN && ++w->rounds < ROUNDS_MAX)
		return; /* the first job asks again and finds it mounted */
	w->rounds = 0;
	if (verdict == VERDICT_DONE) {
		log_info("volume %s is unmounted", w->v->name);
		return;
	}
	command_explain(c, 0, w->cause, sizeof w->cause);
	if (verdict == VERDICT_AGAIN)
		snprintf(w->cause, sizeof w->cause, "umount says that it worked, and it is still mounted");
	if (w->asker)
		work_fail(w, w->asker, w->cause);
}

static void undo_ended(struct work *w, const struct command *c, enum truth t)
{
	char text[512];

	w->v->mounted = judge_unmount(command_worked(c) && !w->late, t) != VERDICT_DONE;
	if (w->v->mounted && t != TRUTH_ABSENT) {
		command_explain(c, 0, text, sizeof text);
		log_error("unmount volume %s, whose mount failed: %s", w->v->name, text);
	}
	work_fail_mounts(w, w->cause);
}

static void judge(struct work *w, const struct command *c, enum truth t)
{
	if (w->doing == DOING_MOUNT)
		mount_ended(w, c, t);
	else if (w->doing == DOING_UNMOUNT)
		unmount_ended(w, c, t);
	else
		undo_ended(w, c, t);
}

void run_ended(struct work *w)
{
	struct command *c = TAKE_PTR(w->command);

	judge(w, c, work_look(w->p, w->v));
	command_freep(&c);
}

bool run_gone(struct work *w)
{
	long now = clock_ms(), waited = now - w->started;
	struct command *c;

	if (!w->command || w->doing == DOING_MOUNT || now < w->look_at)
		return false;
	w->look_at = now + (waited < LOOK_MAX_MS ? waited : LOOK_MAX_MS);
	if (work_look(w->p, w->v) != TRUTH_ABSENT)
		return false;
	c = TAKE_PTR(w->command);
	judge(w, c, TRUTH_ABSENT);
	linger_add(&w->p->lingering, c, w->killed ? -1 : w->started + UNMOUNT_LIMIT_MS);
	return true;
}
