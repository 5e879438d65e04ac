/* The addresses behind a name. */
#ifndef EFS_TUNNEL_LOOKUP_H
#define EFS_TUNNEL_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/err.h"

enum { ADDRESSES_MAX = 8 };

struct addresses {
	struct sockaddr_storage at[ADDRESSES_MAX];
	socklen_t               len[ADDRESSES_MAX];
	unsigned                n;
};

struct lookup {
	const char      *name;
	uint16_t         port;
	struct addresses found; /* n 0: why says so */
	struct err       why;
};

/* true: name is an address, found is set; no resolver is asked. */
bool lookup_is_address(struct lookup *l);

/* Asks the system's resolver, which may take as long as it likes; for a thread (ctx: the struct lookup). */
void lookup_work(void *ctx);

/* "10.0.0.5:2049", "[fd00::5]:2049" */
enum { ADDRESS_TEXT = 64 };
void address_text(const struct sockaddr_storage *a, char ret[ADDRESS_TEXT]);

#endif
