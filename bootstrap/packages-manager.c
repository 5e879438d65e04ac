#include <stdio.h>
#include <string.h>

#include "bootstrap/packages-manager.h"
#include "common/os-release.h"

#define ARGV(...) (const char *const[]) { __VA_ARGS__, NULL }
#define APT                                                                                                      \
	"apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=10", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", \
	"Acquire::https::Timeout=20", "-o", "Dpkg::Use-Pty=0"
#define RPM_QUERY ARGV("rpm", "-q", "--qf", "%{NAME} %{VERSION} installed\\n", "--")

/* No manager may wait for ever for a lock, ask a question or pull in what is only recommended. */
static const struct package_manager managers[] = {
	{ .name = "dnf",
	  .families = " amzn fedora rhel centos ",
	  .query = RPM_QUERY,
	  .install = ARGV("dnf", "-q", "-y", "--setopt=exit_on_lock=True", "--setopt=install_weak_deps=False", "--setopt=retries=1",
			  "--setopt=timeout=20", "install"),
	  .nfs = "nfs-utils" },
	{ .name = "yum",
	  .families = " amzn fedora rhel centos ",
	  .query = RPM_QUERY,
	  .install = ARGV("yum", "-q", "-y", "--setopt=exit_on_lock=1", "--setopt=retries=1", "--setopt=timeout=20", "install"),
	  .nfs = "nfs-utils" },
	{ .name = "apt-get",
	  .families = " debian ubuntu ",
	  .query = ARGV("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\\n", "--"),
	  .install = ARGV(APT, "--no-install-recommends", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
			  "install"),
	  .refresh = ARGV(APT, "-o", "APT::Update::Error-Mode=any", "update"),
	  .repair = ARGV("dpkg", "--configure", "-a"),
	  .nfs = "nfs-common" },
	{ .name = "zypper",
	  .families = " suse sles opensuse ",
	  .query = RPM_QUERY,
	  .install = ARGV("zypper", "--non-interactive", "--quiet", "install", "--no-recommends", "--auto-agree-with-licenses"),
	  .nfs = "nfs-client" },
};

static bool has_word(const char *words, struct view word)
{
	char padded[64];

	if (word.len == 0 || snprintf(padded, sizeof padded, " %.*s ", VIEW_ARG(word, 60)) >= (int) sizeof padded)
		return false;
	return strstr(words, padded);
}

static bool is_of_family(const struct package_manager *m, struct view os_release)
{
	struct view like = os_release_value(os_release, "ID_LIKE");

	if (has_word(m->families, os_release_value(os_release, "ID")))
		return true;
	while (like.len > 0)
		if (has_word(m->families, view_cut(&like, ' ')))
			return true;
	return false;
}

const struct package_manager *package_manager_find(struct view os_release, bool (*there)(void *ctx, const char *program), void *ctx)
{
	const struct package_manager *any = NULL;

	for (size_t i = 0; i < ARRAY_LEN(managers); i++) {
		const struct package_manager *m = &managers[i];

		if (!there(ctx, m->name))
			continue;
		if (is_of_family(m, os_release))
			return m;
		if (!any)
			any = m;
	}
	return any;
}

const char *package_for_efs(const struct package_manager *m, struct view os_release)
{
	return view_is(os_release_value(os_release, "ID"), "amzn") ? "amazon-efs-utils" : m->nfs;
}

static bool same(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool package_is_listed(struct view listed, const char *name)
{
	struct view version = view_of(name), wanted = view_cut(&version, '='), line;

	wanted = view_cut(&wanted, ':');
	while (view_line(&listed, &line)) {
		struct view package = view_cut(&line, ' '), have = view_cut(&line, ' ');

		if (view_is(view_trim(line), "installed") && same(package, wanted) && (version.len == 0 || same(have, version)))
			return true;
	}
	return false;
}

static bool holds(struct view text, const char *part)
{
	return text.len > 0 && memmem(text.p, text.len, part, strlen(part));
}

/* Exit statuses that say it by themselves: dnf(8), yum(8), zypper(8). The others say 1, or 100, for everything. */
static bool judge_status(const struct package_manager *m, int status, enum package_verdict *ret)
{
	static const struct {
		const char          *manager;
		int                  status;
		enum package_verdict verdict;
	} known[] = {
		{ "dnf", 200, PACKAGE_BUSY },           { "yum", 200, PACKAGE_BUSY },          { "zypper", 7, PACKAGE_BUSY },
		{ "zypper", 104, PACKAGE_UNKNOWN },     { "zypper", 106, PACKAGE_UNREACHABLE }, { "zypper", 102, PACKAGE_INSTALLED },
		{ "zypper", 103, PACKAGE_INSTALLED },
	};

	*ret = PACKAGE_INSTALLED;
	if (status == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].status == status && strcmp(known[i].manager, m->name) == 0) {
			*ret = known[i].verdict;
			return true;
		}
	}
	return false;
}

/* In this order: a manager that reached no mirror also says that it knows no such package. */
static const struct {
	const char          *part;
	enum package_verdict verdict;
} texts[] = {
	{ "dpkg was interrupted", PACKAGE_INTERRUPTED },
	{ "Could not get lock", PACKAGE_BUSY },
	{ "Unable to lock", PACKAGE_BUSY },
	{ "Unable to acquire the dpkg frontend lock", PACKAGE_BUSY },
	{ "is another process using it", PACKAGE_BUSY },
	{ "is locked by another process", PACKAGE_BUSY },
	{ "currently holding the", PACKAGE_BUSY }, /* Another app is currently holding the yum lock */
	{ "Failed to obtain the transaction lock", PACKAGE_BUSY },
	{ "another copy is running as pid", PACKAGE_BUSY },
	{ "Waiting for process with pid", PACKAGE_BUSY },
	{ "System management is locked", PACKAGE_BUSY },
	{ "Temporary failure resolving", PACKAGE_UNREACHABLE },
	{ "Could not resolve", PACKAGE_UNREACHABLE },
	{ "Couldn't resolve host", PACKAGE_UNREACHABLE },
	{ "Could not connect to", PACKAGE_UNREACHABLE },
	{ "Unable to connect to", PACKAGE_UNREACHABLE },
	{ "Cannot initiate the connection", PACKAGE_UNREACHABLE },
	{ "Connection timed out", PACKAGE_UNREACHABLE },
	{ "Connection refused", PACKAGE_UNREACHABLE },
	{ "Failed to fetch", PACKAGE_UNREACHABLE },
	{ "Some index files failed to download", PACKAGE_UNREACHABLE },
	{ "Failed to download metadata", PACKAGE_UNREACHABLE },
	{ "Errors during downloading metadata", PACKAGE_UNREACHABLE },
	{ "Error: Error downloading packages", PACKAGE_UNREACHABLE },
	{ "Cannot download", PACKAGE_UNREACHABLE },
	{ "Cannot prepare internal mirrorlist", PACKAGE_UNREACHABLE },
	{ "All mirrors were tried", PACKAGE_UNREACHABLE },
	{ "Cannot find a valid baseurl for repo", PACKAGE_UNREACHABLE },
	{ "Could not retrieve mirrorlist", PACKAGE_UNREACHABLE },
	{ "Curl error", PACKAGE_UNREACHABLE },
	{ "Download (curl) error", PACKAGE_UNREACHABLE },
	{ "Timeout exceeded when accessing", PACKAGE_UNREACHABLE },
	{ "Unable to locate package", PACKAGE_UNKNOWN },
	{ "has no installation candidate", PACKAGE_UNKNOWN },
	{ " was not found", PACKAGE_UNKNOWN }, /* Version '1' for 'x' was not found */
	{ "No match for argument", PACKAGE_UNKNOWN },
	{ "Unable to find a match", PACKAGE_UNKNOWN },
	{ "No package ", PACKAGE_UNKNOWN }, /* No package x available. */
	{ "not found in package names", PACKAGE_UNKNOWN },
};

enum package_verdict package_judge(const struct package_manager *m, int status, struct view said)
{
	enum package_verdict verdict;

	if (judge_status(m, status, &verdict))
		return verdict;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (holds(said, texts[i].part))
			return texts[i].verdict;
	return PACKAGE_FAILED;
}

/* The first line that begins with what managers put before errors, else one we know, else the last. */
struct view package_cause(struct view said)
{
	static const char *const marks[] = { "E: ", "Error", "ERROR", "dpkg: error", "No match", "No package" };
	struct view best = { "it did not say why", strlen("it did not say why") }, line;
	unsigned rank = 0;

	while (view_line(&said, &line)) {
		unsigned now = 1;

		line = view_trim(line);
		if (line.len == 0)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(texts) && now == 1; i++)
			now = holds(line, texts[i].part) ? 2 : 1;
		for (size_t i = 0; i < ARRAY_LEN(marks) && now < 3; i++)
			now = view_starts(line, marks[i]) ? 3 : now;
		if (now > rank || (now == 1 && rank == 1)) {
			best = line;
			rank = now;
		}
	}
	return best;
}
