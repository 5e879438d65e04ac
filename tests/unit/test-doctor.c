/* `doctor` without a host: each row on facts that are wrong in one way, the parsers of what is asked, text and JSON. */
#include <errno.h>

#include "bootstrap/doctor-look.h"
#include "bootstrap/doctor.h"
#include "tests/unit/test.h"

static struct doctor_facts f;
static struct doctor_report report;

#define SET(field, value) snprintf(f.field, sizeof f.field, "%s", value)

static void add_unit(const char *name)
{
	struct doctor_unit *u = &f.units[f.n_units++];

	snprintf(u->name, sizeof u->name, "%s", name);
	snprintf(u->load, sizeof u->load, "loaded");
	snprintf(u->file_state, sizeof u->file_state, "enabled");
	snprintf(u->fragment, sizeof u->fragment, "/usr/lib/systemd/system/%s", name);
}

/* An instance that has joined and lacks nothing. */
static void healthy(void)
{
	f = (struct doctor_facts) {
		.root = true, .status = { .n_recorded = 1, .live = true, .registered = true, .rules = STATUS_RULES_SAME },
		.boot = { .cloud_init_here = true, .cloud_init_finished = true, .cluster_named = true }, .role_left_s = 3600,
		.docker_api = 144, .socket_there = true, .image_loaded = true, .agent_there = true,
	};
	assert_non_null(status_add(&f.status, view_of("image"), step_word(STEP_DONE), view_of("loaded")));
	add_unit("ecs-bootstrap.service");
	add_unit("ecs-after-user-data.service");
	add_unit("docker.service");
	add_unit("ecs.service");
	for (size_t i = 0; i < DOCTOR_DISKS; i++)
		f.disks[i] = (struct doctor_disk) { .path = "/d", .known = true, .size = UINT64_C(30) << 30, .free = UINT64_C(9) << 30, .files = 1000, .files_free = 500 };
	SET(docker_socket, "/var/run/docker.sock");
	SET(agent_state, "running");
	SET(ecs_host, "ecs.x.amazonaws.com");
}

static void judge(void)
{
	report = (struct doctor_report) { .n = 0 };
	doctor_judge(&f, &report);
}

static void fail_with(struct doctor_asked *a, int r, const char *why)
{
	struct err e = { .code = r };

	snprintf(e.text, sizeof e.text, "%s", why);
	doctor_answered(a, r, &e);
}

static void no_records(void) { f.status.n_recorded = f.status.n_rows = 0; }
static void failed_step(void) { (void) !status_add(&f.status, view_of("rules"), step_word(STEP_FAILED), view_of("no\x1b[2J")); }
static void waits(void) { f.status.rows[0].result = step_word(STEP_WAITING); f.status.rows[0].took_ms = 65000; }
static void failed_unit(void) { f.status.units[f.status.n_units++] = (struct status_unit) { .name = "ecs.service", .result = "exit-code", .says = "so", .bad = true }; }
static void masked(void) { SET(units[3].load, "masked"); }
static void missing(void) { SET(units[2].load, "not-found"); }
static void disabled(void) { SET(units[1].file_state, "disabled"); }
static void docker_disabled(void) { SET(units[2].file_state, "disabled"); SET(units[3].file_state, "disabled"); }
static void elsewhere(void) { SET(units[3].fragment, "/etc/systemd/system/ecs.service"); }
static void package(void) { SET(foreign_package, "amazon-ecs-init"); }
static void ordered(void) { f.units[3].after_cloud_init = true; }
static void job(void) { f.units[3].job = true; f.boot.cloud_init_finished = false; f.boot.nothing_for_cloud_init = true; }
static void job_later(void) { f.units[3].job = true; }
static void cloud(void) { f.cloud.n = 2; SET(cloud.first, "scripts_user"); }
static void cloud_bad(void) { fail_with(&f.cloud_result, -EBADMSG, "read x: bad"); }
static void cloud_runs(void) { f.boot.cloud_init_finished = false; }
static void cloud_idle(void) { f.boot.cloud_init_finished = false; f.boot.nothing_for_cloud_init = true; }
static void full(void) { f.disks[1].free = UINT64_C(499) << 20; }
static void large_and_full(void) { f.disks[0].size = UINT64_C(1) << 40; f.disks[0].free = UINT64_C(20) << 30; }
static void no_inodes(void) { f.disks[0].files_free = 19; }
static void no_count(void) { f.disks[0].files = f.disks[0].files_free = 0; }
static void unknown_disk(void) { f.disks[0] = (struct doctor_disk) { .path = "/d" }; }
static void rules(void) { f.status.rules = STATUS_RULES_DIFFER; SET(status.rules_say, "2 differences: -A x"); }
static void rules_unknown(void) { f.status.rules = STATUS_RULES_UNKNOWN; SET(status.rules_say, "must be root"); }
static void rules_hidden(void) { f.root = false; f.status.rules = STATUS_RULES_UNASKED; }
static void config(void) { fail_with(&f.config, -EISDIR, "read '/etc/ecs/ecs.config': Is a directory"); }
static void config_hidden(void) { fail_with(&f.config, -EACCES, "x"); f.boot.cluster_named = false; }
static void cluster(void) { f.boot.cluster_named = false; }
static void cluster_not_yet(void) { cluster(); f.status.registered = false; f.status.live = false; }
static void user_data(void) { f.user_data_errors = 1; f.user_data_warnings = 2; SET(user_data_first, "line 3: x"); }
static void user_data_none(void) { doctor_unasked(&f.user_data, "there is no user data"); }
static void imds(void) { fail_with(&f.imds, -ETIMEDOUT, "PUT http://x: timed out"); }
static void anywhere(void) { doctor_unasked(&f.imds, "this is a host of ECS Anywhere"); }
static void imds_off(void) { f.imds_off = true; }
static void no_role(void) { f.no_role = true; f.role_left_s = 0; }
static void role_bad(void) { fail_with(&f.role, -EAGAIN, "read credentials of role 'r': no"); }
static void role_old(void) { f.role_left_s = -7; }
static void role_unasked(void) { doctor_unasked(&f.role, "cannot be asked"); }
static void region(void) { fail_with(&f.region, -ENODATA, "none"); }
static void ecs(void) { fail_with(&f.ecs, -EHOSTUNREACH, "no such name"); }
static void ecs_proxy(void) { ecs(); f.proxy = true; }
static void ecs_no_curl(void) { fail_with(&f.ecs, -ELIBACC, "load libcurl.so.4: no"); }
static void ahead(void) { f.skew_s = 301; }
static void behind(void) { f.skew_s = -4000; }
static void nearly(void) { f.skew_s = 300; }
static void clock_unknown(void) { doctor_unasked(&f.clock, "nobody tells"); }
static void no_socket(void) { fail_with(&f.docker, -ENOENT, "x"); f.socket_there = false; }
static void refused(void) { fail_with(&f.docker, -ECONNREFUSED, "GET x: Connection refused"); }
static void not_for_us(void) { fail_with(&f.docker, -EACCES, "x"); f.root = false; f.status.rules = STATUS_RULES_SAME; }
static void old_docker(void) { f.docker_api = 123; }
static void no_image(void) { f.image_loaded = f.agent_there = false; doctor_unasked(&f.agent, "not asked"); }
static void tar_only(void) { f.image_loaded = false; f.image_tar = true; }
static void no_agent(void) { f.agent_there = false; SET(agent_state, ""); }
static void agent_unknown(void) { fail_with(&f.agent, -EBADMSG, "the answer is not the state of a container"); }
static void gave_up(void) { SET(agent_state, "exited"); f.agent_exit = 5; }
static void oom(void) { SET(agent_state, "exited"); f.agent_exit = 137; f.agent_oom = true; }
static void other(void) { SET(other_agent, "my-agent"); }
static void unregistered(void) { f.status.registered = false; }
static void names(void)
{
	static struct finding list[] = { { .at = { 4, 0 }, .path = "ECS_CLUSTR", .text = "did you mean ECS_CLUSTER?" } };

	f.names = (struct findings) { .list = list, .n = 1 };
}

/* found NULL: nothing is wrong; says then stands in a row that is skipped, or is NULL. */
static const struct {
	void (*change)(void);
	const char *found, *says;
} cases[] = {
	{ no_records, "records", "has not run" }, { failed_step, "step", "step 'rules': failed: no [2J" }, { waits, "waiting", "step 'image' has been waiting for 65 s: loaded" },
	{ failed_unit, "unit-failed", "ecs.service has failed (exit-code): so" }, { masked, "unit-masked", "ecs.service is masked" },
	{ missing, "unit-missing", "there is no docker.service" }, { disabled, "unit-disabled", "ecs-after-user-data.service is disabled" },
	{ docker_disabled, NULL, NULL }, { elsewhere, "foreign-unit", "'/etc/systemd/system/ecs.service'" }, { package, "foreign-package", "'amazon-ecs-init'" },
	{ ordered, "deadlock", "waits for itself" }, { job, "deadlock", "while user data still runs" }, { job_later, NULL, NULL },
	{ cloud, "cloud-init", "had 2 errors, the first in its module scripts_user" }, { cloud_bad, "cloud-init", "read x: bad" },
	{ cloud_runs, "cloud-init-runs", "still works" }, { cloud_idle, NULL, NULL },
	{ full, "disk", "only 499 MiB left of 30720 MiB" }, { large_and_full, "disk", "20480 MiB left" }, { no_inodes, "disk", "19 more files of 1000" },
	{ no_count, NULL, NULL }, { unknown_disk, NULL, NULL },
	{ rules, "rules", "2 differences: -A x" }, { rules_unknown, NULL, "must be root" }, { rules_hidden, NULL, "only root" },
	{ config, "config", "Is a directory" }, { config_hidden, NULL, "only root may read" },
	{ cluster, "cluster", "has joined 'default'" }, { cluster_not_yet, "cluster", "will join 'default'" },
	{ names, "config-lines", "line 4: ECS_CLUSTR: did you mean" }, { user_data, "user-data", "1 error and 2 warnings in the user data; the first: line 3: x" },
	{ user_data_none, NULL, "there is no user data" },
	{ imds, "imds", "does not answer: PUT http://x: timed out" }, { anywhere, NULL, "ECS Anywhere" }, { imds_off, "imds-off", "switched off" },
	{ no_role, "role", "has no role" }, { role_bad, "credentials", "role 'r': no" }, { role_old, "credentials", "expired 7 s ago" }, { role_unasked, NULL, "cannot be asked" },
	{ region, "region", "not known: none" }, { ecs, "ecs", "at 'ecs.x.amazonaws.com': no such name" }, { ecs_proxy, "ecs", "through the proxy" }, { ecs_no_curl, NULL, "load libcurl" },
	{ ahead, "clock", "301 s ahead" }, { behind, "clock", "4000 s behind" }, { nearly, NULL, NULL }, { clock_unknown, NULL, "nobody tells" },
	{ no_socket, "docker-socket", "is not there" }, { refused, "docker", "Connection refused" }, { not_for_us, NULL, "group docker" },
	{ old_docker, "docker-api", "API 1.23 is older" }, { no_image, "image", "neither loaded nor in" }, { tar_only, NULL, NULL },
	{ no_agent, "agent", "no container 'ecs-agent'" }, { agent_unknown, "agent", "not the state of a container" },
	{ gave_up, "agent-exit", "is exited, its last exit status 5: it has given up" }, { oom, "agent-exit", "137: the kernel killed it" },
	{ other, "other-agent", "'my-agent'" }, { unregistered, "registered", "has not registered" },
};

static const struct doctor_result *result_of(bool skipped)
{
	for (size_t i = 0; i < report.n; i++)
		if (report.list[i].skipped == skipped)
			return &report.list[i];
	return NULL;
}

static void test_nothing(void **state)
{
	AUTO_BUF text = { 0 };

	(void) state;
	healthy();
	judge();
	assert_int_equal(report.n, 0);
	assert_int_equal(doctor_text(&report, &text), 0);
	assert_string_equal(text.p, "nothing found by 33 checks\n");
}

static void test_each(void **state)
{
	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct doctor_result *got;

		healthy();
		cases[i].change();
		judge();
		got = result_of(cases[i].found == NULL);
		if (report.found != (cases[i].found ? 1 : 0))
			fail_msg("case %zu (%s): %zu findings, the first '%s: %s'", i, cases[i].found ? cases[i].found : "none", report.found,
				 result_of(false) ? result_of(false)->row->name : "", result_of(false) ? result_of(false)->what : "");
		if (cases[i].found && strcmp(got->row->name, cases[i].found) != 0)
			fail_msg("case %zu: found by '%s', not by '%s'", i, got->row->name, cases[i].found);
		if (cases[i].says && (!got || !strstr(got->what, cases[i].says)))
			fail_msg("case %zu: '%s' lacks '%s'", i, got ? got->what : "", cases[i].says);
	}
}

/* A row that no case reaches may say anything. */
static void test_all_rows_have_a_case(void **state)
{
	static const struct doctor_row *(*const groups[])(size_t *) = { doctor_host_rows, doctor_settings_rows, doctor_aws_rows, doctor_docker_rows };

	(void) state;
	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		size_t n;
		const struct doctor_row *rows = groups[g](&n);

		for (size_t k = 0; k < n; k++) {
			size_t i = 0;

			assert_true(strlen(rows[k].cure) > 0);
			while (i < ARRAY_LEN(cases) && (!cases[i].found || strcmp(cases[i].found, rows[k].name) != 0))
				i++;
			if (i == ARRAY_LEN(cases))
				fail_msg("no case for the row '%s'", rows[k].name);
		}
	}
}

static void test_more_than_the_list_holds(void **state)
{
	(void) state;
	healthy();
	for (int i = 0; i < STATUS_ROWS_MAX; i++)
		failed_step();
	judge();
	assert_int_equal(report.n, DOCTOR_RESULTS_MAX);
	assert_int_equal(report.found, STATUS_ROWS_MAX - 1); /* one was there */
}

static void test_show(void **state)
{
	AUTO_BUF text = { 0 }, json = { 0 };
	AUTO_JSON *o = NULL;

	(void) state;
	healthy();
	gave_up();
	clock_unknown();
	judge();
	assert_int_equal(doctor_text(&report, &text), 0);
	assert_string_equal(text.p, "agent-exit: the agent's container is exited, its last exit status 5: it has given up for good: a setting, the role or the "
				    "registration is wrong\n    cure: /var/log/ecs/ecs-agent.log says why; then: systemctl restart ecs\n"
				    "not looked at: clock: nobody tells\n1 finding\n");
	assert_int_equal(doctor_json(&report, &json), 0);
	o = test_json(json.p);
	assert_string_equal(json_object_get_string(json_object_array_get_idx(json_object_object_get(o, "findings"), 0)),
			    "{ \"check\": \"agent-exit\", \"what\": \"the agent's container is exited, its last exit status 5: it has given up for good: a setting, "
			    "the role or the registration is wrong\", \"cure\": \"\\/var\\/log\\/ecs\\/ecs-agent.log says why; then: systemctl restart ecs\" }");
	assert_int_equal(json_object_array_length(json_object_object_get(o, "skipped")), 1);
	assert_int_equal(json_object_get_int(json_object_object_get(o, "checks")), 33);
}

static void test_units(void **state)
{
	(void) state;
	f = (struct doctor_facts) { .n_units = 0 };
	doctor_read_units(view_of("Id=ecs.service\nAfter=a.service cloud-final.service b\nLoadState=loaded\nUnitFileState=enabled\nFragmentPath=/x/ecs.service\nJob=17\n\n"
				  "Id=docker.service\nAfter=cloud-final.service.d\nLoadState=masked\nJob=0\n\ngarbage\n\nId=x\n"), &f);
	assert_int_equal(f.n_units, 2);
	assert_true(f.units[0].after_cloud_init && f.units[0].job);
	assert_string_equal(f.units[0].fragment, "/x/ecs.service");
	assert_false(f.units[1].after_cloud_init || f.units[1].job);
	for (int i = 0; i < 40; i++)
		doctor_read_units(view_of("Id=a\nLoadState=loaded\n"), &f);
	assert_int_equal(f.n_units, DOCTOR_UNITS_MAX);
}

static void test_packages(void **state)
{
	static const char *const none[] = { "", "package amazon-ecs-init is not installed\npackage ecs-init is not installed\n", "rc amazon-ecs-init\n", "ii amazon-ecs-init-more\n", "ii" };

	(void) state;
	f = (struct doctor_facts) { .n_units = 0 };
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		doctor_read_packages(view_of(none[i]), &f);
	assert_string_equal(f.foreign_package, "");
	doctor_read_packages(view_of("package amazon-ecs-init is not installed\nii ecs-init\n"), &f);
	assert_string_equal(f.foreign_package, "ecs-init");
}

static void test_agent(void **state)
{
	static const char *const bad[] = { "", "{}", "{\"State\": []}", "{\"State\": {\"Status\": \"exited\"}}", "{\"State\": {\"Status\": 1, \"ExitCode\": 1}}" };
	struct err e;

	(void) state;
	f = (struct doctor_facts) { .agent_exit = 0 };
	assert_int_equal(doctor_read_agent(view_of("{\"State\": {\"Status\": \"exited\", \"ExitCode\": 137, \"OOMKilled\": true}}"), &f, &e), 0);
	assert_true(f.agent_oom && f.agent_exit == 137);
	assert_string_equal(f.agent_state, "exited");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(doctor_read_agent(view_of(bad[i]), &f, &e), -EBADMSG);
}

static void test_containers(void **state)
{
	(void) state;
	f = (struct doctor_facts) { .agent_exit = 0 };
	doctor_read_containers(view_of("[{\"Image\": \"amazon/amazon-ecs-agent:latest\", \"Names\": [\"/ecs-agent\"]}, {\"Image\": \"nginx\", \"Names\": [\"/x\"]}, 5, {\"Names\": []}]"), &f);
	doctor_read_containers(view_of("{"), &f);
	assert_string_equal(f.other_agent, "");
	doctor_read_containers(view_of("[{\"Image\": \"public.ecr.aws/ecs/amazon-ecs-agent:v1\", \"Names\": [\"/mine\"]}]"), &f);
	assert_string_equal(f.other_agent, "mine");
}

static void test_date(void **state)
{
	static const char *const bad[] = { "", "now", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 GMT and much more than any date has ever had behind it" };
	long s = 0;

	(void) state;
	assert_int_equal(doctor_read_date(view_of("Sun, 06 Nov 1994 08:49:37 GMT"), &s), 0);
	assert_int_equal(s, 784111777);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(doctor_read_date(view_of(bad[i]), &s), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing), TEST(test_each), TEST(test_all_rows_have_a_case), TEST(test_more_than_the_list_holds), TEST(test_show),
		TEST(test_units), TEST(test_packages), TEST(test_agent), TEST(test_containers), TEST(test_date),
	};

	return RUN("doctor", tests);
}
