#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bootstrap/agent-tar.h"
#include "bootstrap/bake.h"
#include "bootstrap/traces.h"
#include "common/file.h"
#include "common/paths.h"
#include "common/spawn.h"

enum { TAR_MAX = 1 << 30, SYSTEMCTL_MS = 60000 };

static void make_folder(struct image_job *j, const char *path, mode_t mode)
{
	struct err e;
	int r;

	if (dir_exists(j->root, path))
		return;
	r = j->dry ? 0 : dir_make(j->root, path, mode, &e);
	if (r < 0)
		image_failed(j, path, &e);
	else
		j->tell(j->ctx, STEP_MADE, path, NULL);
}

/* --root and its folder come first; without them systemctl works on the system that runs. */
static int systemctl(const struct image_job *j, const char *verb, const char *unit, struct buf *said, struct err *e)
{
	const char *with_root[] = { "systemctl", "--root", j->root_path, "--quiet", verb, unit, NULL };
	const char *without[] = { "systemctl", "--quiet", verb, unit, NULL };
	const struct spawn s = { .argv = j->root_path ? with_root : without, .deadline_ms = SYSTEMCTL_MS };
	AUTO_BUF out = { .limit = 4096 };
	int status, r = spawn_run(&s, &status, &out, said, e);

	return r < 0 ? r : status;
}

/* Another unit's state says whether it is so: ecs.service itself has no [Install] of its own but Also=. */
static void enable(struct image_job *j, const char *unit, const char *sign)
{
	AUTO_BUF said = { .limit = 4096 };
	AUTO_BUF unused = { .limit = 4096 };
	struct view text;
	struct err e;
	int r = systemctl(j, "is-enabled", sign, &unused, &e);

	if (r == 0)
		return;
	if (r > 0)
		r = j->dry ? 0 : systemctl(j, "reenable", unit, &said, &e);
	text = view_trim(buf_view(&said));
	if (r > 0)
		r = err_say(&e, -EIO, "enable '%s': %.*s", unit, VIEW_ARG(text, 400));
	if (r < 0)
		image_failed(j, unit, &e);
	else
		j->tell(j->ctx, STEP_ENABLED, unit, NULL);
}

/* State 2 is what Amazon's packages write beside a new image: load it, whatever Docker has. */
static int place(struct image_job *j, struct view tar, struct err *e)
{
	int r = file_replace(j->root, PATH_IMAGE_TAR, tar.p, tar.len, 0644, e);

	if (r == FILE_SAME && file_exists(j->root, PATH_IMAGE_STATE))
		return r;
	return r < 0 ? r : file_replace(j->root, PATH_IMAGE_STATE, "2", 1, 0600, e);
}

static void place_tar(struct image_job *j, const char *path)
{
	AUTO_BUF tar = { 0 };
	struct err e, why;
	int r = file_read(AT_FDCWD, path, TAR_MAX, &tar, &e);

	if (r == FILE_ABSENT)
		r = err_set(&e, -ENOENT, "read '%s'", path);
	if (r == 0 && agent_tar_check(buf_view(&tar), AGENT_IMAGE, &why) < 0)
		r = err_say(&e, why.code, "take the agent's image '%s': %s", path, why.text);
	if (r == 0 && !j->dry)
		r = place(j, buf_view(&tar), &e);
	if (r < 0)
		image_failed(j, PATH_IMAGE_TAR, &e);
	else if (r == 0)
		j->tell(j->ctx, STEP_PLACED, PATH_IMAGE_TAR, NULL);
}

void bake_run(struct image_job *j, const char *agent_tar)
{
	static const struct {
		const char *path;
		mode_t      mode;
	} folders[] = {
		{ PATH_ECS_DIR, 0755 }, { PATH_LOG_DIR, 0755 }, { "/var/lib/ecs", 0755 }, { "/var/lib/ecs/data", 0755 }, { PATH_CACHE_DIR, 0700 },
	};

	static const char *const parents[] = { "/etc", "/var/log", "/var/lib", "/var/cache" };

	for (size_t i = 0; i < ARRAY_LEN(parents); i++) {
		struct err e;

		if (trace_inside(j, parents[i], &e) < 0)
			image_failed(j, parents[i], &e);
	}
	for (size_t i = 0; i < ARRAY_LEN(folders) && j->failed == 0; i++) {
		struct err e;

		if (trace_inside(j, folders[i].path, &e) < 0)
			image_failed(j, folders[i].path, &e);
		else
			make_folder(j, folders[i].path, folders[i].mode);
	}
	if (agent_tar && j->failed == 0)
		place_tar(j, agent_tar);
	if (j->failed > 0)
		return;
	enable(j, "ecs.service", "ecs-after-user-data.service");
	enable(j, "amazon-ecs-volume-plugin.service", "amazon-ecs-volume-plugin.socket");
}
