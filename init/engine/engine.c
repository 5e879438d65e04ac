#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/steps.h"
#include "init/engine/engine.h"

enum {
	KNOCK_MS = 250, /* how soon a socket that appears is seen; a try costs one connect(2) */
	EXTEND_MS = 15000, /* a quarter of what systemd is asked for each time */
	PING_MS = 5000, /* a daemon that is busy starting up may take its time to answer one */
};

static PRINTF_LIKE(2, 0) void say(const char *more, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof text, fmt, ap);
	notify("%sSTATUS=%s", more, text);
}

void engine_status(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void engine_status_waiting(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("EXTEND_TIMEOUT_USEC=60000000\n", fmt, ap);
	va_end(ap);
}

int engine_connect(struct engine *g, long wait_ms, bool *ret_waited, struct err *e)
{
	long start = clock_ms(), told = 0, ping_ms = wait_ms == FOREVER_MS || wait_ms > PING_MS ? PING_MS : wait_ms;
	char said[sizeof e->text] = "";
	int r;

	while ((r = docker_connect(g->docker, ping_ms, e)) == -DOCKER_AWAY) {
		if (wait_ms != FOREVER_MS && clock_ms() - start >= wait_ms)
			break;
		if (strcmp(said, e->text) != 0) {
			log_warn("%s; waiting for Docker", e->text);
			if (wait_ms == FOREVER_MS)
				step_note(g->root, STEP_DOCKER, STEP_WAITING, start, "%s", e->text);
		}
		if (strcmp(said, e->text) != 0 || clock_ms() - told >= EXTEND_MS) {
			engine_status_waiting("Waiting for Docker: %s", e->text);
			told = clock_ms();
		}
		memcpy(said, e->text, sizeof said);
		clock_sleep_ms(KNOCK_MS);
	}
	if (ret_waited)
		*ret_waited = said[0] != '\0';
	if (r == 0 && said[0])
		log_info("Docker answers after %ld ms", clock_ms() - start);
	if (said[0] && wait_ms == FOREVER_MS)
		step_note(g->root, STEP_DOCKER, r == 0 ? STEP_DONE : STEP_FAILED, start, r == 0 ? "it was waited for: %s" : "%s", r == 0 ? said : e->text);
	return r;
}
