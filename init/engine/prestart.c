/* The verbs that prepare: pre-start, reload-cache, upgrade. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/sibling.h"
#include "common/spawn.h"
#include "common/steps.h"
#include "init/engine/container.h"
#include "init/engine/engine.h"
#include "init/engine/host.h"
#include "init/engine/image.h"
#include "init/engine/prepare.h"

#define LOCK_FILE "/run/ecs/pre-start.lock"

enum { PAUSE_MS = 27000 }; /* with the 3 s of ecs.service a try every half minute */

static int apply_rules(struct engine *g, struct err *e)
{
	char netconf[PATH_MAX], bridge[16];
	const char *argv[] = { netconf, "apply", "--bridge", bridge, NULL };
	int r, status = 0;

	r = bridge_name(g->docker, bridge, e);
	if (r != 0)
		return r < 0 ? r : -EREMOTEIO;
	if (!bridge[0]) {
		log_info("Docker has no default bridge; rules for it are left out");
		snprintf(bridge, sizeof bridge, "none");
	}
	r = sibling("ecs-netconf", netconf, sizeof netconf, e);
	if (r < 0)
		return r;
	r = spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = 60000 }, &status, NULL, NULL, e);
	if (r < 0)
		return r;
	return status == 0 ? 0 : err_say(e, -EIO, "apply rules: ecs-netconf ended with %d (its own message says why)", status);
}

/* ecs-prepare.service and ecs.service may both be at it: the second waits, then finds everything done. */
static int lock(struct engine *g, int *ret_fd, struct err *e)
{
	int r = dir_make(g->root, PATH_RUN_DIR, 0755, e);
	AUTO_FD fd = -1;

	if (r < 0)
		return r;
	fd = file_open(g->root, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(e, fd, "open '%s'", LOCK_FILE);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = engine_connect(g, FOREVER_MS, NULL, e); /* what the other waits for first, and then the status says so */
		if (r < 0)
			return r;
		engine_status("Waiting for another pre-start, which may be downloading the agent's image");
	}
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_set(e, -errno, "lock '%s'", LOCK_FILE);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int ensure_image(struct engine *g, struct err *e)
{
	long start = clock_ms();
	bool loaded = false;
	int r;

	engine_status("Looking for the agent's image");
	r = image_ensure(g->docker, g->root, &loaded, e);
	if (r == 0 && loaded)
		log_info("loaded the agent's image from '%s' in %ld ms", PATH_IMAGE_TAR, clock_ms() - start);
	return r;
}

static int prepare(struct engine *g, const struct host *h, struct err *e)
{
	long begin = clock_ms();
	bool waited = false;
	struct err ebs;
	int r = engine_connect(g, FOREVER_MS, &waited, e);

	if (r == 0 && !waited && !step_is(g->root, STEP_DOCKER, STEP_DONE, NULL))
		step_note(g->root, STEP_DOCKER, STEP_DONE, begin, "it answers");
	if (r == 0)
		r = apply_rules(g, e);
	if (r < 0)
		return r;
	if (!h->external && dir_make(g->root, "/mnt/ecs/ebs", 0755, &ebs) < 0)
		log_warn("%s; tasks cannot attach EBS volumes", ebs.text);
	return ensure_image(g, e);
}

static int pre_start(struct engine *g, struct err *e)
{
	AUTO_HOST h = { .api = 0 };
	int r = host_look(g->root, &h, e);

	if (r < 0)
		return r;
	prepare_complain(g->root, &h, false);
	prepare_apparmor(g);
	while ((r = prepare(g, &h, e)) == -DOCKER_AWAY) {
		log_warn("%s; trying again", e->text); /* Docker was restarted in the middle */
		clock_sleep_ms(500);
	}
	if (r == 0)
		prepare_gpu(g, &h); /* last: it may wait for devices */
	return r;
}

/* What has failed before will fail again at once, and the journal would hear of it every three seconds. */
static void pause_before_retry(const struct err *e)
{
	engine_status("Preparing the host failed: %s; trying again in %d s", e->text, PAUSE_MS / 1000 + 3);
	clock_sleep_ms(PAUSE_MS);
}

/* The second of two finds everything done: the record of the first says more. */
int verb_pre_start(struct engine *g, struct err *e)
{
	long begin = clock_ms();
	AUTO_FD fd = -1;
	int r = lock(g, &fd, e);
	bool again = r == 0 && step_is(g->root, STEP_PRE_START, STEP_DONE, NULL);
	bool failed_before = r == 0 && step_is(g->root, STEP_PRE_START, STEP_FAILED, NULL);

	if (r == 0 && !again)
		step_note(g->root, STEP_PRE_START, STEP_RUNNING, begin, "preparing the host");
	if (r == 0)
		r = pre_start(g, e);
	if (r < 0 || !again)
		step_note(g->root, STEP_PRE_START, r == 0 ? STEP_DONE : STEP_FAILED, begin, "%s", r == 0 ? "" : e->text);
	fd_closep(&fd);
	if (r < 0 && failed_before && getenv("NOTIFY_SOCKET")) /* only ecs.service tries again by itself */
		pause_before_retry(e);
	return r;
}

int verb_reload_cache(struct engine *g, struct err *e)
{
	int r = engine_connect(g, 60000, NULL, e);

	return r < 0 ? r : image_reload(g->docker, g->root, e);
}

/* The first line names a file of the cache folder; only its last component counts, so it cannot lead elsewhere. */
static int desired_image(int root, char *ret, size_t size, struct err *e)
{
	AUTO_BUF text = { 0 };
	struct view rest, line = { "", 0 };
	const char *slash;
	int r = file_read(root, PATH_DESIRED_IMAGE, 4096, &text, e);

	if (r != 0)
		return r < 0 ? r : err_set(e, -ENOENT, "open '%s'", PATH_DESIRED_IMAGE);
	rest = buf_view(&text);
	if (!memchr(rest.p, '\n', rest.len))
		return err_say(e, -EBADMSG, "read '%s': its first line has no end; the agent may not have finished it", PATH_DESIRED_IMAGE);
	(void) view_line(&rest, &line);
	slash = line.len ? memrchr(line.p, '/', line.len) : NULL;
	if (slash)
		line = (struct view) { slash + 1, (size_t) (line.p + line.len - slash - 1) };
	line = view_trim(line);
	if (line.len == 0 || line.len > NAME_MAX || line.p[0] == '.')
		return err_say(e, -EINVAL, "read '%s': its first line names no file", PATH_DESIRED_IMAGE);
	snprintf(ret, size, "%s/%.*s", PATH_CACHE_DIR, VIEW_ARG(line, (size_t) NAME_MAX));
	return 0;
}

int verb_upgrade(struct engine *g, struct err *e)
{
	char path[PATH_MAX];
	int r = desired_image(g->root, path, sizeof path, e);

	if (r == 0)
		r = engine_connect(g, FOREVER_MS, NULL, e);
	if (r == 0)
		r = image_load_file(g->docker, g->root, path, e);
	if (r == 0)
		log_info("loaded the agent's new image from '%s'", path);
	return r < 0 ? err_wrap(e, "upgrade agent") : 0;
}
