"""The packages: what is in them, and what installing, upgrading, replacing Amazon's package, removing and failing leave behind
in a private Debian root."""

import contextlib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests/lib"))

import peer_package
import tap

CACHE = os.environ.get("ECS_TEST_CACHE", os.path.join(os.environ.get("XDG_CACHE_HOME", "/var/cache"), "ecs-bootstrap-tests"))
VERSION = open(os.path.join(TOP, "VERSION")).read().strip()
PROGRAMS = ("/usr/bin/ecs-bootstrap", "/usr/libexec/amazon-ecs-init", "/usr/libexec/ecs-supervisor", "/usr/libexec/ecs-netconf",
            "/usr/libexec/amazon-ecs-volume-plugin")
UNITS = [os.path.basename(p) for p in glob.glob(TOP + "/rpm/*.service") + glob.glob(TOP + "/rpm/*.socket")]
FOLDERS = {"/etc/ecs": "0755", "/var/log/ecs": "0755", "/var/lib/ecs": "0755", "/var/lib/ecs/data": "0755", "/var/cache/ecs": "0700"}
GHOSTS = ("/etc/ecs/ecs.config", "/etc/ecs/ecs.config.json", "/var/cache/ecs/ecs-agent.tar", "/var/cache/ecs/state")
PEER_LINK = "/etc/systemd/system/multi-user.target.wants/ecs.service"
OURS = "/etc/systemd/system/multi-user.target.wants/ecs-after-user-data.service"
SECRET = "ECS_CLUSTER=kept\nECS_ENGINE_AUTH_DATA={\"x\":\"y\"}\n"


def one(pattern):
    found = [p for p in glob.glob(os.path.join(TOP, pattern)) if "dbgsym" not in p and "debuginfo" not in p]
    tap.check(len(found) == 1, f"{pattern}: {found}")
    return found[0]


DEB = one(f"build/deb/ecs-bootstrap_{VERSION}_*.deb")
RPM = one(f"build/rpm/RPMS/*/ecs-bootstrap-{VERSION}-*.rpm")


def output(*words, status=0, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    if status is not None:
        tap.equal(done.returncode, status, f"exit status of {' '.join(words)}:\n{done.stdout}")
    return done.stdout


class Root:
    """A Debian root of its own, over the cached one."""

    def __init__(self):
        base = subprocess.run([TOP + "/tests/boot/root"], stdout=subprocess.PIPE, text=True)
        tap.check(base.returncode == 0, "the root could not be built")
        self.folder = tempfile.mkdtemp(prefix="packages-", dir=CACHE)
        self.path = os.path.join(self.folder, "root")
        for name in ("upper", "work", "root"):
            os.mkdir(os.path.join(self.folder, name))
        output("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={base.stdout.strip()},upperdir={self.folder}/upper,workdir={self.folder}/work",
               self.path)
        output("mount", "-t", "proc", "proc", self.path + "/proc")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        output("umount", "-R", self.path)
        shutil.rmtree(self.folder)

    def __call__(self, *words, status=0):
        return output("chroot", self.path, *words, status=status, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"})

    def at(self, path):
        return self.path + path

    def write(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(self.at(path)), exist_ok=True)
        with open(self.at(path), "w") as file:
            file.write(text)
        os.chmod(self.at(path), mode)

    def read(self, path):
        with open(self.at(path)) as file:
            return file.read()

    def there(self, path):
        return os.path.lexists(self.at(path))

    def take(self, package):
        shutil.copy(package, self.at("/tmp"))
        return "/tmp/" + os.path.basename(package)

    def dpkg(self, *words, status=0):
        return self("dpkg", *words, status=status)

    def install(self, status=0):
        return self.dpkg("-i", self.take(DEB), status=status)

    def rpm(self, *words, status=0):
        nodeps = () if words[0] in ("--initdb", "-qa") else ("--nodeps",)
        return output("rpm", "--root", self.path, *words, *nodeps, status=status)

    def state(self, package):
        return self("dpkg-query", "-W", "-f", "${db:Status-Abbrev}", package, status=None).strip()

    def enabled(self, unit):
        return self("systemctl", "is-enabled", unit, status=None).split()[-1]


def use_host(root):
    """What an instance has after some days."""
    root.write("/etc/ecs/ecs.config", SECRET, 0o600)
    root.write("/var/lib/ecs/data/agent.db", "state")
    root.write("/var/lib/ecs/bootstrap/docker.json", "[]", 0o600)
    root.write("/var/log/ecs/ecs-bootstrap.log", "log")
    root.write("/var/log/ecs/exec/of-the-agent.log", "log")


def check_host_kept(root):
    tap.equal(root.read("/etc/ecs/ecs.config"), SECRET, "ecs.config")
    tap.equal(os.stat(root.at("/etc/ecs/ecs.config")).st_mode & 0o777, 0o600, "its mode")
    tap.equal(root.read("/var/lib/ecs/data/agent.db"), "state", "the agent's state")


# --- what is in them

def listed():
    """{path: (mode, owner)} of both, in one form: units below /usr/lib, manual pages not packed."""
    deb, rpm = {}, {}
    for line in output("dpkg-deb", "-c", DEB).splitlines():
        mode, owner, _, _, _, path = line.split(None, 5)
        deb[path.split(" -> ")[0][1:].rstrip("/")] = (mode, owner)
    for line in output("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME}\n]", RPM).splitlines():
        path, mode, owner = line.rsplit(" ", 2)
        rpm[path] = (mode, owner)
    return [{re.sub(r"^/lib/", "/usr/lib/", re.sub(r"\.gz$", "", path)): rest for path, rest in files.items()} for files in (deb, rpm)]


def test_both_hold_the_same_files():
    deb, rpm = listed()
    deb = {p for p in deb if deb[p][0][0] != "d" and not p.startswith(("/usr/share/doc/", "/usr/share/lintian/"))}
    rpm = {p for p in rpm if rpm[p][0][0] != "d" and "/.build-id" not in p} - set(GHOSTS)
    tap.equal(sorted(deb ^ rpm), [], "files that only one of them holds")
    for path in (*PROGRAMS, *("/usr/lib/systemd/system/" + u for u in UNITS), "/usr/lib/tmpfiles.d/ecs-bootstrap.conf",
                 "/usr/share/ecs-bootstrap/ecs_bootstrap_handler.py", "/usr/share/bash-completion/completions/ecs-bootstrap",
                 "/usr/share/man/man8/ecs-bootstrap.8", "/usr/share/man/man8/amazon-ecs-init.8"):
        tap.check(path in deb, f"{path} is missing")


def test_owners_and_modes():
    for files in listed():
        for path, (mode, owner) in files.items():
            tap.equal(owner, "root/root", f"owner of {path}")
            if mode[0] == "-" and path not in GHOSTS:
                tap.equal(mode, "-rwxr-xr-x" if path in PROGRAMS or re.match(r"/usr/(libexec|bin|share/ecs-bootstrap/package-hook)", path)
                          else "-rw-r--r--", f"mode of {path}")
        for path, mode in FOLDERS.items():
            tap.equal(files[path][0], {"0755": "drwxr-xr-x", "0700": "drwx------"}[mode], f"mode of {path}")


def test_ghosts_are_the_ones_of_amazons_package():
    flags = dict(line.rsplit(" ", 1) for line in output("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]", RPM).splitlines())
    flags = {path: "".join(c for c in found if c in "cng") for path, found in flags.items()}
    tap.equal({p: f for p, f in flags.items() if f}, {GHOSTS[0]: "cng", GHOSTS[1]: "cng", GHOSTS[2]: "g", GHOSTS[3]: "g"}, "flags")


def test_programs_are_hardened():
    with tempfile.TemporaryDirectory() as folder:
        output("dpkg-deb", "-x", DEB, folder)
        for program in PROGRAMS:
            header, dynamic = output("readelf", "-hW", folder + program), output("readelf", "-dlW", folder + program)
            tap.contains(header, "DYN (Position-Independent Executable", program)
            for word in ("GNU_RELRO", "BIND_NOW" if "BIND_NOW" in dynamic else "FLAGS_1.*NOW"):
                tap.matches(dynamic, word, program)
            tap.matches(output("readelf", "-sW", "--dyn-syms", folder + program), "__stack_chk_fail.*|_chk@", program)
            tap.check(not re.search(r"GNU_STACK.*RWE", dynamic), f"{program}: executable stack")


def test_lintian_is_silent():
    tap.equal(output("lintian", "--allow-root", "--fail-on", "error,warning", one("build/deb/*.changes")), "", "lintian")


def test_rpmlint_is_silent():
    text = output("rpmlint", "-c", TOP + "/rpm/ecs-bootstrap.rpmlintrc.toml", RPM)
    tap.contains(text, "0 errors, 0 warnings", "rpmlint")


# --- dpkg

def test_deb_installs_enables_and_starts_nothing():
    with Root() as root:
        text = root.install()
        tap.lacks(text.lower(), "fail", "what dpkg said")
        # the cached root leaves manual pages and documents out
        tap.equal([line for line in root.dpkg("--verify", "ecs-bootstrap").splitlines() if "/usr/share/" not in line], [], "dpkg --verify")
        tap.equal(root("/usr/bin/ecs-bootstrap", "version").strip(), f"ecs-bootstrap {VERSION}", "version")
        for program in PROGRAMS:
            tap.lacks(root("ldd", program), "not found", program)
        tap.check(root.there(OURS), "ecs-after-user-data.service is not enabled")
        tap.check(not root.there(PEER_LINK), "ecs.service would start before user data is done")
        tap.check(root.there("/etc/systemd/system/sockets.target.wants/amazon-ecs-volume-plugin.socket"), "the plugin's socket is not enabled")
        tap.check(not root.there(GHOSTS[0]), "an ecs.config was made")


def test_deb_upgrade_keeps_what_the_operator_chose():
    with Root() as root:
        root.install()
        root("systemctl", "disable", "ecs.service")
        use_host(root)
        root.install()
        check_host_kept(root)
        tap.check(not root.there(OURS), "the upgrade has enabled the agent again")


def test_deb_with_a_masked_unit_installs():
    with Root() as root:
        os.symlink("/dev/null", root.at("/etc/systemd/system/ecs.service"))
        tap.contains(root.install(), "is masked and stays so", "what dpkg said")
        tap.equal(os.readlink(root.at("/etc/systemd/system/ecs.service")), "/dev/null", "the mask")


def test_deb_remove_then_purge():
    with Root() as root:
        root.install()
        use_host(root)
        root.dpkg("-r", "ecs-bootstrap")
        check_host_kept(root)
        tap.check(not root.there(OURS) and not root.there("/usr/libexec/amazon-ecs-init"), "remove left a link or a program")
        root.dpkg("-P", "ecs-bootstrap")
        check_host_kept(root)
        tap.check(root.there("/var/log/ecs/exec/of-the-agent.log"), "purge took what is not ours")
        for path in ("/var/lib/ecs/bootstrap", "/var/log/ecs/ecs-bootstrap.log"):
            tap.check(not root.there(path), f"purge left {path}")


def peer_deb(root, units):
    peer_package.build(root.at("/tmp/peer"), root.at("/tmp/peer.deb"), units)
    root.dpkg("-i", "/tmp/peer.deb")
    tap.check(root.there(PEER_LINK), "the stand-in for Amazon's package is not enabled")


def check_replaced(root):
    check_host_kept(root)
    tap.check(not root.there(PEER_LINK), "ecs.service starts before user data is done")
    tap.check(root.there(OURS), "the agent does not start at boot any more")
    tap.equal(root.read("/var/cache/ecs/ecs-agent.tar"), "the agent's image", "the agent's image")
    tap.check(not root.there("/var/cache/ecs/ecs-agent.tar.kept"), "ecs-agent.tar.kept is left")
    tap.contains(root("/usr/libexec/amazon-ecs-init", "version"), VERSION, "the supervisor")


@tap.each(units_below_lib="/lib/systemd/system", units_below_usr_lib="/usr/lib/systemd/system")
def test_deb_replaces_amazons(units):
    with Root() as root:
        peer_deb(root, units)
        use_host(root)
        root.install()
        check_replaced(root)
        tap.equal(root("dpkg-divert", "--list", "*ecs*"), "", "diversions that are left")
        tap.check(root.state("amazon-ecs-init") in ("rc", "ic", "un", ""), f"amazon-ecs-init is {root.state('amazon-ecs-init')}")
        root.dpkg("-P", "amazon-ecs-init", status=None)
        check_replaced(root)


def peer_rpm(root):
    """Built as Amazon's: ghosts, a link made in %post, no %preun."""
    tree, top = root.at("/tmp/peer"), root.at("/tmp/top")
    peer_package.tree(tree)
    for name in ("ecs.config", "ecs.config.json"):
        open(f"{tree}/etc/ecs/{name}", "w").close()
    open(tree + "/var/cache/ecs/ecs-agent.tar", "w").close()
    with open(root.at("/tmp/peer.spec"), "w") as file:
        file.write(f"""Name: ecs-init
Version: 1.105.1
Release: 1
Summary: peer
License: none
BuildArch: noarch
%description
peer
%install
cp -a {tree}/. %{{buildroot}}/
%post
ln -sf ecs-agent-v1.105.1.tar /var/cache/ecs/ecs-agent.tar
systemctl enable ecs.service
%files
/usr/libexec/*
/usr/lib/systemd/system/ecs.service
%ghost %config(noreplace) /etc/ecs/ecs.config
%ghost %config(noreplace) /etc/ecs/ecs.config.json
%dir /etc/ecs
%dir /var/lib/ecs/data
/var/cache/ecs/ecs-agent-v1.105.1.tar
%ghost /var/cache/ecs/ecs-agent.tar
/var/cache/ecs/state
""")
    output("rpmbuild", "-bb", "--define", f"_topdir {top}", root.at("/tmp/peer.spec"))
    root.rpm("-i", glob.glob(top + "/RPMS/*/*.rpm")[0])
    tap.check(root.there(PEER_LINK), "the stand-in for Amazon's package is not enabled")


def test_rpm_replaces_amazons():
    with Root() as root:
        root.rpm("--initdb")
        peer_rpm(root)
        use_host(root)
        root.rpm("-U", RPM)
        check_replaced(root)
        tap.equal(root.rpm("-qa", "ecs-init").split(), [], "Amazon's package")
        tap.equal(root.read("/var/cache/ecs/state"), "2", "state of the image")


def test_rpm_installs_verifies_and_goes():
    with Root() as root:
        root.rpm("--initdb")
        root.rpm("-i", RPM)
        tap.check(root.there(OURS) and not root.there(PEER_LINK), "not enabled as it should be")
        tap.equal([line for line in root.rpm("-V", "ecs-bootstrap", status=None).splitlines() if "rpm" not in line.lower()], [], "rpm -V")
        use_host(root)
        root.rpm("-U", "--replacepkgs", RPM)
        check_host_kept(root)
        root.rpm("-e", "ecs-bootstrap")
        tap.equal(root.read("/etc/ecs/ecs.config.rpmsave"), SECRET, "ecs.config.rpmsave")
        tap.equal(root.read("/var/lib/ecs/data/agent.db"), "state", "the agent's state")
        tap.check(not root.there(OURS) and not root.there("/usr/libexec/amazon-ecs-init"), "a link or a program is left")


# --- trouble

@contextlib.contextmanager
def read_only_etc(root):
    output("mount", "--bind", root.at("/etc"), root.at("/etc"))
    output("mount", "-o", "remount,bind,ro", root.at("/etc"))
    yield
    output("umount", root.at("/etc"))


@contextlib.contextmanager
def full_disk(root):
    output("mount", "-t", "tmpfs", "-o", "size=64k", "none", root.at("/usr/libexec"))
    yield
    output("umount", root.at("/usr/libexec"))


def refused_then_good(trouble, install):
    with Root() as root:
        root.rpm("--initdb")
        with trouble(root):
            done = install(root)
            tap.check(done.returncode != 0, f"it installed: {done.stdout}")
            tap.matches(done.stdout, r"[Rr]ead-only|No space|needs \d+", "what was said")
            tap.check(not root.there(OURS), "a unit was enabled")
        left = output("find", root.at("/usr/bin"), root.at("/etc/ecs"), "-name", "*ecs*", status=None)
        tap.check(".dpkg-" not in left, f"left behind: {left}")
        tap.equal(install(root).returncode, 0, "the next try")
        tap.check(root.there(OURS), "the next try has not enabled it")


def try_deb(root):
    return subprocess.run(["chroot", root.path, "dpkg", "-i", root.take(DEB)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def try_rpm(root):
    return subprocess.run(["rpm", "--root", root.path, "--nodeps", "-U", RPM], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@tap.each(deb_read_only_etc=(read_only_etc, try_deb), deb_full_disk=(full_disk, try_deb), rpm_full_disk=(full_disk, try_rpm),
          rpm_read_only_etc=(read_only_etc, try_rpm))
def test_trouble_is_told_and_the_next_try_works(trouble, install):
    refused_then_good(trouble, install)


if __name__ == "__main__":
    # Mounts in a namespace of its own, which ends with us.
    if os.environ.get("PACKAGES_INSIDE") != "yes":
        os.environ["PACKAGES_INSIDE"] = "yes"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    tap.main()
