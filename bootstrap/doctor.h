/*
 * `doctor`: the usual causes why an instance does not join or its tasks fail, each with its cure. What can be known of the host
 * stands in struct doctor_facts; a table of rows judges it. Pure.
 */
#ifndef BOOTSTRAP_DOCTOR_H
#define BOOTSTRAP_DOCTOR_H

#include "bootstrap/doctor-facts.h"

enum { DOCTOR_RESULTS_MAX = 96 };

struct doctor_report;
struct doctor_row {
	const char *name;
	void (*judge)(const struct doctor_facts *f, struct doctor_report *out);
	const char *cure; /* NULL: the row can only be skipped */
};

struct doctor_result {
	const struct doctor_row *row;
	bool                     skipped; /* else found */
	char                     what[DOCTOR_TEXT_SIZE];
};

struct doctor_report {
	const struct doctor_row *row; /* that judges now */
	struct doctor_result     list[DOCTOR_RESULTS_MAX];
	size_t                   n, found, skipped, rows; /* found and skipped: counted beyond the list too */
};

/* The rows, by what they are about: doctor-host.c, doctor-settings.c, doctor-aws.c, doctor-docker.c. */
const struct doctor_row *doctor_host_rows(size_t *ret_n);
const struct doctor_row *doctor_settings_rows(size_t *ret_n);
const struct doctor_row *doctor_aws_rows(size_t *ret_n);
const struct doctor_row *doctor_docker_rows(size_t *ret_n);

/* For the rows: something is wrong; or could not be looked at, and why. Texts from outside are cleaned. */
void doctor_found(struct doctor_report *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
void doctor_skipped(struct doctor_report *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* All rows on these facts. */
void doctor_judge(const struct doctor_facts *f, struct doctor_report *out);

/* What came of it, for people and for programs, appended to *b: 0 or as buf_add(). */
int doctor_text(const struct doctor_report *r, struct buf *b) MUST_CHECK;
int doctor_json(const struct doctor_report *r, struct buf *b) MUST_CHECK;

#endif
