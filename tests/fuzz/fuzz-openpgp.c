/* An armored signature. What is taken must describe itself rightly: everything that is hashed or computed with lies in the body. */
#include "init/engine/openpgp.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct openpgp_signature s;
	struct err e;
	int r = openpgp_read((struct view) { (const char *) data, len }, &s, &e);

	if (r > 0 || (r < 0 && e.code != r))
		abort();
	if (r == 0 && (s.signed_len < 6 || s.signed_len > s.value_at || s.value_at + s.value_len > sizeof s.body || s.value_len == 0 ||
		       s.body[s.value_at] == 0 || s.body[0] != 4 || s.body[1] != 0 || s.body[2] != 1))
		abort();
	return 0;
}
