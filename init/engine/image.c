#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/parse.h"
#include "common/paths.h"
#include "init/engine/container.h"
#include "init/engine/image.h"

enum image_plan image_decide(const struct image_facts *f)
{
	if (f->loaded && !(f->state == IMAGE_RELOAD && f->tar))
		return IMAGE_READY;
	return f->tar ? IMAGE_LOAD : IMAGE_MISSING;
}

/* What cannot be read or is none of the three numbers means nothing. */
static enum image_state read_state(int root)
{
	AUTO_BUF text = { 0 };
	struct err unused;
	uint64_t n;

	if (file_read(root, PATH_IMAGE_STATE, 64, &text, &unused) != 0 || parse_u64(view_trim(buf_view(&text)), IMAGE_RELOAD, &n) < 0)
		return IMAGE_UNCACHED;
	return (enum image_state) n;
}

static bool has_tar(int root)
{
	AUTO_FD fd = file_open(root, PATH_IMAGE_TAR, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

int image_load_file(struct docker *d, int root, const char *path, struct err *e)
{
	AUTO_FD tar = file_open(root, path, O_RDONLY | O_NOCTTY, 0);
	char id[80];
	int r;

	if (tar < 0)
		return err_set(e, tar, "open '%s'", path);
	r = image_load(d, tar, e);
	if (r != 0)
		return err_wrap(e, "load agent image '%s'", path);
	r = image_id(d, AGENT_IMAGE, id, e);
	if (r == DOCKER_NOT_FOUND)
		return err_say(e, -ENOENT, "load agent image '%s': it holds no image '%s'", path, AGENT_IMAGE);
	if (r == 0)
		r = file_replace(root, PATH_IMAGE_STATE, "1", 1, 0600, e);
	return r < 0 ? r : 0;
}

int image_ensure(struct docker *d, int root, bool *ret_loaded, struct err *e)
{
	struct image_facts f = { .state = read_state(root), .tar = has_tar(root) };
	char id[80];
	int r = image_id(d, AGENT_IMAGE, id, e);

	if (r != 0 && r != DOCKER_NOT_FOUND)
		return r;
	f.loaded = r == 0;
	*ret_loaded = false;
	switch (image_decide(&f)) {
	case IMAGE_READY:
		return 0;
	case IMAGE_LOAD:
		*ret_loaded = true;
		return image_load_file(d, root, PATH_IMAGE_TAR, e);
	case IMAGE_MISSING:
		break;
	}
	return err_say(e, -ENOENT, "load agent image: Docker has no '%s' and there is no '%s'; put the agent's tar there", AGENT_IMAGE,
		       PATH_IMAGE_TAR);
}
