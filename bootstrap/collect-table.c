#include "bootstrap/collect-take.h"
#include "common/paths.h"

#define RUN(...) .take = take_program, .argv = (const char *const[]) { __VA_ARGS__, NULL }
#define JOURNAL(...) RUN("journalctl", "--no-pager", "--boot", "--lines=20000", "--output=short-iso-precise", __VA_ARGS__)
#define OUR_UNITS "ecs-bootstrap.service", "ecs-packages.service", "ecs-efs-mounts.service", "ecs-prepare.service", "ecs-after-user-data.service", \
	"ecs.service", "ecs-start-tasks.service", "ecs-trunk.service", "amazon-ecs-volume-plugin.service"

/* What AWS's collector of logs takes, and what there is of ours. Of processes only names: their arguments may hold secrets. */
static const struct collect_source sources[] = {
	{ "status.json", take_status, COLLECT_JSON, NULL, NULL },
	{ "doctor.txt", take_doctor, COLLECT_TEXT, NULL, NULL },
	/* logs */
	{ "logs/ecs", take_folder, COLLECT_TEXT, PATH_LOG_DIR, NULL },
	{ "logs/cloud-init.log", take_file, COLLECT_TEXT, "/var/log/cloud-init.log", NULL },
	{ "logs/cloud-init-output.log", take_file, COLLECT_TEXT, "/var/log/cloud-init-output.log", NULL },
	{ "logs/messages", take_file, COLLECT_TEXT, "/var/log/messages", NULL },
	{ "logs/syslog", take_file, COLLECT_TEXT, "/var/log/syslog", NULL },
	{ "logs/docker", take_file, COLLECT_TEXT, "/var/log/docker", NULL },
	{ .name = "journal/ecs.log", JOURNAL("--unit=ecs*", "--unit=amazon-ecs*") },
	{ .name = "journal/docker.log", JOURNAL("--unit=docker*", "--unit=containerd*") },
	{ .name = "journal/cloud-init.log", JOURNAL("--unit=cloud-*") },
	{ .name = "journal/errors.log", JOURNAL("--priority=err") },
	/* this boot */
	{ "boot/steps", take_folder, COLLECT_TEXT, "/run/ecs/steps", NULL },
	{ "boot/user-data", take_file, COLLECT_TEXT, PATH_USER_DATA_KIND, NULL },
	{ "boot/cloud-init-result.json", take_file, COLLECT_JSON, PATH_CLOUD_RESULT, NULL },
	{ .name = "systemd/status.txt", RUN("systemctl", "status", "--no-pager", "--full", "--lines=20", OUR_UNITS, "docker.service", "containerd.service") },
	{ .name = "systemd/units.txt", RUN("systemctl", "cat", "--no-pager", OUR_UNITS, "docker.service") },
	{ .name = "systemd/failed.txt", RUN("systemctl", "list-units", "--no-pager", "--all", "--failed") },
	{ .name = "systemd/jobs.txt", RUN("systemctl", "list-jobs", "--no-pager") },
	/* settings */
	{ "config/ecs.config", take_file, COLLECT_CONFIG, PATH_ECS_CONFIG, NULL },
	{ "config/image-ecs.config", take_file, COLLECT_CONFIG, PATH_INSTANCE_CONFIG, NULL },
	{ "config/daemon.json", take_file, COLLECT_JSON, "/etc/docker/daemon.json", NULL },
	{ "config/sysconfig-docker", take_file, COLLECT_CONFIG, "/etc/sysconfig/docker", NULL },
	{ "config/default-docker", take_file, COLLECT_CONFIG, "/etc/default/docker", NULL },
	{ "config/fstab", take_file, COLLECT_TEXT, "/etc/fstab", NULL },
	{ "config/resolv.conf", take_file, COLLECT_TEXT, "/etc/resolv.conf", NULL },
	{ "user-data", take_user_data, COLLECT_TEXT, NULL, NULL },
	/* Docker and the agent */
	{ "docker/version.json", take_docker, COLLECT_JSON, "/version", NULL },
	{ "docker/info.json", take_docker, COLLECT_JSON, "/info", NULL },
	{ "docker/containers.json", take_docker, COLLECT_JSON, "/containers/json?all=1", NULL },
	{ "docker/images.json", take_docker, COLLECT_JSON, "/images/json", NULL },
	{ "docker/networks.json", take_docker, COLLECT_JSON, "/networks", NULL },
	{ "docker/volumes.json", take_docker, COLLECT_JSON, "/volumes", NULL },
	{ "docker/containers", take_containers, COLLECT_JSON, "/containers/json?all=1", NULL },
	{ "agent/metadata.json", take_agent, COLLECT_JSON, "/v1/metadata", NULL },
	{ "agent/tasks.json", take_agent, COLLECT_JSON, "/v1/tasks", NULL },
	/* the host */
	{ .name = "kernel/dmesg.txt", RUN("dmesg") },
	{ "kernel/version", take_file, COLLECT_TEXT, "/proc/version", NULL },
	{ "kernel/cmdline", take_file, COLLECT_TEXT, "/proc/cmdline", NULL },
	{ "kernel/meminfo", take_file, COLLECT_TEXT, "/proc/meminfo", NULL },
	{ "kernel/loadavg", take_file, COLLECT_TEXT, "/proc/loadavg", NULL },
	{ "kernel/swaps", take_file, COLLECT_TEXT, "/proc/swaps", NULL },
	{ "kernel/mountinfo", take_file, COLLECT_TEXT, "/proc/self/mountinfo", NULL },
	{ "kernel/modules", take_file, COLLECT_TEXT, "/proc/modules", NULL },
	{ "kernel/selinux", take_file, COLLECT_TEXT, "/sys/fs/selinux/enforce", NULL },
	{ .name = "host/df.txt", RUN("df", "--print-type", "--block-size=1M", "--local") },
	{ .name = "host/inodes.txt", RUN("df", "--inodes", "--local") },
	{ .name = "host/processes.txt", RUN("ps", "-eo", "pid,ppid,user,stat,pcpu,pmem,rss,etime,comm") },
	{ "host/os-release", take_file, COLLECT_TEXT, "/etc/os-release", NULL },
	{ .name = "host/rpm.txt", RUN("rpm", "-qa", "--last") },
	{ .name = "host/dpkg.txt", RUN("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\\n") },
	{ .name = "network/addresses.txt", RUN("ip", "-details", "address") },
	{ .name = "network/routes.txt", RUN("ip", "route", "show", "table", "all") },
	{ .name = "network/route-rules.txt", RUN("ip", "rule") },
	{ .name = "network/iptables.txt", RUN("iptables-save") },
	{ .name = "network/ip6tables.txt", RUN("ip6tables-save") },
	{ .name = "network/nftables.txt", RUN("nft", "list", "ruleset") },
	{ .name = "network/sockets.txt", RUN("ss", "-tuln") },
};

const struct collect_source *collect_sources(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(sources);
	return sources;
}
