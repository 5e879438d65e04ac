/* Whatever the kernel, or somebody in its place, answers over netlink: it is read within bounds. */
#include <string.h>

#include "netconf/netlink.h"
#include "netconf/nfnl.h"
#include "netconf/rtnl.h"
#include "tests/fuzz/fuzz.h"

static void need(bool so)
{
	if (!so)
		abort();
}

static void walk(struct view answer)
{
	struct view body, value;
	struct nlmsghdr head;
	uint16_t type;

	while (nl_next(&answer, &head, &body))
		while (nl_attribute(&body, &type, &value))
			need(nl_text(value).len <= value.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct rtnl_bridges bridges;
	static struct nfnl_inputs inputs;
	struct view answer = { (const char *) data, len };

	walk(answer);
	nfnl_read_inputs(answer, &inputs);
	need(inputs.n <= NFNL_INPUTS_MAX);
	for (size_t i = 0; i < inputs.n; i++)
		need(strnlen(inputs.of[i].table, NFNL_NAME_MAX) < NFNL_NAME_MAX && inputs.of[i].family);
	if (len < 64 << 10) /* each bridge is looked for among all links */
		rtnl_read_bridges(answer, &bridges);
	for (size_t i = 0; i < bridges.n; i++)
		need(strnlen(bridges.name[i], IF_NAMESIZE) < IF_NAMESIZE);
	(void) rtnl_read_route(answer);
	return 0;
}
