#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/tcp.h"
#include "tests/unit/test.h"

static const struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f };

static int bound(struct sockaddr_in *at)
{
	socklen_t len = sizeof *at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *) at, sizeof *at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) at, &len), 0);
	return fd;
}

static void test_itself(void **state)
{
	struct sockaddr_in at = loopback;
	int fd = bound(&at);

	(void) state;
	assert_false(tcp_met_itself(fd));
	assert_int_equal(connect(fd, (const struct sockaddr *) &at, sizeof at), 0); /* nobody listens, and yet */
	assert_true(tcp_met_itself(fd));
	assert_int_equal(close(fd), 0);
	fd = bound(&at); /* without SO_REUSEADDR: nothing is left of it */
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(close(fd), 0);
}

static void test_somebody_else(void **state)
{
	struct sockaddr_in at = loopback;
	int fd = bound(&at), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), pair[2];

	(void) state;
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(connect(client, (const struct sockaddr *) &at, sizeof at), 0);
	assert_false(tcp_met_itself(client));
	assert_false(tcp_met_itself(-1));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_false(tcp_met_itself(pair[0]));
	close(pair[0]);
	close(pair[1]);
	close(client);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_itself), TEST(test_somebody_else) };

	return RUN("tcp", tests);
}
