#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "efs/tunnel/lookup.h"

static int resolve(struct lookup *l, int flags)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags }, *list = NULL;
	char port[8];
	int r;

	l->found.n = 0;
	snprintf(port, sizeof port, "%u", l->port);
	r = getaddrinfo(l->name, port, &want, &list);
	if (r != 0)
		return r;
	for (const struct addrinfo *i = list; i && l->found.n < ADDRESSES_MAX; i = i->ai_next) {
		if (i->ai_addrlen > sizeof l->found.at[0])
			continue;
		memcpy(&l->found.at[l->found.n], i->ai_addr, i->ai_addrlen);
		l->found.len[l->found.n++] = i->ai_addrlen;
	}
	freeaddrinfo(list);
	return 0;
}

bool lookup_is_address(struct lookup *l)
{
	return resolve(l, AI_NUMERICHOST) == 0 && l->found.n > 0;
}

void lookup_work(void *ctx)
{
	struct lookup *l = ctx;
	int r = resolve(l, 0);

	if (l->found.n == 0)
		(void) err_say(&l->why, -EHOSTUNREACH, "look up %s: %s", l->name, r ? gai_strerror(r) : "no address");
}

void address_text(const struct sockaddr_storage *a, char ret[ADDRESS_TEXT])
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	char text[INET6_ADDRSTRLEN] = "?";

	if (a->ss_family == AF_INET) {
		memcpy(&v4, a, sizeof v4);
		(void) inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
		snprintf(ret, ADDRESS_TEXT, "%s:%u", text, ntohs(v4.sin_port));
	} else {
		memcpy(&v6, a, sizeof v6);
		(void) inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
		snprintf(ret, ADDRESS_TEXT, "[%s]:%u", text, ntohs(v6.sin6_port));
	}
}
