#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/collect.h"
#include "bootstrap/mask-text.h"
#include "bootstrap/mask.h"
#include "bootstrap/status.h"
#include "common/file.h"
#include "common/imds-reply.h"
#include "common/imds.h"

enum { IMDS_MS = 2000 };

void collect_miss(struct collect *c, const char *name, const char *why)
{
	char text[512];

	status_clean(view_of(why), text, sizeof text);
	c->n_missing++;
	(void) !buf_printf(&c->missing, "  %s: %s\n", name, text); /* over its limit: thousands are missing, and it shows */
}

static int mask_config(struct view text, struct buf *b)
{
	struct view line;
	int r = 0;

	while (r == 0 && view_line(&text, &line)) {
		r = mask_line(line, b);
		if (r == 0)
			r = buf_add(b, "\n", 1);
	}
	return r;
}

static int mask_by(enum collect_mask mask, struct view text, struct buf *b)
{
	switch (mask) {
	case COLLECT_CONFIG:
		return mask_config(text, b);
	case COLLECT_JSON:
		return mask_json(text, b);
	default:
		return mask_text(text, b);
	}
}

void collect_keep(struct collect *c, const char *name, enum collect_mask mask, struct view text, const char *note)
{
	AUTO_BUF clean = { .limit = 4 * COLLECT_SOURCE_MAX };
	struct err e;
	int r;

	if (c->broken < 0)
		return;
	r = mask_by(mask, text, &clean);
	if (r < 0) {
		collect_miss(c, name, r == -EBADMSG ? "it is not the JSON it should be, so its secrets cannot be told" : strerror(-r));
		return;
	}
	r = tgz_add(c->archive, name, buf_view(&clean), false, &e);
	if (r < 0)
		collect_miss(c, name, e.text);
	if (r < 0 && r != -EMSGSIZE && r != -EINVAL) {
		c->broken = r;
		c->why = e;
	}
	if (r == 0) {
		c->n_had++;
		(void) !buf_printf(&c->had, "  %s%s%s\n", name, note ? ": " : "", note ? note : "");
	}
}

void collect_identify(struct collect *c)
{
	AUTO_IMDS *imds = NULL;
	AUTO_BUF kept = { 0 };
	struct err unused;

	if (imds_open(IMDS_MS, &imds, &unused) == 0 && imds_instance_id(imds, c->instance, &unused) == 0)
		return;
	if (file_read(c->root, "/var/lib/cloud/data/instance-id", 256, &kept, &unused) != 0 || !imds_reply_instance_id(buf_view(&kept), c->instance))
		snprintf(c->instance, sizeof c->instance, "unknown");
}

static int add_manifest(struct collect *c, time_t when)
{
	AUTO_BUF text = { 0 };
	char at[32];
	struct tm tm;
	int r;

	(void) gmtime_r(&when, &tm);
	(void) strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
	r = buf_printf(&text, "Collected by ecs-bootstrap on instance %s at %s.\nSecrets are hidden by their names and looks as %s; look through it before you hand it on.\n"
			      "\nTaken (%u):\n%s\nNot to be had (%u):\n%s",
		       c->instance, at, MASK, c->n_had, c->had.p ? c->had.p : "", c->n_missing, c->missing.p ? c->missing.p : "");
	return r < 0 ? err_set(&c->why, r, "write the manifest") : tgz_add(c->archive, "MANIFEST", buf_view(&text), true, &c->why);
}

int collect_run(struct collect *c, const char *folder, time_t when, struct buf *out, struct err *e)
{
	AUTO_TGZ *archive = NULL;
	size_t n;
	const struct collect_source *sources = collect_sources(&n);
	int r = tgz_begin(folder, when, out, &archive, e);

	if (r < 0)
		return r;
	c->archive = archive;
	c->had.limit = c->missing.limit = TGZ_RESERVE / 4;
	for (size_t i = 0; i < n && c->broken == 0; i++) {
		if (c->progress)
			c->progress(i, n, sources[i].name);
		sources[i].take(c, &sources[i]);
	}
	r = c->broken < 0 ? c->broken : add_manifest(c, when);
	if (r == 0)
		r = tgz_end(archive, &c->why);
	if (r < 0)
		*e = c->why;
	c->archive = NULL;
	buf_done(&c->had);
	buf_done(&c->missing);
	return r;
}
