#include <errno.h>
#include <fcntl.h>

#include "bootstrap/fetch.h"
#include "cloud-init/userdata.h"
#include "common/file.h"
#include "common/imds.h"
#include "common/paths.h"

/* A file named on the command line is the user's own path, not one below the root. */
static int from_file(const char *path, struct fetched *ret, struct err *e)
{
	int r = file_read(AT_FDCWD, path, USERDATA_RAW_MAX, &ret->bytes, e);

	ret->from = path;
	return r == FILE_ABSENT ? err_set(e, -ENOENT, "open '%s'", path) : r;
}

static int from_imds(const struct fetch *f, struct fetched *ret, struct err *e)
{
	int r = imds_open(f->imds_timeout_ms, &ret->service, e);

	if (r == 0)
		r = imds_get(ret->service, "user-data", USERDATA_RAW_MAX, &ret->bytes, e);
	if (r == IMDS_OFF)
		(void) err_say(&ret->imds, -ENODATA, "the instance metadata service is switched off");
	if (r < 0)
		ret->imds = *e;
	return r;
}

int fetch_userdata(const struct fetch *f, struct fetched *ret, struct err *e)
{
	int r, copy;

	if (f->file)
		return from_file(f->file, ret, e);
	ret->from = "instance metadata";
	r = from_imds(f, ret, e);
	if (r == IMDS_ABSENT)
		return FETCH_NONE;
	if (r == 0)
		return 0;
	ret->from = PATH_CLOUD_COPY;
	buf_clear(&ret->bytes);
	copy = file_read(f->root, PATH_CLOUD_COPY, USERDATA_RAW_MAX, &ret->bytes, e);
	if (copy != FILE_ABSENT)
		return copy;
	if (r == IMDS_OFF)
		return FETCH_OFF;
	*e = ret->imds;
	return e->code;
}
