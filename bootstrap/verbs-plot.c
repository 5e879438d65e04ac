#include <errno.h>
#include <stdio.h>

#include "bootstrap/input.h"
#include "bootstrap/plot.h"
#include "bootstrap/verbs.h"
#include "common/log.h"

/* Of this boot, or as somebody else's `status --json` has them. */
static int read_steps(const struct options *o, struct status *s, struct err *e)
{
	AUTO_BUF text = { .limit = PLOT_INPUT_MAX };
	int r;

	if (!o->rest[0])
		return status_read(o->root_fd, s, e);
	r = input_read(o->rest[0], PLOT_INPUT_MAX, &text, e);
	return r < 0 ? r : plot_read(buf_view(&text), s, e);
}

static int draw(const struct options *o, const struct status *s, struct buf *svg, struct err *e)
{
	int r = plot_svg(s, svg);

	if (r == -ENODATA)
		return err_say(e, r, "plot steps: none %s", o->rest[0] ? "that has times is in the file" : "of this boot is written down");
	return r < 0 ? err_set(e, r, "plot steps") : 0;
}

int run_plot(const struct options *o)
{
	static struct status s; /* too large for a stack */
	AUTO_BUF svg = { 0 };
	struct err e;
	int r;

	if (o->rest[0] && o->rest[1]) {
		fprintf(stderr, "ecs-bootstrap: plot takes at most one file, or - for standard input\n");
		return EXIT_USAGE;
	}
	r = read_steps(o, &s, &e);
	if (r == 0)
		r = draw(o, &s, &svg, &e);
	if (r == 0 && (fwrite(svg.p, 1, svg.len, stdout) != svg.len || fflush(stdout) != 0))
		r = err_set(&e, -errno, "write output");
	if (r == 0)
		return EXIT_DONE;
	log_error("%s", e.text);
	return EXIT_FAILED;
}
