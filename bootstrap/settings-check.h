/* The checks that rows of the table of settings name. */
#ifndef BOOTSTRAP_SETTINGS_CHECK_H
#define BOOTSTRAP_SETTINGS_CHECK_H

#include "bootstrap/settings-table.h"

/* Of one value in one document. */
check_fn check_version, check_agent, check_source, check_size, check_device, check_mount_points, check_mount_point, check_file_system,
	check_access_point, check_root_directory, check_url, check_no_proxy, check_docker, check_package, check_task_definition;

/* Of all documents together. */
rule_fn rule_efs, rule_proxy, rule_document;

#endif
