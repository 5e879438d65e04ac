/* A tunnel's state file and the mount table: whatever they hold, what is taken from them fits and has its form. */
#include <string.h>

#include "efs/tunnel/config.h"
#include "efs/tunnel/watch.h"
#include "tests/fuzz/fuzz.h"

static void need(bool so)
{
	if (!so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view text = { (const char *) data, len };
	struct tunnel_config c;
	struct err e;

	if (tunnel_config_parse(text, &c, &e) == 0) {
		need(strncmp(c.file_system, "fs-", 3) == 0 && c.host[0] && c.connect[0] && c.region[0] && c.source[0] && c.connect_port > 0);
		need(c.mount_point[0] == '/' && (!c.netns[0] || c.netns[0] == '/') && (!c.credentials_uri[0] || c.credentials_uri[0] == '/'));
		need(!strpbrk(c.credentials_uri, " \r\n") && !strpbrk(c.host, " /\r\n"));
	}
	if (watch_mounted(text, "/mnt/efs", 20049, false))
		need(watch_mounted(text, "/mnt/efs", 20049, true));
	return 0;
}
