#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "efs/mount/conf.h"
#include "efs/mount/place.h"
#include "efs/mount/targets.h"

enum { IMDS_MS = 5000, DNS_MS = 10000, API_MS = 15000, PROBE_TRIES = 3, ITEM_MAX = 256 };

static long at_most(const struct search *s, long ms)
{
	long left = s->deadline - clock_ms();

	return left < 0 ? 0 : left < ms ? left : ms;
}

static int need_imds(struct search *s, struct err *e)
{
	int r = s->imds ? 0 : imds_open((unsigned) at_most(s, IMDS_MS), &s->imds, e);

	return r == IMDS_OFF ? err_say(e, -EACCES, "the metadata service is switched off") : r;
}

/* 0 and ret, which is a word of the letters of zones and regions; else negative. */
static int ask_imds(struct search *s, const char *item, char *ret, size_t size, struct err *e)
{
	AUTO_BUF b = { .limit = ITEM_MAX };
	char path[96];
	struct view text;
	int r = need_imds(s, e);

	if (r < 0)
		return r;
	snprintf(path, sizeof path, "meta-data/placement/%s", item);
	r = imds_get(s->imds, path, ITEM_MAX, &b, e);
	if (r < 0)
		return r;
	text = view_trim(buf_view(&b));
	if (r > 0 || !aws_is_region(text) || text.len >= size)
		return err_say(e, -ENOENT, "the metadata service gives no %s", item);
	snprintf(ret, size, "%.*s", VIEW_ARG(text, size - 1));
	return 0;
}

static bool take_region(struct view v, char *ret)
{
	if (v.len == 0 || !aws_is_region(v))
		return false;
	snprintf(ret, AWS_REGION_SIZE, "%.*s", VIEW_ARG(v, (size_t) AWS_REGION_SIZE - 1));
	return true;
}

/* name: of the host that was given to be mounted, taken apart; or NULL */
static int find_region(struct search *s, const struct efs_name *name, char *ret, struct err *e)
{
	const char *env[] = { getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION") };
	struct view v;

	if (s->options->given[OPT_REGION] && take_region(s->options->value[OPT_REGION], ret))
		return 0;
	if (name && take_region(name->region, ret))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(env); i++)
		if (env[i] && take_region(view_of(env[i]), ret))
			return 0;
	if (conf_find(s->conf, "mount", "region", &v) && take_region(v, ret))
		return 0;
	if (ask_imds(s, "region", ret, AWS_REGION_SIZE, e) < 0) {
		(void) err_wrap(e, "find the region: no option 'region', no AWS_REGION, none in " PATH_EFS_UTILS_CONF);
		return e->code;
	}
	return 0;
}

/* The configuration that efs-utils ships says amazonaws.com for every region that it does not know. */
static const char *find_domain(const struct search *s, const char *region, char room[AWS_DOMAIN_SIZE])
{
	struct view v;

	if (!conf_mount(s->conf, region, "dns_name_suffix", &v) || v.len == 0 || v.len >= AWS_DOMAIN_SIZE || view_is(v, "amazonaws.com"))
		return NULL;
	snprintf(room, AWS_DOMAIN_SIZE, "%.*s", VIEW_ARG(v, (size_t) AWS_DOMAIN_SIZE - 1));
	return room;
}

/* A host name is that of a file system, or an alias (CNAME) of one. */
static int name_of(struct search *s, struct addresses *room, struct efs_name *ret, struct err *e)
{
	char host[EFS_HOST_SIZE];

	if (efs_name_parse(s->spec->host, ret))
		return 0;
	snprintf(host, sizeof host, "%.*s", VIEW_ARG(s->spec->host, sizeof host - 1));
	if (resolve(host, clock_ms() + at_most(s, DNS_MS), room, e) < 0)
		return err_wrap(e, "DNS: look up '%s'", host);
	if (!efs_name_parse(view_of(room->canonical), ret))
		return err_say(e, -EINVAL, "DNS: '%s' leads to '%s', which is not the name of an EFS file system", host, room->canonical);
	return 0;
}

static int set_prefix(struct place *p, const char *prefix, struct err *e)
{
	if (snprintf(p->connect, sizeof p->connect, "%s%s%s", prefix, prefix[0] ? "." : "", p->host) >= (int) sizeof p->connect)
		return err_say(e, -EINVAL, "find the host of %s: its name is too long", p->id);
	return 0;
}

/* Names: of the file system, and of what is connected to. */
static int make_names(struct search *s, struct place *p, struct err *e)
{
	struct addresses room;
	struct efs_name name = { .zone = { "", 0 } };
	bool named = s->spec->host.len > 0;
	char domain[AWS_DOMAIN_SIZE], zone[AWS_REGION_SIZE] = "";
	struct view prefix;
	int r = named ? name_of(s, &room, &name, e) : 0;

	if (r < 0)
		return r;
	snprintf(p->id, sizeof p->id, "%.*s", named ? (int) name.id.len : (int) s->spec->id.len, named ? name.id.p : s->spec->id.p);
	r = find_region(s, named ? &name : NULL, p->region, e);
	if (r == 0)
		r = efs_name_make(p->id, p->region, find_domain(s, p->region, domain), p->host, e);
	if (r == 0 && s->options->given[OPT_CROSSACCOUNT])
		r = ask_imds(s, "availability-zone-id", zone, sizeof zone, e);
	prefix = s->options->given[OPT_AZ] ? s->options->value[OPT_AZ] : name.zone;
	if (!zone[0])
		snprintf(zone, sizeof zone, "%.*s", VIEW_ARG(prefix, sizeof zone - 1));
	return r < 0 ? r : set_prefix(p, zone, e);
}

static int use_address(struct search *s, struct place *p, const char *address, struct err *e)
{
	snprintf(p->connect, sizeof p->connect, "%s", address);
	p->is_address = true;
	p->addresses = (struct addresses) { .n = 1 };
	snprintf(p->addresses.text[0], ADDRESS_SIZE, "%s", address);
	return probe(address, NFS_PORT, PROBE_TRIES, s->netns, e);
}

static bool may_fall_back(const struct search *s)
{
	struct view v;

	return !s->options->given[OPT_CROSSACCOUNT] &&
	       !(conf_find(s->conf, "mount", "fall_back_to_mount_target_ip_address_enabled", &v) && view_is_nocase(v, "false"));
}

/* The zone by option, else the one this instance is in; neither is fine too. */
static int ask_targets(struct search *s, const struct place *p, char *ret, size_t size, struct err *e)
{
	char zone[AWS_REGION_SIZE] = "", id[AWS_REGION_SIZE] = "";
	struct target_want want = { .zone = zone, .zone_id = id };
	struct err unused;
	int r = need_imds(s, e);

	if (r < 0)
		return r;
	if (s->options->given[OPT_AZ])
		snprintf(zone, sizeof zone, "%.*s", VIEW_ARG(s->options->value[OPT_AZ], sizeof zone - 1));
	else if (ask_imds(s, "availability-zone-id", id, sizeof id, &unused) < 0)
		(void) ask_imds(s, "availability-zone", zone, sizeof zone, &unused);
	return targets_find(s->imds, s->root, p->id, p->region, &want, (unsigned) at_most(s, API_MS), ret, size, e);
}

static int fall_back(struct search *s, struct place *p, const struct err *dns, struct err *e)
{
	char address[ADDRESS_SIZE];
	struct err why;
	int r = ask_targets(s, p, address, sizeof address, &why);

	if (r == 0)
		return use_address(s, p, address, e);
	return err_say(e, r, "DNS: '%s' has no address (%.200s; is there a mount target in this zone, and has the VPC DNS resolution and host names?); and %.400s",
		       p->connect, dns->text, why.text);
}

int place_find(struct search *s, struct place *ret, struct err *e)
{
	struct err dns;
	char address[ADDRESS_SIZE];
	int r;

	*ret = (struct place) { .is_address = false };
	r = make_names(s, ret, e);
	if (r < 0)
		return r;
	if (s->options->given[OPT_MOUNTTARGETIP]) {
		snprintf(address, sizeof address, "%.*s", VIEW_ARG(s->options->value[OPT_MOUNTTARGETIP], sizeof address - 1));
		return use_address(s, ret, address, e);
	}
	r = resolve(ret->connect, clock_ms() + at_most(s, DNS_MS), &ret->addresses, &dns);
	if (r == 0)
		return 0;
	if (!may_fall_back(s))
		return err_say(e, r, "DNS: '%s' has no address (%.300s)", ret->connect, dns.text);
	return fall_back(s, ret, &dns, e);
}
