#include <stdio.h>
#include <string.h>

#include "bootstrap/settings-check.h"
#include "bootstrap/settings.h"

#define SWITCH "ENABLED|DISABLED"

/* A row's children stand below it. What is said here is what users read in help, README and ecs-bootstrap(8). */
const struct setting settings_table[] = {
	{ "version", ACCEPT_INT, .form = "1", .min = INT32_MIN, .max = INT32_MAX, .required = true, .check = check_version,
	  .help = "the version of this format" },
	{ "agent", ACCEPT_OBJECT, .form = "an object of NAME: value", .private = true, .check = check_agent,
	  .help = "one line of ecs.config for each name; lists and objects become one line of JSON; null takes a name away" },
	{ "agentConfigSource", ACCEPT_STRING, .form = "s3://BUCKET/KEY, ssm:/NAME or file:/PATH", .check = check_source,
	  .help = "an ecs.config that is fetched with the instance role before the agent starts; what user data says wins" },
	{ "taskRoles", ACCEPT_OBJECT, .help = "IAM roles for tasks" },
	{ "taskRoles.enabled", ACCEPT_BOOL, .preset = "true", .help = "the packet filter rules by which tasks reach 169.254.170.2" },
	{ "taskRoles.blockInstanceMetadata", ACCEPT_BOOL, .preset = "false",
	  .help = "bridge and awsvpc tasks cannot reach the instance metadata service" },
	{ "taskRoles.backend", ACCEPT_STRING, .words = "auto|iptables|nftables", .preset = "auto",
	  .help = "what makes the rules; auto means iptables where it is installed, else nftables" },
	{ "eniTrunking", ACCEPT_STRING, .words = "enabled|disabled|auto", .preset = "auto",
	  .help = "the account setting awsvpcTrunking for this instance; auto leaves it as it is" },
	{ "spotDraining", ACCEPT_STRING | ACCEPT_BOOL, .words = "auto", .preset = "auto",
	  .help = "ECS_ENABLE_SPOT_INSTANCE_DRAINING; auto means true on a Spot Instance" },
	{ "swap", ACCEPT_OBJECT, .help = "swap space, made before Docker starts" },
	{ "swap.size", ACCEPT_STRING, .form = "a size such as 512MiB or 4GiB, or auto", .required = true, .check = check_size,
	  .help = "how much" },
	{ "swap.device", ACCEPT_STRING, .form = "an absolute path, instance-store or zram", .preset = "/var/lib/ecs/swapfile",
	  .check = check_device, .help = "a file, the instance store, or compressed memory" },
	{ "swap.swappiness", ACCEPT_INT, .max = 100, .preset = "the kernel's", .help = "vm.swappiness" },
	{ "efs", ACCEPT_LIST, .check = check_mount_points,
	  .help = "EFS file systems that are mounted before Docker starts; several parts merge by mountPoint, at most 256 in all" },
	{ "efs[]", ACCEPT_OBJECT, .rule = rule_efs, .help = "the fields of a task definition's efsVolumeConfiguration, and where to mount" },
	{ "efs[].mountPoint", ACCEPT_STRING, .form = "an absolute path without '..', blanks and a '/' at its end, and no folder of the system", .required = true,
	  .check = check_mount_point, .help = "the folder on the host" },
	{ "efs[].fileSystemId", ACCEPT_STRING, .form = "fs- and 8 to 40 hexadecimal digits", .required = true, .check = check_file_system,
	  .help = "the file system" },
	{ "efs[].rootDirectory", ACCEPT_STRING, .form = "an absolute path without '..', at most 4096 characters", .preset = "/",
	  .check = check_root_directory, .help = "the folder in the file system; / or absent with an access point" },
	{ "efs[].transitEncryption", ACCEPT_STRING, .words = SWITCH, .preset = "DISABLED",
	  .help = "TLS; must be ENABLED with an access point or IAM authorization" },
	{ "efs[].transitEncryptionPort", ACCEPT_INT, .max = 65535, .preset = "0", .help = "the local port of the TLS tunnel; 0 picks one" },
	{ "efs[].authorizationConfig", ACCEPT_OBJECT, .help = "who may mount" },
	{ "efs[].authorizationConfig.accessPointId", ACCEPT_STRING, .form = "fsap- and 8 to 40 hexadecimal digits", .check = check_access_point,
	  .help = "mount through this access point" },
	{ "efs[].authorizationConfig.iam", ACCEPT_STRING, .words = SWITCH, .preset = "DISABLED", .help = "sign in with the instance role" },
	{ "efs[].required", ACCEPT_BOOL, .preset = "false", .help = "start neither Docker nor the agent without it" },
	{ "proxy", ACCEPT_OBJECT, .private = true, .rule = rule_proxy, .help = "proxies of the agent and of Docker" },
	{ "proxy.http", ACCEPT_STRING, .form = "a URL: http://HOST:PORT, https:// or socks5://", .private = true, .check = check_url,
	  .help = "HTTP_PROXY" },
	{ "proxy.https", ACCEPT_STRING, .form = "a URL: http://HOST:PORT, https:// or socks5://", .private = true, .check = check_url,
	  .help = "HTTPS_PROXY" },
	{ "proxy.noProxy", ACCEPT_LIST, .private = true,
	  .help = "NO_PROXY; the metadata and credentials addresses and Docker's socket are always added" },
	{ "proxy.noProxy[]", ACCEPT_STRING, .form = "a host, domain, address or network, without blanks and commas", .private = true,
	  .check = check_no_proxy,
	  .help = "one of them" },
	{ "docker", ACCEPT_OBJECT, .form = "an object with keys of daemon.json", .private = true, .check = check_docker,
	  .help = "merged below what is in /etc/docker/daemon.json" },
	{ "packages", ACCEPT_LIST, .help = "packages that the host's package manager installs, once for each instance" },
	{ "packages[]", ACCEPT_STRING, .form = "a package's name: letters, digits and + . _ : ~ = @ -", .check = check_package, .help = "one of them" },
	{ "startTasks", ACCEPT_LIST, .help = "tasks that are started on this instance once it has registered, once for each instance" },
	{ "startTasks[]", ACCEPT_OBJECT, .help = "members of ecs:StartTask; cluster, containerInstances and startedBy are filled in" },
	{ "startTasks[].taskDefinition", ACCEPT_STRING, .form = "FAMILY, FAMILY:REVISION or a task definition's ARN", .required = true,
	  .check = check_task_definition, .help = "what to start" },
	{ "startTasks[].group", ACCEPT_STRING, .help = "the task group" },
	{ "startTasks[].propagateTags", ACCEPT_STRING, .words = "TASK_DEFINITION|NONE", .preset = "NONE",
	  .help = "whether the task takes over the task definition's tags" },
	{ "startTasks[].enableECSManagedTags", ACCEPT_BOOL, .preset = "false", .help = "whether ECS tags the task" },
	{ "startTasks[].enableExecuteCommand", ACCEPT_BOOL, .preset = "false", .help = "whether ECS Exec may be used" },
	{ "startTasks[].tags", ACCEPT_LIST, .help = "tags of the task" },
	{ "startTasks[].tags[]", ACCEPT_OBJECT, .help = "one of them" },
	{ "startTasks[].tags[].key", ACCEPT_STRING, .required = true, .help = "its key" },
	{ "startTasks[].tags[].value", ACCEPT_STRING, .help = "its value" },
	{ "startTasks[].networkConfiguration", ACCEPT_OBJECT, .help = "as in ecs:StartTask, for awsvpc" },
	{ "startTasks[].overrides", ACCEPT_OBJECT, .private = true, .help = "as in ecs:StartTask" },
};

const size_t settings_table_len = ARRAY_LEN(settings_table);

const char *setting_leaf(const struct setting *s, const char *parent)
{
	size_t n = strlen(parent);
	const char *leaf = s->path + n;

	if (strncmp(s->path, parent, n) != 0 || leaf[0] == '\0')
		return NULL;
	if (strcmp(leaf, "[]") == 0)
		return leaf;
	if (n > 0 && *leaf++ != '.')
		return NULL;
	return strpbrk(leaf, ".[") ? NULL : leaf;
}

static const char *type_words(unsigned types)
{
	switch (types) {
	case ACCEPT_OBJECT:
		return "an object";
	case ACCEPT_LIST:
		return "a list";
	case ACCEPT_BOOL:
		return "true or false";
	default:
		return "a string";
	}
}

/* "a|b|c" and perhaps the two booleans, as a reader wants them: a, b or c. */
static void list_words(const struct setting *s, char *text, size_t size)
{
	char all[128], *rest = all;
	size_t used = 0;

	snprintf(all, sizeof all, "%s%s", s->words, s->types & ACCEPT_BOOL ? "|true|false" : "");
	for (char *word = strsep(&rest, "|"); word && used < size; word = strsep(&rest, "|")) {
		const char *between = used == 0 ? "" : rest ? ", " : " or ";

		used += (size_t) snprintf(text + used, size - used, "%s%s", between, word);
	}
}

const char *setting_wants(const struct setting *s, char *text, size_t size)
{
	if (s->form)
		snprintf(text, size, "%s", s->form);
	else if (s->words)
		list_words(s, text, size);
	else if (s->types == ACCEPT_INT)
		snprintf(text, size, "an integer from %ld to %ld", s->min, s->max);
	else
		snprintf(text, size, "%s", type_words(s->types));
	return text;
}
