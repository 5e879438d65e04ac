#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootstrap/changes.h"
#include "bootstrap/daemon-json.h"
#include "bootstrap/efs-fstab.h"
#include "bootstrap/efs-mounts.h"
#include "bootstrap/kept.h"
#include "bootstrap/proxy.h"
#include "bootstrap/render.h"
#include "bootstrap/replace.h"
#include "bootstrap/seal.h"
#include "bootstrap/swap.h"
#include "bootstrap/task-roles.h"
#include "bootstrap/traces.h"
#include "bootstrap/trunk-host.h"
#include "common/file.h"
#include "common/paths.h"
#include "common/spawn.h"

#define STATE_DIR "/var/lib/ecs/bootstrap"
#define UNITS     "/etc/systemd/system"
#define FSTAB     "/etc/fstab"

enum { COMMAND_MS = 30000 };

/* Deployed with the image, or fetched anew by nobody's wish. */
static bool is_no_image(const char *name)
{
	size_t n = strlen(name);

	return strcmp(name, "state") != 0 && !(strncmp(name, "ecs-agent", 9) == 0 && n > 4 && strcmp(name + n - 4, ".tar") == 0);
}

/* Also what a writer that was killed has left of one: ".NAME.12345678". */
static bool is_dropin(const char *name)
{
	return strncmp(name + (name[0] == '.'), "10-ecs-bootstrap-", strlen("10-ecs-bootstrap-")) == 0;
}

/* What is whole ours, or the agent's about this instance. The state of the sections is needed by those and goes last. */
static const struct {
	const char *path;
	bool        folder; /* what is in it goes */
	trace_fn   *goes;
} traces[] = {
	{ PATH_NETCONF_CONF, false, NULL },
	{ PATH_PROXY_FILE, false, NULL },
	{ PATH_TRUNK_MODULES, false, NULL },
	{ "/etc/amazon/efs/privateKey.pem", false, NULL }, /* all mounts of this host sign with it */
	{ "/run/sysctl.d/90-ecs-netconf.conf", false, NULL },
	{ PATH_RUN_DIR, true, NULL },
	{ "/var/lib/ecs/data", true, NULL },
	{ "/var/lib/ecs/gpu", true, NULL },
	{ PATH_CACHE_DIR, true, is_no_image },
	{ PATH_LOG_DIR, true, NULL },
};

static const char *const other_folders[] = { "/etc", "/etc/docker", UNITS, "/etc/amazon/efs", "/run/sysctl.d", "/var/lib/ecs", STATE_DIR,
					     "/var/lib/ecs/volumes" };

/* --- before anything changes */

static int check_folders(const struct image_job *j, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(other_folders) && r == 0; i++)
		r = trace_inside(j, other_folders[i], e);
	for (size_t i = 0; i < ARRAY_LEN(traces) && r == 0; i++)
		r = trace_inside(j, traces[i].path, e);
	return r < 0 ? r : trace_inside(j, PATH_ECS_CONFIG, e);
}

static int run(const char *const argv[], int *ret_status)
{
	const struct spawn s = { .argv = argv, .deadline_ms = COMMAND_MS };
	AUTO_BUF out = { .limit = 4096 };
	AUTO_BUF errors = { .limit = 4096 };
	struct err unused;

	return spawn_run(&s, ret_status, &out, &errors, &unused);
}

static int check_stopped(const struct image_job *j, struct err *e)
{
	static const char *const argv[] = { "systemctl", "--quiet", "is-active", "ecs.service", NULL };
	int status;

	if (!dir_exists(j->root, "/run/systemd/system") || run(argv, &status) < 0 || status != 0)
		return 0;
	return err_say(e, -EBUSY, "seal: the agent runs; stop it first: systemctl stop ecs");
}

/* --- steps */

/* Text that is empty: the file goes. */
static void put(struct image_job *j, const char *path, struct view before, struct view after, mode_t mode)
{
	struct err e;
	int r;

	if (before.len == after.len && (after.len == 0 || memcmp(before.p, after.p, after.len) == 0))
		return;
	if (after.len == 0) {
		trace_file(j, path);
		return;
	}
	r = j->dry ? 0 : replace_kept(j->root, path, after.p, after.len, mode, &e);
	if (r < 0)
		image_failed(j, path, &e);
	else
		j->tell(j->ctx, STEP_CHANGED, path, NULL);
}

static void seal_config(struct image_job *j)
{
	AUTO_BUF before = { 0 };
	AUTO_BUF after = { .limit = 2 * CONFIG_FILE_MAX };
	struct err e;
	int r = file_read(j->root, PATH_ECS_CONFIG, CONFIG_FILE_MAX, &before, &e);

	if (!j->dry)
		file_tidy(j->root, PATH_ECS_CONFIG);
	if (r == FILE_ABSENT)
		return;
	if (r == 0 && (r = render_config(buf_view(&before), view_of(""), &after)) < 0)
		err_set(&e, r, "render '%s'", PATH_ECS_CONFIG);
	if (r == RENDER_UNCLOSED)
		r = err_say(&e, -EBADMSG, "seal '%s': a managed block has no END line, so nobody can say which lines are yours; take out what shall not be in the image",
			    PATH_ECS_CONFIG);
	if (r < 0)
		image_failed(j, PATH_ECS_CONFIG, &e);
	else
		put(j, PATH_ECS_CONFIG, buf_view(&before), buf_view(&after), 0600);
}

static void seal_fstab(struct image_job *j)
{
	AUTO_BUF before = { 0 };
	AUTO_BUF after = { 0 };
	struct err e;
	int r = file_read(j->root, FSTAB, CONFIG_FILE_MAX, &before, &e);

	if (!j->dry)
		file_tidy(j->root, FSTAB);
	if (r >= 0 && (r = efs_fstab_merge(buf_view(&before), view_of(""), &after)) < 0)
		err_set(&e, r, "render '%s'", FSTAB);
	if (r < 0)
		image_failed(j, FSTAB, &e);
	else
		put(j, FSTAB, buf_view(&before), buf_view(&after), 0644);
}

static void seal_daemon(struct image_job *j)
{
	AUTO_CHANGES changes = { .n = 0 };
	const struct apply a = { .root = j->root, .dry = j->dry ? &changes : NULL };
	struct err e;
	int r;

	if (!j->dry)
		file_tidy(j->root, PATH_DAEMON_JSON);
	if (!file_exists(j->root, PATH_DAEMON_STATE))
		return;
	r = daemon_json_apply(&a, NULL, &e);
	if (r < 0)
		image_failed(j, PATH_DAEMON_JSON, &e);
	else if (r == 0)
		j->tell(j->ctx, STEP_CHANGED, PATH_DAEMON_JSON, NULL);
}

/* Where no kernel runs below the root, nobody swaps to it: a file just goes. Devices hold nothing that an image takes. */
static void seal_swap(struct image_job *j)
{
	AUTO_JSON *state = NULL;
	struct stat st;
	struct err e;
	const char *path;
	int r = kept_read(j->root, PATH_SWAP_STATE, &state, &e);

	path = r < 0 ? NULL : json_text(state, "path", NULL);
	if (!path || path[0] != '/' || fstatat(j->root, path + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (!j->root_path && !j->dry) {
		r = swap_apply(&(struct apply) { .root = j->root }, NULL, &e);
		if (r < 0)
			image_failed(j, path, &e);
		else if (r == 0)
			j->tell(j->ctx, STEP_REMOVED, path, NULL);
	} else if (S_ISREG(st.st_mode) && trace_inside(j, path, &e) < 0) {
		image_failed(j, path, &e);
	} else if (S_ISREG(st.st_mode)) {
		trace_file(j, path);
	}
}

/* Mount points that we made, if nothing is in them. */
static void seal_mount_points(struct image_job *j)
{
	AUTO_JSON *state = NULL;
	struct err e;

	if (j->dry || kept_read(j->root, PATH_EFS_STATE, &state, &e) < 0)
		return;
	json_object_object_foreach(state, path, mount) {
		if (path[0] != '/' || !json_object_is_type(mount, json_type_object) || !json_text(mount, "madeFolder", NULL) ||
		    trace_inside(j, path, &e) < 0)
			continue;
		if (unlinkat(j->root, path + 1, AT_REMOVEDIR) == 0)
			j->tell(j->ctx, STEP_REMOVED, path, NULL);
	}
}

static void seal_dropins(struct image_job *j, const char *folder)
{
	struct err e;

	if (trace_inside(j, folder, &e) < 0) {
		image_failed(j, folder, &e);
		return;
	}
	trace_contents(j, folder, is_dropin);
	if (!j->dry)
		(void) unlinkat(j->root, folder + 1, AT_REMOVEDIR); /* if it is empty */
}

/* Its environment is in Docker's files. Without Docker, or without the container, there is nothing to do. */
static void seal_container(struct image_job *j)
{
	static const char *const names[] = { "ecs-agent", "ecs-agent-next" };

	for (size_t i = 0; !j->root_path && i < ARRAY_LEN(names); i++) {
		const char *look[] = { "docker", "container", "inspect", names[i], NULL };
		const char *remove[] = { "docker", "rm", "--force", "--volumes", names[i], NULL };
		struct err e;
		int status;

		if (run(look, &status) < 0 || status != 0)
			continue;
		if (j->dry || (run(remove, &status) == 0 && status == 0)) {
			j->tell(j->ctx, STEP_REMOVED, names[i], NULL);
			continue;
		}
		err_say(&e, -EIO, "remove container '%s': docker ended with %d", names[i], status);
		image_failed(j, names[i], &e);
	}
}

int seal_run(struct image_job *j, struct err *e)
{
	int r = check_folders(j, e);

	if (r == 0 && !j->root_path)
		r = check_stopped(j, e);
	if (r < 0)
		return r;
	seal_container(j);
	seal_config(j);
	seal_fstab(j);
	seal_daemon(j);
	seal_swap(j);
	seal_mount_points(j);
	trace_folders(j, UNITS, ".d", seal_dropins);
	for (size_t i = 0; i < TRUNK_FILES; i++)
		trace_file(j, trunk_files[i].path);
	for (size_t i = 0; i < ARRAY_LEN(traces); i++)
		if (traces[i].folder)
			trace_contents(j, traces[i].path, traces[i].goes);
		else
			trace_file(j, traces[i].path);
	trace_hollow(j, "/var/lib/ecs/volumes");
	if (j->failed == 0)
		trace_contents(j, STATE_DIR, NULL); /* a next run needs it for what failed */
	return 0;
}
