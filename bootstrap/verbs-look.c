#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap/check.h"
#include "bootstrap/input.h"
#include "bootstrap/parts.h"
#include "bootstrap/verbs.h"
#include "common/log.h"

/* The one file that parts and check take. */
static int read_file(const struct options *o, const char *verb, struct buf *b)
{
	struct err e;

	if (!o->rest[0] || o->rest[1]) {
		fprintf(stderr, "ecs-bootstrap: %s takes one file, or - for standard input\n", verb);
		return EXIT_USAGE;
	}
	if (input_read(o->rest[0], USERDATA_RAW_MAX, b, &e) == 0)
		return EXIT_DONE;
	log_error("%s", e.text);
	return EXIT_FAILED;
}

/* Prints what a verb made, or why it could not. */
static int print(int r, const struct buf *text, const struct err *e)
{
	if (r < 0) {
		log_error("%s", e->text);
		return EXIT_FAILED;
	}
	fwrite(buf_view(text).p, 1, text->len, stdout);
	if (fflush(stdout) == 0)
		return EXIT_DONE;
	log_error("write output: %s", strerror(errno));
	return EXIT_FAILED;
}

int run_parts(const struct options *o)
{
	AUTO_BUF raw = { 0 }, text = { 0 };
	AUTO_USERDATA *u = NULL;
	struct err e;
	int r = read_file(o, "parts", &raw);

	if (r != EXIT_DONE)
		return r;
	r = userdata_look(buf_view(&raw), &u, &e);
	if (r == 0)
		r = o->json ? parts_json(u, &text, &e) : parts_table(u, &text, &e);
	return print(r, &text, &e);
}

int run_check(const struct options *o)
{
	AUTO_BUF raw = { 0 }, text = { 0 };
	AUTO_CHECK *c = NULL;
	struct err e;
	int r = read_file(o, "check", &raw);

	if (r != EXIT_DONE)
		return r;
	r = check_userdata(buf_view(&raw), &c, &e);
	if (r == 0)
		r = o->json ? check_json(c, &text, &e) : check_text(c, strcmp(o->rest[0], "-") == 0 ? "<stdin>" : o->rest[0], &text, &e);
	r = print(r, &text, &e);
	return r == EXIT_DONE && check_failed(c) ? EXIT_FAILED : r;
}
