#include <errno.h>

#include "common/spawn.h"
#include "netconf/iptables.h"

enum { ERRORS_MAX = 8192, QUOTED_MAX = 400, CUT_OFF = 64 << 10 };

static int run(const char *const *argv, struct view input, struct buf *out, struct err *e)
{
	AUTO_BUF errors = { .limit = ERRORS_MAX };
	struct spawn s = { .argv = argv, .input = input };
	struct view said;
	int status, r = spawn_run(&s, &status, out, &errors, e);

	if (r < 0 || status == 0)
		return r;
	said = view_trim(buf_view(&errors));
	if (said.len == 0)
		return err_say(e, -EIO, "run '%s': ended with status %d", argv[0], status);
	return err_say(e, -EIO, "run '%s': %.*s", argv[0], VIEW_ARG(said, (size_t) QUOTED_MAX));
}

int iptables_save(enum family family, struct buf *out, struct err *e)
{
	const char *const argv[] = { family == FAMILY_IPV6 ? "ip6tables-save" : "iptables-save", NULL };
	int r;

	out->limit = IPTABLES_SAVED_MAX;
	r = run(argv, (struct view) { "", 0 }, out, e);
	if (r == -ENOENT)
		return IPTABLES_ABSENT;
	/* What is over the limit is cut off in pieces, and a rule that is not seen would be made twice. */
	if (r == 0 && out->len + CUT_OFF > out->limit)
		return err_say(e, -EMSGSIZE, "run '%s': it prints more than %d bytes", argv[0], IPTABLES_SAVED_MAX);
	return r;
}

int iptables_restore(enum family family, struct view input, struct err *e)
{
	const char *const argv[] = { family == FAMILY_IPV6 ? "ip6tables-restore" : "iptables-restore", "--noflush",
				     "-w", "10", NULL };
	AUTO_BUF out = { .limit = ERRORS_MAX };

	return run(argv, input, &out, e);
}
