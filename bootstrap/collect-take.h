/* The ways to take a source of `collect-logs`, each within a deadline; each tells the manifest what came of it. */
#ifndef BOOTSTRAP_COLLECT_TAKE_H
#define BOOTSTRAP_COLLECT_TAKE_H

#include "bootstrap/collect.h"

/* collect-take.c: the last COLLECT_SOURCE_MAX bytes of a file; the newest files of a folder; what a program prints */
void take_file(struct collect *c, const struct collect_source *s);
void take_folder(struct collect *c, const struct collect_source *s);
void take_program(struct collect *c, const struct collect_source *s);

/* collect-asked.c: answers of Docker (take_containers: one for each container) and of the agent; what our own verbs say; user data */
void take_docker(struct collect *c, const struct collect_source *s);
void take_containers(struct collect *c, const struct collect_source *s);
void take_agent(struct collect *c, const struct collect_source *s);
void take_status(struct collect *c, const struct collect_source *s);
void take_doctor(struct collect *c, const struct collect_source *s);
void take_user_data(struct collect *c, const struct collect_source *s);

#endif
