/* The variables of the ECS agent and of ecs-init. */
#ifndef BOOTSTRAP_KNOWN_H
#define BOOTSTRAP_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

/* Only names that begin with ECS_ can be unknown: others reach the agent's container too, and what they are for is the user's affair. */
bool known_agent_name(const char *name);

/* "no agent variable of this name is known; did you mean …?" Returns text. */
const char *unknown_agent_name(const char *name, char *text, size_t size);

#endif
