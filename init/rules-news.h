/* What the kernel tells of changes to nf_tables, and iptables on top of it: may a rule of ours be affected? Pure. */
#ifndef INIT_RULES_NEWS_H
#define INIT_RULES_NEWS_H

#include <stdbool.h>

#include "common/view.h"

struct rules_news {
	bool concerns; /* something that we have rules in, or that leads to them, is not as it was */
	bool open;     /* such a change was read, and not yet who made it */
	int  pid;      /* of the program that made the last such change; 0: not known */
	char name[16]; /* of that program, as the kernel has it (TASK_COMM_LEN), printable */
};

/*
 * Adds what one datagram of the group NFNLGRP_NFTABLES says; start with zeroes. What cannot be read counts as a change
 * that concerns us: to look once too often costs little.
 */
void rules_news_read(struct view datagram, struct rules_news *n);

#endif
