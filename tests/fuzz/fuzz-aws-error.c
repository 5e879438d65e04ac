/* The body of a refusal of AWS, or of whoever answers in its place: what is kept of it is printable, and a region can be a host name. */
#include <string.h>

#include "common/aws-error.h"
#include "tests/fuzz/fuzz.h"

static void check(const char *text, size_t size)
{
	if (strnlen(text, size) >= size)
		abort();
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view body = { (const char *) data, len };
	struct aws_error got;

	aws_error_read(body, &got);
	check(got.code, sizeof got.code);
	check(got.message, sizeof got.message);
	check(got.region, sizeof got.region);
	if (got.region[0] && !aws_is_region(view_of(got.region)))
		abort();
	for (long status = 200; status < 600; status += 1 + status % 100)
		(void) aws_judge(status, &got, "eu-central-1");
	return 0;
}
