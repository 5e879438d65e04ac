#include <string.h>
#include <strings.h>

#include "cloud-init/types.h"
#include "common/attr.h"

const char *const types_known[] = {
	TYPE_ENV,
	TYPE_JSON,
	TYPE_SCRIPT,
	TYPE_BOOTHOOK,
	TYPE_CONFIG,
	"text/x-shellscript-per-boot",
	"text/x-shellscript-per-instance",
	"text/x-shellscript-per-once",
	"text/cloud-config-archive",
	"text/cloud-config-jsonp",
	"text/jinja2",
	"text/part-handler",
	"text/x-include-url",
	"text/x-include-once-url",
};
const size_t types_known_count = ARRAY_LEN(types_known);

static const char *const gzip_types[] = {
	"application/gzip",         "application/gzip-compressed", "application/gzipped",  "application/x-compress",
	"application/x-compressed", "application/x-gunzip",        "application/x-gzip",   "application/x-gzip-compressed",
};

/* A prefix that another one continues stands after it. */
static const struct {
	const char *prefix, *type;
} prefixes[] = {
	{ "## template: jinja", "text/jinja2" },
	{ "#cloud-config-archive", "text/cloud-config-archive" },
	{ "#cloud-config-jsonp", "text/cloud-config-jsonp" },
	{ "#cloud-config", TYPE_CONFIG },
	{ "#cloud-boothook", TYPE_BOOTHOOK },
	{ "#part-handler", "text/part-handler" },
	{ "#include-once", "text/x-include-once-url" },
	{ "#include", "text/x-include-url" },
	{ "#!", TYPE_SCRIPT },
};

static bool is_one_of(struct view type, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (view_is_nocase(type, list[i]))
			return true;
	return false;
}

bool type_is_known(struct view type)
{
	return is_one_of(type, types_known, types_known_count);
}

bool type_is_gzip(struct view type)
{
	return is_one_of(type, gzip_types, ARRAY_LEN(gzip_types));
}

bool type_is_script(struct view type)
{
	size_t n = strlen(TYPE_SCRIPT);

	return view_is_nocase(type, TYPE_BOOTHOOK) || (type.len >= n && strncasecmp(type.p, TYPE_SCRIPT, n) == 0 && type_is_known(type));
}

/* Python's idea of white space, in ASCII. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

struct view type_by_prefix(struct view body)
{
	while (body.len > 0 && is_space(body.p[0])) {
		body.p++;
		body.len--;
	}
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (body.len >= n && strncasecmp(body.p, prefixes[i].prefix, n) == 0)
			return view_of(prefixes[i].type);
	}
	return (struct view) { "", 0 };
}

struct view type_sniff(struct view declared, struct view body)
{
	static const char *const open[] = { TYPE_PLAIN, TYPE_NOT_MIME, TYPE_SCRIPT };
	struct view found = { "", 0 };

	if (is_one_of(declared, open, ARRAY_LEN(open)))
		found = type_by_prefix(body);
	return found.len > 0 ? found : declared;
}
