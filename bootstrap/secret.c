#include <string.h>
#include <strings.h>

#include "bootstrap/secret.h"
#include "common/attr.h"

bool secret_named(struct view text, size_t *end)
{
	static const char *const words[] = { "auth", "passw", "secret", "token", "credential", "private", "access_key", "accesskey", "apikey", "api_key" };

	for (size_t at = 0; at < text.len; at++) {
		if (!text.p[at] || !strchr("apstcAPSTC", text.p[at])) /* what they begin with: logs are long */
			continue;
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			size_t n = strlen(words[i]);

			if (text.len - at >= n && strncasecmp(text.p + at, words[i], n) == 0) {
				*end = at + n;
				return true;
			}
		}
	}
	return false;
}
