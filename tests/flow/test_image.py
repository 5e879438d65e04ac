"""ecs-bootstrap bake and seal: a root becomes an image. After seal nothing is left of the instance, and all that was the user's."""

import io
import json
import os
import re
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [f"{HERE}/../lib"]
import program
import tap
from bootstrap import CONFIG, Host
from tap import check, contains, each, equal, lacks

PLANTED = "xPLANTEDx"
SETTINGS = {
    "version": 1,
    "agent": {"ECS_CLUSTER": PLANTED, "ECS_ENGINE_AUTH_DATA": {"r": {"auth": PLANTED}}},
    "taskRoles": {"blockInstanceMetadata": True},
    "proxy": {"http": f"http://user:{PLANTED}@10.0.0.1:3128"},
    "efs": [{"mountPoint": f"/mnt/{PLANTED}", "fileSystemId": "fs-01234567", "required": True}],
    "docker": {"labels": [f"secret={PLANTED}"]},
    "packages": [PLANTED.lower()],
    "startTasks": [{"taskDefinition": PLANTED}],
}
# What all programs and the agent write, beside what `config` writes above.
FILES = (
    "/etc/ecs/.ecs.config.0123abcd", "/etc/ecs/.proxy.env.00000000", "/etc/.fstab.89abcdef", "/etc/docker/.daemon.json.89abcdef",
    "/etc/systemd/system/docker.service.d/.10-ecs-bootstrap-proxy.conf.01234567",
    "/etc/modules-load.d/ecs-trunk.conf", "/etc/amazon/efs/privateKey.pem", "/run/sysctl.d/90-ecs-netconf.conf",
    "/run/udev/rules.d/99-zz-ecs-trunk.rules", "/run/ecs/netconf.state", "/run/ecs/pre-start.lock", "/run/ecs/efs/fs-1.pid",
    "/run/ecs/image-failure", "/run/ecs/late-check", "/var/lib/ecs/data/agent.db", "/var/lib/ecs/data/ecs_volume_plugin.json",
    "/var/lib/ecs/gpu/nvidia-gpu-info.json", "/var/lib/ecs/bootstrap/packages.json", "/var/lib/ecs/bootstrap/eni-trunking",
    "/var/lib/ecs/bootstrap/started-tasks.json", "/var/cache/ecs/ecs-agent.tar.part", "/var/cache/ecs/desired-image",
    "/var/cache/ecs/.ecs-agent.tar.01234567", "/var/log/ecs/ecs-init.log", "/var/log/ecs/ecs-agent.log", "/var/log/ecs/exec/a/b.log",
    "/var/log/ecs/ecs-volume-plugin.log", "/var/log/ecs/ecs-efs.log", "/var/lib/ecs/swapfile",
)
# What nobody may take away.
USERS = {
    "/etc/ecs/ecs.config.json": "{}", "/var/lib/ecs/ecs.config": "ECS_CLUSTER=ami\n", "/var/cache/ecs/ecs-agent.tar": "image",
    "/var/cache/ecs/ecs-agent-v1.105.1.tar": "image", "/var/cache/ecs/state": "2",
    "/etc/systemd/system/docker.service.d/20-mine.conf": "[Service]\n", "/etc/systemd/system/ecs.service.d/mine.conf": "[Service]\n",
    "/etc/amazon/efs/efs-utils.conf": "mine", "/var/lib/cloud/instance/user-data.txt": "cloud-init's", "/etc/sysctl.d/mine.conf": "x",
}
OWN_LINES = "# mine\nECS_LOGLEVEL=warn\n"
FSTAB = "UUID=1 / ext4 defaults 0 1\n"
DAEMON = {"live-restore": True}


def image(host, *arguments, path=None):
    env = program.environment(**({"PATH": path} if path else {}))
    return program.run([program.path_of("ecs-bootstrap"), *arguments, "--root", host.path], env)


def used_instance():
    """A host that has run for some time."""
    host = Host(OWN_LINES)
    os.chmod(host.path, 0o755)
    host.write("/etc/fstab", FSTAB)
    host.write("/etc/docker/daemon.json", json.dumps(DAEMON))
    host.write("/given", json.dumps(SETTINGS))
    host.config("--user-data", host.at("/given"))
    os.unlink(host.at("/given"))
    for path, text in USERS.items():
        host.write(path, text)
    for path in FILES:
        host.write(path, PLANTED, 0o600)
    host.write("/var/lib/ecs/bootstrap/swap.json", json.dumps({"path": "/var/lib/ecs/swapfile", "bootId": PLANTED}))
    os.makedirs(host.at("/var/lib/ecs/volumes/empty"))
    host.write("/var/lib/ecs/volumes/full/of-a-task", "data")
    return host


def remains(host):
    """Paths that hold or are what was planted."""
    found = []
    for folder, folders, files in os.walk(host.path):
        found += [os.path.join(folder, n) for n in folders + files if PLANTED.lower() in n.lower()]
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                if PLANTED.lower().encode() in file.read().lower():
                    found.append(os.path.join(folder, name))
    return sorted(os.path.relpath(p, host.path) for p in found)


def test_nothing_of_the_instance_is_left():
    with used_instance() as host:
        check(len(remains(host)) > len(FILES), "the settings were not written")
        result = image(host, "seal").exits(0)
        equal(remains(host), [], "what is left")
        lacks(result.out + result.err, "user:", "what was said")
        for folder in ("/var/lib/ecs/bootstrap", "/var/lib/ecs/data", "/var/log/ecs", "/run/ecs"):
            equal(os.listdir(host.at(folder)), [], folder)


def test_what_is_the_users_stays():
    with used_instance() as host:
        image(host, "seal").exits(0)
        for path, text in USERS.items():
            equal(host.read(path), text, path)
        equal(host.read(CONFIG), OWN_LINES, CONFIG)
        equal(host.mode(CONFIG), 0o600, "its mode")
        equal(host.read("/etc/fstab"), FSTAB, "/etc/fstab")
        equal(json.loads(host.read("/etc/docker/daemon.json")), DAEMON, "daemon.json")
        check(host.has("/var/lib/ecs/volumes/full/of-a-task"), "data of a volume was removed")
        check(not host.has("/var/lib/ecs/volumes/empty"), "an empty mount point stayed")


def test_again_changes_nothing_and_says_nothing():
    with used_instance() as host:
        image(host, "seal").exits(0)
        before = host.state()
        result = image(host, "seal").exits(0)
        equal(result.out + result.err, "", "output")
        program.same_state(before, host.state())


def test_dry_run_says_and_does_nothing():
    with used_instance() as host:
        before = host.state()
        dry = image(host, "seal", "--dry-run").exits(0).out.splitlines()
        program.same_state(before, host.state())
        done = {line for line in image(host, "seal").exits(0).out.splitlines()}
        said = {line.replace("would be ", "") for line in dry}
        # folders that must be empty first are found by trying
        equal({line for line in done - said if "/mnt/" not in line and "/volumes/" not in line}, set(), "done, but not announced")
        # its section takes that away itself
        equal(said - done, {"removed /var/lib/ecs/bootstrap/docker.json"}, "announced, but not done")


def test_json():
    with used_instance() as host:
        steps = json.loads(image(host, "seal", "--json").exits(0).out)["steps"]
        check({"step": "changed", "what": CONFIG} in steps, f"no step on {CONFIG}: {steps}")
        check({"step": "removed", "what": "/etc/amazon/efs/privateKey.pem"} in steps, "no step on the key")


def test_config_of_ours_alone_goes():
    with Host(None) as host:
        host.config_of("#ecs-bootstrap\nECS_CLUSTER=a\n").exits(0)
        image(host, "seal").exits(0)
        check(not host.has(CONFIG), "an empty ecs.config is left")


def test_empty_root():
    with program.Root() as host:
        equal(image(host, "seal").exits(0).out, "", "output")
        equal(host.state(), {}, "files")


def test_block_without_its_end_is_a_failure():
    with used_instance() as host:
        host.write(CONFIG, "# BEGIN ecs-bootstrap: x\nECS_CLUSTER=a\n", 0o600)
        image(host, "seal").exits(1).says("no END line")
        equal(remains(host), [f"var/lib/ecs/bootstrap/{n}" for n in sorted(os.listdir(host.at("/var/lib/ecs/bootstrap")))
                              if PLANTED.lower() in host.read(f"/var/lib/ecs/bootstrap/{n}").lower()], "what is left but the state")
        host.write(CONFIG, OWN_LINES, 0o600)
        image(host, "seal").exits(0)
        equal(remains(host), [], "what is left after the next run")


@each(folder="/var/log/ecs", state="/var/lib/ecs", units="/etc/systemd/system")
def test_link_out_of_the_image_is_refused(path):
    with used_instance() as host, program.Root() as outside:
        outside.write("/data/agent.db", "the builder's own")
        outside.write("/docker.service.d/10-ecs-bootstrap-proxy.conf", "the builder's own")
        os.rename(host.at(path), host.at(path + ".real"))
        os.symlink(outside.path, host.at(path))
        before, there = host.state(), outside.state()
        image(host, "seal").exits(1).says(f"look at '{path}.*leads out of")
        program.same_state(before, host.state())
        program.same_state(there, outside.state(), "the builder's files")


def test_links_in_folders_are_removed_not_followed():
    with used_instance() as host, program.Root() as outside:
        outside.write("/keep", "the builder's own")
        os.symlink(outside.path, host.at("/var/log/ecs/link"))
        os.symlink(outside.path, host.at("/var/lib/ecs/data/link"))
        image(host, "seal").exits(0)
        equal(outside.read("/keep"), "the builder's own", "a file that a link led to")
        check(not host.has("/var/log/ecs/link"), "the link is left")


@each(huge_config=(CONFIG, "x" * (1 << 20) + "\n"), config_is_a_folder=(CONFIG + "/x", ""), fstab_is_a_folder=("/etc/fstab/x", ""))
def test_odd_files_are_told_and_the_rest_is_done(path, text):
    with used_instance() as host:
        top = CONFIG if path.startswith(CONFIG) else "/etc/fstab"
        os.unlink(host.at(top))
        host.write(path, text)
        image(host, "seal").exits(1).says(re.escape(top))
        check(not host.has("/etc/amazon/efs/privateKey.pem"), "the rest was not done")


@each(lists="[1,2]", text="hello", nothing="", path_is_relative='{"path":"../../etc/passwd"}', path_leads_up='{"path":"/var/lib/ecs/../../x"}')
def test_damaged_state_of_swap_takes_nothing_else_away(text):
    with used_instance() as host:
        host.write("/var/lib/ecs/bootstrap/swap.json", text)
        host.write("/etc/passwd", "root")
        image(host, "seal")
        equal(host.read("/etc/passwd"), "root", "/etc/passwd")


# --- bake

TAG = "amazon/amazon-ecs-agent:latest"


def agent_tar(folder, tag=TAG, pack="", cut=0):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:" + pack) as tar:
        for name, text in (("manifest.json", json.dumps([{"Config": "c", "RepoTags": [tag], "Layers": []}])), ("layer.tar", "x" * 3000)):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    path = os.path.join(folder, "agent.tar")
    with open(path, "wb") as file:
        file.write(data.getvalue()[:cut or None])
    return path


def with_units(host):
    for name in os.listdir(TOP + "/rpm"):
        if name.endswith((".service", ".socket")):
            with open(f"{TOP}/rpm/{name}") as file:
                host.write("/usr/lib/systemd/system/" + name, file.read())


def test_bake_makes_a_root_ready():
    with program.Root() as host, program.Root() as outside:
        with_units(host)
        # as Amazon's unit was enabled: it would start before user data is done
        os.makedirs(host.at("/etc/systemd/system/multi-user.target.wants"))
        os.symlink("/lib/systemd/system/ecs.service", host.at("/etc/systemd/system/multi-user.target.wants/ecs.service"))
        result = image(host, "bake", "--agent-tar", agent_tar(outside.path)).exits(0)
        contains(result.out, "enabled ecs.service\n")
        contains(result.out, "placed /var/cache/ecs/ecs-agent.tar\n")
        equal(host.mode("/var/cache/ecs"), 0o700, "mode of the cache")
        equal(host.read("/var/cache/ecs/state"), "2", "state of the image")
        wants = sorted(os.listdir(host.at("/etc/systemd/system/multi-user.target.wants")))
        check("ecs-after-user-data.service" in wants and "ecs-bootstrap.service" in wants, f"enabled: {wants}")
        check("ecs.service" not in wants, "ecs.service would start before user data is done")
        check(host.has("/etc/systemd/system/sockets.target.wants/amazon-ecs-volume-plugin.socket"), "the plugin's socket is not enabled")
        before = host.state()
        equal(image(host, "bake", "--agent-tar", agent_tar(outside.path)).exits(0).out, "", "output of the second run")
        program.same_state(before, host.state())


def test_bake_dry_run():
    with program.Root() as host, program.Root() as outside:
        with_units(host)
        before = host.state()
        contains(image(host, "bake", "--dry-run", "--agent-tar", agent_tar(outside.path)).exits(0).out, "would be placed /var/cache")
        program.same_state(before, host.state())


@each(other_image=(dict(tag="nginx:latest"), f"it holds no image '{TAG}'"), packed=(dict(pack="gz"), "it is no tar"),
      cut_off=(dict(cut=2000), "it is cut off"), empty=(dict(cut=1), "it is no tar"))
def test_bake_refuses_what_is_no_agent(how, why):
    with program.Root() as host, program.Root() as outside:
        with_units(host)
        image(host, "bake", "--agent-tar", agent_tar(outside.path, **how)).exits(1).says(f"take the agent's image '.*agent.tar': {why}")
        check(not host.has("/var/cache/ecs/ecs-agent.tar"), "it was placed")
        check(not host.has("/var/cache/ecs/state"), "a state was written")


def test_bake_without_the_tar_or_the_package():
    with program.Root() as host:
        image(host, "bake", "--agent-tar", "/no/such.tar").exits(1).says("read '/no/such.tar': No such file")
        image(host, "bake").exits(1).says("enable 'ecs.service': .*does not exist")


def test_bake_keeps_inside_the_image():
    with program.Root() as host, program.Root() as outside:
        with_units(host)
        os.makedirs(host.at("/var"))
        os.symlink(outside.path, host.at("/var/log"))
        image(host, "bake").exits(1).says("look at '/var/log': .*leads out of")
        equal(outside.state(), {}, "the builder's files")


def test_bake_without_systemctl():
    with program.Root() as host:
        with_units(host)
        image(host, "bake", path=host.path).exits(1).says("systemctl")


tap.main()
