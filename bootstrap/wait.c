#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/wait.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/http.h"
#include "common/json.h"
#include "common/keyval.h"
#include "common/spawn.h"

#define INTROSPECTION "http://127.0.0.1:51678"

enum { ASK_MS = 3000, SYSTEMCTL_MS = 5000 };

static const struct backoff pace = { .first_ms = 100, .max_ms = 1000, .jitter_percent = 20 };

/* Both go into a request and into messages. */
static bool is_name(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:/_.-");

	return n > 0 && n < AGENT_NAME_SIZE && !text[n];
}

bool wait_registered(struct view metadata, struct agent_identity *ret)
{
	AUTO_JSON *o = NULL;
	struct json_place at;
	struct err unused;
	const char *have, *in;
	struct view rest, word = { 0 };

	if (json_parse(metadata, &o, &at, &unused) < 0)
		return false;
	have = json_text(o, "ContainerInstanceArn", NULL);
	in = json_text(o, "Cluster", NULL);
	if (!have || !in || !is_name(have) || !is_name(in))
		return false;
	rest = view_of(have); /* arn:PARTITION:ecs:REGION:ACCOUNT:… */
	for (int i = 0; i < 4; i++)
		word = view_cut(&rest, ':');
	if (!aws_is_region(word))
		return false;
	snprintf(ret->region, sizeof ret->region, "%.*s", VIEW_ARG(word, sizeof ret->region - 1));
	snprintf(ret->instance, sizeof ret->instance, "%s", have);
	snprintf(ret->cluster, sizeof ret->cluster, "%s", in);
	return true;
}

int wait_ask(unsigned total_ms, struct agent_identity *ret, struct err *e)
{
	AUTO_HTTP *h = NULL;
	AUTO_REPLY reply = { 0 };
	const char *base = getenv("ECS_AGENT_INTROSPECTION_URL");
	char url[256];
	int r = http_new(&h, e);

	snprintf(url, sizeof url, "%s/v1/metadata", base ? base : INTROSPECTION);
	struct http_request rq = { .method = "GET", .url = url, .connect_ms = 1000, .total_ms = total_ms, .max_reply = 65536 };

	if (r == 0)
		r = http_do(h, &rq, &reply, e);
	if (r < 0 || (reply.status == 200 && wait_registered(buf_view(&reply.body), ret)))
		return r;
	return err_say(e, -EAGAIN, "GET %s: it answers but has not registered (HTTP status %ld, no ContainerInstanceArn)", url, reply.status);
}

int wait_for_agent(unsigned timeout_ms, struct agent_identity *ret, struct err *e)
{
	long deadline = clock_ms() + (long) timeout_ms;

	for (unsigned failures = 1;; failures++) {
		unsigned ms = backoff_ms(&pace, failures, clock_dice());

		if (wait_ask(ASK_MS, ret, e) == 0)
			return 0;
		if (clock_ms() + (long) ms >= deadline) {
			e->code = -ETIMEDOUT;
			return err_wrap(e, "wait %u s for the agent to register", timeout_ms / 1000);
		}
		clock_sleep_ms(ms);
	}
}

void wait_service_state(int root, char ret[AGENT_SERVICE_SIZE])
{
	static const char *const argv[] = { "systemctl", "show", "-p", "ActiveState", "-p", "StatusText", "ecs.service", NULL };
	AUTO_BUF out = { .limit = 8192 }, errors = { .limit = 8192 };
	struct view state, text = { "", 0 };
	struct err unused;
	int status;

	ret[0] = '\0';
	/* As sd_booted(3) finds out. */
	if (!dir_exists(root, "/run/systemd/system") ||
	    spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = SYSTEMCTL_MS }, &status, &out, &errors, &unused) < 0 || status != 0 ||
	    !keyval_find(buf_view(&out), "ActiveState", &state))
		return;
	(void) keyval_find(buf_view(&out), "StatusText", &text);
	snprintf(ret, AGENT_SERVICE_SIZE, "ecs.service is %.*s%s%.*s%s", VIEW_ARG(state, (size_t) 32), text.len > 0 ? " (" : "",
		 VIEW_ARG(text, (size_t) 240), text.len > 0 ? ")" : "");
}
