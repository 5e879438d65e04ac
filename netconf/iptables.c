#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/spawn.h"
#include "netconf/iptables.h"

enum { ERRORS_MAX = 8192, QUOTED_MAX = 400, CUT_OFF = 64 << 10, NAMES_MAX = 4096 };

#define LOCK_WAIT "10"

static int run(const char *const *argv, struct view input, struct buf *out, struct err *e)
{
	AUTO_BUF errors = { .limit = ERRORS_MAX };
	struct spawn s = { .argv = argv, .input = input };
	struct view said;
	int status, r = spawn_run(&s, &status, out, &errors, e);

	if (r < 0 || status == 0)
		return r;
	said = view_trim(buf_view(&errors));
	if (said.len > 0 && memmem(said.p, said.len, "xtables lock", 12))
		return err_say(e, -EBUSY, "run '%s': another program has held the lock of xtables for " LOCK_WAIT " s", argv[0]);
	if (said.len == 0)
		return err_say(e, -EIO, "run '%s': ended with status %d", argv[0], status);
	return err_say(e, -EIO, "run '%s': %.*s", argv[0], VIEW_ARG(said, (size_t) QUOTED_MAX));
}

static const char *restore_name(enum family family)
{
	return family == FAMILY_IPV6 ? "ip6tables-restore" : "iptables-restore";
}

static bool find_in(struct view folder, const char *name, char ret[PATH_MAX])
{
	char path[PATH_MAX];

	if (folder.len == 0 || snprintf(path, sizeof path, "%.*s/%s", VIEW_ARG(folder, folder.len), name) >= PATH_MAX)
		return false;
	return access(path, X_OK) == 0 && realpath(path, ret);
}

static enum iptables_kind look_for(enum family family)
{
	const char *said = getenv("PATH");
	struct view path = view_of(said ? said : "");
	char target[PATH_MAX];
	const char *slash;

	while (path.len > 0) {
		if (!find_in(view_cut(&path, ':'), restore_name(family), target))
			continue;
		slash = strrchr(target, '/');
		return strcmp(slash, "/xtables-nft-multi") == 0 ? IPTABLES_NFT
		     : strcmp(slash, "/xtables-legacy-multi") == 0 ? IPTABLES_LEGACY : IPTABLES_UNKNOWN;
	}
	return IPTABLES_NONE;
}

/* Asked again and again, and a dozen system calls each time. */
enum iptables_kind iptables_kind(enum family family)
{
	static struct {
		bool known;
		enum iptables_kind kind;
	} found[FAMILIES];

	if (!found[family].known) {
		found[family].kind = look_for(family);
		found[family].known = true;
	}
	return found[family].kind;
}

bool iptables_legacy_unused(enum family family)
{
	AUTO_BUF names = { .limit = 0 };
	AUTO_FD proc = -1;
	struct view rest, line;
	struct err unused;

	if (root_open(NULL, &proc, &unused) < 0 ||
	    file_read(proc, family == FAMILY_IPV6 ? "/proc/self/net/ip6_tables_names" : "/proc/self/net/ip_tables_names",
		      NAMES_MAX, &names, &unused) != 0)
		return false;
	for (rest = buf_view(&names); view_line(&rest, &line);)
		for (enum own_chain c = 0; c < OWN_CHAINS; c++)
			if (view_is(line, own_chains[c].table))
				return false;
	return true;
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
	const char *const argv[] = { restore_name(family), "--noflush",
				     "-w", LOCK_WAIT, NULL };
	AUTO_BUF out = { .limit = ERRORS_MAX };

	return run(argv, input, &out, e);
}
