#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/http-plain.h"
#include "common/http1.h"
#include "common/tcp.h"

enum {
	PIECE = 64 << 10, /* read and sent at once */
	CONNECT_MS = 1000,
	HEADERS_MAX = 16384,
};

/* One request and its reply, moved on by step() whenever its socket is ready. */
struct exchange {
	const struct http_request *rq;
	struct http_reply *reply;
	struct http1 parser;
	struct buf   out;        /* what is to be sent next */
	size_t       sent;       /* of out */
	off_t        file_left;  /* of body_fd, not yet in out */
	int          fd;
	bool         connected, deaf; /* deaf: the peer takes no more, but may have answered */
	long         connect_by, end_by, moved; /* clock_ms() */
	int          result;     /* 0 under way, HTTP1_DONE, negative */
};

static void exchange_done(struct exchange *x)
{
	fd_closep(&x->fd);
	http1_done(&x->parser);
	buf_done(&x->out);
}

/* ---- setting out */

static int unix_connect(struct exchange *x)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (snprintf(a.sun_path, sizeof a.sun_path, "%s", x->rq->unix_socket) >= (int) sizeof a.sun_path)
		return -ENAMETOOLONG;
	x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (x->fd < 0 || connect(x->fd, (const struct sockaddr *) &a, sizeof a) < 0)
		return -errno;
	return 0;
}

static int tcp_connect(struct exchange *x, const struct http1_url *u)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *found = NULL;
	char host[256], port[8];
	int one = 1, r = 0;

	snprintf(host, sizeof host, "%.*s", VIEW_ARG(u->host, sizeof host - 1));
	snprintf(port, sizeof port, "%.*s", VIEW_ARG(u->port, sizeof port - 1));
	if (getaddrinfo(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, port, &want, &found) != 0)
		return -EHOSTUNREACH;
	x->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (x->fd < 0 || (connect(x->fd, found->ai_addr, found->ai_addrlen) < 0 && errno != EINPROGRESS))
		r = -errno;
	if (r == 0)
		(void) setsockopt(x->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	freeaddrinfo(found);
	return r;
}

/* Length of the body; -1: none. A POST or PUT without one says so. */
static int body_length(const struct http_request *rq, off_t *ret)
{
	struct stat st;
	off_t at;

	*ret = rq->body.p ? (off_t) rq->body.len : strcmp(rq->method, "GET") == 0 || strcmp(rq->method, "DELETE") == 0 ? -1 : 0;
	if (rq->body_fd <= 0)
		return 0;
	at = lseek(rq->body_fd, 0, SEEK_CUR);
	if (fstat(rq->body_fd, &st) < 0 || at < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret = st.st_size > at ? st.st_size - at : 0;
	return 0;
}

static int exchange_begin(struct exchange *x)
{
	const struct http_request *rq = x->rq;
	struct http1_url u;
	off_t len = 0;
	int r;

	buf_clear(&x->reply->body);
	buf_clear(&x->reply->headers);
	x->reply->body.limit = rq->max_reply;
	x->reply->headers.limit = HEADERS_MAX;
	x->parser.headers = &x->reply->headers;
	x->moved = clock_ms();
	x->connect_by = x->moved + (rq->connect_ms ? rq->connect_ms : CONNECT_MS);
	x->end_by = rq->total_ms > 0 ? x->moved + rq->total_ms : LONG_MAX;
	if ((r = http1_url(view_of(rq->url), &u)) < 0 || (r = body_length(rq, &len)) < 0)
		return r;
	x->file_left = rq->body_fd > 0 ? len : 0;
	if ((r = http1_request(&x->out, rq->method, &u, rq->headers, len)) < 0)
		return r;
	if (rq->body_fd <= 0 && rq->body.p && (r = buf_add(&x->out, rq->body.p, rq->body.len)) < 0)
		return r;
	return rq->unix_socket ? unix_connect(x) : tcp_connect(x, &u);
}

/* ---- on the way */

static bool sending(const struct exchange *x)
{
	return !x->deaf && (!x->connected || x->sent < x->out.len || x->file_left > 0);
}

/* Takes the next piece of the file into out. The length was announced: a file that shrinks meanwhile cannot be sent. */
static int refill(struct exchange *x)
{
	char piece[PIECE];
	ssize_t n;

	buf_clear(&x->out);
	x->sent = 0;
	do
		n = read(x->rq->body_fd, piece, (size_t) (x->file_left < PIECE ? x->file_left : PIECE));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -EIO;
	x->file_left -= n;
	return buf_add(&x->out, piece, (size_t) n);
}

static int finish_connect(struct exchange *x)
{
	int code = 0;
	socklen_t len = sizeof code;

	if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		return -errno;
	if (code == 0 && tcp_met_itself(x->fd))
		code = ECONNREFUSED;
	x->connected = code == 0;
	return -code;
}

static int send_some(struct exchange *x)
{
	ssize_t n;
	int r;

	if (!x->connected && (r = finish_connect(x)) < 0)
		return r;
	if (x->sent == x->out.len && x->file_left > 0 && (r = refill(x)) < 0)
		return r;
	n = send(x->fd, x->out.p + x->sent, x->out.len - x->sent, MSG_NOSIGNAL);
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) { /* an error's answer may be waiting to be read */
		x->deaf = true;
		return 0;
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	x->sent += (size_t) n;
	x->moved = clock_ms();
	return 0;
}

/* An error's text belongs to the caller of http_do, whoever takes the body of a success. */
static int give_body(struct exchange *x, struct view body)
{
	if (body.len == 0)
		return 0;
	if (x->rq->on_chunk && x->parser.status < 300)
		return x->rq->on_chunk(x->rq->ctx, body) ? 0 : -ECANCELED;
	return buf_add(&x->reply->body, body.p, body.len);
}

static int receive_some(struct exchange *x)
{
	char piece[PIECE];
	ssize_t n = recv(x->fd, piece, sizeof piece, 0);
	struct view in = { piece, n > 0 ? (size_t) n : 0 }, body;
	int r = 0, given;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return http1_end(&x->parser);
	x->moved = clock_ms();
	while (in.len > 0 && r == 0) {
		r = http1_feed(&x->parser, &in, &body);
		given = r >= 0 ? give_body(x, body) : 0;
		r = given < 0 ? given : r;
	}
	return r;
}

static long deadline(const struct exchange *x)
{
	long by = x->end_by;

	if (!x->connected && x->connect_by < by)
		by = x->connect_by;
	if (x->rq->stall_s > 0 && x->moved + x->rq->stall_s * 1000 < by)
		by = x->moved + x->rq->stall_s * 1000;
	return by;
}

static struct pollfd interest(const struct exchange *x)
{
	return (struct pollfd) { .fd = x->result == 0 ? x->fd : -1, .events = (short) ((x->connected ? POLLIN : 0) | (sending(x) ? POLLOUT : 0)) };
}

static void step(struct exchange *x, short events)
{
	if (x->result != 0)
		return;
	if ((events & (POLLOUT | POLLERR | POLLHUP)) && sending(x))
		x->result = send_some(x);
	if (x->result == 0 && x->connected && (events & (POLLIN | POLLERR | POLLHUP)))
		x->result = receive_some(x);
	if (x->result == 0 && clock_ms() >= deadline(x))
		x->result = -ETIMEDOUT;
}

static int pause_ms(long until)
{
	long left = until == LONG_MAX ? 60000 : until - clock_ms();

	return left < 0 ? 0 : left > 60000 ? 60000 : (int) left;
}

/* ---- coming back */

static int failed(const struct exchange *x, struct err *e)
{
	const struct http_request *rq = x->rq;

	switch (-x->result) {
	case EMSGSIZE:
		return err_say(e, -EMSGSIZE, "%s %s: reply larger than %zu bytes", rq->method, rq->url, rq->max_reply);
	case ECANCELED:
		return err_say(e, -ECANCELED, "%s %s: stopped by its reader", rq->method, rq->url);
	case EBADMSG:
		return err_say(e, -EBADMSG, "%s %s: the answer is not HTTP", rq->method, rq->url);
	case EHOSTUNREACH:
		if (x->fd < 0)
			return err_say(e, -EHOSTUNREACH, "%s %s: the host is not an address", rq->method, rq->url);
		break;
	case ECONNRESET:
		if (x->connected)
			return err_say(e, -ECONNRESET, "%s %s: %s", rq->method, rq->url,
				       x->parser.state == HTTP1_STATUS ? "the connection was closed without an answer" : "the answer was cut short");
		break;
	default:
		break;
	}
	if (rq->unix_socket && x->fd >= 0 && !x->connected)
		return err_set(e, x->result, "connect '%s'", rq->unix_socket);
	return err_set(e, x->result, "%s %s", rq->method, rq->url);
}

static void start(struct exchange *x, const struct http_request *rq, struct http_reply *reply)
{
	*x = (struct exchange) { .rq = rq, .reply = reply, .fd = -1 };
	x->result = exchange_begin(x);
}

int http_plain_do(const struct http_request *rq, struct http_reply *ret, struct err *e)
{
	CLEANUP(exchange_done) struct exchange x;

	for (start(&x, rq, ret); x.result == 0;) {
		struct pollfd p = interest(&x);

		if (poll(&p, 1, pause_ms(deadline(&x))) < 0 && errno != EINTR)
			x.result = -errno;
		step(&x, p.revents);
	}
	ret->status = x.parser.status;
	return x.result < 0 ? failed(&x, e) : 0;
}

/* ---- two at once */

struct race {
	struct exchange x[2];
	bool            second; /* whether it has set out yet */
};

static void race_done(struct race *r)
{
	exchange_done(&r->x[0]);
	exchange_done(&r->x[1]);
}

static void race_step(struct race *r, long second_at)
{
	struct pollfd p[2] = { interest(&r->x[0]), { .fd = -1 } };
	long by = r->second ? LONG_MAX : second_at;

	if (r->second)
		p[1] = interest(&r->x[1]);
	for (int i = 0; i < 2; i++)
		if (p[i].fd >= 0 && deadline(&r->x[i]) < by)
			by = deadline(&r->x[i]);
	(void) poll(p, 2, pause_ms(by));
	for (int i = 0; i < 2; i++)
		if (p[i].fd >= 0)
			step(&r->x[i], p[i].revents);
}

int http_plain_race(const struct http_request rq[2], unsigned stagger_ms, struct http_reply *ret, struct err *e)
{
	CLEANUP(race_done) struct race r = { .x = { { .fd = -1 }, { .fd = -1 } } };
	long second_at = clock_ms() + (long) stagger_ms;
	AUTO_REPLY other = { 0 };

	start(&r.x[0], &rq[0], ret);
	while (r.x[0].result != HTTP1_DONE && r.x[1].result != HTTP1_DONE) {
		if (!r.second && (r.x[0].result < 0 || clock_ms() >= second_at)) {
			r.second = true;
			start(&r.x[1], &rq[1], &other);
		}
		if (r.x[0].result < 0 && r.x[1].result < 0)
			return failed(&r.x[0], e);
		race_step(&r, second_at);
	}
	ret->status = r.x[0].parser.status;
	if (r.x[0].result == HTTP1_DONE)
		return 0;
	buf_done(&ret->body);
	buf_done(&ret->headers);
	*ret = other;
	ret->status = r.x[1].parser.status;
	other = (struct http_reply) { 0 };
	return 1;
}
