#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/agent-files.h"
#include "bootstrap/doctor-look.h"
#include "bootstrap/late.h"
#include "bootstrap/status-host.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/paths.h"

void doctor_answered(struct doctor_asked *a, int r, const struct err *e)
{
	*a = (struct doctor_asked) { .r = r };
	if (r < 0)
		status_clean(view_of(e->text), a->why, sizeof a->why);
}

void doctor_unasked(struct doctor_asked *a, const char *why)
{
	*a = (struct doctor_asked) { .r = DOCTOR_UNASKED };
	snprintf(a->why, sizeof a->why, "%s", why);
}

static void look_at_config(int root, struct doctor_facts *f)
{
	char *external = agent_files_value(root, "ECS_EXTERNAL");
	AUTO_BUF file = { 0 };
	struct err e;
	int r = file_read(root, PATH_ECS_CONFIG, CONFIG_FILE_MAX, &file, &e);

	if (external && parse_bool(view_of(external), &f->external) < 0)
		f->external = false;
	free(external);
	if (r == 0 && (r = late_check(buf_view(&file), &f->names)) < 0)
		(void) err_set(&e, r, "check '%s'", PATH_ECS_CONFIG);
	doctor_answered(&f->config, r == FILE_ABSENT ? 0 : r, &e);
}

void doctor_look(int root, const char *root_name, struct doctor_facts *f)
{
	struct err e;

	f->root = geteuid() == 0;
	if (status_read(root, &f->status, &e) < 0)
		(void) status_add(&f->status, view_of("records"), step_word(STEP_FAILED), view_of(e.text));
	status_look(root, root_name, &f->status);
	look_at_config(root, f);
	doctor_look_host(root, f);
	doctor_look_aws(root, f);
	doctor_look_docker(root, f);
}

void doctor_facts_done(struct doctor_facts *f)
{
	findings_done(&f->names);
}
