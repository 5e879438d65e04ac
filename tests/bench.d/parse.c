/*
 * parse FILE ROUNDS   reads user data from FILE and prints, a line for each round, the microseconds from its bytes to
 *                     checked settings and the lines that ecs.config gets; the parts of `config` that need no machine
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bootstrap/render.h"
#include "bootstrap/settings.h"
#include "cloud-init/userdata.h"
#include "common/file.h"

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

/* How many lines; negative: it cannot be read. */
static int parse(struct view raw, struct err *e)
{
	AUTO_SETTINGS s = { .doc = NULL };
	AUTO_USERDATA *u = NULL;
	AUTO_BUF lines = { 0 };
	unsigned n = 0;
	int r = userdata_parse(raw, &u, e);

	for (size_t i = 0; r == 0 && i < u->n_parts; i++) {
		const struct part *p = &u->parts[i];

		if (p->kind == PART_ENV)
			r = settings_add_env(&s, p->number, p->body, e);
		else if (p->kind == PART_JSON)
			r = settings_add_json(&s, p->number, p->body, e);
	}
	if (r == 0)
		r = settings_finish(&s, e);
	if (r == 0)
		r = render_agent(&s, &lines, &n);
	return r < 0 ? r : (int) n;
}

int main(int argc, char **argv)
{
	AUTO_BUF raw = { 0 };
	struct err e = { .text = "nothing in it" };

	if (argc != 3 || file_read(AT_FDCWD, argv[1], USERDATA_RAW_MAX, &raw, &e) != 0) {
		fprintf(stderr, "parse: %s\n", e.text);
		return EXIT_FAILURE;
	}
	for (int i = atoi(argv[2]); i > 0; i--) {
		double begin = now_us();

		if (parse(buf_view(&raw), &e) <= 0) {
			fprintf(stderr, "parse: %s\n", e.text);
			return EXIT_FAILURE;
		}
		printf("%.1f\n", now_us() - begin);
	}
	return EXIT_SUCCESS;
}
