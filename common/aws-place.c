#include <errno.h>

#include "common/aws-place.h"
#include "common/imds-reply.h"

/* 0, IMDS_ABSENT, IMDS_OFF, negative. An answer that is no word, or too long for ret, leaves it empty. */
static int look(struct imds *i, const char *path, char *ret, size_t size, struct err *e)
{
	AUTO_BUF b = { 0 };
	int r = imds_get(i, path, 1024, &b, e);

	if (r == 0)
		(void) imds_reply_word(buf_view(&b), ret, size);
	return r;
}

int aws_place_ask(struct imds *i, struct aws_place *p, struct err *e)
{
	char address[64] = "";
	int r = look(i, "meta-data/placement/region", p->region, sizeof p->region, e);

	if (r >= 0)
		r = look(i, "meta-data/services/domain", p->domain, sizeof p->domain, e);
	if (r >= 0)
		r = look(i, "meta-data/local-ipv4", address, sizeof address, e);
	if (r < 0)
		return r;
	if (r == IMDS_ABSENT)
		p->dual_stack = true;
	if (!aws_is_region(view_of(p->region)))
		return err_say(e, -EBADMSG, "read the instance's region: the metadata service gives none");
	return 0;
}
