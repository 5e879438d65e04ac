/* Finds out what `doctor` judges. Each question has a deadline of a few seconds; what cannot be had is said in the facts. */
#ifndef BOOTSTRAP_DOCTOR_LOOK_H
#define BOOTSTRAP_DOCTOR_LOOK_H

#include "bootstrap/doctor-facts.h"

/* f: all zero. root_name: what --root was given, or NULL. The caller ends it with doctor_facts_done(). */
void doctor_look(int root, const char *root_name, struct doctor_facts *f);
void doctor_facts_done(struct doctor_facts *f);

/* Parts of doctor_look(). */
void doctor_look_host(int root, struct doctor_facts *f);
void doctor_look_aws(int root, struct doctor_facts *f);
void doctor_look_docker(int root, struct doctor_facts *f);

/* Sets what came of a question: "" and 0, or the sentence of e. */
void doctor_answered(struct doctor_asked *a, int r, const struct err *e);
void doctor_unasked(struct doctor_asked *a, const char *why);

/* Parsers of what is asked: `systemctl show`; package managers; result.json; Docker's inspect and list of containers; an HTTP Date. Pure. */
void doctor_read_units(struct view shown, struct doctor_facts *f);
void doctor_read_packages(struct view said, struct doctor_facts *f);
int  doctor_read_agent(struct view json, struct doctor_facts *f, struct err *e) MUST_CHECK;
void doctor_read_containers(struct view json, struct doctor_facts *f);
int  doctor_read_date(struct view date, long *ret_s) MUST_CHECK; /* seconds since 1970; 0 or -EBADMSG */

#endif
