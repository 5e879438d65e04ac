#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/file.h"
#include "netconf/netlink.h"

enum { CHUNK = 32 << 10, PATIENCE_S = 5 };

void nl_begin(struct nl_request *rq, uint16_t type, uint16_t flags, const void *header, size_t len)
{
	memset(rq, 0, sizeof *rq);
	rq->head = (struct nlmsghdr) { .nlmsg_len = (uint32_t) (NLMSG_HDRLEN + NLMSG_ALIGN(len)), .nlmsg_type = type,
				       .nlmsg_flags = (uint16_t) (NLM_F_REQUEST | flags) };
	memcpy(rq->bytes + NLMSG_HDRLEN, header, len);
}

void nl_add(struct nl_request *rq, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_type = type, .nla_len = (uint16_t) (NLA_HDRLEN + len) };
	size_t at = rq->head.nlmsg_len;

	if (len > sizeof rq->bytes || at + NLA_ALIGN(a.nla_len) > sizeof rq->bytes)
		return;
	memcpy(rq->bytes + at, &a, sizeof a);
	memcpy(rq->bytes + at + NLA_HDRLEN, data, len);
	rq->head.nlmsg_len += (uint32_t) NLA_ALIGN(a.nla_len);
}

void nl_add_text(struct nl_request *rq, uint16_t type, const char *text)
{
	nl_add(rq, type, text, strlen(text) + 1);
}

bool nl_next(struct view *rest, struct nlmsghdr *ret, struct view *body)
{
	size_t whole;

	if (rest->len < sizeof *ret)
		return false;
	memcpy(ret, rest->p, sizeof *ret);
	if (ret->nlmsg_len < NLMSG_HDRLEN || ret->nlmsg_len > rest->len)
		return false;
	*body = (struct view) { rest->p + NLMSG_HDRLEN, ret->nlmsg_len - NLMSG_HDRLEN };
	whole = NLMSG_ALIGN((size_t) ret->nlmsg_len);
	whole = whole < rest->len ? whole : rest->len;
	*rest = (struct view) { rest->p + whole, rest->len - whole };
	return true;
}

bool nl_attribute(struct view *rest, uint16_t *type, struct view *value)
{
	struct nlattr a;
	size_t whole;

	if (rest->len < sizeof a)
		return false;
	memcpy(&a, rest->p, sizeof a);
	if (a.nla_len < NLA_HDRLEN || a.nla_len > rest->len)
		return false;
	*type = (uint16_t) (a.nla_type & NLA_TYPE_MASK);
	*value = (struct view) { rest->p + NLA_HDRLEN, (size_t) a.nla_len - NLA_HDRLEN };
	whole = (size_t) NLA_ALIGN(a.nla_len);
	whole = whole < rest->len ? whole : rest->len;
	*rest = (struct view) { rest->p + whole, rest->len - whole };
	return true;
}

bool nl_find(struct view attributes, uint16_t type, struct view *ret)
{
	uint16_t found;

	while (nl_attribute(&attributes, &found, ret))
		if (found == type)
			return true;
	return false;
}

uint32_t nl_u32(struct view value)
{
	uint32_t number = 0;

	if (value.len == sizeof number)
		memcpy(&number, value.p, sizeof number);
	return number;
}

struct view nl_text(struct view value)
{
	return (struct view) { value.p, strnlen(value.p, value.len) };
}

/* 1: go on reading. 0 or a negative errno: that was the end. */
static int judge(struct view chunk)
{
	struct nlmsghdr head;
	struct view body;
	int error;

	while (nl_next(&chunk, &head, &body)) {
		if (head.nlmsg_type == NLMSG_DONE)
			return 0;
		if (head.nlmsg_type == NLMSG_ERROR) {
			error = (int) nl_u32((struct view) { body.p, body.len < sizeof error ? body.len : sizeof error });
			return error > 0 ? -EPROTO : error;
		}
	}
	return 1;
}

static int listen_to(int fd, struct buf *ret)
{
	char chunk[CHUNK];
	int r = 1;

	while (r > 0) {
		ssize_t n = recv(fd, chunk, sizeof chunk, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if ((size_t) n > sizeof chunk)
			return -EMSGSIZE;
		r = judge((struct view) { chunk, (size_t) n });
		if (ret && r >= 0 && buf_add(ret, chunk, (size_t) n) < 0)
			return -EMSGSIZE;
	}
	return r;
}

int nl_ask(int protocol, const void *requests, size_t n, struct buf *ret)
{
	AUTO_FD fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	struct timeval patience = { .tv_sec = PATIENCE_S };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
		return -errno;
	if (send(fd, requests, n, 0) < 0)
		return -errno;
	if (ret)
		ret->limit = NETLINK_ANSWER_MAX;
	return listen_to(fd, ret);
}
