#include <stdio.h>

#include "bootstrap/config-steps.h"
#include "bootstrap/config.h"
#include "bootstrap/script.h"
#include "bootstrap/show.h"
#include "bootstrap/verbs.h"
#include "common/log.h"
#include "common/paths.h"

enum { APPLY_IMDS_TIMEOUT_MS = 5000 };

static void say_warnings(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct err e;

		if (f->list[i].is_error)
			continue;
		(void) finding_say(&f->list[i], &e);
		log_warn("%s", e.text);
	}
}

/* How many sections failed. */
static unsigned say_failures(const struct config_report *r)
{
	unsigned failed = 0;

	for (size_t i = 0; i < r->n_sections; i++) {
		const struct section_report *s = &r->sections[i];

		log_field("ECS_SETTING", s->key);
		if (s->outcome < 0)
			log_error("apply setting '%s': %s", s->key, s->e.text);
		else if (s->outcome == APPLY_WARNED)
			log_warn("apply setting '%s': %s", s->key, s->e.text);
		failed += s->outcome < 0;
	}
	log_field("ECS_SETTING", NULL);
	return failed;
}

static unsigned say_sections(const struct config_report *r)
{
	for (size_t i = 0; i < r->n_sections; i++) {
		const struct section_report *s = &r->sections[i];

		log_field("ECS_SETTING", s->key);
		if (s->outcome == APPLY_NOTED && s->e.text[0])
			log_info("applied setting '%s': %s", s->key, s->e.text);
		else if (s->outcome == 0 || s->outcome == APPLY_NOTED)
			log_info("applied setting '%s'", s->key);
	}
	return say_failures(r);
}

static void say_source(const struct config_report *r)
{
	if (r->fetched.imds.code != 0)
		log_warn("read user data from instance metadata: %s%s%s", r->fetched.imds.text, r->has_user_data ? "; went on with " : "",
			 r->has_user_data ? r->fetched.from : "");
}

static void say_report(const struct config_report *r)
{
	if (r->off) {
		log_info("read user data: %s and there is no '%s'; '%s' was left as it is", r->fetched.imds.text, PATH_CLOUD_COPY, PATH_ECS_CONFIG);
		return;
	}
	say_source(r);
	if (r->unclosed_block)
		log_warn("read '%s': a managed block has no END line; its lines were kept as yours", PATH_ECS_CONFIG);
	say_warnings(&r->settings.findings);
	if (!r->has_user_data && r->lines == 0)
		log_info("there is no user data%s", r->written ? "; removed the managed block from '" PATH_ECS_CONFIG "'" : "");
	else if (r->ours == 0 && r->lines == 0)
		log_info("no part of the user data (%u) is for ecs-bootstrap%s", r->parts,
			 r->written ? "; removed the managed block from '" PATH_ECS_CONFIG "'" : "");
	else
		log_info("%s '%s': %u setting%s from %u of %u part%s of the user data", r->written ? "wrote" : "kept",
			 PATH_ECS_CONFIG, r->lines, r->lines == 1 ? "" : "s", r->ours, r->parts, r->parts == 1 ? "" : "s");
}

/* config_run(), written down. */
static int run_noted(const struct fetch *f, struct config_report *report, struct err *e)
{
	int r;

	config_steps_begin(f->root);
	r = config_run(f, report, e);
	config_steps_end(f->root, report, r, e);
	if (r < 0)
		log_error("%s; '%s' was left as it is", e->text, PATH_ECS_CONFIG);
	return r;
}

bool has_arguments(const struct options *o, const char *verb)
{
	if (o->rest[0])
		fprintf(stderr, "ecs-bootstrap: %s takes no argument '%s'\n", verb, o->rest[0]);
	return o->rest[0] != NULL;
}

int run_config(const struct options *o)
{
	struct fetch f = { .root = o->root_fd, .file = o->user_data, .imds_timeout_ms = o->imds_timeout_s * 1000 };
	AUTO_REPORT report = { .parts = 0 };
	struct err e;

	if (has_arguments(o, "config"))
		return EXIT_USAGE;
	if (run_noted(&f, &report, &e) < 0)
		return EXIT_FAILED;
	say_report(&report);
	return say_sections(&report) > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* On standard error only what the diffs cannot say. */
static int print_plan(const struct options *o, const struct config_report *report, const struct changes *changes)
{
	AUTO_BUF text = { 0 };
	struct err e;
	int r = o->json ? show_report(report, changes, &text, &e) : show_diffs(changes, &text, &e);

	if (r < 0) {
		log_error("%s", e.text);
		return EXIT_FAILED;
	}
	if (report->off) {
		log_info("read user data: %s and there is no '%s'", report->fetched.imds.text, PATH_CLOUD_COPY);
	} else {
		say_source(report);
		say_warnings(&report->settings.findings);
	}
	r = say_failures(report) > 0 ? EXIT_FAILED : EXIT_DONE;
	if (!report->off && changes->n == 0 && r == EXIT_DONE)
		log_info("all files are as config would write them");
	fwrite(buf_view(&text).p, 1, text.len, stdout);
	return r;
}

int run_show(const struct options *o)
{
	struct fetch f = { .root = o->root_fd, .file = o->user_data, .imds_timeout_ms = o->imds_timeout_s * 1000 };
	AUTO_REPORT report = { .parts = 0 };
	AUTO_CHANGES changes = { .n = 0 };
	struct err e;

	if (has_arguments(o, "show"))
		return EXIT_USAGE;
	if (config_plan(&f, &changes, &report, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_FAILED;
	}
	return print_plan(o, &report, &changes);
}

/* cloud-init runs it when all is done, or when the instance metadata could not be read; no more waiting for that here. */
int run_apply(const struct options *o)
{
	struct fetch f = { .root = o->root_fd, .file = o->user_data, .imds_timeout_ms = o->imds_timeout_s * 1000 };
	AUTO_REPORT report = { .parts = 0 };
	struct err e;
	int r;

	if (!o->rest[0] || o->rest[1]) {
		fprintf(stderr, "ecs-bootstrap: apply takes one file\n");
		return EXIT_USAGE;
	}
	if (o->imds_timeout_s == IMDS_TIMEOUT_S)
		f.imds_timeout_ms = APPLY_IMDS_TIMEOUT_MS;
	r = script_look(o->root_fd, o->rest[0], &e);
	if (r == SCRIPT_TAKEN) {
		log_info("apply '%s': config has taken it from the user data on this boot; nothing was changed", o->rest[0]);
		return EXIT_DONE;
	}
	if (r < 0) {
		log_error("%s; '%s' was left as it is", e.text, PATH_ECS_CONFIG);
		return EXIT_FAILED;
	}
	f.also = r == 0 ? o->rest[0] : NULL;
	if (run_noted(&f, &report, &e) < 0)
		return EXIT_FAILED;
	if (!report.off)
		say_report(&report);
	log_info("apply '%s': %u setting%s in '%s' now", o->rest[0], report.lines, report.lines == 1 ? "" : "s", PATH_ECS_CONFIG);
	return say_sections(&report) > 0 ? EXIT_FAILED : EXIT_DONE;
}
