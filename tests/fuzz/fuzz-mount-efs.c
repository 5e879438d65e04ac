/* The words of a mount line, and what the EFS API and efs-utils.conf may say: whatever is taken is fit for a file and a command line. */
#include <stdio.h>
#include <string.h>

#include "efs/mount/conf.h"
#include "efs/mount/options.h"
#include "efs/mount/resolve.h"
#include "efs/mount/spec.h"
#include "efs/mount/targets.h"
#include "tests/fuzz/fuzz.h"

static void options(struct view text)
{
	AUTO_EFS_OPTIONS o;
	AUTO_BUF b = { .limit = 4 * OPTIONS_MAX };
	struct err e;

	if (efs_options_parse(text, &o, &e) < 0)
		return;
	if (efs_options_nfs(&o, 65535, &b) < 0 || strlen(b.p) != b.len || strchr(b.p, '\n'))
		abort();
	for (size_t i = 0; i < OPT_PORT; i++)
		if (o.given[i] && o.value[i].len > 0 && memchr(o.value[i].p, '\n', o.value[i].len))
			abort();
}

static void names(struct view text)
{
	struct efs_spec s;
	struct efs_name n;
	struct err e;
	char host[EFS_HOST_SIZE], id[EFS_ID_SIZE];

	if (efs_spec_parse(text, &s, &e) == 0 && (s.path.p[0] != '/' || (s.id.len > 0) == (s.host.len > 0)))
		abort();
	if (!efs_name_parse(text, &n))
		return;
	if (n.id.len >= sizeof id || n.region.len >= AWS_REGION_SIZE || n.zone.len >= AWS_REGION_SIZE)
		abort();
	snprintf(id, sizeof id, "%.*s", VIEW_ARG(n.id, sizeof id - 1));
	if (efs_name_make(id, "eu-west-1", NULL, host, &e) == 0 && !efs_name_parse(view_of(host), &n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len }, v;
	struct target_want want = { "", "" };
	char at[ADDRESS_SIZE];
	struct err e;

	options(text);
	names(text);
	(void) conf_mount(text, "eu-west-1", "dns_name_suffix", &v);
	if (targets_pick(text, &want, at, sizeof at, &e) == 0 && strlen(at) >= sizeof at)
		abort();
	return 0;
}
