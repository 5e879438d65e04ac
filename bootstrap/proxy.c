#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "bootstrap/changes.h"
#include "bootstrap/proxy.h"
#include "common/parse.h"

/* What must never go through a proxy: instance metadata, task credentials, Docker itself. Clients know no [] here. */
static const char *const direct[] = {
	"169.254.169.254", "fd00:ec2::254", "169.254.170.2", "/var/run/docker.sock", "localhost",
};

/* Those that pull images, and the supervisor, which may download the agent's. */
static const char *const units[] = { "docker.service", "ecs.service", "ecs-prepare.service" };

struct proxy {
	const char *http, *https; /* borrowed; NULL: not given */
	struct buf  no_proxy;
};

static void proxy_done(struct proxy *p)
{
	buf_done(&p->no_proxy);
}
#define AUTO_PROXY CLEANUP(proxy_done) struct proxy

static const char *characters_fault(const char *url)
{
	for (; *url; url++) {
		if (!isgraph((unsigned char) *url) || strchr("\"<>\\^`{|}", *url))
			return "it holds a blank or another character that a URL must write as %XX";
		if (*url == '%' && (!isxdigit((unsigned char) url[1]) || !isxdigit((unsigned char) url[2])))
			return "'%' is not followed by two hex digits; write %25 for the character itself";
	}
	return NULL;
}

static bool is_host(struct view v)
{
	bool v6 = v.len > 2 && v.p[0] == '[' && v.p[v.len - 1] == ']';

	for (size_t i = v6; i < v.len - v6; i++)
		if (v6 ? !isxdigit((unsigned char) v.p[i]) && !strchr(":.", v.p[i]) : !isalnum((unsigned char) v.p[i]) && !strchr("-._", v.p[i]))
			return false;
	return v.len > 0;
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT */
static const char *host_fault(struct view host)
{
	const char *bracket = host.len > 0 ? memchr(host.p, ']', host.len) : NULL;
	size_t skip = bracket ? (size_t) (bracket - host.p) : 0;
	struct view port = { host.p + skip, host.len - skip };
	uint64_t number;
	bool given;

	host.len = skip + view_cut(&port, ':').len;
	given = port.p > host.p + host.len;
	if (!is_host(host))
		return "it names no host, or one that cannot be; write http://HOST:PORT";
	if (given && (parse_u64(port, 65535, &number) < 0 || number == 0))
		return "its port is no number from 1 to 65535";
	return NULL;
}

const char *proxy_url_fault(const char *url)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://" };
	const char *fault = characters_fault(url);
	struct view rest, host;

	if (fault)
		return fault;
	if (!strstr(url, "://"))
		return "it has no scheme; write http://HOST:PORT";
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) != 0)
			continue;
		rest = view_of(url + strlen(schemes[i]));
		host = view_cut(&rest, '/');
		if (rest.len > 0)
			return "it has a path; write http://HOST:PORT";
		while (memchr(host.p, '@', host.len))
			(void) view_cut(&host, '@'); /* user and password */
		return host_fault(host);
	}
	return "its scheme is not http, https or socks5";
}

static int read_url(struct json_object *value, const char *key, const char **ret, struct err *e)
{
	struct json_object *url;
	const char *fault = "it must be a string";

	if (!json_object_object_get_ex(value, key, &url) || !url)
		return 0;
	if (json_object_is_type(url, json_type_string))
		fault = proxy_url_fault(json_object_get_string(url));
	if (fault)
		return err_say(e, -EINVAL, "read proxy.%s: %s", key, fault);
	*ret = json_object_get_string(url);
	return 0;
}

/* Whether list, separated by commas, holds name already. */
static bool listed(struct view list, const char *name)
{
	while (list.len > 0)
		if (view_is_nocase(view_cut(&list, ','), name))
			return true;
	return false;
}

static int add_direct(struct buf *b, const char *name)
{
	return listed(buf_view(b), name) ? 0 : buf_printf(b, "%s%s", b->len > 0 ? "," : "", name);
}

static bool is_direct(struct json_object *o)
{
	const char *s = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isgraph((unsigned char) s[i]) || s[i] == ',' || s[i] == '"')
			return false;
	return n > 0;
}

static int read_no_proxy(struct json_object *value, struct buf *b, struct err *e)
{
	struct json_object *list = NULL;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(direct) && r == 0; i++)
		r = add_direct(b, direct[i]);
	(void) json_object_object_get_ex(value, "noProxy", &list);
	if (list && !json_object_is_type(list, json_type_array))
		return err_say(e, -EINVAL, "read proxy.noProxy: it must be a list of strings");
	for (size_t i = 0; list && i < json_object_array_length(list) && r == 0; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (!is_direct(o))
			return err_say(e, -EINVAL, "read proxy.noProxy[%zu]: it must be a host, domain, address or network, one in each string", i);
		r = add_direct(b, json_object_get_string(o));
	}
	return r < 0 ? err_set(e, r, "read proxy.noProxy") : 0;
}

static int proxy_read(struct json_object *value, struct proxy *ret, struct err *e)
{
	int r;

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_object))
		return err_say(e, -EINVAL, "read proxy: it must be an object");
	r = read_url(value, "http", &ret->http, e);
	if (r == 0)
		r = read_url(value, "https", &ret->https, e);
	if (r == 0)
		r = read_no_proxy(value, &ret->no_proxy, e);
	if (r == 0 && !ret->http && !ret->https && json_object_object_length(value) > 0)
		return err_say(e, -EINVAL, "read proxy: neither 'http' nor 'https' is given");
	return r;
}

int proxy_check(struct json_object *value, struct err *e)
{
	AUTO_PROXY p = { .http = NULL };

	return proxy_read(value, &p, e);
}

enum { VARIABLES = 3 };

static struct dropin_variable variable(const char *name, const char *url)
{
	return (struct dropin_variable) { name, url, url && strchr(url, '@') };
}

static void variables_of(const struct proxy *p, struct dropin_variable v[VARIABLES])
{
	bool any = p->http || p->https;

	v[0] = variable("HTTP_PROXY", p->http);
	v[1] = variable("HTTPS_PROXY", p->https);
	v[2] = (struct dropin_variable) { "NO_PROXY", any ? p->no_proxy.p : NULL, false };
}

static int add_default(struct json_object *agent, const struct dropin_variable *v)
{
	struct json_object *text;

	if (!v->value || json_object_object_get_ex(agent, v->name, &text))
		return APPLY_SAME;
	text = json_object_new_string(v->value);
	if (text && json_object_object_add(agent, v->name, text) == 0)
		return 0;
	json_object_put(text);
	return -ENOMEM;
}

int proxy_derive(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e)
{
	AUTO_PROXY p = { .http = NULL };
	struct dropin_variable v[VARIABLES];
	bool added[VARIABLES] = { false };
	int r = proxy_read(value, &p, e);

	(void) a;
	if (r < 0)
		return r;
	variables_of(&p, v);
	for (size_t i = 0; i < VARIABLES && r >= 0; i++) {
		r = add_default(agent, &v[i]);
		added[i] = r == 0;
	}
	for (size_t i = 0; i < VARIABLES && r < 0; i++)
		if (added[i])
			json_object_object_del(agent, v[i].name);
	if (r < 0)
		return err_set(e, r, "derive the agent's variables from 'proxy'");
	return added[0] || added[1] || added[2] ? 0 : APPLY_SAME;
}

/* In such an order that no drop-in ever names a file that is not there yet. */
static int set_all(const struct apply *a, struct view text, struct view file, bool *changed, struct err *e)
{
	int r = file.len > 0 ? apply_write(a, PATH_PROXY_FILE, file, 0600, e) : APPLY_SAME;

	*changed = r == 0;
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(units); i++) {
		r = dropin_set(a, units[i], "proxy", text, e);
		*changed |= r == 0;
	}
	if (r >= 0 && file.len == 0)
		r = apply_remove(a, PATH_PROXY_FILE, e);
	return r < 0 ? r : 0;
}

int proxy_apply(const struct apply *a, struct json_object *value, struct err *e)
{
	AUTO_PROXY p = { .http = NULL };
	AUTO_BUF text = { 0 }, file = { 0 };
	struct dropin_variable v[VARIABLES];
	bool changed;
	int r = proxy_read(value, &p, e);

	if (r < 0)
		return r;
	variables_of(&p, v);
	r = dropin_render(v, VARIABLES, PATH_PROXY_FILE, &text);
	if (r == 0)
		r = dropin_render_file(v, VARIABLES, &file);
	if (r < 0)
		return err_set(e, r, "render the drop-ins of 'proxy'");
	r = set_all(a, buf_view(&text), buf_view(&file), &changed, e);
	if (r < 0)
		return r;
	return changed ? dropin_reload(a, e) : APPLY_SAME;
}
