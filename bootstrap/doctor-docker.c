#include <errno.h>
#include <string.h>

#include "bootstrap/doctor.h"
#include "common/paths.h"

enum { API_OLDEST = 124 /* what the agent's supervisor speaks */ };

static bool refused_us(const struct doctor_facts *f)
{
	return !f->root && (f->docker.r == -EACCES || f->docker.r == -EPERM);
}

static void socket_there(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->docker.r < 0 && !f->socket_there && !refused_us(f))
		doctor_found(out, "Docker's socket '%s' is not there: Docker does not run", f->docker_socket);
}

static void answers(const struct doctor_facts *f, struct doctor_report *out)
{
	if (refused_us(f))
		doctor_skipped(out, "only root and the group docker may ask Docker");
	else if (f->docker.r < 0 && f->socket_there)
		doctor_found(out, "Docker does not answer at '%s': %s", f->docker_socket, f->docker.why);
}

static void api(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->docker.r == 0 && f->docker_api > 0 && f->docker_api < API_OLDEST)
		doctor_found(out, "Docker's API %u.%u is older than 1.24", f->docker_api / 100, f->docker_api % 100);
}

static void image(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->image.r == 0 && !f->image_loaded && !f->image_tar && !f->agent_there)
		doctor_found(out, "the agent's image is neither loaded nor in '%s'", PATH_IMAGE_TAR);
}

/* While cloud-init is at work there need not be one: another row says so. */
static void container(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->agent.r < 0 && f->docker.r == 0)
		doctor_found(out, "Docker does not tell the state of the agent's container: %s", f->agent.why);
	if (f->agent.r == 0 && !f->agent_there && after_judge(&f->boot) == AFTER_GO)
		doctor_found(out, "there is no container 'ecs-agent'");
}

static const char *meaning(long code, bool oom)
{
	if (oom)
		return "the kernel killed it, memory was short";
	switch (code) {
	case 0:
		return "it was told to end";
	case 1:
		return "it failed; its log says why";
	case 5:
		return "it has given up for good: a setting, the role or the registration is wrong";
	case 42:
		return "it asked to be replaced by a newer one";
	case 137:
		return "it was killed";
	case 139:
		return "it crashed";
	default:
		return "its log says why";
	}
}

static void ended(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->agent.r == 0 && f->agent_there && strcmp(f->agent_state, "running") != 0)
		doctor_found(out, "the agent's container is %s, its last exit status %ld: %s", f->agent_state, f->agent_exit, meaning(f->agent_exit, f->agent_oom));
}

static void others(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->other_agent[0])
		doctor_found(out, "another agent runs in the container '%s'", f->other_agent);
}

static void registered(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->agent.r == 0 && strcmp(f->agent_state, "running") == 0 && f->status.live && !f->status.registered)
		doctor_found(out, "the agent runs but has not registered");
}

const struct doctor_row *doctor_docker_rows(size_t *ret_n)
{
	static const struct doctor_row rows[] = {
		{ "docker-socket", socket_there, "systemctl start docker; if that fails: journalctl -b -u docker" },
		{ "docker", answers, "journalctl -b -u docker; systemctl restart docker (tasks end unless live-restore is on)" },
		{ "docker-api", api, "install a newer Docker" },
		{ "image", image, "systemctl restart ecs downloads it; on a host that cannot: ecs-bootstrap bake --agent-tar FILE" },
		{ "agent", container, "systemctl start ecs; if that fails: journalctl -b -u ecs" },
		{ "agent-exit", ended, "/var/log/ecs/ecs-agent.log says why; then: systemctl restart ecs" },
		{ "other-agent", others, "docker rm -f NAME, and take away what starts it" },
		{ "registered", registered, "/var/log/ecs/ecs-agent.log says what ECS answers; the role needs ecs:RegisterContainerInstance, and the cluster must exist" },
	};

	*ret_n = ARRAY_LEN(rows);
	return rows;
}
