#include <errno.h>
#include <string.h>
#include <strings.h>

#include "bootstrap/daemon-keys.h"
#include "bootstrap/nearest.h"

enum kind { BOOL, INT, COUNT, TEXT, TEXTS, LIST, OBJECT, TEXT_MAP, BOOL_MAP, ULIMITS, SIZE, NEVER };

/* As in moby's daemon/config; some versions do not know all of them. */
static const struct key {
	const char *name;
	enum kind   kind;
} keys[] = {
	{ "allow-direct-routing", BOOL },
	{ "allow-nondistributable-artifacts", TEXTS },
	{ "api-cors-header", TEXT },
	{ "authorization-plugins", TEXTS },
	{ "bip", TEXT },
	{ "bip6", TEXT },
	{ "bridge", TEXT },
	{ "bridge-accept-fwmark", TEXT },
	{ "builder", OBJECT },
	{ "cdi-spec-dirs", TEXTS },
	{ "cgroup-parent", TEXT },
	{ "containerd", TEXT },
	{ "containerd-namespace", TEXT },
	{ "containerd-plugin-namespace", TEXT },
	{ "containerd-plugins-namespace", TEXT },
	{ "cpu-rt-period", COUNT },
	{ "cpu-rt-runtime", COUNT },
	{ "cri-containerd", BOOL },
	{ "data-root", TEXT },
	{ "debug", BOOL },
	{ "default-address-pools", LIST },
	{ "default-cgroupns-mode", TEXT },
	{ "default-gateway", TEXT },
	{ "default-gateway-v6", TEXT },
	{ "default-ipc-mode", TEXT },
	{ "default-network-opts", OBJECT },
	{ "default-runtime", TEXT },
	{ "default-shm-size", SIZE },
	{ "default-ulimits", ULIMITS },
	{ "dns", TEXTS },
	{ "dns-opts", TEXTS },
	{ "dns-search", TEXTS },
	{ "exec-opts", TEXTS },
	{ "exec-root", TEXT },
	{ "experimental", BOOL },
	{ "features", BOOL_MAP },
	{ "firewall-backend", TEXT },
	{ "fixed-cidr", TEXT },
	{ "fixed-cidr-v6", TEXT },
	{ "group", TEXT },
	{ "host-gateway-ip", TEXT },
	{ "host-gateway-ips", TEXTS },
	{ "hosts", NEVER },
	{ "icc", BOOL },
	{ "init", BOOL },
	{ "init-path", TEXT },
	{ "insecure-registries", TEXTS },
	{ "ip", TEXT },
	{ "ip-forward", BOOL },
	{ "ip-forward-no-drop", BOOL },
	{ "ip-masq", BOOL },
	{ "ip6tables", BOOL },
	{ "iptables", BOOL },
	{ "ipv6", BOOL },
	{ "labels", TEXTS },
	{ "live-restore", BOOL },
	{ "log-driver", TEXT },
	{ "log-format", TEXT },
	{ "log-level", TEXT },
	{ "log-opts", TEXT_MAP },
	{ "max-concurrent-downloads", COUNT },
	{ "max-concurrent-uploads", COUNT },
	{ "max-download-attempts", COUNT },
	{ "metrics-addr", TEXT },
	{ "min-api-version", TEXT },
	{ "mtu", COUNT },
	{ "network-control-plane-mtu", COUNT },
	{ "network-diagnostic-port", COUNT },
	{ "no-new-privileges", BOOL },
	{ "node-generic-resources", TEXTS },
	{ "oom-score-adjust", INT },
	{ "pidfile", TEXT },
	{ "proxies", TEXT_MAP },
	{ "raw-logs", BOOL },
	{ "registry-mirrors", TEXTS },
	{ "rootless", BOOL },
	{ "runtimes", OBJECT },
	{ "seccomp-profile", TEXT },
	{ "selinux-enabled", BOOL },
	{ "shutdown-timeout", INT },
	{ "storage-driver", TEXT },
	{ "storage-opts", TEXTS },
	{ "swarm-default-advertise-addr", TEXT },
	{ "swarm-raft-election-tick", COUNT },
	{ "swarm-raft-heartbeat-tick", COUNT },
	{ "tls", BOOL },
	{ "tlscacert", TEXT },
	{ "tlscert", TEXT },
	{ "tlskey", TEXT },
	{ "tlsverify", BOOL },
	{ "userland-proxy", BOOL },
	{ "userland-proxy-path", TEXT },
	{ "userns-remap", TEXT },
};

static bool all_members(struct json_object *o, enum json_type type)
{
	if (!json_object_is_type(o, json_type_object))
		return false;
	json_object_object_foreach(o, name, value) {
		(void) name;
		if (!json_object_is_type(value, type))
			return false;
	}
	return true;
}

static bool all_elements(struct json_object *o, enum json_type type)
{
	if (!json_object_is_type(o, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(o); i++)
		if (!json_object_is_type(json_object_array_get_idx(o, i), type))
			return false;
	return true;
}

/* {"nofile": {"Name": "nofile", "Hard": 65536, "Soft": 32768}}: Go ignores the case of these three. */
static bool are_ulimits(struct json_object *o)
{
	if (!all_members(o, json_type_object))
		return false;
	json_object_object_foreach(o, name, limit) {
		(void) name;
		json_object_object_foreach(limit, key, value) {
			if (!json_object_is_type(value, strcasecmp(key, "Name") == 0 ? json_type_string : json_type_int))
				return false;
		}
	}
	return true;
}

/* What it should have been; NULL: it is. */
static const char *kind_fault(enum kind kind, struct json_object *v)
{
	enum json_type t = json_object_get_type(v);

	switch (kind) {
	case BOOL:
		return t == json_type_boolean ? NULL : "it must be true or false, without quotes";
	case INT:
		return t == json_type_int ? NULL : "it must be a whole number, without quotes";
	case COUNT:
		return t == json_type_int && json_object_get_int64(v) >= 0 ? NULL : "it must be a whole number from 0 up, without quotes";
	case TEXT:
		return t == json_type_string ? NULL : "it must be a string";
	case SIZE:
		return t == json_type_string || t == json_type_int ? NULL : "it must be a size such as \"64M\"";
	case TEXTS:
		return all_elements(v, json_type_string) ? NULL : "it must be a list of strings";
	case LIST:
		return t == json_type_array ? NULL : "it must be a list";
	case OBJECT:
		return t == json_type_object ? NULL : "it must be an object";
	case TEXT_MAP:
		return all_members(v, json_type_string) ? NULL : "it must be an object whose values are strings, numbers too: \"max-file\": \"4\"";
	case BOOL_MAP:
		return all_members(v, json_type_boolean) ? NULL : "it must be an object whose values are true or false";
	case ULIMITS:
		return are_ulimits(v) ? NULL : "write it as {\"nofile\": {\"Name\": \"nofile\", \"Soft\": 32768, \"Hard\": 65536}}";
	case NEVER:
		break;
	}
	return "Docker would not start: its unit names the hosts (-H fd://), and they may be named in one place only";
}

static const struct key *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int unknown(const char *name, struct err *e)
{
	const char *meant = nearest_name(name, keys, ARRAY_LEN(keys), sizeof keys[0]);

	return err_say(e, -EINVAL, "read docker: Docker knows no key '%.60s'%s%s%s", name, meant ? "; did you mean '" : "",
		       meant ? meant : "", meant ? "'?" : "");
}

int daemon_keys_check(struct json_object *value, bool unknown_is_wrong, struct err *e)
{
	if (!json_object_is_type(value, json_type_object))
		return err_say(e, -EINVAL, "read docker: it must be an object with keys of daemon.json");
	json_object_object_foreach(value, name, member) {
		const struct key *key = find(name);
		const char *fault = key ? kind_fault(key->kind, member) : NULL;

		if (fault)
			return err_say(e, -EINVAL, "read docker.%s: %s", name, fault);
		if (!key && unknown_is_wrong)
			return unknown(name, e);
	}
	return 0;
}
