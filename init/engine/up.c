/* The verbs around the container's life: up, outcome, logs, stop. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "init/engine/container.h"
#include "init/engine/daemon.h"
#include "init/engine/engine.h"
#include "init/engine/host.h"
#include "init/engine/image.h"
#include "init/engine/prepare.h"
#include "init/engine/request.h"
#include "init/report.h"

enum {
	STOP_GRACE_S = 10, /* as the peer; the agent saves its state in that time */
	STOP_WAIT_MS = 5000,
	STOP_HURRY_MS = 1000, /* the supervisor can do without Docker, and a restart of Docker may be waiting for us */
	OUTCOME_WAIT_MS = 15000, /* dockerd notices an exit within milliseconds, unless it is being stopped itself */
	LOG_LINES = 200,
};

static const char *hash_of(struct json_object *request)
{
	const char *hash = json_text(request, "Labels", HASH_LABEL, NULL);

	return hash ? hash : "";
}

/*
 * A running agent that is not what is wanted goes only when Docker has taken the new request, and with its own grace: a
 * configuration that Docker refuses costs nobody anything.
 */
static int make_room(struct engine *g, const struct container *old, const char *id, struct err *e)
{
	int r = container_stop(g->docker, old->id, STOP_GRACE_S, e);

	if (r == 0 || r == DOCKER_NOT_FOUND || r == DOCKER_NOT_MODIFIED)
		r = container_remove(g->docker, old->id, e);
	return r ? r : container_rename(g->docker, id, AGENT_CONTAINER, e);
}

static int create(struct engine *g, struct json_object *request, struct container *c, struct err *e)
{
	struct container old = *c;
	int r = container_remove(g->docker, NEXT_CONTAINER, e); /* left by one of us that was killed in the midst */

	if (r == 0 && old.id[0] && !old.running)
		r = container_remove(g->docker, old.id, e);
	if (r == 0)
		r = container_create(g->docker, old.running ? NEXT_CONTAINER : AGENT_CONTAINER, request, c->id, e);
	if (r == 0 && old.running)
		r = make_room(g, &old, c->id, e);
	return r;
}

static bool is_wanted(const struct container *c, struct json_object *request)
{
	return c->running && c->hash[0] && strcmp(c->hash, hash_of(request)) == 0;
}

/* A running agent that is just what we would start is kept: a supervisor that died costs the tasks nothing. */
static int adopt_or_start(struct engine *g, struct json_object *request, struct container *c, bool *ret_adopted, struct err *e)
{
	int r = container_inspect(g->docker, AGENT_CONTAINER, c, e);

	*ret_adopted = r == 0 && is_wanted(c, request);
	if (*ret_adopted)
		return 0;
	if (r == DOCKER_NOT_FOUND)
		*c = (struct container) { .id = "" };
	else if (r != 0)
		return r;
	r = create(g, request, c, e);
	if (r == 0)
		r = container_start(g->docker, c->id, e);
	if (r == 0)
		r = container_inspect(g->docker, c->id, c, e);
	return r;
}

static int ensure_image(struct engine *g, char id[80], struct err *e)
{
	bool loaded;
	int r = image_id(g->docker, AGENT_IMAGE, id, e);

	if (r != DOCKER_NOT_FOUND)
		return r;
	engine_status("Looking for the agent's image");
	r = image_ensure(g->docker, g->root, &loaded, e);
	return r < 0 ? r : image_id(g->docker, AGENT_IMAGE, id, e);
}

static int bring_up(struct engine *g, struct host *h, struct container *c, bool *ret_adopted, struct err *e)
{
	AUTO_JSON *request = NULL;
	char image[80];
	int r = ensure_image(g, image, e);

	if (r != 0)
		return r;
	h->api = docker_api(g->docker);
	request = agent_request(h, image);
	return adopt_or_start(g, request, c, ret_adopted, e);
}

/* Docker may go away at any step; then all of it is done again when it is back. */
static int bring_up_whatever(struct engine *g, struct host *h, struct container *c, bool *ret_adopted, struct err *e)
{
	int r;

	for (;;) {
		bool waited;

		r = engine_connect(g, FOREVER_MS, &waited, e);
		if (r == 0 && waited)
			engine_status("Starting the agent");
		if (r == 0)
			r = bring_up(g, h, c, ret_adopted, e);
		if (r != -DOCKER_AWAY)
			break;
		log_warn("%s; trying again", e->text);
		clock_sleep_ms(250);
	}
	return r > 0 ? -EREMOTEIO : r; /* a 404 or 409 in between: somebody else is at the same container */
}

int verb_up(struct engine *g, struct err *e)
{
	AUTO_HOST h = { .api = 0 };
	char daemon[DAEMON_IDENTITY_MAX];
	struct container c = { .pid = 0 };
	bool adopted = false;
	int r = host_look(g->root, &h, e);

	if (r == 0 && g->args[2])
		prepare_complain(g->root, &h, true);
	if (r == 0)
		r = bring_up_whatever(g, &h, &c, &adopted, e);
	if (r < 0)
		return err_wrap(e, "start agent");
	if (!c.running)
		log_warn("agent container %.12s ended at once with exit status %d", c.id, c.exit_code);
	daemon_identity(g->root, g->socket, daemon);
	printf(REPORT_ID "=%s\n" REPORT_PID "=%d\n" REPORT_ADOPTED "=%s\n" REPORT_DAEMON "=%s\n", c.id, c.pid, adopted ? "true" : "false",
	       daemon);
	return 0;
}

/* Whether the daemon that answers now is another than the one that started the agent. */
static bool was_replaced(const struct engine *g)
{
	char now[DAEMON_IDENTITY_MAX];

	daemon_identity(g->root, g->socket, now);
	return g->args[1] && g->args[1][0] && now[0] && strcmp(g->args[1], now) != 0;
}

int verb_outcome(struct engine *g, struct err *e)
{
	bool waited = false;
	int code = 0, r;

	do {
		bool w = false;

		r = engine_connect(g, FOREVER_MS, &w, e);
		waited = waited || w;
		if (r == 0)
			r = container_wait(g->docker, g->args[0], OUTCOME_WAIT_MS, &code, e);
		if (r == -DOCKER_AWAY) {
			waited = true;
			clock_sleep_ms(250);
		}
	} while (r == -DOCKER_AWAY);
	if (r < 0)
		return err_wrap(e, "ask how the agent ended");
	if (r == 0)
		printf(REPORT_EXIT "=%d\n", code);
	printf(REPORT_DOCKER "=%s\n", waited || was_replaced(g) ? "gone" : "there");
	return 0;
}

int verb_logs(struct engine *g, struct err *e)
{
	AUTO_BUF text = { .limit = 512 << 10 };
	struct view rest, line;
	int r = engine_connect(g, 5000, NULL, e);

	if (r == 0)
		r = container_logs(g->docker, g->args[0], LOG_LINES, &text, e);
	if (r != 0)
		return r < 0 ? err_wrap(e, "read the agent's last words") : 0;
	log_info("the agent's last %d lines of output follow", LOG_LINES);
	rest = buf_view(&text);
	while (view_line(&rest, &line))
		log_info("agent| %.*s", VIEW_ARG(line, (size_t) 900));
	return 0;
}

int verb_stop(struct engine *g, struct err *e)
{
	struct container c;
	int r = engine_connect(g, g->args[0] ? STOP_HURRY_MS : STOP_WAIT_MS, NULL, e);

	if (r == 0)
		r = container_inspect(g->docker, AGENT_CONTAINER, &c, e);
	if (r == DOCKER_NOT_FOUND) {
		log_info("no agent container to stop");
		return 0;
	}
	if (r == 0 && !c.running) {
		log_info("the agent is stopped already");
		return 0;
	}
	if (r == 0)
		r = container_stop(g->docker, c.id, STOP_GRACE_S, e);
	if (r == DOCKER_NOT_FOUND || r == DOCKER_NOT_MODIFIED) {
		log_info("the agent ended by itself meanwhile");
		return 0;
	}
	if (r == 0)
		log_info("stopped the agent");
	return r == 0 ? 0 : err_wrap(e, "stop agent");
}
