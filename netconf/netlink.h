/* One netlink socket: a request, its answers, and how their bytes are walked. The walkers are pure. */
#ifndef NETCONF_NETLINK_H
#define NETCONF_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/view.h"

enum { NETLINK_REQUEST_MAX = 512, NETLINK_ANSWER_MAX = 4 << 20 };

/* A request under construction; len is kept in its header. */
struct nl_request {
	union {
		struct nlmsghdr head;
		char            bytes[NETLINK_REQUEST_MAX];
	};
};

/* Begins a request of this type and flags (NLM_F_REQUEST is added) with a family header of len bytes. */
void nl_begin(struct nl_request *rq, uint16_t type, uint16_t flags, const void *header, size_t len);

/* Adds an attribute; what would not fit is left out, and the kernel refuses the rest. */
void nl_add(struct nl_request *rq, uint16_t type, const void *data, size_t len);
void nl_add_text(struct nl_request *rq, uint16_t type, const char *text);

/*
 * Sends n bytes of requests over a socket of this protocol (NETLINK_ROUTE, NETLINK_NETFILTER), and reads until the
 * kernel says that it is done: an acknowledgement, an error, or the end of a list. Messages are appended to *ret
 * (NULL: not wanted). 0, or the kernel's negative errno (-ENOENT: no such thing), without a sentence.
 */
int nl_ask(int protocol, const void *requests, size_t n, struct buf *ret) MUST_CHECK;

/* Cuts the next message off *rest: its header in *ret, what follows in *body. false at the end, or if it is cut short. */
bool nl_next(struct view *rest, struct nlmsghdr *ret, struct view *body);

/* Cuts the next attribute off *rest. Its flags are taken off the type. false as above. */
bool nl_attribute(struct view *rest, uint16_t *type, struct view *value);

/* The first attribute of a type. false: there is none. */
bool nl_find(struct view attributes, uint16_t type, struct view *ret);

uint32_t nl_u32(struct view value);  /* in the host's order; 0 if it has not 4 bytes */
struct view nl_text(struct view value); /* up to its NUL */

#endif
