#include <stdio.h>

#include "bootstrap/status-host.h"
#include "bootstrap/status-show.h"
#include "bootstrap/verbs.h"
#include "common/log.h"

int run_status(const struct options *o)
{
	AUTO_BUF text = { 0 };
	static struct status s; /* too large for a stack */
	struct err e;
	int r;

	if (has_arguments(o, "status"))
		return EXIT_USAGE;
	if (status_read(o->root_fd, &s, &e) < 0) {
		log_error("%s", e.text);
		return EXIT_FAILED;
	}
	status_look(o->root_fd, o->root, &s);
	r = o->json ? status_json(&s, &text) : status_table(&s, &text);
	if (r < 0) {
		(void) err_set(&e, r, "show status");
		log_error("%s", e.text);
		return EXIT_FAILED;
	}
	fwrite(buf_view(&text).p, 1, text.len, stdout);
	return status_is_fine(&s) ? EXIT_DONE : EXIT_FAILED;
}
