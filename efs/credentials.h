/* Whose credentials sign for a mount: the task's role, which the ECS agent hands out, or else the instance's. */
#ifndef EFS_CREDENTIALS_H
#define EFS_CREDENTIALS_H

#include "common/aws-credentials.h"

#define EFS_TASK_ENDPOINT "http://169.254.170.2" /* answered by the agent, to which ecs-netconf's rules lead */

/*
 * endpoint: base URL of the agent's credentials. uri: the path given by awscredsuri=, empty: the instance's role is asked for.
 * Blocks for some seconds at most. 0; -EACCES when they who hold them say no (the task is over, the instance has no role),
 * other negative when nobody could be asked. The caller wipes *ret with aws_credentials_done.
 */
int efs_credentials_get(const char *endpoint, const char *uri, struct aws_credentials *ret, struct err *e) MUST_CHECK;

#endif
