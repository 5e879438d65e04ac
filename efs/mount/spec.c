#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/sigv4.h"
#include "efs/mount/spec.h"

enum { BASE_CUT = 160, HASH_DIGITS = 16, PATH_LIMIT = 4096 };

static bool is_id(struct view v)
{
	if (!view_starts(v, "fs-") || v.len == 3 || v.len >= EFS_ID_SIZE)
		return false;
	for (size_t i = 3; i < v.len; i++)
		if (!v.p[i] || !strchr("0123456789abcdef", v.p[i]))
			return false;
	return true;
}

static bool is_host(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!((v.p[i] >= 'a' && v.p[i] <= 'z') || (v.p[i] >= 'A' && v.p[i] <= 'Z') || (v.p[i] >= '0' && v.p[i] <= '9') ||
		      v.p[i] == '-' || v.p[i] == '.'))
			return false;
	return v.len > 0 && v.len < EFS_HOST_SIZE && v.p[0] != '-' && v.p[0] != '.';
}

int efs_spec_parse(struct view text, struct efs_spec *ret, struct err *e)
{
	struct view path = text, name = view_cut(&path, ':');

	*ret = (struct efs_spec) { .path = path.len > 0 ? path : view_of("/") };
	if (is_id(name))
		ret->id = name;
	else if (is_host(name))
		ret->host = name;
	else
		return err_say(e, -EINVAL, "read '%.*s': neither fs- and hexadecimal digits nor a host name", VIEW_ARG(text, (size_t) 80));
	if (ret->path.p[0] != '/' || ret->path.len >= PATH_LIMIT || memchr(ret->path.p, '\n', ret->path.len))
		return err_say(e, -EINVAL, "read '%.*s': what stands behind the colon must be a path that begins with '/'", VIEW_ARG(text, (size_t) 80));
	return 0;
}

bool efs_name_parse(struct view host, struct efs_name *ret)
{
	struct view rest = host, label, domain;

	if (rest.len > 0 && rest.p[rest.len - 1] == '.')
		rest.len--;
	*ret = (struct efs_name) { .zone = { host.p, 0 } };
	label = view_cut(&rest, '.');
	if (!is_id(label)) {
		ret->zone = label;
		label = view_cut(&rest, '.');
	}
	ret->id = label;
	if (!is_id(label) || (ret->zone.len > 0 && !aws_is_region(ret->zone)) || !view_is(view_cut(&rest, '.'), "efs"))
		return false;
	ret->region = view_cut(&rest, '.');
	ret->domain = domain = rest;
	return aws_is_region(ret->region) && is_host(domain) && memchr(domain.p, '.', domain.len);
}

int efs_name_make(const char *id, const char *region, const char *domain, char ret[EFS_HOST_SIZE], struct err *e)
{
	struct aws_place place = { .fips = false };
	char host[AWS_HOST_SIZE];
	int r;

	snprintf(place.region, sizeof place.region, "%s", region);
	snprintf(place.domain, sizeof place.domain, "%s", domain ? domain : "");
	r = aws_host(&place, "efs", NULL, host, e);
	if (r == 0 && snprintf(ret, EFS_HOST_SIZE, "%s.%s", id, host) >= EFS_HOST_SIZE)
		r = err_say(e, -EINVAL, "find the host of %s: its name is too long", id);
	return r;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(":_-", c));
}

int efs_base_make(const char *id, const char *dir, char ret[EFS_BASE_SIZE], struct err *e)
{
	size_t n = (size_t) snprintf(ret, EFS_BASE_SIZE, "%s", id);
	char hash[SIGV4_HASH_SIZE];
	int r;

	for (const char *p = dir; *p && n < BASE_CUT; p++) {
		if (*p == '/' && (p[1] == '/' || p[1] == '\0'))
			continue;
		n += (size_t) snprintf(ret + n, EFS_BASE_SIZE - n, is_plain(*p) ? "%c" : *p == '/' ? "." : "\\x%02x", (unsigned char) *p);
	}
	if (n < BASE_CUT)
		return 0;
	r = sigv4_hash(view_of(dir), hash);
	if (r < 0)
		return err_set(e, r, "name the mount at %s", dir);
	snprintf(ret + n, EFS_BASE_SIZE - n, ".%.*s", HASH_DIGITS, hash);
	return 0;
}
