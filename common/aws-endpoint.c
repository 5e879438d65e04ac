#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/aws-endpoint.h"
#include "common/file.h"

/* From AWS's published partitions. A domain of the metadata service that is not here is used as it is, without dual-stack. */
static const struct partition {
	const char *prefix; /* of its regions */
	const char *domain;
	const char *dual_stack; /* NULL: it has no such names */
} partitions[] = {
	{ "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn" },
	{ "us-iso-", "c2s.ic.gov", NULL },
	{ "us-isob-", "sc2s.sgov.gov", NULL },
	{ "us-isof-", "csp.hci.ic.gov", NULL },
	{ "eu-isoe-", "cloud.adc-e.uk", NULL },
	{ "eusc-", "amazonaws.eu", "api.amazonwebservices.eu" },
	{ "", "amazonaws.com", "api.aws" }, /* us-gov too */
};

/* Where AWS documents FIPS names: regions that start so, services by their name. */
static const struct {
	const char *prefix, *services;
} fips_names[] = {
	{ "us-gov-", "s3 ssm ecs" }, { "us-iso", "s3 ssm ecs" }, { "us-", "s3 ssm ecs" }, { "ca-", "s3 ssm" },
};

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool all_of(struct view text, const char *more)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(more, c))))
			return false;
	}
	return text.len > 0;
}

bool aws_is_region(struct view text)
{
	return text.len < AWS_REGION_SIZE && all_of(text, "-") && text.p[0] != '-' && text.p[text.len - 1] != '-';
}

static const struct partition *partition_of(const struct aws_place *p, const char *region)
{
	size_t i = 0;

	for (; i < ARRAY_LEN(partitions) - 1; i++)
		if (p->domain[0] ? strcmp(partitions[i].domain, p->domain) == 0 : starts(region, partitions[i].prefix))
			break;
	return &partitions[i];
}

static bool fips_exists(const char *service, const char *region)
{
	for (size_t i = 0; i < ARRAY_LEN(fips_names); i++)
		if (starts(region, fips_names[i].prefix))
			return strstr(fips_names[i].services, service) != NULL;
	return false;
}

int aws_host(const struct aws_place *p, const char *service, const char *region, char ret[AWS_HOST_SIZE], struct err *e)
{
	const char *at = region ? region : p->region;
	const struct partition *known = partition_of(p, at);
	const char *domain = p->domain[0] ? p->domain : known->domain;
	bool dual = p->dual_stack && known->dual_stack && strcmp(domain, known->domain) == 0, s3 = strcmp(service, "s3") == 0;
	bool fips = p->fips || (p->fips_host && fips_exists(service, at));

	if (!aws_is_region(view_of(at)) || !all_of(view_of(domain), "-."))
		return err_say(e, -EINVAL, "find the host of %s: region '%.40s' or domain '%.40s' is no part of a host name", service, at, domain);
	/* In GovCloud the plain name of ssm is the one with FIPS. */
	if (strcmp(service, "ssm") == 0 && starts(at, "us-gov-") && !dual)
		fips = false;
	snprintf(ret, AWS_HOST_SIZE, "%s%s%s.%s.%s", service, fips ? "-fips" : "", s3 && dual ? ".dualstack" : "", at,
		 dual && !s3 ? known->dual_stack : domain);
	return 0;
}

static bool env_is_true(const char *name)
{
	const char *have = getenv(name);

	return have && strcasecmp(have, "true") == 0;
}

void aws_place_look(int root, struct aws_place *p)
{
	AUTO_BUF text = { 0 };
	struct err unused;

	p->fips = env_is_true("AWS_USE_FIPS_ENDPOINT");
	p->dual_stack = env_is_true("AWS_USE_DUALSTACK_ENDPOINT");
	p->fips_host = file_read(root, "/proc/sys/crypto/fips_enabled", 16, &text, &unused) == 0 && view_is(view_trim(buf_view(&text)), "1");
}

const char *aws_endpoint_override(const char *service)
{
	char name[64] = "AWS_ENDPOINT_URL_";
	size_t n = strlen(name);
	const char *url;

	for (; *service && n < sizeof name - 1; service++)
		name[n++] = (char) (*service >= 'a' && *service <= 'z' ? *service - 'a' + 'A' : *service);
	name[n] = '\0';
	url = getenv(name);
	if (!url || !*url)
		url = getenv("AWS_ENDPOINT_URL");
	return url && *url ? url : NULL;
}

int aws_endpoint_base(const char *service, char *ret, size_t size, struct err *e)
{
	const char *base = aws_endpoint_override(service);
	size_t len = base ? strlen(base) : 0;

	if (!base)
		return 0;
	while (len > 0 && base[len - 1] == '/')
		len--;
	if ((!starts(base, "http://") && !starts(base, "https://")) || len >= size)
		return err_say(e, -EINVAL, "read AWS_ENDPOINT_URL: '%.80s' is no http:// or https:// address", base);
	snprintf(ret, size, "%.*s", (int) len, base);
	return AWS_OVERRIDDEN;
}
