#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/docker-ask.h"
#include "bootstrap/doctor-look.h"
#include "common/file.h"
#include "common/json.h"
#include "common/parse.h"
#include "common/paths.h"

#define CONTAINER "ecs-agent"

enum { PING_MAX = 4096, ANSWER_MAX = 4 << 20 };

/* "1.44" -> 144; 0: it is no such thing. */
static unsigned api_of(struct view text)
{
	struct view major = view_cut(&text, '.');
	uint64_t a, b;

	return parse_u64(major, 9, &a) == 0 && parse_u64(view_trim(text), 99, &b) == 0 ? (unsigned) (a * 100 + b) : 0;
}

static void ping(const char *socket, struct doctor_facts *f)
{
	AUTO_REPLY reply = { 0 };
	struct view version;
	struct err e;
	int r = docker_ask(socket, "/_ping", PING_MAX, &reply, &e);

	if (r == 0 && reply.status != 200)
		r = err_say(&e, -EPROTO, "GET /_ping: HTTP status %ld", reply.status);
	if (r == 0 && http_header(&reply, "Api-Version", &version))
		f->docker_api = api_of(version);
	doctor_answered(&f->docker, r, &e);
}

/* 0 with the body, FILE_ABSENT for 404, or negative. */
static int ask(const char *socket, const char *path, struct http_reply *reply, struct err *e)
{
	int r = docker_ask(socket, path, ANSWER_MAX, reply, e);

	if (r < 0 || reply->status == 200)
		return r;
	return reply->status == 404 ? FILE_ABSENT : err_say(e, -EPROTO, "GET %s: HTTP status %ld", path, reply->status);
}

int doctor_read_agent(struct view text, struct doctor_facts *f, struct err *e)
{
	AUTO_JSON *o = NULL;
	struct json_object *code, *oom;
	struct json_place at;
	const char *state;

	if (json_parse(text, &o, &at, e) < 0 || !(state = json_text(o, "State", "Status", NULL)) ||
	    json_get(o, json_type_int, &code, "State", "ExitCode", NULL) < 0)
		return err_say(e, -EBADMSG, "the answer is not the state of a container");
	status_clean(view_of(state), f->agent_state, sizeof f->agent_state);
	f->agent_exit = (long) json_object_get_int64(code);
	f->agent_oom = json_get(o, json_type_boolean, &oom, "State", "OOMKilled", NULL) == 0 && json_object_get_boolean(oom);
	return 0;
}

static const char *name_of(struct json_object *container)
{
	struct json_object *names;
	const char *name;

	if (json_get(container, json_type_array, &names, "Names", NULL) < 0 || json_object_array_length(names) == 0)
		return NULL;
	name = json_object_get_string(json_object_array_get_idx(names, 0));
	return name && name[0] == '/' ? name + 1 : name;
}

/* Ours is stopped and removed under names that begin as its own. */
void doctor_read_containers(struct view text, struct doctor_facts *f)
{
	AUTO_JSON *list = NULL;
	struct json_place at;
	struct err unused;

	if (json_parse(text, &list, &at, &unused) < 0 || !json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *image = json_text(one, "Image", NULL), *name = name_of(one);

		if (image && name && strstr(image, "amazon-ecs-agent") && strncmp(name, CONTAINER, strlen(CONTAINER)) != 0)
			status_clean(view_of(name), f->other_agent, sizeof f->other_agent);
	}
}

static void look_inside(const char *socket, struct doctor_facts *f)
{
	AUTO_REPLY image = { 0 }, agent = { 0 }, list = { 0 };
	struct err e;
	int r = ask(socket, "/images/" AGENT_IMAGE "/json", &image, &e);

	f->image_loaded = r == 0;
	doctor_answered(&f->image, r > 0 ? 0 : r, &e);
	r = ask(socket, "/containers/" CONTAINER "/json", &agent, &e);
	f->agent_there = r == 0;
	if (r == 0)
		r = doctor_read_agent(buf_view(&agent.body), f, &e);
	doctor_answered(&f->agent, r > 0 ? 0 : r, &e);
	if (ask(socket, "/containers/json", &list, &e) == 0)
		doctor_read_containers(buf_view(&list.body), f);
}

void doctor_look_docker(int root, struct doctor_facts *f)
{
	char socket[DOCKER_ASK_SOCKET_SIZE];

	docker_ask_where(root, socket);
	f->socket_there = access(socket, F_OK) == 0;
	f->image_tar = file_exists(root, PATH_IMAGE_TAR);
	snprintf(f->docker_socket, sizeof f->docker_socket, "%s", strncmp(socket, "/proc/self/fd/", 14) == 0 ? "/var/run/docker.sock" : socket);
	ping(socket, f);
	if (f->docker.r == 0) {
		look_inside(socket, f);
		return;
	}
	doctor_unasked(&f->image, "Docker cannot be asked");
	doctor_unasked(&f->agent, "Docker cannot be asked");
}
