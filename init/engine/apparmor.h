/* The agent's AppArmor profile on hosts that have AppArmor. */
#ifndef INIT_ENGINE_APPARMOR_H
#define INIT_ENGINE_APPARMOR_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

#define APPARMOR_PROFILE      "ecs-agent-default"
#define APPARMOR_PROFILE_FILE "/etc/apparmor.d/ecs-agent-default"

enum { APPARMOR_SAME = 1 };

/* The kernel enforces profiles, we run on the host itself ($container is empty), and there is a parser to load them. */
bool apparmor_supported(int root);

/* Whether the kernel has a profile of that name. */
bool apparmor_loaded(int root, const char *name);

/* The same, in the text of /sys/kernel/security/apparmor/profiles: "NAME (MODE)" lines. Pure. */
bool apparmor_lists(struct view profiles, const char *name);

/* Our profile, with the includes that the host has: tunables/global, abstractions/base. Pure. */
int apparmor_text(bool tunables, bool base, struct buf *to) MUST_CHECK;

/*
 * Writes the profile and loads it, at most 30 s. 0, APPARMOR_SAME if file and kernel have it already, or negative with
 * the parser's own words; then no file is left that would fail again at the next boot.
 */
int apparmor_load(int root, struct err *e) MUST_CHECK;

#endif
