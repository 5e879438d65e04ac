#include <errno.h>
#include <stdlib.h>

#include "bootstrap/doctor.h"

enum { SKEW_MAX_S = 300 /* AWS: a signature is good for 5 minutes */ };

static void imds(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->imds.r == DOCTOR_UNASKED)
		doctor_skipped(out, "%s", f->imds.why);
	else if (f->imds.r < 0 && !f->imds_off)
		doctor_found(out, "the instance metadata service does not answer: %s", f->imds.why);
}

static void imds_off(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->imds_off)
		doctor_found(out, "the instance metadata service is switched off: there is neither user data nor a role nor a region");
}

static void role(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->role.r == DOCTOR_UNASKED)
		doctor_skipped(out, "%s", f->role.why);
	else if (f->no_role)
		doctor_found(out, "the instance has no role: ECS refuses to register it");
}

static void credentials(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->no_role)
		return;
	if (f->role.r < 0)
		doctor_found(out, "%s", f->role.why);
	else if (f->role.r == 0 && f->role_left_s <= 0)
		doctor_found(out, "the credentials of the instance's role have expired %ld s ago, by this host's clock", -f->role_left_s);
}

static void region(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->region.r == DOCTOR_UNASKED)
		doctor_skipped(out, "%s", f->region.why);
	else if (f->region.r < 0)
		doctor_found(out, "the region is not known: %s", f->region.why);
}

static void ecs(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->ecs.r == DOCTOR_UNASKED || f->ecs.r == -ELIBACC)
		doctor_skipped(out, "%s", f->ecs.why);
	else if (f->ecs.r < 0)
		doctor_found(out, "ECS cannot be reached at '%s'%s: %s", f->ecs_host, f->proxy ? ", through the proxy of ecs.config" : "", f->ecs.why);
}

static void skew(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->clock.r != 0)
		doctor_skipped(out, "%s", f->clock.why);
	else if (labs(f->skew_s) > SKEW_MAX_S)
		doctor_found(out, "this host's clock is %ld s %s: AWS refuses what it signs", labs(f->skew_s), f->skew_s > 0 ? "ahead" : "behind");
}

const struct doctor_row *doctor_aws_rows(size_t *ret_n)
{
	static const struct doctor_row rows[] = {
		{ "imds", imds, "look for rules or routes that keep 169.254.169.254 away; from inside a container raise the hop limit: "
				"aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2" },
		{ "imds-off", imds_off, "aws ec2 modify-instance-metadata-options --http-endpoint enabled; or unset AWS_EC2_METADATA_DISABLED" },
		{ "role", role, "attach an instance profile whose role has AmazonEC2ContainerServiceforEC2Role" },
		{ "credentials", credentials, "mend the role's trust in ec2.amazonaws.com, or attach the instance profile anew" },
		{ "region", region, "let the metadata service answer, or set AWS_DEFAULT_REGION in ecs.config" },
		{ "ecs", ecs, "a route to the internet (public address or NAT), or VPC endpoints ecs, ecs-agent and ecs-telemetry; security group: out to "
			      "443; VPC: DNS on; proxy: the section `proxy`" },
		{ "clock", skew, "systemctl enable --now chronyd, or systemd-timesyncd; 169.254.169.123 gives the time" },
	};

	*ret_n = ARRAY_LEN(rows);
	return rows;
}
