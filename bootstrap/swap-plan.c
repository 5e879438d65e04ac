#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bootstrap/proc-text.h"
#include "bootstrap/swap-plan.h"
#include "common/parse.h"

enum { AUTO_MIN_MIB = 32 };

enum swap_action swap_decide(bool wanted, enum swap_there there, bool active, bool roomy)
{
	switch (there) {
	case SWAP_ABSENT:
		return wanted ? SWAP_DO_CREATE : SWAP_DO_NOTHING;
	case SWAP_FOREIGN:
		/* Somebody swaps there already: that is what was asked for. */
		return wanted && !active ? SWAP_DO_REFUSE : SWAP_DO_NOTHING;
	case SWAP_RIGHT:
		if (wanted)
			return active ? SWAP_DO_NOTHING : SWAP_DO_SWAPON;
		break;
	case SWAP_OTHER_SIZE:
		break;
	}
	if (active && !roomy)
		return SWAP_DO_KEEP;
	return wanted ? SWAP_DO_RESIZE : SWAP_DO_REMOVE;
}

/* The kernel needs some for the work itself; without any the OOM killer would pick a task. */
bool swap_fits_memory(uint64_t used, uint64_t available)
{
	return used == 0 || (available > 64 * MIB && used <= available - 64 * MIB);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t to_keep_free(const struct swap_room *room)
{
	return least(GIB, room->disk / 10);
}

/* What may be used of the place: of a file system all but what is to stay free. */
static uint64_t usable(enum swap_kind kind, const struct swap_room *room)
{
	uint64_t free_again = room->disk_free + room->have, keep = to_keep_free(room);

	if (kind == SWAP_ZRAM)
		return UINT64_MAX;
	if (kind == SWAP_DEVICE)
		return room->disk;
	return free_again > keep ? free_again - keep : 0;
}

static uint64_t automatic(enum swap_kind kind, const struct swap_room *room)
{
	uint64_t size = least(kind == SWAP_ZRAM ? room->memory / 2 : 2 * room->memory, 4 * GIB);

	if (kind == SWAP_FILE)
		size = least(size, (room->disk_free + room->have) / 5);
	size = least(size, usable(kind, room)) / MIB * MIB;
	if (room->have >= size - size / 4 && room->have <= size + size / 4 && room->have >= AUTO_MIN_MIB * MIB)
		return room->have;
	return size;
}

int swap_size(enum swap_kind kind, uint64_t asked, const struct swap_room *room, uint64_t *ret, struct err *e)
{
	uint64_t most = usable(kind, room), size = asked > 0 ? asked : automatic(kind, room);

	if (asked == 0 && size < AUTO_MIN_MIB * MIB)
		return err_say(e, -ENOSPC, "no room for %u MiB of swap: %" PRIu64 " of %" PRIu64 " MiB are free", AUTO_MIN_MIB,
			       room->disk_free / MIB, room->disk / MIB);
	if (size > most && kind == SWAP_FILE)
		return err_say(e, -ENOSPC, "%" PRIu64 " MiB of swap would leave less than %" PRIu64 " MiB of the disk: %" PRIu64 " MiB are free",
			       size / MIB, to_keep_free(room) / MIB, (room->disk_free + room->have) / MIB);
	if (size > most)
		return err_say(e, -ENOSPC, "%" PRIu64 " MiB of swap on a device of %" PRIu64 " MiB", size / MIB, room->disk / MIB);
	*ret = size;
	return 0;
}

int swap_parse_size(struct view text, uint64_t *ret)
{
	struct view number = text, unit = { NULL, 3 };
	uint64_t n;

	if (view_is(text, "auto")) {
		*ret = 0;
		return 0;
	}
	if (text.len < 4)
		return -EINVAL;
	number.len -= unit.len;
	unit.p = text.p + number.len;
	if (parse_u64(number, 1 << 20, &n) < 0 || n == 0 || (!view_is(unit, "MiB") && !view_is(unit, "GiB")))
		return -EINVAL;
	*ret = n * (view_is(unit, "GiB") ? GIB : MIB);
	return 0;
}

static bool cut_number(struct view *rest, uint64_t *ret)
{
	return parse_u64(proc_word(rest), UINT64_MAX / 1024, ret) == 0;
}

static bool read_line(struct view line, struct swaps_line *ret)
{
	static const char gone[] = "\\040(deleted)";
	struct view path = proc_word(&line), type = proc_word(&line);
	uint64_t size, used;

	if (!view_starts(path, "/") || (!view_is(type, "file") && !view_is(type, "partition")))
		return false;
	if (!cut_number(&line, &size) || !cut_number(&line, &used))
		return false;
	ret->deleted = path.len > strlen(gone) && memcmp(path.p + path.len - strlen(gone), gone, strlen(gone)) == 0;
	if (ret->deleted)
		path.len -= strlen(gone);
	ret->size = size * 1024;
	ret->used = used * 1024;
	return proc_unescape(path, ret->path, sizeof ret->path);
}

bool swaps_next(struct view *rest, struct swaps_line *ret)
{
	struct view line;

	while (view_line(rest, &line))
		if (read_line(line, ret))
			return true;
	return false;
}

bool meminfo_find(struct view text, const char *name, uint64_t *ret)
{
	struct view line;

	while (view_line(&text, &line)) {
		uint64_t kib;

		if (!view_is(view_cut(&line, ':'), name))
			continue;
		if (!cut_number(&line, &kib))
			return false;
		*ret = kib * 1024;
		return true;
	}
	return false;
}
