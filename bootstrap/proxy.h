/* The section `proxy`: for the agent by its variables, for Docker and the supervisor by drop-ins. */
#ifndef BOOTSTRAP_PROXY_H
#define BOOTSTRAP_PROXY_H

#include "bootstrap/apply.h"
#include "bootstrap/dropin.h"

#define PATH_PROXY_FILE "/etc/ecs/proxy.env" /* 0600: URLs with a password in them; the drop-ins name it */

enum { PROXY_NO_SYSTEMD = DROPIN_NO_SYSTEMD }; /* the drop-ins are in place; systemd does not run here, so nobody was told */

/* HTTP_PROXY, HTTPS_PROXY, NO_PROXY. */
int proxy_derive(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e) MUST_CHECK;

/* Drop-ins, and systemd reads its units again if one changed. 0, APPLY_SAME, PROXY_NO_SYSTEMD or negative. */
int proxy_apply(const struct apply *a, struct json_object *value, struct err *e) MUST_CHECK;

/* Whether the section can be acted on, without doing it. Sentences never hold a URL: there may be a password in it. Pure. */
int proxy_check(struct json_object *value, struct err *e) MUST_CHECK;

/* Why nobody could use it as a proxy's URL; NULL: it is one. Pure. */
const char *proxy_url_fault(const char *url);

#endif
