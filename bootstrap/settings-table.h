/* The one table of settings. */
#ifndef BOOTSTRAP_SETTINGS_TABLE_H
#define BOOTSTRAP_SETTINGS_TABLE_H

#include "bootstrap/settings-walk.h"
#include "common/json.h"

/* What type, words and range cannot say; value is of the row's type. false: complain with the row's form. */
typedef bool check_fn(struct walk *w, struct json_object *value);
/* What only all documents together can break; complains by itself. */
typedef void rule_fn(struct walk *w, struct json_object *value);

struct setting {
	const char *path;
	unsigned    types;        /* bits of the ACCEPT_ kinds */
	const char *words;        /* "a|b": the strings that are allowed; NULL: any */
	const char *form;         /* in words, what a value must look like; NULL: type, words and range say it all */
	long        min, max;     /* of integers */
	const char *preset;       /* what holds without it; NULL: nothing */
	bool        required;     /* where what it stands in is there */
	bool        private;      /* its value may hold a secret: never printed */
	const char *help;
	check_fn   *check;
	rule_fn    *rule;
};

enum { ACCEPT_OBJECT = 1, ACCEPT_LIST = 2, ACCEPT_STRING = 4, ACCEPT_BOOL = 8, ACCEPT_INT = 16 };

extern const struct setting settings_table[];
extern const size_t settings_table_len;

/* What a value of it must be, in words. Always terminated. Returns text. */
const char *setting_wants(const struct setting *s, char *text, size_t size);

/* Values go into configuration files of others, where a line end would begin something new. */
bool setting_has_control(struct json_object *string);

/* path is a key of parent ("" for the document), or the elements of a list: its own name ("[]" for those), else NULL. */
const char *setting_leaf(const struct setting *s, const char *parent);

#endif
