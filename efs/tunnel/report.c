#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/log.h"
#include "common/notify.h"
#include "efs/tunnel/report.h"

const char *tunnel_path(const struct tunnel_options *o, const char *suffix, char ret[TUNNEL_PATH])
{
	snprintf(ret, TUNNEL_PATH, PATH_EFS_RUN_DIR "/%s.%s", o->base, suffix);
	return ret;
}

static void utc(time_t t, char *ret, size_t size)
{
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(ret, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(ret, size, "?");
}

/* For mount.efs: mount.nfs4 can only say that its connection was reset. */
static void keep_error(const struct tunnel *t, const char *text)
{
	char path[TUNNEL_PATH], line[sizeof t->trouble + 1];
	struct err e;

	tunnel_path(t->o, "error", path);
	snprintf(line, sizeof line, "%s\n", text);
	if ((text[0] ? file_replace(t->o->root, path, line, strlen(line), 0600, &e) : file_remove(t->o->root, path, &e)) < 0)
		log_debug("%s", e.text);
}

void report_forget(const struct tunnel *t)
{
	keep_error(t, "");
}

static void status(const struct tunnel *t, const char *text)
{
	notify("STATUS=%s on 127.0.0.1:%u%s%s", t->config.file_system, t->port, text[0] ? ": " : "", text);
}

void report_trouble(struct tunnel *t, const struct err *why)
{
	char text[sizeof t->trouble];

	snprintf(text, sizeof text, "%.*s", (int) sizeof text - 1, why->text);
	t->well_said = false;
	if (strcmp(text, t->trouble) == 0)
		return;
	memcpy(t->trouble, text, sizeof text);
	log_error("%s", t->trouble);
	keep_error(t, t->trouble);
	status(t, t->trouble);
}

void report_well(struct tunnel *t, const struct connection *c)
{
	char address[ADDRESS_TEXT];

	if (t->well_said)
		return;
	t->well_said = true;
	address_text(&c->to.at[c->at], address);
	if (t->trouble[0]) {
		log_info("connected to %s (%s) again, %s", t->config.host, address, tls_version(c->tls));
		keep_error(t, "");
	} else {
		log_info("connected to %s (%s), %s", t->config.host, address, tls_version(c->tls));
	}
	t->trouble[0] = '\0';
	status(t, "");
}

void report_renewed(struct tunnel *t)
{
	char until[48];

	utc(t->who->expires, until, sizeof until);
	if (t->renew_failures > 0)
		log_info("certificate renewed after %u failures, valid until %s", t->renew_failures, until);
	else
		log_debug("certificate %u made, valid until %s", t->who->serial, until);
	t->expiry_said = false;
	if (!t->trouble[0])
		status(t, "");
}

static void say_not_renewed(const struct tunnel *t, const struct err *why)
{
	char until[48];

	if (t->who) {
		utc(t->who->expires, until, sizeof until);
		log_warn("renew certificate: %s; the one that is valid until %s stays in use, this is tried again", why->text, until);
	} else {
		log_warn("make certificate: %s; this is tried again", why->text);
	}
}

/* Once a task is over nobody has credentials for it any more, and its mount may go on for hours: one line is enough. */
void report_not_renewed(struct tunnel *t, const struct err *why)
{
	if (t->renew_failures == 1)
		say_not_renewed(t, why);
	if (t->who && !t->expiry_said && time(NULL) >= t->who->expires) {
		t->expiry_said = true;
		log_error("the certificate has expired, new connections will be refused; renew certificate: %s", why->text);
	}
	if (!t->trouble[0])
		status(t, why->text);
}
