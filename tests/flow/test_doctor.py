"""ecs-bootstrap doctor: an instance that lacks nothing, and what is said of each that does; peers that misbehave; users who may see less."""

import contextlib
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import records
import tap
from aws import Aws, Introspection, credentials
from docker import AGENT_IMAGE, Docker
from imds import BlackHole, Imds
from tap import contains, each, equal, lacks, matches, together

ROLE = "iam/security-credentials/ecsInstanceRole"
UNITS = ("ecs-bootstrap.service", "ecs-after-user-data.service", "docker.service", "ecs.service")
SYSTEMCTL = """#!/bin/sh
[ "$1" = show ] || exit 1
cat "$0.says"
"""
GOOD = '#ecs-bootstrap\nECS_CLUSTER=blue\n'


class Host(records.Host):
    """One that has joined, with all that it asks."""

    def __init__(self, user_data=GOOD, register_after=0, **docker):
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.step("image")
        self.write("/etc/ecs/ecs.config", "ECS_CLUSTER=blue\n", 0o600)
        os.makedirs(self.at("/run/systemd/system"))
        os.makedirs(self.at("/var/cache/ecs"))
        self.write("/bin/systemctl", SYSTEMCTL, 0o755)
        self.units()
        self.imds = self.stack.enter_context(Imds(user_data))
        self.aws = self.stack.enter_context(Aws())
        self.agent = self.stack.enter_context(Introspection(cluster="blue", register_after=register_after))
        self.docker = self.stack.enter_context(Docker(self.at("/docker.sock"), **docker))
        self.docker.add("ecs-agent")

    def __exit__(self, *what):
        self.stack.close()
        super().__exit__(*what)

    def units(self, **changed):
        """changed: {"ecs.service": "LoadState=masked"}; the last value of a name counts."""
        text = "".join(f"Id={unit}\nLoadState=loaded\nActiveState=active\nSubState=x\nResult=success\nUnitFileState=enabled\n"
                       f"FragmentPath=/usr/lib/systemd/system/{unit}\n{changed.get(unit, '')}\n\n" for unit in UNITS)
        self.write("/bin/systemctl.says", text)

    def doctor(self, *arguments, **more):
        given = {"url": self.agent.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.imds.url, "AWS_ENDPOINT_URL_ECS": self.aws.url,
                 "DOCKER_HOST": f"unix://{self.docker.listen_at}", **more}
        return self.look("doctor", *arguments, **given)

    def found(self, code=1, **more):
        """{name of the check: what} of the findings."""
        return {one["check"]: one["what"] for one in json.loads(self.doctor("--json", **more).exits(code).out)["findings"]}

    def finds(self, name, pattern, **more):
        found = self.found(**more)
        equal(list(found), [name], "findings")
        matches(found[name], pattern)


def test_nothing_is_wrong():
    with Host() as host:
        equal(host.doctor().exits(0).within(5).out, "nothing found by 33 checks\n")
        got = json.loads(host.doctor("--json").exits(0).out)
        equal((got["findings"], got["skipped"]), ([], []))


def test_text():
    with Host() as host:
        host.imds.misbehave(f"meta-data/{ROLE}=404")
        result = host.doctor().exits(1)
        matches(result.out, r"\Acredentials: read credentials of role 'ecsInstanceRole': .*\n    cure: .*instance profile.*\n1 finding\n\Z")
        equal(result.err, "")


def test_nothing_is_written():
    with Host() as host:
        before = host.state()
        host.doctor().exits(0)
        program.same_state(before, host.state())


def test_secrets_stay_out():
    with Host(user_data="#ecs-bootstrap\nMY_PASSWORD='hunter2'\nexport TOKEN=hunter2\nhunter2\n") as host:
        host.write("/etc/ecs/ecs.config", "ECS_CLUSTER=blue\nECS_ENGINE_AUTH_DATA='hunter2'\nhunter2\nHTTPS_PROXY=http://u:hunter2@127.0.0.1:1\n", 0o600)
        for arguments in ((), ("--json",)):
            result = host.doctor(*arguments).exits(1)
            lacks(result.out + result.err, "hunter2")
            lacks(result.out, "example")        # of the role


@together
@each(none=("404", "role", "has no role"), failed=("200", "credentials", "code 'Failed'"), garbage=("x", "credentials", "not JSON"),
      old=("old", "credentials", r"expired \d+ s ago"))
def test_role(kind, name, pattern):
    with Host() as host:
        if kind == "404":
            del host.imds.meta["iam"]
        else:
            host.imds.set(ROLE, {"200": credentials(Code="Failed"), "x": "<html>", "old": credentials(Expiration="2020-01-01T00:00:00Z")}[kind])
        host.finds(name, pattern)


@together
@each(silent="silent", garbage="garbage", page="html", endless="endless", status="500", reset="reset")
def test_metadata_service_is_ill(kind):
    with Host() as host:
        host.imds.misbehave(f"*={kind}")
        result = host.doctor("--json").exits(1).within(15)
        contains([one["check"] for one in json.loads(result.out)["findings"]], "imds")


def test_metadata_service_is_off():
    with Host() as host:
        host.imds.misbehave("token=403")
        found = host.found()
        equal(sorted(found), ["imds-off", "region"])


def test_metadata_that_lets_nobody_in():
    with Host() as host, BlackHole() as hole:
        result = host.doctor("--json", AWS_EC2_METADATA_SERVICE_ENDPOINT=hole.url).exits(1).within(10)
        equal(sorted(one["check"] for one in json.loads(result.out)["findings"]), ["imds", "region"])


def test_anywhere_has_no_metadata():
    with Host() as host:
        host.write("/etc/ecs/ecs.config", "ECS_CLUSTER=blue\nECS_EXTERNAL=true\nAWS_DEFAULT_REGION=eu-west-1\n")
        got = json.loads(host.doctor("--json", AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1").exits(0).out)
        equal([one["check"] for one in got["skipped"]], ["user-data", "imds", "role"])


def test_region():
    with Host() as host:
        host.imds.set("placement/region", "../../x")
        found = host.found()
        equal(list(found), ["region"])
        host.write("/etc/ecs/ecs.config", "ECS_CLUSTER=blue\nAWS_DEFAULT_REGION=eu-west-1\n")
        host.doctor().exits(0)


def test_clock():
    with Host() as host:
        host.aws.clock = 4000
        host.finds("clock", r"^this host's clock is (4000|3999) s behind")


@together
@each(refused="refused", hole="hole", silent="silent")
def test_ecs_out_of_reach(kind):
    with Host() as host, BlackHole() as hole:
        host.aws.misbehave("*=silent")
        url = {"refused": "http://127.0.0.1:1", "hole": hole.url, "silent": host.aws.url}[kind]
        found = json.loads(host.doctor("--json", AWS_ENDPOINT_URL_ECS=url).exits(1).within(15).out)["findings"]
        equal([one["check"] for one in found], ["ecs"])
        contains(found[0]["what"], url)


def test_ecs_through_a_proxy_that_is_not_there():
    with Host() as host:
        host.write("/etc/ecs/ecs.config", "ECS_CLUSTER=blue\nHTTPS_PROXY=http://u:hunter2@127.0.0.1:1\n")
        host.finds("ecs", "through the proxy of ecs.config")


def test_an_error_of_ecs_is_an_answer():
    with Host() as host:
        host.aws.misbehave("*=503")
        host.doctor().exits(0)


def test_user_data():
    with Host(user_data="ECS_CLUSTER=blue\n") as host:
        host.finds("user-data", r"^1 error and 0 warnings in the user data; the first: line 1: .*bare-settings")


def test_cluster_and_names():
    with Host() as host:
        host.write("/etc/ecs/ecs.config", "ECS_CLUSTR=blue\n")
        found = host.found()
        equal(list(found), ["cluster", "config-lines"])
        contains(found["cluster"], "has joined 'default'")
        contains(found["config-lines"], "line 1: ECS_CLUSTR: ")


def test_config_that_cannot_be_read():
    with Host() as host:
        os.unlink(host.at("/etc/ecs/ecs.config"))
        os.mkdir(host.at("/etc/ecs/ecs.config"))
        host.finds("config", "/etc/ecs/ecs.config")


def test_docker_is_not_there():
    with Host() as host:
        host.docker.go_away()
        host.finds("docker-socket", "docker.sock' is not there")


@together
@each(crashed="crash", silent="*=silent", refuses="*=500", garbage="*=garbage")
def test_docker_is_ill(kind):
    with Host() as host:
        host.docker.crash() if kind == "crash" else host.docker.misbehave(kind)
        found = json.loads(host.doctor("--json").exits(1).within(12).out)["findings"]
        equal([one["check"] for one in found], ["docker"])


@together
@each(types="types", garbage="body:[]", endless="endless", cut="truncated")
def test_docker_that_says_odd_things(kind):
    with Host() as host:
        host.docker.misbehave(f"inspect={kind}", f"containers={kind}")
        host.finds("agent", "the agent's container")


def test_agent_has_given_up():
    with Host(runs=[["sh", "-c", "exit 5"]], register_after=99) as host:
        tap.wait_until(lambda: not host.docker.container().running, 5, "it ends")
        host.finds("agent-exit", r"exited, its last exit status 5: it has given up")


def test_no_agent():
    with Host(register_after=99) as host:
        gone = host.docker.container()
        gone.kill(9)
        host.docker.containers.clear()
        host.finds("agent", "no container 'ecs-agent'")
        host.docker.images.clear()
        equal(sorted(host.found()), ["agent", "image"])
        host.write("/var/cache/ecs/ecs-agent.tar", "x")
        equal(sorted(host.found()), ["agent"])


def test_agent_that_has_not_registered():
    with Host(register_after=99) as host:
        host.finds("registered", "has not registered")


def test_another_agent():
    with Host() as host:
        host.docker.add("mine", {"Image": AGENT_IMAGE})
        host.finds("other-agent", "'mine'")


@each(masked=("ecs.service", "LoadState=masked", "unit-masked"), missing=("docker.service", "LoadState=not-found", "unit-missing"),
      disabled=("ecs-bootstrap.service", "UnitFileState=disabled", "unit-disabled"), failed=("docker.service", "ActiveState=failed", "unit-failed"),
      elsewhere=("ecs.service", "FragmentPath=/etc/systemd/system/ecs.service", "foreign-unit"),
      ordered=("ecs.service", "After=basic.target cloud-final.service", "deadlock"))
def test_units(unit, line, name):
    with Host() as host:
        host.units(**{unit: line})
        host.finds(name, "ecs.service" if name == "deadlock" else unit)


@together
@each(hangs="exec sleep 60", fails="exit 1", garbage="head -c 300000 /dev/urandom")
def test_systemd_that_is_ill(script):
    with Host() as host:
        host.write("/bin/systemctl", f"#!/bin/sh\n{script}\n", 0o755)
        json.loads(host.doctor("--json").within(20).out)


def test_cloud_init():
    with Host() as host:
        host.write("/run/cloud-init/enabled", "")
        host.finds("cloud-init-runs", "still works off the user data")
        host.write("/run/cloud-init/result.json", '{"v1": {"errors": ["(\'scripts_user\', RuntimeError(1))"]}}')
        host.finds("cloud-init", r"had 1 error, the first in its module scripts_user$")    # what it says beyond may be secret
        host.write("/run/cloud-init/result.json", "{")
        host.finds("cloud-init", "not what cloud-init writes")
        host.write("/run/cloud-init/result.json", '{"v1": {"errors": []}}')
        host.doctor().exits(0)


def test_package_of_aws():
    with Host() as host:
        host.write("/usr/bin/dpkg-query", "")
        host.write("/bin/dpkg-query", '#!/bin/sh\n[ "$5" = "" ] && [ "$4" = amazon-ecs-init ] && printf "ii $4\\n"\n', 0o755)
        host.finds("foreign-package", "'amazon-ecs-init'")
        host.write("/bin/dpkg-query", '#!/bin/sh\nprintf "rc amazon-ecs-init\\n"\n', 0o755)      # removed, its configuration is left
        host.doctor().exits(0)
        os.unlink(host.at("/usr/bin/dpkg-query"))
        host.write("/usr/bin/rpm", "")
        host.write("/bin/rpm", '#!/bin/sh\necho package amazon-ecs-init is not installed\necho ii ecs-init\nexit 1\n', 0o755)
        host.finds("foreign-package", "'ecs-init'")


def test_steps():
    with Host() as host:
        host.step("rules", "failed", cause="no iptables")
        host.step("setting.swap", "failed", cause="no place")
        found = [one["what"] for one in json.loads(host.doctor("--json").exits(1).out)["findings"]]
        equal(found, ["step 'rules': failed: no iptables", "step 'setting.swap': failed: no place"])
        shutil.rmtree(host.at(records.STEPS))
        host.finds("records", "has not run")


def test_anybody_may_ask():
    if os.geteuid() != 0:
        tap.skip("needs root to be somebody else")
    with Host() as host:
        os.chmod(host.path, 0o755)
        os.chmod(host.docker.listen_at, 0o600)
        shutil.copy(program.path_of("ecs-bootstrap"), host.at("/bin"))
        env = program.environment(ECS_AGENT_INTROSPECTION_URL=host.agent.url, AWS_EC2_METADATA_SERVICE_ENDPOINT=host.imds.url,
                                  AWS_ENDPOINT_URL_ECS=host.aws.url, DOCKER_HOST=f"unix://{host.docker.listen_at}")
        env["PATH"] = f"{host.at('/bin')}:{env['PATH']}"
        argv = [host.at("/bin/ecs-bootstrap"), "doctor", "--json", "--root", host.path]
        got = json.loads(program.run(argv, env, user=65534, group=65534, extra_groups=[]).exits(0).out)
        equal([one["check"] for one in got["skipped"]], ["rules", "config", "docker"])


def test_a_host_with_nothing():
    with program.Root() as root:
        env = program.environment(AWS_EC2_METADATA_DISABLED="true")
        result = program.run([program.path_of("ecs-bootstrap"), "doctor", "--json", "--root", root.path], env).exits(1).within(5)
        found = [one["check"] for one in json.loads(result.out)["findings"]]
        equal(found, ["records", "cluster", "imds-off", "region", "docker-socket"])


def test_usage():
    with program.Root() as root:
        program.run([program.path_of("ecs-bootstrap"), "doctor", "--root", root.path, "more"]).exits(2)


if __name__ == "__main__":
    tap.main()
