#include <errno.h>
#include <string.h>

#include "common/spawn.h"
#include "init/engine/gmsa.h"

enum { REALM_MS = 10000 }; /* realmd is started by this call, and asks the domain's servers */

int gmsa_domain_joined(bool *ret, struct err *e)
{
	static const char *const argv[] = { "realm", "list", NULL };
	AUTO_BUF out = { .limit = 64 << 10 }, errors = { .limit = 16 << 10 };
	int status = 0, r = spawn_run(&(struct spawn) { .argv = argv, .deadline_ms = REALM_MS }, &status, &out, &errors, e);

	if (r < 0)
		return r;
	if (status != 0)
		return err_say(e, -EIO, "run 'realm list': it ended with %d: %.200s", status, errors.p ? errors.p : "");
	*ret = out.p && strstr(out.p, "realm-name");
	return 0;
}
