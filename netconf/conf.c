#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/keyval.h"
#include "common/parse.h"
#include "netconf/conf.h"

enum { CONF_MAX = 64 << 10 };

static int read_bool(struct view text, const char *key, bool *value, struct buf *warnings)
{
	struct view v;

	if (!keyval_find(text, key, &v) || parse_bool(view_trim(v), value) == 0)
		return 0;
	return buf_printf(warnings, "read %s in %s: '%.*s' is neither true nor false; taken as %s\n", key, CONF_FILE,
			  VIEW_ARG(v, (size_t) 64), *value ? "true" : "false");
}

static int read_backend(struct view text, enum backend *ret, struct buf *warnings)
{
	static const char *const names[] = { [BACKEND_AUTO] = "auto", [BACKEND_IPTABLES] = "iptables", [BACKEND_NFTABLES] = "nftables" };
	struct view v;

	if (!keyval_find(text, "BACKEND", &v))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (view_is(view_trim(v), names[i])) {
			*ret = (enum backend) i;
			return 0;
		}
	}
	return buf_printf(warnings, "read BACKEND in %s: '%.*s' is none of auto, iptables and nftables; taken as auto\n", CONF_FILE,
			  VIEW_ARG(v, (size_t) 64));
}

int conf_read(struct view text, struct plan *p, struct buf *warnings)
{
	bool roles = true;
	int r = read_bool(text, "TASK_ROLES", &roles, warnings);

	p->nc.block_instance_metadata = false;
	p->wish = BACKEND_AUTO;
	if (r == 0)
		r = read_bool(text, "BLOCK_INSTANCE_METADATA", &p->nc.block_instance_metadata, warnings);
	if (r == 0)
		r = read_backend(text, &p->wish, warnings);
	p->nc.no_task_roles = !roles;
	return r;
}

int conf_load(struct plan *p, struct buf *warnings, struct err *e)
{
	AUTO_BUF text = { .limit = 0 };
	struct err why;
	int r = 0;

	if (file_read(p->root, CONF_FILE, CONF_MAX, &text, &why) < 0) {
		buf_clear(&text);
		r = buf_printf(warnings, "%s; going on without it\n", why.text);
	}
	if (r == 0)
		r = conf_read(buf_view(&text), p, warnings);
	return r < 0 ? err_set(e, r, "read '%s'", CONF_FILE) : 0;
}

bool conf_bridge(int root, char ret[IF_NAMESIZE])
{
	AUTO_BUF text = { .limit = 0 };
	struct err unused;
	struct view v;

	if (file_read(root, CONF_BRIDGE, 256, &text, &unused) != 0)
		return false;
	v = view_trim(buf_view(&text));
	snprintf(ret, IF_NAMESIZE, "%.*s", VIEW_ARG(v, (size_t) IF_NAMESIZE - 1));
	return view_is(v, ret) && bridge_name_ok(ret);
}

int conf_keep_bridge(int root, const char *bridge, struct err *e)
{
	char text[IF_NAMESIZE + 1];
	int r;

	snprintf(text, sizeof text, "%s\n", bridge ? bridge : "none");
	r = file_replace(root, CONF_BRIDGE, text, strlen(text), 0644, e);
	return r < 0 ? r : 0;
}
