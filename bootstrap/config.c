#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bootstrap/changes.h"
#include "bootstrap/config.h"
#include "bootstrap/render.h"
#include "cloud-init/userdata.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/paths.h"

void config_report_done(struct config_report *r)
{
	buf_done(&r->fetched.bytes);
	imds_freep(&r->fetched.service);
	settings_done(&r->settings);
	buf_done(&r->before);
	buf_done(&r->after);
}

static int add_part(struct settings *s, const struct part *p, struct err *e)
{
	switch (p->kind) {
	case PART_ENV:
		return settings_add_env(s, p->number, p->body, e);
	case PART_JSON:
		return settings_add_json(s, p->number, p->body, e);
	case PART_FOREIGN:
		break;
	}
	return 0;
}

/* *u is what the settings' findings point into until they are finished. */
static int add_parts(struct settings *s, struct view raw, struct userdata **u, unsigned *ret_ours, struct err *e)
{
	int r = userdata_parse(raw, u, e);

	/* Somebody meant something by it; cloud-init says nothing about such a document at all. */
	if (r == 0 && (*u)->mime && (*u)->n_parts == 0)
		return err_say(e, -EBADMSG, "read user data: a MIME document in which no part can be found; 'ecs-bootstrap check' says why");
	for (size_t i = 0; r == 0 && i < (*u)->n_parts; i++) {
		*ret_ours += (*u)->parts[i].kind != PART_FOREIGN;
		r = add_part(s, &(*u)->parts[i], e);
	}
	return r;
}

/* also: a file with one more part, which comes last; NULL: there is none. */
static int read_parts(const char *also, struct config_report *ret, struct err *e)
{
	AUTO_USERDATA *u = NULL;
	AUTO_USERDATA *more = NULL;
	AUTO_BUF bytes = { 0 };
	unsigned unused = 0;
	int r = add_parts(&ret->settings, buf_view(&ret->fetched.bytes), &u, &ret->ours, e);

	if (r < 0)
		return r;
	ret->parts = (unsigned) u->n_parts;
	ret->has_user_data = u->n_parts > 0;
	if (also) {
		r = file_read(AT_FDCWD, also, USERDATA_RAW_MAX, &bytes, e);
		if (r == 0)
			r = add_parts(&ret->settings, buf_view(&bytes), &more, &unused, e);
		if (r < 0)
			return err_wrap(e, "add '%s'", also);
	}
	return settings_finish(&ret->settings, e);
}

/* User data from a file came without IMDS, but a source is fetched with the instance's role. Failing to open it is told by the source. */
static int derive(const struct fetch *f, struct config_report *ret, struct err *e)
{
	struct err unused;

	if (f->file && settings_section(&ret->settings, "agentConfigSource"))
		(void) !imds_open(f->imds_timeout_ms, &ret->fetched.service, &unused);
	return sections_derive(&(struct apply) { .root = f->root, .imds = ret->fetched.service }, &ret->settings, e);
}

static int render_both(int root, struct config_report *ret, struct err *e)
{
	AUTO_BUF lines = { .limit = CONFIG_FILE_MAX };
	int r = file_read(root, PATH_ECS_CONFIG, CONFIG_FILE_MAX, &ret->before, e);

	ret->absent = r == FILE_ABSENT;
	if (r < 0)
		return r;
	ret->after.limit = 2 * CONFIG_FILE_MAX;
	r = render_agent(&ret->settings, &lines, &ret->lines);
	if (r == 0)
		r = render_config(buf_view(&ret->before), buf_view(&lines), &ret->after);
	if (r < 0)
		return err_set(e, r, "render '%s'", PATH_ECS_CONFIG);
	ret->unclosed_block = r == RENDER_UNCLOSED;
	return 0;
}

/* Everything but the writing: before and after are filled unless it is off. */
static int render(const struct fetch *f, struct config_report *ret, struct err *e)
{
	int r;

	ret->begin_ms = clock_ms();
	r = fetch_userdata(f, &ret->fetched, e);
	ret->read_ms = r < 0 ? 0 : clock_ms();
	ret->off = r == FETCH_OFF;
	if (r == 0 || (r > 0 && f->also))
		ret->refused = (r = read_parts(f->also, ret, e)) < 0;
	if (r >= 0 && (!ret->off || f->also))
		r = derive(f, ret, e);
	if (r >= 0 && (!ret->off || f->also))
		r = render_both(f->root, ret, e);
	return r < 0 ? r : 0;
}

/* A host where nothing is asked for and no file is there gets none. */
static int write_config(const struct apply *a, struct config_report *ret, struct err *e)
{
	const struct buf *old = &ret->before, *new = &ret->after;
	int r;

	if (!a->dry)
		file_tidy(a->root, PATH_ECS_CONFIG);
	if (new->len == old->len && (ret->absent || memcmp(buf_view(new).p, buf_view(old).p, new->len) == 0) && ret->lines == 0)
		return 0;
	r = apply_write(a, PATH_ECS_CONFIG, buf_view(new), 0600, e);
	ret->written = r == 0;
	return r < 0 ? r : 0;
}

static int write_kind(int root, const char *kind, struct err *e)
{
	int r = dir_make(root, PATH_RUN_DIR, 0755, e);

	if (r == 0)
		r = file_replace(root, PATH_USER_DATA_KIND, kind, strlen(kind), 0644, e);
	return r < 0 ? r : 0;
}

static const char *kind_of(const struct config_report *ret)
{
	if (ret->off)
		return USER_DATA_UNKNOWN;
	if (!ret->has_user_data)
		return USER_DATA_NONE;
	return ret->ours == ret->parts ? USER_DATA_OURS : USER_DATA_SCRIPTS;
}

static int act(const struct fetch *f, struct changes *dry, struct config_report *ret, struct err *e)
{
	struct apply a = { .root = f->root, .dry = dry };
	int r = render(f, ret, e);

	a.imds = ret->fetched.service;
	if (r >= 0 && (!ret->off || f->also))
		r = write_config(&a, ret, e);
	ret->written_ms = clock_ms();
	if (r >= 0 && !dry)
		r = write_kind(f->root, kind_of(ret), e);
	if (r >= 0 && (!ret->off || f->also))
		ret->n_sections = sections_apply(&a, &ret->settings, ret->sections);
	return r;
}

int config_run(const struct fetch *f, struct config_report *ret, struct err *e)
{
	struct err unused;
	int r = act(f, NULL, ret, e);

	if (r < 0)
		(void) !write_kind(f->root, ret->refused ? USER_DATA_REFUSED : USER_DATA_FAILED, &unused);
	return r;
}

int config_plan(const struct fetch *f, struct changes *ret_changes, struct config_report *ret, struct err *e)
{
	return act(f, ret_changes, ret, e);
}
