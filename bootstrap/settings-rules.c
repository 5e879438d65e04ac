#include <string.h>

#include "bootstrap/daemon-keys.h"
#include "bootstrap/settings-check.h"

static void complain_in(struct walk *w, const char *key, const char *text)
{
	walk_enter(w, key, 0);
	walk_error(w, LOCATE_VALUE, "%s", text);
	walk_leave(w);
}

/* The sentences are those of the ECS API and its reference. */
void rule_efs(struct walk *w, struct json_object *mount)
{
	const char *encryption = json_text(mount, "transitEncryption", NULL), *root = json_text(mount, "rootDirectory", NULL);
	const char *iam = json_text(mount, "authorizationConfig", "iam", NULL);
	bool encrypted = encryption && strcmp(encryption, "ENABLED") == 0;
	bool access_point = json_text(mount, "authorizationConfig", "accessPointId", NULL);

	if (access_point && root && strcmp(root, "/") != 0)
		complain_in(w, "rootDirectory",
			    "When using an EFS access point, the root directory must either be set to \"/\" or be omitted");
	if (access_point && !encrypted)
		complain_in(w, "transitEncryption", "If an access point is used, transit encryption must be enabled");
	if (iam && strcmp(iam, "ENABLED") == 0 && !encrypted)
		complain_in(w, "transitEncryption", "Transit encryption must be enabled if Amazon EFS IAM authorization is used");
}

void rule_proxy(struct walk *w, struct json_object *proxy)
{
	if (!json_text(proxy, "http", NULL) && !json_text(proxy, "https", NULL) && json_object_object_length(proxy) > 0)
		walk_error(w, LOCATE_VALUE, "neither 'http' nor 'https' is given");
}

/* A variable that the agent section sets wins over the key that would set it too; nobody means both. */
void rule_document(struct walk *w, struct json_object *doc)
{
	static const struct {
		const char *section, *key, *name;
	} twice[] = {
		{ "spotDraining", NULL, "ECS_ENABLE_SPOT_INSTANCE_DRAINING" },
		{ "proxy", "http", "HTTP_PROXY" },
		{ "proxy", "https", "HTTPS_PROXY" },
		{ "proxy", "noProxy", "NO_PROXY" },
	};

	for (size_t i = 0; i < ARRAY_LEN(twice); i++) {
		struct json_object *section, *agent, *value;

		if (!json_object_object_get_ex(doc, "agent", &agent) || !json_object_object_get_ex(agent, twice[i].name, &value))
			continue;
		if (!json_object_object_get_ex(doc, twice[i].section, &section) || !section ||
		    (twice[i].key && !json_object_object_get_ex(section, twice[i].key, &value)))
			continue;
		walk_enter(w, twice[i].section, 0);
		if (twice[i].key)
			walk_enter(w, twice[i].key, 0);
		walk_warn(w, LOCATE_KEY, "agent.%s is set too, and is what the agent gets", twice[i].name);
		if (twice[i].key)
			walk_leave(w);
		walk_leave(w);
	}
}

/* Types are told here, from a table; whether the host's own dockerd takes a key it alone can say, so that is a warning. */
static void check_docker_key(struct walk *w, struct json_object *one)
{
	struct err e;
	const char *why;
	bool wrong = daemon_keys_check(one, false, &e) < 0;

	if (!wrong && daemon_keys_check(one, true, &e) == 0)
		return;
	why = strstr(e.text, ": ");
	if (wrong)
		walk_error(w, LOCATE_VALUE, "%s", why ? why + 2 : e.text);
	else
		walk_warn(w, LOCATE_KEY, "%s", why ? why + 2 : e.text);
}

bool check_docker(struct walk *w, struct json_object *value)
{
	json_object_object_foreach(value, key, member) {
		AUTO_JSON *one = json_object_new_object();

		walk_enter(w, key, 0);
		if (member && one && json_object_object_add(one, key, json_object_get(member)) == 0)
			check_docker_key(w, one);
		walk_leave(w);
	}
	return true;
}
