#include <string.h>

#include "bootstrap/config.h"
#include "bootstrap/render.h"
#include "cloud-init/userdata.h"
#include "common/file.h"
#include "common/paths.h"

void config_report_done(struct config_report *r)
{
	buf_done(&r->fetched.bytes);
	settings_done(&r->settings);
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

static int read_parts(struct config_report *ret, struct err *e)
{
	AUTO_USERDATA *u = NULL;
	int r = userdata_parse(buf_view(&ret->fetched.bytes), &u, e);

	if (r < 0)
		return r;
	ret->parts = (unsigned) u->n_parts;
	ret->has_user_data = u->n_parts > 0;
	for (size_t i = 0; i < u->n_parts; i++) {
		if (u->parts[i].kind != PART_FOREIGN)
			ret->ours++;
		r = add_part(&ret->settings, &u->parts[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A host where nothing is asked for and no file is there gets none. */
static int write_config(int root, struct config_report *ret, struct err *e)
{
	AUTO_BUF old = { 0 }, lines = { .limit = CONFIG_FILE_MAX }, all = { .limit = 2 * CONFIG_FILE_MAX };
	int r = file_read(root, PATH_ECS_CONFIG, CONFIG_FILE_MAX, &old, e);
	bool absent = r == FILE_ABSENT;

	if (r < 0)
		return r;
	r = render_agent(&ret->settings, &lines, &ret->lines);
	if (r == 0)
		r = render_config(buf_view(&old), buf_view(&lines), &all);
	if (r < 0)
		return err_set(e, r, "render '%s'", PATH_ECS_CONFIG);
	ret->unclosed_block = r == RENDER_UNCLOSED;
	if (all.len == old.len && (absent || memcmp(buf_view(&all).p, buf_view(&old).p, all.len) == 0) && ret->lines == 0)
		return 0;
	r = dir_make(root, PATH_ECS_DIR, 0755, e);
	if (r == 0)
		r = file_replace(root, PATH_ECS_CONFIG, buf_view(&all).p, all.len, 0600, e);
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

int config_run(const struct fetch *f, struct config_report *ret, struct err *e)
{
	struct err unused;
	int r = fetch_userdata(f, &ret->fetched, e);

	ret->off = r == FETCH_OFF;
	if (r == 0)
		r = read_parts(ret, e);
	if (r >= 0 && !ret->off)
		r = write_config(f->root, ret, e);
	if (r >= 0)
		r = write_kind(f->root, kind_of(ret), e);
	if (r < 0)
		(void) !write_kind(f->root, USER_DATA_FAILED, &unused);
	return r;
}
