#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "bootstrap/after.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/keyval.h"
#include "common/paths.h"

enum { RESULT_MAX = 256 << 10 };

enum after_verdict after_judge(const struct after_facts *f)
{
	bool over = f->nothing_for_cloud_init || !f->cloud_init_here || f->cloud_init_finished;

	if (!over)
		return AFTER_WAIT;
	if (f->cluster_named)
		return AFTER_GO;
	return f->user_data_refused ? AFTER_WITHHOLD : f->user_data_failed ? AFTER_RETRY : AFTER_GO;
}

static bool names_cluster(int root, const char *path)
{
	AUTO_BUF text = { 0 };
	struct view value;
	struct err unused;

	return file_read(root, path, CONFIG_FILE_MAX, &text, &unused) == 0 &&
	       keyval_find(buf_view(&text), "ECS_CLUSTER", &value) && value.len > 0;
}

void after_look(int root, struct after_facts *ret)
{
	AUTO_BUF kind = { 0 };
	struct err unused;
	struct view word = { "", 0 };

	if (file_read(root, PATH_USER_DATA_KIND, 64, &kind, &unused) == 0)
		word = view_trim(buf_view(&kind));
	*ret = (struct after_facts) {
		.cloud_init_here = file_exists(root, PATH_CLOUD_ENABLED),
		.cloud_init_finished = file_exists(root, PATH_CLOUD_RESULT),
		.nothing_for_cloud_init = view_is(word, USER_DATA_OURS) || view_is(word, USER_DATA_NONE),
		.user_data_failed = view_is(word, USER_DATA_FAILED),
		.user_data_refused = view_is(word, USER_DATA_REFUSED),
		.cluster_named = names_cluster(root, PATH_ECS_CONFIG) || names_cluster(root, PATH_INSTANCE_CONFIG),
	};
}

/* The folder may not be there yet either; then its parent is watched. inotify takes a path, so the root's own name is used. */
static int watch(int inotify, int root)
{
	static const char *const folders[] = { PATH_CLOUD_RUN_DIR, "/run" };
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof path, "/proc/self/fd/%d%s", root, folders[i]);
		if (inotify_add_watch(inotify, path, IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE) >= 0)
			return 0;
	}
	return -errno;
}

int after_wait(int root, unsigned remind_ms, struct err *e)
{
	AUTO_FD inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	long deadline = clock_ms() + (long) remind_ms, left;
	int r = inotify < 0 ? -errno : watch(inotify, root);

	if (r < 0)
		return err_set(e, r, "watch '%s'", PATH_CLOUD_RUN_DIR);
	while (!file_exists(root, PATH_CLOUD_RESULT) && (left = deadline - clock_ms()) > 0) {
		struct pollfd p = { .fd = inotify, .events = POLLIN };
		char events[4096];

		if (poll(&p, 1, (int) left) > 0 && read(inotify, events, sizeof events) > 0)
			(void) watch(inotify, root); /* the folder itself may just have been made */
	}
	return 0;
}

/* An error is the text of a Python tuple, "('scripts-user', RuntimeError(…))"; one that is not has no name. */
static void module_of(const char *error, char ret[AFTER_MODULE_SIZE])
{
	size_t n;

	ret[0] = '\0';
	if (strncmp(error, "('", 2) != 0)
		return;
	error += 2;
	n = strspn(error, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (n > 0 && n < AFTER_MODULE_SIZE && error[n] == '\'')
		snprintf(ret, AFTER_MODULE_SIZE, "%.*s", (int) n, error);
}

int after_errors(struct view result, struct after_errors *ret, struct err *e)
{
	AUTO_JSON *doc = NULL;
	struct json_object *errors, *first;
	struct json_place where;

	*ret = (struct after_errors) { .n = 0 };
	if (json_parse(result, &doc, &where, e) < 0 || json_get(doc, json_type_array, &errors, "v1", "errors", NULL) < 0)
		return err_say(e, -EBADMSG, "read '%s': it is not what cloud-init writes", PATH_CLOUD_RESULT);
	ret->n = json_object_array_length(errors);
	first = ret->n > 0 ? json_object_array_get_idx(errors, 0) : NULL;
	if (json_object_is_type(first, json_type_string))
		module_of(json_object_get_string(first), ret->first);
	return 0;
}

int after_look_errors(int root, struct after_errors *ret, struct err *e)
{
	AUTO_BUF text = { 0 };
	int r = file_read(root, PATH_CLOUD_RESULT, RESULT_MAX, &text, e);

	*ret = (struct after_errors) { .n = 0 };
	return r == 0 ? after_errors(buf_view(&text), ret, e) : r;
}
