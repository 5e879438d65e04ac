#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "efs/tunnel/listener.h"
#include "efs/tunnel/report.h"

enum { FIXED_FDS = 3, CLOCK_MOVED_MS = 60000 };

/* ---- the certificate */

static long wall_offset(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (long) ts.tv_sec * 1000 + ts.tv_nsec / 1000000 - clock_ms();
}

/* Takes over what the thread has made, or why it could not. */
static void take_certificate(struct tunnel *t, long now)
{
	if (t->renewal.made) {
		efs_identity_freep(&t->who);
		t->who = TAKE_PTR(t->renewal.made);
		t->route.who = t->who;
		t->wall_offset = wall_offset();
		report_renewed(t);
		t->renew_failures = 0;
	} else {
		t->renew_failures++;
		report_not_renewed(t, &t->renewal.why);
	}
	t->renew_first = false;
	t->renew_at = now + renewal_delay(t->renew_failures, t->o->times.renew, clock_dice());
}

static void renew(struct tunnel *t)
{
	t->renew_at = LONG_MAX;
	background_ask(t->renewer);
}

/*
 * A clock that was set (NTP after boot, an instance that slept) makes a certificate too old or too young for its reader:
 * then no connection sets out with it.
 */
static void check_clock(struct tunnel *t)
{
	if (!t->who || t->renew_first || labs(wall_offset() - t->wall_offset) < CLOCK_MOVED_MS)
		return;
	t->renew_first = true;
	if (background_idle(t->renewer))
		renew(t);
}

/* ---- connections */

static void drop(struct tunnel *t, unsigned i)
{
	connection_freep(&t->connections[i]);
	t->connections[i] = t->connections[--t->n_connections];
}

/* Those that wait set out once there are a certificate and an address. Each lookup serves those that came before its end. */
static void start_waiting(struct tunnel *t, bool looked_up, long now)
{
	bool ask = false;

	if (!t->who || t->renew_first || now < t->hold_until)
		return;
	for (unsigned i = 0; i < t->n_connections; i++) {
		struct connection *c = t->connections[i];

		if (c->state != CONN_WAITING)
			continue;
		if (!t->numeric && !looked_up)
			ask = true;
		else if (t->lookup.found.n > 0)
			connection_start(c, &t->route, &t->lookup.found, now);
		else
			connection_fail(c, &t->lookup.why);
	}
	if (ask && background_idle(t->resolver))
		background_ask(t->resolver);
}

static void take_clients(struct tunnel *t, long now)
{
	struct err e;

	while (t->n_connections < CONNECTIONS_MAX) {
		int client = listener_accept(t->listener);

		if (client == -EMFILE || client == -ENFILE || client == -ENOBUFS || client == -ENOMEM) {
			(void) err_set(&e, client, "take a connection");
			report_trouble(t, &e);
			clock_sleep_ms(100); /* the listener stays ready: do not spin */
		}
		if (client < 0)
			break;
		if (connection_new(client, now, &t->connections[t->n_connections], &e) < 0) {
			report_trouble(t, &e);
			close(client);
			break;
		}
		t->n_connections++;
	}
	check_clock(t);
}

/* The kernel connects again as soon as it is let go: where every handshake fails that would be one after the other. */
static void hold(struct tunnel *t, long now)
{
	static const struct backoff pace = { .first_ms = 50, .max_ms = 2000, .jitter_percent = 20 };

	t->hold_until = now + (long) backoff_ms(&pace, ++t->failures, clock_dice());
}

static void step(struct tunnel *t, unsigned i, const struct pollfd p[2], long now)
{
	struct connection *c = t->connections[i];

	connection_step(c, &t->route, p, now);
	if (c->spoke)
		c->heard_at = now;
	c->spoke = false;
	if (c->heard && !c->told) {
		c->told = true;
		t->failures = 0;
		t->hold_until = 0;
		report_well(t, c);
	}
	if (c->state != CONN_OVER)
		return;
	if (c->why.code != 0)
		report_trouble(t, &c->why);
	if (c->why.code != 0 && !c->heard)
		hold(t, now);
	drop(t, i);
}

/* ---- the mount */

/* WATCH_GO_ON, or why this is the end. */
static enum watch_verdict look(struct tunnel *t, long now)
{
	long heard = 0;

	if (now < t->look_at)
		return WATCH_GO_ON;
	t->look_at = now + t->o->times.look;
	for (unsigned i = 0; i < t->n_connections; i++)
		if (t->connections[i]->heard_at > heard)
			heard = t->connections[i]->heard_at;
	return watch_judge(&t->watch, tunnel_is_mounted(t), heard, now);
}

/* ---- round and round */

static int pause_ms(const struct tunnel *t, bool go_on, long now)
{
	long until = t->look_at < t->renew_at ? t->look_at : t->renew_at;

	if (go_on)
		return 0;
	if (t->hold_until > now && t->hold_until < until)
		until = t->hold_until;
	for (unsigned i = 0; i < t->n_connections; i++) {
		long by = connection_deadline(t->connections[i], &t->route);

		until = by < until ? by : until;
	}
	return until <= now ? 0 : until - now > INT_MAX ? INT_MAX : (int) (until - now);
}

/* Fills p; true if a connection can go on at once. */
static bool collect(const struct tunnel *t, struct pollfd *p)
{
	bool go_on = false;

	p[0] = (struct pollfd) { .fd = t->n_connections < CONNECTIONS_MAX ? t->listener : -1, .events = POLLIN };
	p[1] = (struct pollfd) { .fd = background_fd(t->renewer), .events = POLLIN };
	p[2] = (struct pollfd) { .fd = t->resolver ? background_fd(t->resolver) : -1, .events = POLLIN };
	for (unsigned i = 0; i < t->n_connections; i++)
		go_on |= connection_poll(t->connections[i], p + FIXED_FDS + 2 * i);
	return go_on;
}

/* From the last to the first: a connection that is dropped gives its place to one that was stepped already. */
static void turn(struct tunnel *t, const struct pollfd *p, long now)
{
	bool looked_up = t->resolver && background_done(t->resolver);

	for (unsigned i = t->n_connections; i-- > 0;)
		step(t, i, p + FIXED_FDS + 2 * i, now);
	if (background_done(t->renewer))
		take_certificate(t, now);
	if (now >= t->renew_at && background_idle(t->renewer))
		renew(t);
	if (p[0].revents)
		take_clients(t, now);
	start_waiting(t, looked_up, now);
}

int tunnel_loop(struct tunnel *t, struct err *e)
{
	struct pollfd p[FIXED_FDS + 2 * CONNECTIONS_MAX];
	enum watch_verdict verdict;

	if (t->renewal.made)
		take_certificate(t, clock_ms());
	while ((verdict = look(t, clock_ms())) == WATCH_GO_ON) {
		bool go_on = collect(t, p);
		int n = poll(p, FIXED_FDS + 2 * t->n_connections, pause_ms(t, go_on, clock_ms()));

		if (n < 0 && errno != EINTR)
			return err_set(e, -errno, "wait for connections");
		if (n >= 0)
			turn(t, p, clock_ms());
	}
	tunnel_forget(t);
	return (int) verdict;
}
