#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/attr.h"
#include "efs/plugin/names.h"

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

int name_check(const char *name, struct err *e)
{
	if (!name[0])
		return err_say(e, -EINVAL, "no volume in the request");
	if (strlen(name) > NAME_BYTES_MAX)
		return err_say(e, -EINVAL, "volume name of %zu bytes not allowed: at most %d", strlen(name), NAME_BYTES_MAX);
	if (has_control(name))
		return err_say(e, -EINVAL, "volume name not allowed: it holds a control character");
	if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_say(e, -EINVAL, "volume name %s not allowed: it leads out of the folder of volumes", name);
	return 0;
}

int id_check(const char *id, struct err *e)
{
	if (!id[0])
		return err_say(e, -EINVAL, "no mount ID in the request");
	if (strlen(id) > NAME_BYTES_MAX || has_control(id))
		return err_say(e, -EINVAL, "mount ID not allowed: more than %d bytes, or a control character", NAME_BYTES_MAX);
	return 0;
}

static bool has_dots(const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		if ((n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
			return true;
		path += n + (path[n] == '/');
	}
	return false;
}

int target_check(const char *path, struct err *e)
{
	if (strlen(path) >= PATH_MAX || has_control(path))
		return err_say(e, -EINVAL, "target not allowed: longer than a path can be, or a control character");
	if (path[0] != '/' || has_dots(path) || path[strspn(path, "/")] == '\0')
		return err_say(e, -EINVAL, "target %.128s not allowed: an absolute path without . and .. is wanted", path);
	return 0;
}

int device_check(const char *device, struct err *e)
{
	if (device[0] == '-' || has_control(device))
		return err_say(e, -EINVAL, "device not allowed: it begins with a dash or holds a control character");
	return 0;
}

bool volume_type_is_known(const char *type)
{
	static const char *const types[] = { "", "efs", "s3files" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* Whether text begins like form, in which 0 is any digit. */
static bool is_like(const char *text, const char *form)
{
	for (; *form; text++, form++)
		if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
			return false;
	return true;
}

bool is_time(const char *text)
{
	if (!is_like(text, "0000-00-00T00:00:00"))
		return false;
	text += 19;
	if (is_like(text, ".0"))
		text += 1 + strspn(text + 1, "0123456789");
	if (strcmp(text, "Z") == 0)
		return true;
	return (is_like(text, "+00:00") || is_like(text, "-00:00")) && text[6] == '\0';
}
