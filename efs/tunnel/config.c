#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/keyval.h"
#include "common/parse.h"
#include "efs/tunnel/config.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define HEX    DIGITS "abcdef"

/* ---- forms of values; an empty one is judged by the table's `needed` */

static bool only(struct view v, const char *set)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] == '\0' || !strchr(set, v.p[i]))
			return false;
	return true;
}

static bool id_ok(struct view v, const char *prefix)
{
	size_t n = strlen(prefix);

	return view_starts(v, prefix) && v.len > n && only((struct view) { v.p + n, v.len - n }, HEX);
}

static bool is_file_system(struct view v)
{
	return id_ok(v, "fs-");
}

static bool is_access_point(struct view v)
{
	return id_ok(v, "fsap-");
}

static bool is_host(struct view v)
{
	return only(v, LOWER UPPER DIGITS ".-") && v.p[0] != '.' && v.p[0] != '-';
}

static bool is_host_or_address(struct view v)
{
	return only(v, LOWER UPPER DIGITS ".-:%") && v.p[0] != '.' && v.p[0] != '-';
}

static bool is_region(struct view v)
{
	return only(v, LOWER DIGITS "-");
}

static bool is_visible(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return false;
	return true;
}

static bool is_uri(struct view v)
{
	return v.p[0] == '/' && is_visible(v);
}

static bool is_path(struct view v)
{
	return v.p[0] == '/' && !memchr(v.p, '\0', v.len);
}

/* ---- the table */

#define TEXT(key, field, ok, needed) { key, offsetof(struct tunnel_config, field), sizeof ((struct tunnel_config *) 0)->field, ok, needed }

static const struct text_key {
	const char *key;
	size_t      offset, size;
	bool      (*ok)(struct view v);
	bool        needed;
} texts[] = {
	TEXT("FILE_SYSTEM", file_system, is_file_system, true),
	TEXT("HOST", host, is_host, true),
	TEXT("CONNECT", connect, is_host_or_address, false),
	TEXT("REGION", region, is_region, true),
	TEXT("NETNS", netns, is_path, false),
	TEXT("ACCESS_POINT", access_point, is_access_point, false),
	TEXT("CREDENTIALS_URI", credentials_uri, is_uri, false),
	TEXT("CA_FILE", ca_file, is_path, false),
	TEXT("MOUNTPOINT", mount_point, is_path, true),
	TEXT("SOURCE", source, is_visible, false),
};

static int bad(const struct keyval *kv, struct err *e)
{
	return err_say(e, -EINVAL, "line %u: %.*s: '%.*s' is no such value", kv->line, VIEW_ARG(kv->key, (size_t) 32), VIEW_ARG(kv->value, (size_t) 64));
}

static int set_text(const struct text_key *t, const struct keyval *kv, struct tunnel_config *c, struct err *e)
{
	char *to = (char *) c + t->offset;

	if (kv->value.len >= t->size || (kv->value.len > 0 && !t->ok(kv->value)))
		return bad(kv, e);
	memcpy(to, kv->value.p, kv->value.len);
	to[kv->value.len] = '\0';
	return 0;
}

static int set_port(const struct keyval *kv, uint16_t *ret, struct err *e)
{
	uint64_t port;

	if (parse_u64(kv->value, UINT16_MAX, &port) < 0)
		return bad(kv, e);
	*ret = (uint16_t) port;
	return 0;
}

static int set_iam(const struct keyval *kv, bool *ret, struct err *e)
{
	return parse_bool(kv->value, ret) < 0 ? bad(kv, e) : 0;
}

/* stunnel's levels, as efs-utils passes them: 0 is no check, and from 2 on the server's certificate must be in order. */
static int set_verify(const struct keyval *kv, bool *ret, struct err *e)
{
	uint64_t level;

	if (parse_u64(kv->value, 4, &level) < 0)
		return bad(kv, e);
	*ret = level > 0;
	return 0;
}

static int set_one(const struct keyval *kv, struct tunnel_config *c, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (view_is(kv->key, texts[i].key))
			return set_text(&texts[i], kv, c, e);
	if (view_is(kv->key, "PORT"))
		return set_port(kv, &c->port, e);
	if (view_is(kv->key, "CONNECT_PORT"))
		return set_port(kv, &c->connect_port, e);
	if (view_is(kv->key, "IAM"))
		return set_iam(kv, &c->iam, e);
	if (view_is(kv->key, "VERIFY"))
		return set_verify(kv, &c->verify, e);
	return 0;
}

/* What must be there is, and what may be left out has its value. */
static int complete(struct tunnel_config *c, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].needed && *((const char *) c + texts[i].offset) == '\0')
			return err_say(e, -EINVAL, "%s is missing", texts[i].key);
	if (!c->connect[0])
		memcpy(c->connect, c->host, sizeof c->connect);
	if (!c->source[0])
		snprintf(c->source, sizeof c->source, "ecs.ec2");
	if (c->connect_port == 0)
		return err_say(e, -EINVAL, "CONNECT_PORT is 0");
	return 0;
}

int tunnel_config_parse(struct view text, struct tunnel_config *ret, struct err *e)
{
	struct tunnel_config c = { .connect_port = 2049, .verify = true };
	struct keyval kv = { .line = 0 };
	enum keyval_kind kind;
	int r = 0;

	while (r == 0 && (kind = keyval_next(&text, &kv)) != KEYVAL_END) {
		if (kind == KEYVAL_PAIR)
			r = set_one(&kv, &c, e);
		else if (kind == KEYVAL_NO_EQUALS || kind == KEYVAL_BAD_NAME)
			r = err_say(e, -EINVAL, "line %u: no KEY=VALUE", kv.line);
	}
	r = r < 0 ? r : complete(&c, e);
	if (r == 0)
		*ret = c;
	return r;
}

bool tunnel_base_ok(const char *base)
{
	struct view v = view_of(base);

	return v.len > 0 && v.len <= TUNNEL_BASE_MAX && v.p[0] != '.' && is_visible(v) && !memchr(v.p, '/', v.len);
}
