#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "efs/tunnel/authorities.h"
#include "efs/tunnel/listener.h"
#include "efs/tunnel/report.h"

enum { MOUNTINFO_MAX = 16 << 20, FIRST_CERTIFICATE_MS = 15000 };

/* ---- files */

static int config_read(struct tunnel *t, struct err *e)
{
	AUTO_BUF text = { 0 };
	char path[TUNNEL_PATH];
	int r = file_read(t->o->root, tunnel_path(t->o, "conf", path), TUNNEL_CONFIG_MAX, &text, e);

	if (r == FILE_ABSENT)
		return START_NOTHING_TO_DO;
	if (r < 0)
		return r;
	r = tunnel_config_parse(buf_view(&text), &t->config, e);
	return r < 0 ? err_wrap(e, "read %s", path) : r;
}

/* The port that a tunnel of this name had before; 0: none. */
static uint16_t port_before(const struct tunnel *t)
{
	AUTO_BUF text = { 0 };
	char path[TUNNEL_PATH];
	struct err e;
	uint64_t port = 0;

	if (file_read(t->o->root, tunnel_path(t->o, "port", path), 64, &text, &e) != 0 ||
	    parse_u64(view_trim(buf_view(&text)), UINT16_MAX, &port) < 0)
		return 0;
	return (uint16_t) port;
}

static int port_write(const struct tunnel *t, struct err *e)
{
	char path[TUNNEL_PATH], text[8];
	int n = snprintf(text, sizeof text, "%u\n", t->port);
	int r = file_replace(t->o->root, tunnel_path(t->o, "port", path), text, (size_t) n, 0600, e);

	return r < 0 ? r : 0;
}

void tunnel_forget(const struct tunnel *t)
{
	static const char *const suffixes[] = { "port", "error", "conf" };
	char path[TUNNEL_PATH];
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (file_remove(t->o->root, tunnel_path(t->o, suffixes[i], path), &e) < 0)
			log_warn("%s", e.text);
}

/* A table that cannot be read says nothing: the tunnel stays. */
bool tunnel_is_mounted(const struct tunnel *t)
{
	AUTO_BUF text = { .limit = MOUNTINFO_MAX };
	struct err e;

	if (t->port == 0)
		return false;
	if (file_read(t->o->root, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &e) != 0)
		return true;
	return watch_mounted(buf_view(&text), t->config.mount_point, t->port, t->config.netns[0] == '\0');
}

/* Nobody waits for a tunnel whose file was written long ago and that has no mount: it was restarted after its mount went. */
static bool is_left_over(const struct tunnel *t)
{
	char path[TUNNEL_PATH];
	struct stat st;
	AUTO_FD fd = file_open(t->o->root, tunnel_path(t->o, "conf", path), O_RDONLY, 0);

	return fd >= 0 && fstat(fd, &st) == 0 && (time(NULL) - st.st_mtime) * 1000 > t->o->times.mount_within;
}

/* ---- what a tunnel is made of */

static int trust(struct tunnel *t, struct err *e)
{
	AUTO_BUF pem = { 0 };
	int r = t->config.verify ? authorities_read(t->o->root, t->config.ca_file, &pem, e) : 0;

	if (r < 0)
		return r;
	r = tls_context_new(buf_view(&pem), t->config.verify, &t->route.tls, e);
	return r < 0 ? err_wrap(e, "trust the authorities of '%s'", t->config.ca_file[0] ? t->config.ca_file : "this host") : r;
}

/* Whoever says no will not say yes in a moment; somebody who is not there yet may. */
static bool is_final(const struct err *e)
{
	return e->code == -EACCES || e->code == -EBADMSG || e->code == -ELIBACC;
}

static int first_certificate(struct tunnel *t, bool mounted, struct err *e)
{
	long until = clock_ms() + FIRST_CERTIFICATE_MS;
	unsigned failures = 0;

	t->renewal = (struct renewal) {
		.config = &t->config, .endpoint = t->o->endpoint, .version = t->o->version, .root = t->o->root,
	};
	t->renew_at = clock_ms();
	if (mounted)
		return 0; /* the loop makes it, at once */
	for (;;) {
		long pause;

		renewal_work(&t->renewal);
		if (t->renewal.made)
			return 0;
		pause = renewal_delay(++failures, 0, clock_dice());
		if (is_final(&t->renewal.why) || clock_ms() + pause > until) {
			*e = t->renewal.why;
			return e->code;
		}
		clock_sleep_ms((unsigned) pause);
	}
}

/* Where it has a mount, a tunnel must come back to its port, or not at all. */
static int listen_again(struct tunnel *t, bool mounted, struct err *e)
{
	uint16_t want = t->config.port ? t->config.port : mounted ? t->port : 0;
	int r = listener_open(&t->route.netns, want, clock_dice(), &t->listener, &t->port, e);

	return r < 0 ? r : port_write(t, e);
}

static int threads(struct tunnel *t, struct err *e)
{
	int r = background_new(renewal_work, &t->renewal, &t->renewer, e);

	t->lookup = (struct lookup) { .name = t->config.connect, .port = t->config.connect_port };
	t->numeric = lookup_is_address(&t->lookup);
	return r < 0 || t->numeric ? r : background_new(lookup_work, &t->lookup, &t->resolver, e);
}

static int build(struct tunnel *t, bool mounted, struct err *e)
{
	int r = netns_open(t->config.netns, &t->route.netns, e);

	r = r < 0 ? r : trust(t, e);
	r = r < 0 ? r : first_certificate(t, mounted, e);
	r = r < 0 ? r : listen_again(t, mounted, e);
	return r < 0 ? r : threads(t, e);
}

int tunnel_set_up(struct tunnel *t, const struct tunnel_options *o, struct err *e)
{
	bool mounted;
	int r;

	*t = (struct tunnel) { .o = o, .listener = -1, .route = { .netns = { -1, -1 }, .stall_ms = o->times.stall } };
	report_forget(t);
	r = config_read(t, e);
	if (r < 0)
		report_trouble(t, e);
	if (r != 0)
		return r;
	t->route.host = t->config.host;
	t->port = t->config.port ? t->config.port : port_before(t);
	mounted = tunnel_is_mounted(t);
	if (!mounted && is_left_over(t)) {
		tunnel_forget(t);
		return START_NOTHING_TO_DO;
	}
	r = build(t, mounted, e);
	if (r < 0) {
		report_trouble(t, e);
		return r;
	}
	t->watch = (struct watch) { .within_ms = o->times.mount_within, .gone_ms = o->times.mount_gone, .since = clock_ms() };
	return 0;
}

void tunnel_done(struct tunnel *t)
{
	for (unsigned i = 0; i < t->n_connections; i++)
		connection_freep(&t->connections[i]);
	fd_closep(&t->listener);
	netns_done(&t->route.netns);
	tls_context_freep(&t->route.tls);
	efs_identity_freep(&t->who);
	if (!t->renewer || background_idle(t->renewer))
		renewal_done(&t->renewal);
}
