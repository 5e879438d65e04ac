/* agentConfigSource: KEY=VALUE lines from S3, SSM Parameter Store or a file, as the agent's defaults below user data. */
#ifndef BOOTSTRAP_SOURCE_H
#define BOOTSTRAP_SOURCE_H

#include "bootstrap/apply.h"
#include "common/view.h"

enum { SOURCE_MAX = 64 << 10 };

/*
 * value: "s3://bucket/key", "ssm:name" or "file:/path". Fetched with the instance's role, by way of the HTTPS_PROXY or
 * HTTP_PROXY that stands in agent already, if any. A name that agent holds already stays as it is.
 */
int source_derive(const struct apply *a, struct json_object *value, struct json_object *agent, struct err *e) MUST_CHECK;

/* Adds the pairs of text to agent, but for names that are there. The sentence of a failure names the line. */
int source_merge(struct view text, struct json_object *agent, struct err *e) MUST_CHECK;

#endif
