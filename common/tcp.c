#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/tcp.h"

bool tcp_met_itself(int fd)
{
	static const struct linger at_once = { .l_onoff = 1 };
	struct sockaddr_storage own = { .ss_family = AF_UNSPEC }, other = { .ss_family = AF_UNSPEC };
	socklen_t own_len = sizeof own, other_len = sizeof other;

	if (getsockname(fd, (struct sockaddr *) &own, &own_len) < 0 || getpeername(fd, (struct sockaddr *) &other, &other_len) < 0)
		return false;
	if ((own.ss_family != AF_INET && own.ss_family != AF_INET6) || own_len != other_len || memcmp(&own, &other, own_len) != 0)
		return false;
	(void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	return true;
}
