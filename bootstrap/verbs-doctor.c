#include <stdio.h>

#include "bootstrap/doctor-look.h"
#include "bootstrap/doctor.h"
#include "bootstrap/verbs.h"
#include "common/log.h"
#include "common/spawn.h"

int run_doctor(const struct options *o)
{
	static struct doctor_facts facts; /* too large for a stack, both */
	static struct doctor_report report;
	AUTO_BUF text = { 0 };
	struct err e;
	int r;

	if (has_arguments(o, "doctor"))
		return EXIT_USAGE;
	spawn_dies_with_us();
	doctor_look(o->root_fd, o->root, &facts);
	doctor_judge(&facts, &report);
	doctor_facts_done(&facts);
	r = o->json ? doctor_json(&report, &text) : doctor_text(&report, &text);
	if (r < 0) {
		(void) err_set(&e, r, "show findings");
		log_error("%s", e.text);
		return EXIT_FAILED;
	}
	fwrite(buf_view(&text).p, 1, text.len, stdout);
	return report.found > 0 ? EXIT_FAILED : EXIT_DONE;
}
