#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "init/engine/partition.h"

#define BUCKET "amazon-ecs-agent"

static const struct partition {
	const char *prefix; /* of its regions */
	const char *domain;
	const char *bucket_region; /* NULL: unknown */
} partitions[] = {
	{ "cn-", "amazonaws.com.cn", "cn-north-1" },
	{ "us-gov-", "amazonaws.com", "us-gov-west-1" }, /* shares its domain with the last row */
	{ "us-iso-", "c2s.ic.gov", "us-iso-east-1" },
	{ "us-isob-", "sc2s.sgov.gov", "us-isob-east-1" },
	{ "us-isof-", "csp.hci.ic.gov", NULL },
	{ "eu-isoe-", "cloud.adc-e.uk", NULL },
	{ "eusc-", "amazonaws.eu", NULL },
	{ "", "amazonaws.com", "us-east-1" },
};

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_of(const struct aws_place *p, const struct partition *row)
{
	if (!p->domain[0])
		return starts(p->region, row->prefix);
	return strcmp(p->domain, row->domain) == 0 && (strcmp(row->prefix, "us-gov-") != 0 || starts(p->region, "us-gov-"));
}

static const char *bucket_region(const struct aws_place *p)
{
	for (size_t i = 0; i < ARRAY_LEN(partitions); i++)
		if (is_of(p, &partitions[i]))
			return partitions[i].bucket_region;
	return NULL;
}

size_t agent_buckets(const struct aws_place *p, struct agent_bucket ret[AGENT_BUCKETS])
{
	const char *home = bucket_region(p);
	size_t n = 0;

	if (home) {
		snprintf(ret[n].name, sizeof ret[n].name, BUCKET);
		snprintf(ret[n++].region, sizeof ret->region, "%s", home);
	}
	snprintf(ret[n].name, sizeof ret[n].name, BUCKET "-%s", p->region);
	snprintf(ret[n++].region, sizeof ret->region, "%s", p->region);
	return n;
}

static bool is_version(struct view v)
{
	if (v.len == 0 || v.len > 32 || v.p[0] == '.' || v.p[v.len - 1] == '.')
		return false;
	for (size_t i = 0; i < v.len; i++)
		if ((v.p[i] < '0' || v.p[i] > '9') && (v.p[i] != '.' || v.p[i + 1] == '.'))
			return false;
	return true;
}

int agent_key(const char *machine, struct view version, char ret[AGENT_KEY_SIZE], struct err *e)
{
	const char *arch = strcmp(machine, "x86_64") == 0 ? "" : strcmp(machine, "aarch64") == 0 ? "arm64-" : NULL;
	bool latest = view_is(version, "latest");

	if (!arch)
		return err_say(e, -ENOTSUP, "there is none for a machine of kind '%.40s'", machine);
	if (!latest && !is_version(version))
		return err_say(e, -EINVAL, "ECS_AGENT_VERSION is '%.*s', neither a version such as 1.105.1 nor 'latest'", VIEW_ARG(version, (size_t) 40));
	snprintf(ret, AGENT_KEY_SIZE, "ecs-agent-%s%s%.*s.tar", arch, latest ? "" : "v", VIEW_ARG(version, (size_t) 32));
	return 0;
}
