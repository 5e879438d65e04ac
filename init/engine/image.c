#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/paths.h"
#include "common/steps.h"
#include "init/engine/container.h"
#include "init/engine/damper.h"
#include "init/engine/download.h"
#include "init/engine/engine.h"
#include "init/engine/image.h"
#include "init/engine/partial.h"
#include "init/engine/progress.h"

enum { BY_HAND_MS = 120000 }; /* somebody sits there and waits */

#define DOWNLOAD "download" /* to the damper */

enum image_plan image_decide(const struct image_facts *f)
{
	if (f->loaded && !(f->state == IMAGE_RELOAD && f->tar))
		return IMAGE_READY;
	return f->tar ? IMAGE_LOAD : IMAGE_MISSING;
}

static enum image_state read_state(int root)
{
	AUTO_BUF text = { 0 };
	struct err unused;
	uint64_t n;

	if (file_read(root, PATH_IMAGE_STATE, 64, &text, &unused) != 0 || parse_u64(view_trim(buf_view(&text)), IMAGE_RELOAD, &n) < 0)
		return IMAGE_UNKNOWN;
	return (enum image_state) n;
}

/* Opens a tar without waiting for anything that is no file. */
static int open_tar(int root, const char *path, struct stat *st, struct err *e)
{
	AUTO_FD fd = file_open(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);

	if (fd < 0)
		return err_set(e, fd, "open '%s'", path);
	if (fstat(fd, st) < 0)
		return err_set(e, -errno, "read '%s'", path);
	if (!S_ISREG(st->st_mode))
		return err_say(e, -EINVAL, "read '%s': it is no regular file", path);
	if (st->st_size == 0)
		return err_say(e, -ENODATA, "read '%s': it is empty", path);
	return TAKE_FD(fd);
}

/* subject names the very file, for the damper: another one may be tried at once. */
static bool has_tar(int root, char *subject, size_t size)
{
	struct stat st = { .st_size = 0 };
	struct err unused;
	AUTO_FD fd = open_tar(root, PATH_IMAGE_TAR, &st, &unused);

	if (fd < 0)
		return false;
	snprintf(subject, size, "load %llu.%llu.%lld.%ld", (unsigned long long) st.st_ino, (unsigned long long) st.st_size,
		 (long long) st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return true;
}

/* What docker load takes: a tar, or one that is packed. Only asked once Docker has refused it: its own words say little. */
static bool looks_like_tar(int fd)
{
	static const struct {
		const char *bytes;
		size_t      len;
	} packed[] = { { "\x1f\x8b", 2 }, { "BZh", 3 }, { "\xfd" "7zXZ", 5 }, { "\x28\xb5\x2f\xfd", 4 } };
	char head[512];

	if (pread(fd, head, sizeof head, 0) != sizeof head)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(packed); i++)
		if (memcmp(head, packed[i].bytes, packed[i].len) == 0)
			return true;
	return memcmp(head + 257, "ustar", 5) == 0;
}

int image_load_file(struct docker *d, int root, const char *path, struct err *e)
{
	struct stat st;
	AUTO_FD tar = open_tar(root, path, &st, e);
	char id[80];
	int r;

	if (tar < 0)
		return err_wrap(e, "load the agent's image");
	engine_status("Loading the agent's image");
	r = image_load(d, tar, e);
	if (r == -DOCKER_AWAY || r == 0 || looks_like_tar(tar))
		r = r == 0 ? 0 : err_wrap(e, "load the agent's image '%s'", path);
	else
		r = err_wrap(e, "load the agent's image '%s': it is no tar", path);
	if (r != 0)
		return r;
	r = image_id(d, AGENT_IMAGE, id, e);
	if (r == DOCKER_NOT_FOUND)
		return err_say(e, -ENOENT, "load the agent's image '%s': it holds no image '%s'", path, AGENT_IMAGE);
	if (r == 0)
		r = file_replace(root, PATH_IMAGE_STATE, "1", 1, 0600, e);
	return r < 0 ? r : 0;
}

static int download(int root, bool again, long patience_ms, struct err *e)
{
	struct progress p = { .terminal = false };
	struct download dl = { .root = root, .again = again, .patience_ms = patience_ms, .progress = progress_show,
			       .waiting = progress_wait, .warn = progress_warn, .ctx = &p };
	long start = clock_ms();
	int r;

	engine_status("Downloading the agent's image");
	r = download_agent(&dl, e);
	progress_end(&p);
	if (r == 0)
		log_info("downloaded the agent's image from '%s': %.1f MB, %.1f MB of it earlier, in %ld ms; its signature is good", dl.url,
			 (double) dl.bytes / 1e6, (double) dl.resumed / 1e6, clock_ms() - start);
	return r < 0 ? r : 0;
}

/* Docker going away is no failure of the image. */
static int damped(int root, const char *subject, int r)
{
	if (r == 0)
		damper_clear(root);
	else if (r != -DOCKER_AWAY)
		damper_note(root, subject);
	return r;
}

/* Also what was decided to be done, unless Docker did not say what it has. */
static int ensure(struct docker *d, int root, long begin, enum image_plan *ret_plan, struct err *e)
{
	char id[80], subject[128] = DOWNLOAD;
	struct image_facts f = { .state = read_state(root), .tar = has_tar(root, subject, sizeof subject) };
	int r = image_id(d, AGENT_IMAGE, id, e);

	if (r != 0 && r != DOCKER_NOT_FOUND)
		return r;
	f.loaded = r == 0;
	*ret_plan = image_decide(&f);
	if (*ret_plan != IMAGE_MISSING)
		partial_sweep(root);
	if (*ret_plan == IMAGE_READY)
		return 0;
	step_note(root, STEP_IMAGE, STEP_RUNNING, begin, *ret_plan == IMAGE_MISSING ? "downloading" : "loading '%s'", PATH_IMAGE_TAR);
	damper_hold(root, subject);
	r = *ret_plan == IMAGE_MISSING ? download(root, false, FOREVER_MS, e) : 0;
	if (r < 0)
		return damped(root, DOWNLOAD, r);
	(void) has_tar(root, subject, sizeof subject);
	return damped(root, subject, image_load_file(d, root, PATH_IMAGE_TAR, e));
}

int image_ensure(struct docker *d, int root, bool *ret_loaded, struct err *e)
{
	static const char *const done[] = {
		[IMAGE_READY] = "it was loaded already", [IMAGE_LOAD] = "loaded from '" PATH_IMAGE_TAR "'", [IMAGE_MISSING] = "downloaded and loaded",
	};
	enum image_plan plan = IMAGE_READY;
	long begin = clock_ms();
	int r = ensure(d, root, begin, &plan, e);

	*ret_loaded = r == 0 && plan != IMAGE_READY;
	if (r == 0 && !(plan == IMAGE_READY && step_is(root, STEP_IMAGE, STEP_DONE, NULL)))
		step_note(root, STEP_IMAGE, STEP_DONE, begin, "%s", done[plan]);
	else if (r != 0)
		step_note(root, STEP_IMAGE, r == -DOCKER_AWAY ? STEP_WAITING : STEP_FAILED, begin, "%s", e->text);
	return r;
}

int image_reload(struct docker *d, int root, struct err *e)
{
	char subject[128];
	bool again = read_state(root) == IMAGE_UNCACHED;
	int r = again || !has_tar(root, subject, sizeof subject) ? download(root, again, BY_HAND_MS, e) : 0;

	if (r == 0)
		r = image_load_file(d, root, PATH_IMAGE_TAR, e);
	if (r == 0)
		damper_clear(root);
	return r;
}
