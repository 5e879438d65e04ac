#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/notify.h"
#include "init/engine/engine.h"

enum {
	KNOCK_MS = 250, /* how soon a socket that appears is seen; a try costs one connect(2) */
	PING_MS = 5000, /* a daemon that is busy starting up may take its time to answer one */
};

void engine_status(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	notify("STATUS=%s", text);
}

int engine_connect(struct engine *g, long wait_ms, bool *ret_waited, struct err *e)
{
	long start = clock_ms(), ping_ms = wait_ms == FOREVER_MS || wait_ms > PING_MS ? PING_MS : wait_ms;
	char said[sizeof e->text] = "";
	int r;

	while ((r = docker_connect(g->docker, ping_ms, e)) == -DOCKER_AWAY) {
		if (wait_ms != FOREVER_MS && clock_ms() - start >= wait_ms)
			break;
		if (strcmp(said, e->text) != 0) {
			log_warn("%s; waiting for Docker", e->text);
			engine_status("Waiting for Docker: %s", e->text);
		}
		memcpy(said, e->text, sizeof said);
		clock_sleep_ms(KNOCK_MS);
	}
	if (ret_waited)
		*ret_waited = said[0] != '\0';
	if (r == 0 && said[0])
		log_info("Docker answers after %ld ms", clock_ms() - start);
	return r;
}
