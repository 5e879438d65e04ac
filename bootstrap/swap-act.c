#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap/swap-act.h"

bool swap_is_zram(const char *path)
{
	return strncmp(path, "/dev/zram", strlen("/dev/zram")) == 0;
}

static int open_place(int root, const char *path, struct swap_place *p, struct err *e)
{
	int r = swap_place_open(root, path, p, e);

	if (swap_is_zram(path))
		p->kind = SWAP_ZRAM;
	return r;
}

static int unmake(struct swap_place *p, struct err *e)
{
	switch (p->kind) {
	case SWAP_FILE:
		return swap_file_unmake(p, e);
	case SWAP_DEVICE:
		return swap_device_unmake(p, e);
	case SWAP_ZRAM:
		break;
	}
	fd_closep(&p->fd); /* the kernel resets no device that somebody has open */
	return swap_zram_remove(p->root, p->path, e);
}

static int make_zram(struct swap_place *p, uint64_t size, struct err *e)
{
	char path[64];
	int r;

	snprintf(path, sizeof path, "%.63s", p->path);
	fd_closep(&p->fd);
	r = swap_zram_resize(p->root, path, size, e);
	swap_place_done(p);
	if (r == 0)
		r = open_place(p->root, path, p, e);
	return r < 0 ? r : swap_device_make(p, size, e);
}

static int make(struct swap_place *p, uint64_t size, bool zeros, struct err *e)
{
	switch (p->kind) {
	case SWAP_FILE:
		return swap_file_make(p, size, zeros, e);
	case SWAP_DEVICE:
		return swap_device_make(p, size, e);
	case SWAP_ZRAM:
		break;
	}
	return make_zram(p, size, e);
}

/* Old kernels do not swap to preallocated blocks of XFS; then the file is written. */
static int turn_on(struct swap_place *p, uint64_t size, struct err *e)
{
	static const int priority[] = { [SWAP_FILE] = 5, [SWAP_DEVICE] = 10, [SWAP_ZRAM] = 100 };
	int r;

	/* What is swapped out is everybody's memory. */
	if (p->kind == SWAP_FILE && fchmod(p->fd, 0600) < 0)
		return err_set(e, -errno, "swap to '%s'", p->path);
	r = swap_on(p->fd, priority[p->kind], p->path, e);
	if (r == SWAP_REFUSED && p->kind == SWAP_FILE) {
		r = swap_file_unmake(p, e);
		r = r < 0 ? r : make(p, size, true, e);
		r = r < 0 ? r : swap_on(p->fd, priority[p->kind], p->path, e);
	}
	return r == SWAP_REFUSED ? err_say(e, -EINVAL, "swap to '%s': the kernel does not take it; its log says why", p->path) : r;
}

static int create(struct swap_place *p, uint64_t size, struct err *e)
{
	int r = make(p, size, false, e);

	return r < 0 ? r : turn_on(p, size, e);
}

static int rebuild(struct swap_place *p, uint64_t size, bool active, struct err *e)
{
	int r = active ? swap_off(p->fd, p->path, e) : 0;

	if (r == 0 && p->kind == SWAP_FILE)
		r = swap_file_unmake(p, e);
	return r < 0 ? r : create(p, size, e);
}

struct use {
	struct swap_use swap;
	uint64_t        available; /* bytes of memory */
};

static int look(struct swap_place *p, struct use *use, struct err *e)
{
	int r = swap_look_use(p->root, p->fd >= 0 ? &p->st : NULL, &use->swap, e);

	return r != 0 ? r : swap_look_memory(p->root, &p->room.memory, &use->available, e);
}

static enum swap_action decide(const struct swap_place *p, bool wanted, const struct use *use)
{
	return swap_decide(wanted, p->there, use->swap.active, swap_fits_memory(use->swap.used, use->available + use->swap.elsewhere));
}

static int keep(const struct swap_place *p, const struct use *use, struct err *e)
{
	return err_say(e, -ENOMEM, "change the swap in '%s': %llu MiB are swapped out and %llu MiB of memory are available; it stays as it is",
		       p->path, (unsigned long long) (use->swap.used / MIB), (unsigned long long) (use->available / MIB));
}

static bool is_right(const struct swap_place *p, uint64_t size)
{
	return p->header.page_size == (size_t) sysconf(_SC_PAGESIZE) && p->header.size == size && p->room.have == size &&
	       (p->kind != SWAP_ZRAM || p->room.disk == size);
}

/* What is not ours needs no size. */
static int measure(struct swap_place *p, uint64_t asked, uint64_t *ret_size, struct err *e)
{
	struct err why;

	if (p->there == SWAP_FOREIGN)
		return 0;
	if (swap_size(p->kind, asked, &p->room, ret_size, &why) < 0)
		return err_say(e, why.code, "make swap in '%s': %s", p->path, why.text);
	if (p->there == SWAP_OTHER_SIZE && is_right(p, *ret_size))
		p->there = SWAP_RIGHT;
	return 0;
}

int swap_bring(int root, const char *path, uint64_t asked, struct err *e)
{
	AUTO_PLACE p = { .dir = -1, .fd = -1 };
	struct use use;
	uint64_t size = 0;
	int r = open_place(root, path, &p, e);

	r = r < 0 ? r : look(&p, &use, e);
	r = r < 0 ? r : measure(&p, asked, &size, e);
	if (r < 0)
		return r;
	switch (decide(&p, true, &use)) {
	case SWAP_DO_CREATE:
		return create(&p, size, e);
	case SWAP_DO_RESIZE:
		return rebuild(&p, size, use.swap.active, e);
	case SWAP_DO_SWAPON:
		return turn_on(&p, size, e);
	case SWAP_DO_KEEP:
		return keep(&p, &use, e);
	case SWAP_DO_REFUSE:
		*e = p.why;
		return e->code;
	case SWAP_DO_REMOVE:
	case SWAP_DO_NOTHING:
		break;
	}
	return SWAP_SAME;
}

int swap_drop(int root, const char *path, struct err *e)
{
	AUTO_PLACE p = { .dir = -1, .fd = -1 };
	struct use use;
	enum swap_action action;
	int r = open_place(root, path, &p, e);

	if (r == -ENOENT || r == -ELOOP)
		return SWAP_SAME;
	r = r < 0 ? r : look(&p, &use, e);
	if (r < 0)
		return r;
	action = decide(&p, false, &use);
	if (action == SWAP_DO_KEEP)
		return keep(&p, &use, e);
	if (action != SWAP_DO_REMOVE)
		return SWAP_SAME;
	r = use.swap.active ? swap_off(p.fd, path, e) : 0;
	return r < 0 ? r : unmake(&p, e);
}
