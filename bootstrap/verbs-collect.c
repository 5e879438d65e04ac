#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/collect.h"
#include "bootstrap/verbs.h"
#include "common/file.h"
#include "common/log.h"
#include "common/spawn.h"

/* One line that is written over and over. */
static void show_progress(size_t done, size_t all, const char *name)
{
	fprintf(stderr, "\r\033[K[%2zu/%zu] %s", done + 1, all, name);
	fflush(stderr);
}

/* So that nobody waits a minute to be told. */
static int look_at_folder(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";

	if (dir_exists(AT_FDCWD, path))
		return err_set(e, -EISDIR, "write '%s'", path);
	if (slash && (size_t) snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int) (slash - path), path) >= sizeof folder)
		return err_set(e, -ENAMETOOLONG, "write '%.80s'", path);
	return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0 ? err_set(e, -errno, "write '%s'", path) : 0;
}

static int write_archive(struct collect *c, const char *output, struct err *e)
{
	AUTO_BUF archive = { .limit = COLLECT_ARCHIVE_MAX };
	time_t now = time(NULL);
	struct tm tm;
	char at[32], folder[TGZ_NAME_MAX + 1], path[PATH_MAX];
	int r;

	(void) strftime(at, sizeof at, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	snprintf(folder, sizeof folder, "ecs-logs-%s-%s", c->instance, at);
	snprintf(path, sizeof path, "%s.tar.gz", folder);
	if (!output)
		output = path;
	r = look_at_folder(output, e);
	if (r == 0)
		r = collect_run(c, folder, now, &archive, e);
	if (c->progress)
		fputs("\r\033[K", stderr);
	if (r == 0)
		r = file_replace(AT_FDCWD, output, archive.p, archive.len, 0600, e);
	if (r < 0)
		return r;
	printf("%s\n", output);
	fprintf(stderr, "%u files in %zu KiB; %u more could not be had, its MANIFEST says why\n", c->n_had, archive.len >> 10, c->n_missing);
	return 0;
}

int run_collect_logs(const struct options *o)
{
	struct collect c = { .root = o->root_fd, .root_name = o->root, .user_data = o->with_user_data };
	struct err e;

	if (has_arguments(o, "collect-logs"))
		return EXIT_USAGE;
	if (isatty(STDERR_FILENO))
		c.progress = show_progress;
	spawn_dies_with_us();
	collect_identify(&c);
	if (write_archive(&c, o->output, &e) == 0)
		return EXIT_DONE;
	log_error("%s", e.text);
	return EXIT_FAILED;
}
