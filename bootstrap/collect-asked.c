#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap/collect-take.h"
#include "bootstrap/docker-ask.h"
#include "bootstrap/doctor-look.h"
#include "bootstrap/doctor.h"
#include "bootstrap/fetch.h"
#include "bootstrap/status-host.h"
#include "bootstrap/status-show.h"
#include "cloud-init/userdata.h"
#include "common/json.h"

#define INTROSPECTION "http://127.0.0.1:51678"

enum { ASK_MS = 3000, IMDS_MS = 3000, CONTAINERS_MAX = 128, ID_LEN = 64 };

static void keep_reply(struct collect *c, const char *name, int r, const struct http_reply *reply, const struct err *e)
{
	char why[64];

	snprintf(why, sizeof why, "HTTP status %ld", reply->status);
	if (r < 0 || reply->status != 200)
		collect_miss(c, name, r < 0 ? e->text : why);
	else
		collect_keep(c, name, COLLECT_JSON, buf_view(&reply->body), NULL);
}

/* As docker_ask(), once it was silent only in name. */
static int ask(struct collect *c, const char *path, struct http_reply *reply, struct err *e)
{
	char socket[DOCKER_ASK_SOCKET_SIZE];
	int r;

	if (c->silent)
		return err_say(e, -ETIMEDOUT, "not asked, for Docker did not answer before");
	docker_ask_where(c->root, socket);
	r = docker_ask(socket, path, COLLECT_SOURCE_MAX, reply, e);
	c->silent = r == -ETIMEDOUT;
	return r;
}

void take_docker(struct collect *c, const struct collect_source *s)
{
	AUTO_REPLY reply = { 0 };
	struct err e;
	int r = ask(c, s->from, &reply, &e);

	keep_reply(c, s->name, r, &reply, &e);
}

/* ---- each container */

static void take_container(struct collect *c, const char *folder, const char *id)
{
	char path[128], name[TGZ_NAME_MAX + 1];
	AUTO_REPLY reply = { 0 };
	struct err e;
	int r;

	snprintf(path, sizeof path, "/containers/%.*s/json", (int) ID_LEN, id);
	snprintf(name, sizeof name, "%s/%.12s.json", folder, id);
	r = ask(c, path, &reply, &e);
	keep_reply(c, name, r, &reply, &e);
}

void take_containers(struct collect *c, const struct collect_source *s)
{
	AUTO_REPLY reply = { 0 };
	AUTO_JSON *list = NULL;
	struct json_place at;
	struct err e;
	int r = ask(c, s->from, &reply, &e);

	if (r == 0 && reply.status != 200)
		r = err_say(&e, -EPROTO, "HTTP status %ld", reply.status);
	if (r == 0)
		r = json_parse(buf_view(&reply.body), &list, &at, &e);
	if (r < 0 || !json_object_is_type(list, json_type_array)) {
		collect_miss(c, s->name, r < 0 ? e.text : "the answer is no list of containers");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(list) && i < CONTAINERS_MAX; i++) {
		const char *id = json_text(json_object_array_get_idx(list, i), "Id", NULL);

		if (id && strlen(id) >= 12 && strspn(id, "0123456789abcdef") == strlen(id))
			take_container(c, s->name, id);
	}
}

void take_agent(struct collect *c, const struct collect_source *s)
{
	const char *base = getenv("ECS_AGENT_INTROSPECTION_URL");
	AUTO_HTTP *h = NULL;
	AUTO_REPLY reply = { 0 };
	char url[256];
	struct err e;
	int r = http_new(&h, &e);

	snprintf(url, sizeof url, "%s%s", base ? base : INTROSPECTION, s->from);
	struct http_request rq = { .method = "GET", .url = url, .connect_ms = ASK_MS, .total_ms = ASK_MS, .max_reply = COLLECT_SOURCE_MAX };

	if (r == 0)
		r = http_do(h, &rq, &reply, &e);
	keep_reply(c, s->name, r, &reply, &e);
}

/* ---- what our own verbs say */

void take_status(struct collect *c, const struct collect_source *s)
{
	static struct status status; /* too large for a stack */
	AUTO_BUF text = { 0 };
	struct err e;
	int r;

	status = (struct status) { .n_rows = 0 };
	r = status_read(c->root, &status, &e);
	if (r == 0) {
		status_look(c->root, c->root_name, &status);
		r = status_json(&status, &text);
	}
	if (r < 0)
		collect_miss(c, s->name, e.text);
	else
		collect_keep(c, s->name, s->mask, buf_view(&text), NULL);
}

void take_doctor(struct collect *c, const struct collect_source *s)
{
	static struct doctor_facts facts;
	static struct doctor_report report;
	AUTO_BUF text = { 0 };

	facts = (struct doctor_facts) { .root = false };
	report = (struct doctor_report) { .n = 0 };
	doctor_look(c->root, c->root_name, &facts);
	doctor_judge(&facts, &report);
	doctor_facts_done(&facts);
	if (doctor_text(&report, &text) < 0)
		collect_miss(c, s->name, strerror(ENOMEM));
	else
		collect_keep(c, s->name, s->mask, buf_view(&text), NULL);
}

/* ---- user data, part by part: in base64 or packed no secret could be told */

static void fetched_done(struct fetched *f)
{
	buf_done(&f->bytes);
	imds_freep(&f->service);
}

static void keep_part(struct collect *c, const char *folder, const struct part *p)
{
	struct view body = view_trim(p->handed);
	bool json = body.len > 0 && body.p[0] == '{';
	char name[TGZ_NAME_MAX + 1], type[64];

	snprintf(name, sizeof name, "%s/part-%u", folder, p->number);
	status_clean(p->type, type, sizeof type);
	collect_keep(c, name, json ? COLLECT_JSON : p->kind == PART_ENV ? COLLECT_CONFIG : COLLECT_TEXT, p->handed, type);
}

void take_user_data(struct collect *c, const struct collect_source *s)
{
	CLEANUP(fetched_done) struct fetched got = { .from = "" };
	AUTO_USERDATA *u = NULL;
	struct err e;
	int r;

	if (!c->user_data) {
		collect_miss(c, s->name, "it was not asked for (--with-user-data)");
		return;
	}
	r = fetch_userdata(&(struct fetch) { .root = c->root, .imds_timeout_ms = IMDS_MS }, &got, &e);
	if (r == 0)
		r = userdata_look(buf_view(&got.bytes), &u, &e);
	if (r != 0) {
		collect_miss(c, s->name, r < 0 ? e.text : r == FETCH_NONE ? "there is none" : "the metadata service is switched off");
		return;
	}
	for (size_t i = 0; i < u->n_parts; i++)
		keep_part(c, s->name, &u->parts[i]);
}
