#include "bootstrap/diff.h"
#include "bootstrap/mask.h"
#include "bootstrap/show.h"
#include "common/paths.h"

int show_config(const struct config_report *r, struct buf *b, struct err *e)
{
	int n;

	if (r->off)
		return 0;
	n = diff_unified(buf_view(&r->before), buf_view(&r->after), r->absent ? "/dev/null" : PATH_ECS_CONFIG, PATH_ECS_CONFIG, mask_line, b);
	return n < 0 ? err_set(e, n, "compare '%s'", PATH_ECS_CONFIG) : 0;
}
