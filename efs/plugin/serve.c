/* Requests in, answers out. What can be answered from memory is answered at once: Get, List, Path, Capabilities, Activate. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/clock.h"
#include "common/log.h"
#include "efs/plugin/names.h"
#include "efs/plugin/place.h"
#include "efs/plugin/store.h"
#include "efs/plugin/work.h"

enum { HTTP_OK = 200, HTTP_BAD = 400, HTTP_NOT_FOUND = 404, HTTP_METHOD = 405, HTTP_LARGE = 413, HTTP_ERROR = 500 };

/* ---- jobs */

static void unwatch(struct plugin *p, struct job *j)
{
	if (j->watched)
		(void) epoll_ctl(p->epoll, EPOLL_CTL_DEL, exchange_fd(j->x), NULL);
	j->watched = false;
}

void job_free(struct plugin *p, struct job *j)
{
	if (j->x) {
		unwatch(p, j);
		exchange_own(j->x, NULL);
	}
	free(j->name);
	free(j->id);
	buf_done(&j->reply);
	free(j);
}

/* From here on the job lives until its exchange has ended: on_end takes a Mount back that did not arrive. */
static void answer(struct plugin *p, struct job *j, unsigned status)
{
	if (!j->x) {
		job_free(p, j);
		return;
	}
	unwatch(p, j);
	j->answered = true;
	exchange_answer(j->x, status, TYPE_PLUGIN, buf_view(&j->reply));
}

void job_answer(struct plugin *p, struct job *j)
{
	answer(p, j, HTTP_OK);
}

void job_fail(struct plugin *p, struct job *j, const char *text)
{
	log_error("%s", text);
	buf_clear(&j->reply);
	(void) !reply_error(text, &j->reply); /* without memory an empty answer, which is an error to dockerd */
	j->counted = false;
	answer(p, j, HTTP_ERROR);
}

void job_save(struct plugin *p, struct job *j)
{
	p->changes++;
	j->change = p->changes;
	j->next = p->saving;
	p->saving = j;
}

static void remove_from(struct job **list, struct job *j)
{
	while (*list && *list != j)
		list = &(*list)->next;
	if (*list)
		*list = j->next;
}

/* dockerd has hung up: it has given up, or is gone, and will not send the Unmount of a Mount that it does not know of. */
static void on_hangup(struct plugin *p, struct source *s)
{
	struct job *j = (struct job *) s;
	struct exchange *x = j->x;
	struct view none = { "", 0 };

	unwatch(p, j);
	exchange_own(x, NULL);
	j->x = NULL;
	exchange_answer(x, HTTP_ERROR, TYPE_TEXT, none); /* nobody reads it; libmicrohttpd finds out and cleans up */
	if (j->kind != JOB_MOUNT)
		return;
	log_warn("the client of Mount %s of volume %s has hung up", j->id, j->name);
	if (!j->counted) {
		work_give_up(p, j);
		return;
	}
	remove_from(&p->saving, j);
	work_take_back(p, j->name, j->id);
	job_free(p, j);
}

struct job *job_new(struct plugin *p, struct exchange *x, enum job_kind kind, const char *name, const char *id)
{
	struct job *j = calloc(1, sizeof *j);
	struct epoll_event ev = { .events = 0 }; /* EPOLLHUP comes unasked */

	if (!j)
		return NULL;
	*j = (struct job) { .hangup.on_event = on_hangup, .kind = kind, .x = x, .name = strdup(name), .id = strdup(id) };
	if (!j->name || !j->id) {
		j->x = NULL;
		job_free(p, j);
		return NULL;
	}
	j->deadline = clock_ms() + (kind == JOB_MOUNT ? (long) p->mount_limit_ms + 1000 : UNMOUNT_LIMIT_MS + 5000);
	if (!x)
		return j;
	ev.data.ptr = &j->hangup;
	j->watched = epoll_ctl(p->epoll, EPOLL_CTL_ADD, exchange_fd(x), &ev) == 0;
	exchange_own(x, j);
	return j;
}

/* ---- the state file */

static void saved(struct plugin *p, struct job *j, int r, const struct err *e)
{
	char text[1024];

	if (r == 0 || j->kind != JOB_MOUNT) {
		job_answer(p, j);
		return;
	}
	snprintf(text, sizeof text, "mount failed due to an error while saving state: %s", e->text);
	work_take_back(p, j->name, j->id);
	job_fail(p, j, text);
}

/* All changes up to number are on the disk, or (r negative) are not. */
static void finish_saves(struct plugin *p, uint64_t number, int r, const struct err *e)
{
	struct job *j, *later = NULL;

	if (r < 0)
		log_error("save the state: %s", e->text);
	while ((j = p->saving)) {
		p->saving = j->next;
		if (j->change <= number) {
			saved(p, j, r, e);
		} else {
			j->next = later;
			later = j;
		}
	}
	p->saving = later;
}

void on_saved(struct plugin *p)
{
	uint64_t number;
	struct err e;
	int r = saver_taken(p->saver, &number, &e);

	finish_saves(p, number, r, &e);
}

void save_if_due(struct plugin *p)
{
	struct buf text = { .limit = STATE_MAX };
	struct err e;
	int r;

	if (p->given == p->changes || !saver_idle(p->saver))
		return;
	p->given = p->changes;
	r = volumes_render(&p->volumes, &text);
	if (r == 0)
		saver_put(p->saver, &text, p->given);
	else
		finish_saves(p, p->given, err_set(&e, r, "write '%s'", PATH_PLUGIN_STATE), &e);
	buf_done(&text);
}

/* ---- methods */

static void answer_now(struct exchange *x, int r, const struct buf *b)
{
	struct view none = { "", 0 };

	exchange_answer(x, r == 0 ? HTTP_OK : HTTP_ERROR, TYPE_PLUGIN, r == 0 ? buf_view(b) : none);
}

static void refuse(struct exchange *x, const char *text)
{
	AUTO_BUF b = { .p = NULL };

	(void) !reply_error(text, &b);
	exchange_answer(x, HTTP_ERROR, TYPE_PLUGIN, buf_view(&b));
}

static struct volume *make_volume(struct plugin *p, const struct request *rq, struct err *e)
{
	const char *type = json_text(rq->options, "type", NULL), *target = json_text(rq->options, "target", NULL);
	char path[sizeof VOLUMES_DIR + NAME_BYTES_MAX + 1], now[TIME_SIZE];
	struct json_object *created;
	struct volume *v;

	if (name_check(rq->name, e) < 0)
		return NULL;
	if (volumes_find(&p->volumes, rq->name)) {
		(void) err_say(e, -EEXIST, "volume %s already exists", rq->name);
		return NULL;
	}
	if (type && !volume_type_is_known(type)) {
		(void) err_say(e, -EINVAL, "volume %.128s type not supported", type);
		return NULL;
	}
	snprintf(path, sizeof path, VOLUMES_DIR "/%s", rq->name);
	if (target && target[0] ? target_check(target, e) < 0 : place_make(p->root, rq->name, e) < 0)
		return NULL;
	v = volumes_add(&p->volumes, rq->name, type ? type : "", target && target[0] ? target : path, rq->options);
	store_time(now);
	created = json_object_new_string(now);
	if (!v || json_object_object_add(v->entry, "createdAt", created) < 0)
		(void) err_set(e, -ENOMEM, "create volume %s", rq->name);
	return v;
}

static void create(struct plugin *p, struct exchange *x, const struct request *rq)
{
	struct err e = { .text = "no memory" };
	struct volume *v = make_volume(p, rq, &e);
	struct job *j;

	if (!v) {
		log_error("create a volume: %s", e.text);
		refuse(x, e.text);
		return;
	}
	log_info("created volume %s at %s", v->name, volume_path(v));
	j = job_new(p, x, JOB_CREATE, rq->name, "");
	if (j && reply_done(METHOD_CREATE, &j->reply) == 0) {
		job_save(p, j);
		return;
	}
	p->changes++;
	if (j)
		job_free(p, j);
	answer_now(x, -ENOMEM, NULL);
}

static void later(struct plugin *p, struct exchange *x, const struct request *rq, struct volume *v)
{
	static const enum job_kind kinds[METHOD_COUNT_] = {
		[METHOD_MOUNT] = JOB_MOUNT, [METHOD_UNMOUNT] = JOB_UNMOUNT, [METHOD_REMOVE] = JOB_REMOVE,
	};
	struct job *j = job_new(p, x, kinds[rq->method], rq->name, rq->id);
	int r = !j ? -ENOMEM : rq->method == METHOD_MOUNT ? reply_mountpoint(v, &j->reply) : reply_done(rq->method, &j->reply);

	if (r == 0) {
		work_add(p, v, j);
		return;
	}
	if (j)
		job_free(p, j);
	answer_now(x, r, NULL);
}

/* What is asked of a volume that must be there. */
static void about_volume(struct plugin *p, struct exchange *x, const struct request *rq)
{
	struct volume *v = volumes_find(&p->volumes, rq->name);
	AUTO_BUF b = { .p = NULL };
	struct err e;

	if (!v) {
		(void) err_say(&e, -ENOENT, "volume %.255s not found", rq->name);
		if (rq->method != METHOD_GET) /* dockerd asks so before each Create */
			log_error("%s", e.text);
		refuse(x, e.text);
	} else if (rq->method == METHOD_GET) {
		answer_now(x, reply_volume(v, &b), &b);
	} else if (rq->method == METHOD_PATH) {
		answer_now(x, reply_mountpoint(v, &b), &b);
	} else {
		later(p, x, rq, v);
	}
}

static void dispatch(struct plugin *p, struct exchange *x, const struct request *rq)
{
	bool needs_id = rq->method == METHOD_MOUNT || rq->method == METHOD_UNMOUNT;
	AUTO_BUF b = { .p = NULL };
	struct err e;

	switch (rq->method) {
	case METHOD_ACTIVATE:
	case METHOD_CAPABILITIES:
		answer_now(x, reply_done(rq->method, &b), &b);
		return;
	case METHOD_LIST:
		answer_now(x, reply_list(&p->volumes, &b), &b);
		return;
	case METHOD_CREATE:
		create(p, x, rq);
		return;
	default:
		break;
	}
	if (needs_id && !rq->name[0])
		refuse(x, "no volume in the request");
	else if (needs_id && id_check(rq->id, &e) < 0)
		refuse(x, e.text);
	else
		about_volume(p, x, rq);
}

static void say(struct exchange *x, unsigned status, const char *text)
{
	exchange_answer(x, status, TYPE_TEXT, view_of(text));
}

static void on_request(void *ctx, struct exchange *x, const char *path, bool post, bool too_large, struct view body)
{
	AUTO_REQUEST rq = { .body = NULL };
	enum method method;
	struct err e;

	if (request_method(path, &method) != 0)
		say(x, HTTP_NOT_FOUND, "404 page not found\n");
	else if (!post)
		say(x, HTTP_METHOD, "the volume plugin takes POST only\n");
	else if (too_large)
		say(x, HTTP_LARGE, "the request is too large\n");
	else if (request_parse(method, body, &rq, &e) < 0)
		say(x, HTTP_BAD, e.text);
	else
		dispatch(ctx, x, &rq);
}

static void on_end(void *ctx, struct exchange *x, void *owner, bool sent)
{
	struct plugin *p = ctx;
	struct job *j = owner;

	(void) x;
	if (!j || !j->answered)
		return; /* the server is being stopped: work_stop has it */
	j->x = NULL;
	if (!sent && j->counted) {
		log_warn("nobody took the answer to Mount %s of volume %s: it is taken back", j->id, j->name);
		work_take_back(p, j->name, j->id);
	}
	job_free(p, j);
}

int plugin_serve(struct plugin *p, int listen_fd, struct err *e)
{
	struct server_calls calls = { .on_request = on_request, .on_end = on_end, .ctx = p };

	return server_new(listen_fd, REQUEST_MAX, &calls, &p->server, e);
}
