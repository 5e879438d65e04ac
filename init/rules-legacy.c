#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
/* after netinet/in.h, whose types they take then */
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "common/attr.h"
#include "common/file.h"
#include "init/rules-legacy.h"

enum { FAMILY_N = 2, TABLE_N = 2, ENTRIES_MAX = 64 << 20 };

static const char *const tables[TABLE_N] = { "filter", "nat" };

static const struct family {
	int         domain, level, info, entries;
	const char *names; /* the tables that exist: reading this makes none, asking the kernel for one would */
} families[FAMILY_N] = {
	{ AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, "/proc/net/ip_tables_names" },
	{ AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES, "/proc/net/ip6_tables_names" },
};

/* Both families' structures are the same but for their names. */
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one structure serves both families");
_Static_assert(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries), "one structure serves both families");

struct rules_legacy {
	int                fd[FAMILY_N];
	bool               watched[FAMILY_N][TABLE_N];
	struct ipt_getinfo info[FAMILY_N][TABLE_N];
};

void rules_legacy_freep(struct rules_legacy **l)
{
	if (!*l)
		return;
	for (int f = 0; f < FAMILY_N; f++)
		fd_closep(&(*l)->fd[f]);
	free(*l);
	*l = NULL;
}

struct rules_legacy *rules_legacy_new(void)
{
	struct rules_legacy *l = calloc(1, sizeof *l);

	for (int f = 0; l && f < FAMILY_N; f++)
		l->fd[f] = socket(families[f].domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW); /* -1 without IPv6 */
	if (l && l->fd[0] < 0)
		rules_legacy_freep(&l);
	return l;
}

static bool exists(int family, int table)
{
	char line[64];
	bool found = false;
	FILE *names = fopen(families[family].names, "re");

	while (names && !found && fgets(line, sizeof line, names)) {
		line[strcspn(line, "\n")] = '\0';
		found = strcmp(line, tables[table]) == 0;
	}
	if (names)
		(void) fclose(names);
	return found;
}

static bool get_info(const struct rules_legacy *l, int family, int table, struct ipt_getinfo *ret)
{
	socklen_t len = sizeof *ret;

	memset(ret, 0, sizeof *ret);
	snprintf(ret->name, sizeof ret->name, "%s", tables[table]);
	return getsockopt(l->fd[family], families[family].level, families[family].info, ret, &len) == 0;
}

/* The name of a chain stands in its first entry, and nowhere else would ours stand by accident. */
static bool holds_ours(const struct rules_legacy *l, int family, int table, unsigned size)
{
	socklen_t len = sizeof(struct ipt_get_entries) + size;
	struct ipt_get_entries *all = size <= ENTRIES_MAX ? calloc(1, len) : NULL;
	bool found;

	if (!all)
		return false;
	snprintf(all->name, sizeof all->name, "%s", tables[table]);
	all->size = size;
	found = getsockopt(l->fd[family], families[family].level, families[family].entries, all, &len) == 0 &&
		memmem(all->entrytable, size, "ECS-", 4);
	free(all);
	return found;
}

static void look_at(struct rules_legacy *l, int family, int table, bool right)
{
	bool *watched = &l->watched[family][table];
	struct ipt_getinfo *info = &l->info[family][table];
	bool there = l->fd[family] >= 0 && exists(family, table) && get_info(l, family, table, info);

	if (there && holds_ours(l, family, table, info->size))
		*watched = true;
	else if (!there || right)
		*watched = false;
}

bool rules_legacy_look(struct rules_legacy *l, bool right)
{
	bool any = false;

	for (int f = 0; l && f < FAMILY_N; f++) {
		for (int t = 0; t < TABLE_N; t++) {
			look_at(l, f, t, right);
			any |= l->watched[f][t];
		}
	}
	return any;
}

bool rules_legacy_changed(const struct rules_legacy *l)
{
	struct ipt_getinfo now;

	for (int f = 0; l && f < FAMILY_N; f++)
		for (int t = 0; t < TABLE_N; t++)
			if (l->watched[f][t] && (!get_info(l, f, t, &now) || memcmp(&now, &l->info[f][t], sizeof now) != 0))
				return true;
	return false;
}
