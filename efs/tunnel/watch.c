#include "common/parse.h"
#include "efs/mountinfo.h"
#include "efs/tunnel/watch.h"

/* Options are words between commas. The kernel leaves port= out when it is NFS's own. */
static bool goes_to_port(struct view options, uint16_t port)
{
	uint64_t got = 2049;

	while (options.len > 0) {
		struct view word = view_cut(&options, ',');

		if (view_starts(word, "port=")) {
			(void) view_cut(&word, '=');
			if (parse_u64(word, UINT16_MAX, &got) < 0)
				return false;
		}
	}
	return got == port;
}

static bool is_nfs(const struct mountinfo *m)
{
	return view_is(m->type, "nfs4") || view_is(m->type, "nfs");
}

bool watch_mounted(struct view text, const char *mount_point, uint16_t port, bool anywhere)
{
	struct mountinfo m;

	while (mountinfo_next(&text, &m))
		if (is_nfs(&m) && view_starts(m.source, "127.0.0.1:") && goes_to_port(m.super, port) &&
		    (anywhere || mountinfo_is(m.point, mount_point)))
			return true;
	return false;
}

/* NFS renews its lease at least every 60 s: with 30 s that a mount is missed, two of these may be lost. */
enum { SILENCE = 4 };

enum watch_verdict watch_judge(struct watch *w, bool mounted, long heard, long now)
{
	if (mounted) {
		w->seen = true;
		w->since = now;
		return WATCH_GO_ON;
	}
	if (now - w->since < (w->seen ? w->gone_ms : w->within_ms))
		return WATCH_GO_ON;
	if (w->seen && heard > 0 && now - heard < SILENCE * w->gone_ms)
		return WATCH_GO_ON;
	return w->seen ? WATCH_GONE : WATCH_NEVER;
}
