#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/crypto.h"
#include "common/sigv4.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { KEY_MAX = 512 };

struct pair {
	struct view name, value;
};

struct pairs {
	struct pair at[SIGV4_QUERY_MAX];
	size_t      n;
};

int sigv4_hash(struct view data, char ret[SIGV4_HASH_SIZE])
{
	unsigned char md[SHA256_LEN];
	int r = sha256(data, md);

	if (r == 0)
		hex_of(md, sizeof md, ret);
	return r;
}

void sigv4_time(time_t t, char ret[SIGV4_TIME_SIZE])
{
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(ret, SIGV4_TIME_SIZE, "%Y%m%dT%H%M%SZ", &tm) == 0)
		strcpy(ret, "19700101T000000Z"); /* a year of five digits */
}

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

int sigv4_encode(struct view text, bool keep_slash, struct buf *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < text.len; i++) {
		if (is_unreserved(text.p[i]) || (keep_slash && text.p[i] == '/'))
			r = buf_add(b, text.p + i, 1);
		else
			r = buf_printf(b, "%%%02X", (unsigned char) text.p[i]);
	}
	return r;
}

static int compare(struct view a, struct view b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	return d ? d : (a.len > b.len) - (a.len < b.len);
}

static int compare_parameters(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int d = compare(x->name, y->name);

	return d ? d : compare(x->value, y->value);
}

/* Sorted by name, then value; a parameter without '=' gets one. */
static int add_query(struct view query, struct buf *b)
{
	struct pairs p = { .n = 0 };
	int r = 0;

	while (query.len > 0) {
		struct view value = view_cut(&query, '&');

		if (p.n == SIGV4_QUERY_MAX)
			return -E2BIG;
		p.at[p.n].name = view_cut(&value, '=');
		p.at[p.n++].value = value;
	}
	qsort(p.at, p.n, sizeof p.at[0], compare_parameters);
	for (size_t i = 0; r == 0 && i < p.n; i++) {
		r = i > 0 ? buf_add(b, "&", 1) : 0;
		r = r ? r : buf_add(b, p.at[i].name.p, p.at[i].name.len);
		r = r ? r : buf_add(b, "=", 1);
		r = r ? r : buf_add(b, p.at[i].value.p, p.at[i].value.len);
	}
	return r;
}

static int compare_names(struct view a, struct view b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = strncasecmp(a.p, b.p, n);

	return d ? d : (a.len > b.len) - (a.len < b.len);
}

/* Keeps the list sorted; lines of the same name stay in their order, for their values are joined in it. */
static int insert_header(struct pairs *p, struct view name, struct view value)
{
	size_t i = p->n;

	if (p->n == SIGV4_HEADERS_MAX)
		return -E2BIG;
	for (; i > 0 && compare_names(p->at[i - 1].name, name) > 0; i--)
		p->at[i] = p->at[i - 1];
	p->at[i] = (struct pair) { name, view_trim(value) };
	p->n++;
	return 0;
}

static int collect_headers(const struct sigv4_request *rq, const struct sigv4_key *key, struct pairs *p)
{
	static const char *const none[] = { NULL };
	const char *const *line = rq->headers ? rq->headers : none;
	int r = insert_header(p, view_of("host"), view_of(rq->host));

	r = r ? r : insert_header(p, view_of("x-amz-date"), view_of(rq->time));
	if (key->token)
		r = r ? r : insert_header(p, view_of("x-amz-security-token"), view_of(key->token));
	for (; r == 0 && *line; line++) {
		struct view value = view_of(*line), name = view_cut(&value, ':');

		r = insert_header(p, name, value);
	}
	return r;
}

static int add_name(struct view name, struct buf *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < name.len; i++) {
		char c = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char) (name.p[i] + 'a' - 'A') : name.p[i];

		r = buf_add(b, &c, 1);
	}
	return r;
}

/* Runs of blanks become one. */
static int add_value(struct view value, struct buf *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < value.len; i++)
		if (value.p[i] != ' ' || value.p[i - 1] != ' ') /* trimmed: the first is no blank */
			r = buf_add(b, value.p + i, 1);
	return r;
}

/* NULL for the line before the first. */
static bool same_name(const struct pair *before, const struct pair *h)
{
	return before && compare_names(before->name, h->name) == 0;
}

static int add_headers(const struct pairs *p, struct buf *b)
{
	const struct pair *before = NULL;
	int r = 0;

	for (const struct pair *h = p->at; r == 0 && h < p->at + p->n; before = h++) {
		if (same_name(before, h)) {
			r = buf_add(b, ",", 1);
		} else {
			r = before ? buf_add(b, "\n", 1) : 0;
			r = r ? r : add_name(h->name, b);
			r = r ? r : buf_add(b, ":", 1);
		}
		r = r ? r : add_value(h->value, b);
	}
	return r;
}

static int add_signed_names(const struct pairs *p, struct buf *b)
{
	const struct pair *before = NULL;
	int r = 0;

	for (const struct pair *h = p->at; r == 0 && h < p->at + p->n; before = h++) {
		if (same_name(before, h))
			continue;
		r = before ? buf_add(b, ";", 1) : 0;
		r = r ? r : add_name(h->name, b);
	}
	return r;
}

static int canonical_request(const struct sigv4_request *rq, const struct pairs *p, struct buf *b)
{
	int r = buf_printf(b, "%s\n", rq->method);

	if (strcmp(rq->service, "s3") == 0)
		r = r ? r : buf_printf(b, "%s", rq->path);
	else
		r = r ? r : sigv4_encode(view_of(rq->path), true, b);
	r = r ? r : buf_add(b, "\n", 1);
	r = r ? r : add_query(view_of(rq->query ? rq->query : ""), b);
	r = r ? r : buf_add(b, "\n", 1);
	r = r ? r : add_headers(p, b);
	r = r ? r : buf_add(b, "\n\n", 2);
	r = r ? r : add_signed_names(p, b);
	return r ? r : buf_printf(b, "\n%s", rq->payload_hash);
}

/* The secret, bound to day, region and service, then to what is signed. */
int sigv4_signature(const char *secret, const char *time, const char *region, const char *service, const char *to_sign,
		    char ret[SIGV4_HASH_SIZE])
{
	char first[KEY_MAX], day[9];
	const char *const words[] = { day, region, service, "aws4_request", to_sign };
	unsigned char k[SHA256_LEN];
	struct view key = { first, 0 };
	int n = snprintf(first, sizeof first, "AWS4%s", secret), r = n < KEY_MAX ? 0 : -E2BIG;

	snprintf(day, sizeof day, "%.8s", time);
	key.len = (size_t) n;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(words); i++) {
		r = hmac_sha256(key, view_of(words[i]), k);
		key = (struct view) { (const char *) k, sizeof k };
	}
	if (r == 0)
		hex_of(k, sizeof k, ret);
	explicit_bzero(first, sizeof first);
	explicit_bzero(k, sizeof k);
	return r;
}

static int sign(const struct sigv4_request *rq, const struct sigv4_key *key, struct buf *b)
{
	AUTO_BUF canonical = { 0 }, to_sign = { 0 };
	char hash[SIGV4_HASH_SIZE], scope[256];
	struct pairs p = { .n = 0 };
	int r = collect_headers(rq, key, &p);

	snprintf(scope, sizeof scope, "%.8s/%s/%s/aws4_request", rq->time, rq->region, rq->service);
	r = r ? r : canonical_request(rq, &p, &canonical);
	r = r ? r : sigv4_hash(buf_view(&canonical), hash);
	r = r ? r : buf_printf(&to_sign, ALGORITHM "\n%s\n%s\n%s", rq->time, scope, hash);
	r = r ? r : sigv4_signature(key->secret, rq->time, rq->region, rq->service, to_sign.p, hash);
	r = r ? r : buf_printf(b, ALGORITHM " Credential=%s/%s, SignedHeaders=", key->id, scope);
	r = r ? r : add_signed_names(&p, b);
	return r ? r : buf_printf(b, ", Signature=%s", hash);
}

int sigv4_sign(const struct sigv4_request *rq, const struct sigv4_key *key, struct buf *b, struct err *e)
{
	int r = sign(rq, key, b);

	return r < 0 ? err_set(e, r, "sign %s %s%s", rq->method, rq->host, rq->path) : 0;
}
