#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "bootstrap/agent-tar.h"
#include "common/json.h"

/* pax and GNU tar: headers of 512 bytes, each followed by its file, filled up to the next 512. Two empty ones end it. */
enum { BLOCK = 512, SIZE_AT = 124, SIZE_LEN = 12, SUM_AT = 148, SUM_LEN = 8, MAGIC_AT = 257, NAME_LEN = 100, MANIFEST_MAX = 1 << 20 };

static uint64_t octal(const unsigned char *p, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] >= '0' && p[i] <= '7')
			value = value * 8 + (uint64_t) (p[i] - '0');
		else if (p[i] != ' ' || value > 0)
			break;
	return value;
}

/* Of 8 GiB and more it is written in binary; no agent is that large, and UINT64_MAX fits nowhere. */
static uint64_t size_of(const unsigned char *header)
{
	return header[SIZE_AT] & 0x80 ? UINT64_MAX : octal(header + SIZE_AT, SIZE_LEN);
}

static bool is_header(const unsigned char *header)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : header[i];
	return memcmp(header + MAGIC_AT, "ustar", 5) == 0 && octal(header + SUM_AT, SUM_LEN) == sum;
}

static bool is_end(const unsigned char *header)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (header[i] != 0)
			return false;
	return true;
}

static bool is_manifest(const unsigned char *header)
{
	const char *name = (const char *) header;

	if (strncmp(name, "./", 2) == 0)
		name += 2;
	return strncmp(name, "manifest.json", NAME_LEN - 2) == 0 && (header[156] == '0' || header[156] == '\0');
}

static bool has_tag(struct json_object *manifest, const char *tag)
{
	for (size_t i = 0; i < json_object_array_length(manifest); i++) {
		struct json_object *tags;

		if (json_get(json_object_array_get_idx(manifest, i), json_type_array, &tags, "RepoTags", NULL) < 0)
			continue;
		for (size_t k = 0; k < json_object_array_length(tags); k++) {
			struct json_object *o = json_object_array_get_idx(tags, k);

			if (json_object_is_type(o, json_type_string) && strcmp(json_object_get_string(o), tag) == 0)
				return true;
		}
	}
	return false;
}

static int check_manifest(struct view text, const char *tag, struct err *e)
{
	AUTO_JSON *manifest = NULL;
	struct json_place at;
	struct err unused;

	if (text.len > MANIFEST_MAX || json_parse(text, &manifest, &at, &unused) < 0 || !json_object_is_type(manifest, json_type_array))
		return err_say(e, -EBADMSG, "its manifest.json is none");
	return has_tag(manifest, tag) ? 0 : err_say(e, -EBADMSG, "it holds no image '%s'", tag);
}

int agent_tar_check(struct view tar, const char *tag, struct err *e)
{
	struct view manifest = { .p = NULL };
	size_t at = 0;

	for (; tar.len - at >= BLOCK; ) {
		const unsigned char *header = (const unsigned char *) tar.p + at;
		uint64_t size = size_of(header), left = tar.len - at - BLOCK;

		if (is_end(header))
			return manifest.p ? check_manifest(manifest, tag, e) : err_say(e, -EBADMSG, "it holds no manifest.json, so it is none of docker save");
		if (!is_header(header))
			return err_say(e, -EBADMSG, at == 0 ? "it is no tar" : "it is damaged");
		if (size > left)
			break;
		if (is_manifest(header))
			manifest = (struct view) { tar.p + at + BLOCK, (size_t) size };
		size = (size + BLOCK - 1) / BLOCK * BLOCK;
		at += BLOCK + (size_t) (size < left ? size : left);
	}
	return err_say(e, -EBADMSG, tar.len < BLOCK ? "it is no tar" : "it is cut off");
}
