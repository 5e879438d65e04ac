/* The groups of checks behind check_userdata(), and what they share. Each looks and adds remarks, nothing else. */
#ifndef BOOTSTRAP_CHECKS_H
#define BOOTSTRAP_CHECKS_H

#include "bootstrap/check.h"

/* The place of a byte of the document. */
struct spot spot_at(const struct check *c, const char *at);

/* Line and column of a part's body (as handed over), as near as they can be told; column 0: the line. */
struct spot spot_in(const struct part *p, unsigned line, unsigned column);

/* false: the document is so wrong that to look further would only repeat it. */
bool check_document(struct check *c);

void check_structure(struct check *c);
void check_part(struct check *c, const struct part *p);
void check_script(struct check *c, const struct part *p);
void check_settings(struct check *c);

/* Whether a line may hold a secret; *shown: how much of it may be printed. */
bool holds_secret(struct view line, size_t *shown);

#endif
