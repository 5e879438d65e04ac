#include <stdio.h>

#include "bootstrap/bake.h"
#include "bootstrap/seal.h"
#include "bootstrap/show-json.h"
#include "bootstrap/verbs.h"
#include "common/log.h"

static const char *const words[] = {
	[STEP_MADE] = "made",       [STEP_ENABLED] = "enabled", [STEP_PLACED] = "placed",
	[STEP_REMOVED] = "removed", [STEP_CHANGED] = "changed", [STEP_FAILED] = "failed",
};

struct printer {
	bool                dry;
	struct json_object *list; /* NULL: lines are printed */
	bool                short_of_memory;
};

static void add_step(struct printer *p, enum image_step step, const char *what, const struct err *why)
{
	struct json_object *o = show_element(p->list);

	if (!o || show_text(o, "step", view_of(words[step])) < 0 || show_text(o, "what", view_of(what)) < 0 ||
	    (why && show_text(o, "cause", view_of(why->text)) < 0))
		p->short_of_memory = true;
}

static void tell(void *ctx, enum image_step step, const char *what, const struct err *why)
{
	struct printer *p = ctx;

	if (p->list)
		add_step(p, step, what, why);
	if (why)
		log_error("%s", why->text);
	else if (!p->list)
		printf("%s%s %s\n", p->dry ? "would be " : "", words[step], what);
}

static int print_json(struct json_object *doc, const struct printer *p)
{
	AUTO_BUF text = { 0 };

	if (p->short_of_memory || show_document(doc, &text) < 0) {
		log_error("print the steps: out of memory");
		return EXIT_FAILED;
	}
	fwrite(buf_view(&text).p, 1, text.len, stdout);
	return EXIT_DONE;
}

static int run_job(const struct options *o, const char *verb, int (*run)(struct image_job *j, const struct options *o, struct err *e))
{
	AUTO_JSON *doc = o->json ? json_object_new_object() : NULL;
	struct printer p = { .dry = o->dry, .list = doc ? show_list(doc, "steps") : NULL };
	struct image_job j = { .root = o->root_fd, .root_path = o->root && o->root[0] && !(o->root[0] == '/' && !o->root[1]) ? o->root : NULL,
			       .dry = o->dry, .tell = tell, .ctx = &p };
	struct err e;

	if (has_arguments(o, verb))
		return EXIT_USAGE;
	if (o->json && !p.list) {
		log_error("%s: out of memory", verb);
		return EXIT_FAILED;
	}
	if (run(&j, o, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_FAILED;
	}
	if (o->json && print_json(doc, &p) != EXIT_DONE)
		return EXIT_FAILED;
	return j.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

static int do_bake(struct image_job *j, const struct options *o, struct err *e)
{
	(void) e;
	bake_run(j, o->agent_tar);
	return 0;
}

static int do_seal(struct image_job *j, const struct options *o, struct err *e)
{
	(void) o;
	return seal_run(j, e);
}

int run_bake(const struct options *o)
{
	return run_job(o, "bake", do_bake);
}

int run_seal(const struct options *o)
{
	return run_job(o, "seal", do_seal);
}
