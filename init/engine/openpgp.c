#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "init/engine/openpgp.h"

enum { TAG_SIGNATURE = 2, VERSION_4 = 4, TYPE_BINARY = 0, ALGORITHM_RSA = 1 };
enum { SUB_CREATED = 2, SUB_EXPIRES = 3, SUB_ISSUER = 16, SUB_SIGNER = 28, SUB_FINGERPRINT = 33, SUB_CRITICAL = 0x80 };

struct bytes {
	const unsigned char *p;
	size_t               len;
};

/* Cuts n bytes off *from; false when there are not so many. */
static bool cut(struct bytes *from, size_t n, struct bytes *ret)
{
	if (n > from->len)
		return false;
	*ret = (struct bytes) { from->p, n };
	from->p += n;
	from->len -= n;
	return true;
}

static size_t number(struct bytes b)
{
	size_t n = 0;

	for (size_t i = 0; i < b.len; i++)
		n = n << 8 | b.p[i];
	return n;
}

static uint32_t crc24(struct bytes b)
{
	uint32_t crc = 0xb704ce;

	for (size_t i = 0; i < b.len; i++) {
		crc ^= (uint32_t) b.p[i] << 16;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x800000 ? 0x1864cfb : 0);
	}
	return crc & 0xffffff;
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int) (at - digits) : -1;
}

/* Base64 across lines. Nothing but a second '=' may follow the first. */
struct base64 {
	unsigned char *to;
	size_t         size, len;
	uint32_t       bits;
	unsigned       digits, pads;
};

static int base64_add(struct base64 *b, struct view line)
{
	for (size_t i = 0; i < line.len; i++) {
		int d = base64_digit(line.p[i]);

		if (line.p[i] == '=' && b->digits % 4 + b->pads >= 2 && b->digits % 4 + b->pads < 4) {
			b->pads++;
			continue;
		}
		if (d < 0 || b->pads > 0)
			return -EBADMSG;
		b->bits = b->bits << 6 | (uint32_t) d;
		if (b->digits++ % 4 == 0)
			continue;
		if (b->len == b->size)
			return -EMSGSIZE;
		b->to[b->len++] = (unsigned char) (b->bits >> (6 - 2 * ((b->digits - 1) % 4)));
	}
	return 0;
}

static bool base64_is_whole(const struct base64 *b)
{
	return (b->digits + b->pads) % 4 == 0 && b->len > 0;
}

/* Skips to the armor's first line of base64. */
static bool armor_begins(struct view *rest)
{
	struct view line;

	while (view_line(rest, &line))
		if (view_is(view_trim(line), "-----BEGIN PGP SIGNATURE-----"))
			break;
	while (view_line(rest, &line)) { /* "Version: …" and the like end with an empty line */
		if (view_trim(line).len == 0)
			return true;
		if (!memchr(line.p, ':', line.len))
			return false;
	}
	return false;
}

static bool crc_is_right(struct view line, struct bytes data)
{
	unsigned char want[3];
	struct base64 b = { .to = want, .size = sizeof want };

	line.p++;
	line.len--;
	return base64_add(&b, line) == 0 && b.len == 3 && b.pads == 0 && number((struct bytes) { want, 3 }) == crc24(data);
}

/* The packets below the armor, in to. The checksum may be left out (RFC 9580, 6.1); one that is there must be right. */
static int take_armor_off(struct view rest, unsigned char *to, size_t size, struct bytes *ret, struct err *e)
{
	struct base64 b = { .to = to, .size = size };
	struct view line;
	bool crc = false, end = false;

	if (rest.len > OPENPGP_ARMOR_MAX || !armor_begins(&rest))
		return err_say(e, -EBADMSG, "it is no armored signature");
	while (!end && view_line(&rest, &line)) {
		line = view_trim(line);
		if (view_is(line, "-----END PGP SIGNATURE-----"))
			end = true;
		else if (line.len > 0 && line.p[0] == '=' && !crc && (crc = crc_is_right(line, (struct bytes) { to, b.len })))
			continue;
		else if (crc || base64_add(&b, line) < 0)
			return err_say(e, -EBADMSG, "its armor is damaged");
	}
	if (!end || !base64_is_whole(&b))
		return err_say(e, -EBADMSG, "it is cut off");
	if (view_trim(rest).len > 0)
		return err_say(e, -EBADMSG, "something follows it");
	*ret = (struct bytes) { to, b.len };
	return 0;
}

/* The length of a packet's body; SIZE_MAX for those that are not fixed, which signatures do not have. */
static size_t packet_length(unsigned char tag, struct bytes *from)
{
	struct bytes b;
	size_t first;

	if (!(tag & 0x40)) /* old format: 1, 2 or 4 bytes */
		return (tag & 3) < 3 && cut(from, (size_t) 1 << (tag & 3), &b) ? number(b) : SIZE_MAX;
	if (!cut(from, 1, &b))
		return SIZE_MAX;
	first = b.p[0];
	if (first < 192)
		return first;
	if (first < 224)
		return cut(from, 1, &b) ? ((first - 192) << 8) + b.p[0] + 192 : SIZE_MAX;
	return first == 255 && cut(from, 4, &b) ? number(b) : SIZE_MAX;
}

static int find_packet(struct bytes all, struct bytes *ret, struct err *e)
{
	struct bytes head;
	unsigned tag;
	size_t len;

	if (!cut(&all, 1, &head) || !(head.p[0] & 0x80))
		return err_say(e, -EBADMSG, "it holds no OpenPGP packet");
	tag = head.p[0] & 0x40 ? head.p[0] & 0x3f : head.p[0] >> 2 & 0xf;
	if (tag != TAG_SIGNATURE)
		return err_say(e, -EBADMSG, "it holds a packet of kind %u, not a signature", tag);
	len = packet_length(head.p[0], &all);
	if (len > all.len)
		return err_say(e, -EBADMSG, "its packet is longer than the file");
	if (len < all.len)
		return err_say(e, -EBADMSG, "something follows its packet");
	*ret = all;
	return 0;
}

static bool subpacket_length(struct bytes *from, size_t *ret)
{
	struct bytes b;

	if (!cut(from, 1, &b))
		return false;
	*ret = b.p[0];
	if (*ret < 192)
		return true;
	if (*ret == 255)
		return cut(from, 4, &b) && (*ret = number(b), true);
	return cut(from, 1, &b) && (*ret = ((*ret - 192) << 8) + b.p[0] + 192, true);
}

static int take_issuer(struct bytes id, struct openpgp_signature *s, struct err *e)
{
	if (s->has_issuer && memcmp(s->issuer, id.p, OPENPGP_KEY_ID) != 0)
		return err_say(e, -EBADMSG, "it names two keys");
	s->has_issuer = true;
	memcpy(s->issuer, id.p, OPENPGP_KEY_ID);
	return 0;
}

/* What is not known may be passed over unless it is marked as critical. */
static int take_subpacket(unsigned kind, struct bytes data, struct openpgp_signature *s, struct err *e)
{
	switch (kind & 0x7f) {
	case SUB_ISSUER:
		if (data.len == OPENPGP_KEY_ID)
			return take_issuer(data, s, e);
		break;
	case SUB_FINGERPRINT: /* a key of version 4: 20 bytes, the last 8 are its id */
		if (data.len == 21 && data.p[0] == 4)
			return take_issuer((struct bytes) { data.p + 13, OPENPGP_KEY_ID }, s, e);
		break;
	case SUB_CREATED:
	case SUB_SIGNER:
		return 0;
	case SUB_EXPIRES:
		return err_say(e, -ENOTSUP, "it has an end date");
	default:
		return kind & SUB_CRITICAL ? err_say(e, -ENOTSUP, "it has a critical field of kind %u", kind & 0x7f) : 0;
	}
	return err_say(e, -EBADMSG, "its field of kind %u is damaged", kind & 0x7f);
}

/* An area of subpackets, with its length before it. */
static int take_area(struct bytes *from, struct openpgp_signature *s, struct err *e)
{
	struct bytes b, area, one;
	size_t len;
	int r;

	if (!cut(from, 2, &b) || !cut(from, number(b), &area))
		return err_say(e, -EBADMSG, "its packet is cut off");
	while (area.len > 0) {
		if (!subpacket_length(&area, &len) || len == 0 || !cut(&area, len, &one))
			return err_say(e, -EBADMSG, "its fields are damaged");
		r = take_subpacket(one.p[0], (struct bytes) { one.p + 1, len - 1 }, s, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_kind(struct bytes *from, struct openpgp_signature *s, struct err *e)
{
	struct bytes b;

	if (from->len > 0 && from->p[0] != VERSION_4)
		return err_say(e, -ENOTSUP, "it is of version %u, not 4", from->p[0]);
	if (!cut(from, 4, &b))
		return err_say(e, -EBADMSG, "its packet is cut off");
	if (b.p[1] != TYPE_BINARY)
		return err_say(e, -ENOTSUP, "it is of type 0x%02x, not that of a file", b.p[1]);
	if (b.p[2] != ALGORITHM_RSA)
		return err_say(e, -ENOTSUP, "it was made with algorithm %u, not RSA", b.p[2]);
	if (b.p[3] != OPENPGP_SHA256 && b.p[3] != OPENPGP_SHA384 && b.p[3] != OPENPGP_SHA512)
		return err_say(e, -ENOTSUP, "it was made with hash %u, not SHA-256, SHA-384 or SHA-512", b.p[3]);
	s->hash = (enum openpgp_hash) b.p[3];
	return 0;
}

/* A multiprecision integer: its bits, then its bytes; the count must be that of the number, and nothing may follow. */
static int take_value(struct bytes from, struct openpgp_signature *s, struct err *e)
{
	struct bytes b;
	size_t bits;

	if (!cut(&from, 2, &b))
		return err_say(e, -EBADMSG, "its packet is cut off");
	bits = number(b);
	if (bits == 0 || from.len != (bits + 7) / 8 || from.p[0] >> ((bits - 1) % 8) != 1)
		return err_say(e, -EBADMSG, "its number is damaged");
	s->value_at = (size_t) (from.p - s->body);
	s->value_len = from.len;
	return 0;
}

static void make_trailer(struct openpgp_signature *s)
{
	s->trailer[0] = VERSION_4;
	s->trailer[1] = 0xff;
	for (int i = 0; i < 4; i++)
		s->trailer[2 + i] = (unsigned char) (s->signed_len >> (24 - 8 * i));
}

int openpgp_read(struct view armored, struct openpgp_signature *ret, struct err *e)
{
	unsigned char raw[OPENPGP_BODY_MAX];
	struct bytes all = { raw, 0 }, rest, b;
	int r = take_armor_off(armored, raw, sizeof raw, &all, e);

	*ret = (struct openpgp_signature) { .signed_len = 0 };
	if (r == 0)
		r = find_packet(all, &all, e);
	if (r < 0)
		return r;
	memcpy(ret->body, all.p, all.len);
	rest = (struct bytes) { ret->body, all.len };
	if ((r = take_kind(&rest, ret, e)) < 0 || (r = take_area(&rest, ret, e)) < 0)
		return r;
	ret->signed_len = (size_t) (rest.p - ret->body);
	make_trailer(ret);
	r = take_area(&rest, ret, e);
	if (r < 0)
		return r;
	if (!cut(&rest, 2, &b))
		return err_say(e, -EBADMSG, "its packet is cut off");
	memcpy(ret->left, b.p, sizeof ret->left);
	return take_value(rest, ret, e);
}
