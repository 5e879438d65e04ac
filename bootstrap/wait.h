/* Whether the agent has registered, as its introspection endpoint on this host says, and waiting for it. */
#ifndef BOOTSTRAP_WAIT_H
#define BOOTSTRAP_WAIT_H

#include <stdbool.h>

#include "common/aws-endpoint.h"
#include "common/err.h"

enum { AGENT_NAME_SIZE = 256, AGENT_SERVICE_SIZE = 320 };

/* What a registered agent is; all three are safe to be put into a request, a message or a JSON string. */
struct agent_identity {
	char region[AWS_REGION_SIZE], instance[AGENT_NAME_SIZE], cluster[AGENT_NAME_SIZE]; /* instance: the container instance's ARN */
};

/* Reads the answer to GET /v1/metadata. false: it has not registered yet. Pure. */
bool wait_registered(struct view metadata, struct agent_identity *ret);

/* Asks once, for at most total_ms. 0; -EAGAIN: it answers, but has not registered; other errors as http_do(). */
int wait_ask(unsigned total_ms, struct agent_identity *ret, struct err *e) MUST_CHECK;

/*
 * Asks again and again, each second at last, for at most timeout_ms. -ETIMEDOUT with the cause that was found last: the port
 * refuses, does not answer, or answers without a registration. ECS_AGENT_INTROSPECTION_URL stands in for http://127.0.0.1:51678.
 */
int wait_for_agent(unsigned timeout_ms, struct agent_identity *ret, struct err *e) MUST_CHECK;

/* "ecs.service is STATE (what its STATUS= says)", for a message. Empty where there is no systemd to be asked. */
void wait_service_state(int root, char ret[AGENT_SERVICE_SIZE]);

#endif
