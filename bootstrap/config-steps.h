/* What `config` writes down of itself for `status`: its steps (common/steps.h), of which none may disturb it. */
#ifndef BOOTSTRAP_CONFIG_STEPS_H
#define BOOTSTRAP_CONFIG_STEPS_H

#include "bootstrap/config.h"

#define STEP_USER_DATA  "user-data"
#define STEP_ECS_CONFIG "ecs.config"
#define STEP_SETTING    "setting." /* and the section's key */

/* It may take long before there is a report: the metadata service is waited for. */
void config_steps_begin(int root);

/* result: what config_run() answered; why: its sentence if that was negative. */
void config_steps_end(int root, const struct config_report *r, int result, const struct err *why);

#endif
