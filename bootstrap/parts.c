#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "bootstrap/parts.h"
#include "bootstrap/show-json.h"
#include "cloud-init/header.h"
#include "common/sigv4.h"

/* Who takes it and what happens then. */
static const struct {
	const char *type, *fate;
} fates[] = {
	{ TYPE_SCRIPT, "run once, in cloud-init's last stage" },
	{ TYPE_BOOTHOOK, "run early, at every boot" },
	{ TYPE_CONFIG, "merged by cloud-init" },
	{ "text/x-shellscript-per-boot", "run at every boot, in cloud-init's last stage" },
	{ "text/x-shellscript-per-instance", "run once, in cloud-init's last stage" },
	{ "text/x-shellscript-per-once", "run once, in cloud-init's last stage" },
	{ "text/cloud-config-archive", "expanded by cloud-init" },
	{ "text/cloud-config-jsonp", "merged by cloud-init" },
	{ "text/jinja2", "rendered by cloud-init" },
	{ "text/part-handler", "a handler for cloud-init" },
	{ "text/x-include-url", "fetched by cloud-init" },
	{ "text/x-include-once-url", "fetched once by cloud-init" },
};

static const char *fate_of(const struct part *p)
{
	if (p->message)
		return "a container; its content follows";
	if (p->kind != PART_FOREIGN)
		return p->script ? "settings, in a script" : "settings";
	if (p->handed.len == 0)
		return "nothing, it is empty";
	for (size_t i = 0; i < ARRAY_LEN(fates); i++)
		if (view_is_nocase(p->type, fates[i].type))
			return fates[i].fate;
	return "nothing, nobody knows this type";
}

/* On a terminal nothing from outside may act as a control. */
static int add_cell(struct view text, struct buf *b)
{
	int r = 0;

	for (size_t i = 0; i < text.len && r == 0; i++)
		r = buf_add(b, isprint((unsigned char) text.p[i]) ? text.p + i : "?", 1);
	return r;
}

static int add_row(const struct part *p, struct buf *ret)
{
	AUTO_BUF type = { 0 }, name = { 0 };
	int r = add_cell(p->type, &type);

	if (r == 0)
		r = p->filename.len ? add_cell(buf_view(&p->filename), &name) : part_safe_name(p, &name);
	if (r == 0)
		r = buf_printf(ret, "%4u %5u %7zu  %-34s  %-14s  %s\n", p->number, p->line, p->handed.len, type.p ? type.p : "",
			       name.p ? name.p : "", fate_of(p));
	return r;
}

int parts_table(const struct userdata *u, struct buf *ret, struct err *e)
{
	int r = buf_printf(ret, "%s, %zu bytes%s%s\n", u->mime ? "MIME document" : "no MIME", u->document.len,
			   u->base64 ? ", was in base64" : "", u->gzip ? ", was compressed" : "");

	if (r == 0 && u->n_parts == 0)
		r = buf_printf(ret, "no part was found in it; 'ecs-bootstrap check' says why\n");
	if (r == 0 && u->n_parts > 0)
		r = buf_printf(ret, "%4s %5s %7s  %-34s  %-14s  %s\n", "part", "line", "bytes", "type", "name", "what becomes of it");
	for (size_t i = 0; i < u->n_parts && r == 0; i++)
		r = add_row(&u->parts[i], ret);
	return r < 0 ? err_set(e, r, "list parts") : 0;
}

static int add_lower(struct json_object *o, const char *key, struct view text)
{
	AUTO_BUF lower = { .limit = text.len + 1 };
	int r = buf_add(&lower, text.p, text.len);

	for (size_t i = 0; i < lower.len; i++)
		lower.p[i] = (char) tolower((unsigned char) lower.p[i]);
	return r < 0 ? r : show_text(o, key, buf_view(&lower));
}

static int add_body(struct json_object *o, const struct part *p)
{
	char hash[SIGV4_HASH_SIZE];
	int r;

	if (p->message)
		return show_null(o, "length") < 0 ? -ENOMEM : show_null(o, "sha256");
	r = sigv4_hash(p->handed, hash);
	if (r == 0)
		r = show_number(o, "length", p->handed.len);
	return r < 0 ? r : show_text(o, "sha256", view_of(hash));
}

static int add_names(struct json_object *o, const struct part *p)
{
	AUTO_BUF safe = { .limit = p->filename.len + 32 };
	struct view name = buf_view(&p->filename);
	char numbered[32];
	int r = part_safe_name(p, &safe);

	snprintf(numbered, sizeof numbered, "part-%03u", p->number);
	if (r == 0)
		r = name.len ? show_text(o, "filename", name) : show_null(o, "filename");
	if (r == 0)
		r = show_text(o, "effective_name", name.len ? name : view_of(numbered));
	return r < 0 ? r : show_text(o, "safe_name", buf_view(&safe));
}

static int add_extras(struct json_object *o, const struct part *p)
{
	struct view value;
	int r = p->encoding.len ? add_lower(o, "cte", p->encoding) : 0;

	if (r == 0 && p->decompressed)
		r = show_true(o, "decompressed");
	if (r == 0 && header_find(p->headers, "Launch-Index", &value))
		r = show_text(o, "launch_index", value);
	if (r == 0 && header_find(p->headers, "Merge-Type", &value))
		r = show_text(o, "merge_type", value);
	return r;
}

static int fill_part(struct json_object *o, const struct part *p)
{
	int r = show_number(o, "n", p->number);

	if (r == 0)
		r = add_lower(o, "declared_type", p->declared);
	if (r == 0)
		r = add_lower(o, "type", p->type);
	if (r == 0)
		r = add_names(o, p);
	if (r == 0)
		r = add_body(o, p);
	return r < 0 ? r : add_extras(o, p);
}

static int add_part(struct json_object *parts, struct json_object *ours, const struct part *p)
{
	struct json_object *o = json_object_new_object();
	int r = o ? fill_part(o, p) : -ENOMEM;

	if (r == 0 && p->kind != PART_FOREIGN)
		r = json_object_array_add(ours, json_object_new_int64((int64_t) p->number)) < 0 ? -ENOMEM : 0;
	if (r == 0 && json_object_array_add(parts, o) == 0)
		return 0;
	json_object_put(o);
	return r < 0 ? r : -ENOMEM;
}

static int add_layers(struct json_object *doc, const struct userdata *u)
{
	struct json_object *layers = show_list(doc, "outer_layers");
	int r = layers ? 0 : -ENOMEM;

	if (r == 0 && u->base64)
		r = json_object_array_add(layers, json_object_new_string("base64"));
	if (r == 0 && u->gzip)
		r = json_object_array_add(layers, json_object_new_string("gzip"));
	return r < 0 ? -ENOMEM : show_number(doc, "document_length", u->document.len);
}

int parts_json(const struct userdata *u, struct buf *ret, struct err *e)
{
	AUTO_JSON *doc = json_object_new_object();
	struct json_object *ours, *parts;
	int r = doc ? add_layers(doc, u) : -ENOMEM;

	if (r < 0)
		return err_set(e, r, "list parts");
	ours = show_list(doc, "ours");
	parts = show_list(doc, "parts");
	r = ours && parts ? 0 : -ENOMEM;
	for (size_t i = 0; i < u->n_parts && r == 0; i++)
		r = add_part(parts, ours, &u->parts[i]);
	if (r == 0)
		r = show_document(doc, ret);
	return r < 0 ? err_set(e, r, "list parts") : 0;
}
