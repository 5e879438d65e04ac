/* Swap, the place: a file, a device or a zram device. Opened and looked at, made, taken away; nothing decides here. */
#ifndef BOOTSTRAP_SWAP_PLACE_H
#define BOOTSTRAP_SWAP_PLACE_H

#include "bootstrap/swap-kernel.h"
#include "bootstrap/swap-header.h"
#include "bootstrap/swap-plan.h"
#include "common/file.h"

struct swap_place {
	int              root;
	enum swap_kind   kind;
	char             path[4096];
	int              dir, fd; /* the folder it is in (files), the thing itself; -1: not there */
	struct stat      st;      /* of fd */
	struct swap_room room;    /* without memory */
	struct swap_header header;  /* if it is ours */
	enum swap_there  there;   /* ABSENT, FOREIGN, or OTHER_SIZE until it is compared with what is wanted */
	struct err       why;     /* of FOREIGN: what it is instead */
};

void swap_place_done(struct swap_place *p);
#define AUTO_PLACE CLEANUP(swap_place_done) struct swap_place

/* Opens what is at path below root and looks what it is. May change what is there in no way. 0 or negative. */
int swap_place_open(int root, const char *path, struct swap_place *ret, struct err *e) MUST_CHECK;

/* The parts of it. device: fd is open on a block device. */
int swap_file_look(struct swap_place *p, struct err *e) MUST_CHECK;
int swap_device_look(struct swap_place *p, struct err *e) MUST_CHECK;

/*
 * Makes it hold size bytes of swap in whole pages: a file with blocks behind all of it, or a device's header. A file gets its
 * name when all else is on disk, so nobody ever sees half of one. zeros: write them, for file systems whose
 * preallocated blocks the kernel does not swap to. p->fd and p->st are of the new one then. 0 or negative.
 */
int swap_file_make(struct swap_place *p, uint64_t size, bool zeros, struct err *e) MUST_CHECK;
int swap_device_make(struct swap_place *p, uint64_t size, struct err *e) MUST_CHECK;

/* Takes away what is ours: unlinks the file, wipes the device's header. 0 or negative. */
int swap_file_unmake(struct swap_place *p, struct err *e) MUST_CHECK;
int swap_device_unmake(struct swap_place *p, struct err *e) MUST_CHECK;

/* The path of the instance store to use: one with swap of ours, else the first that is empty. 0, -ENODEV if there is none. */
int swap_store_find(int root, char ret[64], struct err *e) MUST_CHECK;

/* A new zram device of size bytes: its path. Taking one away wants it swapped off. */
int swap_zram_new(int root, char ret[64], struct err *e) MUST_CHECK;
int swap_zram_resize(int root, const char *path, uint64_t size, struct err *e) MUST_CHECK;
int swap_zram_remove(int root, const char *path, struct err *e) MUST_CHECK;

#endif
