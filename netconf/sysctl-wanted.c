#include <stdio.h>
#include <string.h>

#include "netconf/sysctl-wanted.h"

#define AWSVPC_BRIDGE "ecs-bridge" /* the agent's CNI plugin makes it with the first awsvpc task */

static void add(struct sysctls_wanted *w, const char *folder, const char *name, const char *leaf, const char *value)
{
	struct sysctl new = { .value = value };

	if (w->n == SYSCTLS_MAX || snprintf(new.key, sizeof new.key, "%s/%s/%s", folder, name, leaf) >= (int) sizeof new.key)
		return;
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->of[i].key, new.key) == 0)
			return;
	w->of[w->n++] = new;
}

static void let_in(struct sysctls_wanted *w, const char *name)
{
	add(w, "net/ipv4/conf", name, "route_localnet", "1");
}

/* A container must not be able to announce itself as the host's IPv6 router (CVE-2020-13401). */
static void refuse_routers(struct sysctls_wanted *w, const char *name)
{
	add(w, "net/ipv6/conf", name, "accept_ra", "0");
}

/* By the names that Docker gives; a bridge of somebody else may want its router. */
static bool is_dockers(const char *name)
{
	return strncmp(name, "docker", 6) == 0 || strncmp(name, "br-", 3) == 0;
}

/*
 * route_localnet lets redirected packets that come in by an interface reach 127.0.0.1: by bridges, from tasks; by nothing
 * else. On `all` it would also be copied into each container's network namespace that is made later.
 */
void sysctls_wanted(const struct sysctls *s, bool narrow, struct sysctls_wanted *ret)
{
	ret->n = 0;
	if (!s->no_task_roles && narrow && s->bridge)
		let_in(ret, s->bridge);
	if (!s->no_task_roles && narrow)
		let_in(ret, AWSVPC_BRIDGE);
	for (size_t i = 0; !s->no_task_roles && narrow && i < s->bridges.n; i++)
		let_in(ret, s->bridges.name[i]);
	if (!s->no_task_roles && !narrow)
		let_in(ret, "all");
	if (s->bridge)
		refuse_routers(ret, s->bridge);
	for (size_t i = 0; i < s->bridges.n; i++)
		if (is_dockers(s->bridges.name[i]))
			refuse_routers(ret, s->bridges.name[i]);
}

int sysctls_render_later(const struct sysctls *s, struct buf *out)
{
	static const char *const names[] = { AWSVPC_BRIDGE, "docker*", "br-*" };
	int r = buf_printf(out, "# Of ecs-netconf(8): for interfaces that come after it has run; udev has these read then.\n");

	for (size_t i = 0; r == 0 && !s->no_task_roles && i < ARRAY_LEN(names); i++)
		r = buf_printf(out, "-net/ipv4/conf/%s/route_localnet = 1\n", names[i]);
	if (r == 0 && !s->no_task_roles && s->bridge)
		r = buf_printf(out, "-net/ipv4/conf/%s/route_localnet = 1\n", s->bridge);
	for (size_t i = 1; r == 0 && i < ARRAY_LEN(names); i++)
		r = buf_printf(out, "-net/ipv6/conf/%s/accept_ra = 0\n", names[i]);
	if (r == 0 && s->bridge)
		r = buf_printf(out, "-net/ipv6/conf/%s/accept_ra = 0\n", s->bridge);
	return r;
}
