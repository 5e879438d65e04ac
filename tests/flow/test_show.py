"""ecs-bootstrap show: what config would write, as a diff, and nothing else happens."""

import json
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from bootstrap import CONFIG, COPY, ENV, SCRIPT, Host, mime
from imds import Imds
from tap import check, contains, each, equal, lacks

PLAIN = "#ecs-bootstrap\nECS_CLUSTER=prod\n"


def show(host, *arguments, imds=None, user_data=None, before=()):
    url = imds.url if imds else f"http://127.0.0.1:{program.free_port()}"
    if user_data is not None:
        host.write("/given", user_data)
        os.chmod(host.path, 0o755)
        arguments = ("--user-data", host.at("/given"), *arguments)
    argv = [*before, program.path_of("ecs-bootstrap"), "show", "--root", host.path, "--imds-timeout", "2", *arguments]
    state = host.state()
    result = program.run(argv, program.environment(AWS_EC2_METADATA_SERVICE_ENDPOINT=url))
    program.same_state(state, host.state())
    return result


def test_new_file():
    with Host(None) as host:
        result = show(host, user_data=PLAIN).exits(0)
        lines = result.out.splitlines()
        equal(lines[:3], ["--- /dev/null", f"+++ {CONFIG}", "@@ -0,0 +1,3 @@"])
        equal(lines[4], "+ECS_CLUSTER=prod")
        equal(result.err, "")


def test_changed_file():
    with Host("MINE=1\nMINE2=2\n") as host:
        host.config_of(PLAIN).exits(0)
        lines = show(host, user_data=PLAIN.replace("prod", "next") + "ECS_LOGLEVEL=warn\n").exits(0).out.splitlines()
        equal(lines[:3], [f"--- {CONFIG}", f"+++ {CONFIG}", "@@ -1,5 +1,6 @@"])
        equal(lines[4:], ["-ECS_CLUSTER=prod", "+ECS_CLUSTER=next", "+ECS_LOGLEVEL=warn", " # END ecs-bootstrap", " MINE=1", " MINE2=2"])


def test_no_difference():
    with Host() as host, Imds(PLAIN) as imds:
        host.config(imds=imds).exits(0)
        result = show(host, imds=imds).exits(0).says("all files are as config would write them")
        equal(result.out, "")


@each(nothing_of_ours=(mime(SCRIPT),), none=("",))
def test_block_would_go(user_data):
    with Host() as host:
        host.config_of(PLAIN).exits(0)
        contains(show(host, user_data=user_data).exits(0).out, "\n-ECS_CLUSTER=prod\n")


SECRETS = ('#ecs-bootstrap\nECS_ENGINE_AUTH_DATA={"r": {"password": "secret1"}}\nHTTP_PROXY=http://bob:secret2@10.0.0.1:3128\n'
           'ECS_LOG_OPTS={"splunk-token":"secret3"}\nMY_TOKEN=secret4\nHTTPS_PROXY=bob:secret5@10.0.0.1:3128\nA=plain\n')
OLD_SECRETS = ('ECS_ENGINE_AUTH_DATA={"a": "secret6"}\n  "password": "secret7"\nc2VjcmV0ICA4==\n#DB_PASSWORD=secret9\n'
               "export AWS_SECRET_ACCESS_KEY=secret10\n")


def test_secrets_are_hidden():
    with Host(OLD_SECRETS) as host:
        out = show(host, user_data=SECRETS).exits(0).out
        equal(re.findall("secret[0-9].*", out), [])
        lacks(out, "c2VjcmV0", "the diff")
        contains(out, "+HTTP_PROXY=http://<hidden>@10.0.0.1:3128\n")
        contains(out, "+ECS_ENGINE_AUTH_DATA=<hidden>\n")
        contains(out, "+A=plain\n")
        host.config_of(SECRETS).exits(0)
        out = show(host, user_data=PLAIN).exits(0).out
        equal(re.findall("secret[0-9].*", out), [])
        contains(out, "-MY_TOKEN=<hidden>\n")
        contains(out, " ECS_ENGINE_AUTH_DATA=<hidden>\n")


@each(unknown_key=('{"version": 1, "agnet": {"A": "secret"}}', "agnet: unknown key; did you mean 'agent'"),
      wrong_line=("#ecs-bootstrap\nsecret\n", "part 1, line 2"))
def test_wrong_user_data(user_data, says):
    with Host() as host:
        result = show(host, user_data=user_data).exits(1).says(says)
        equal(result.out, "")
        lacks(result.err, "secret")


def test_warnings_are_said():
    with Host() as host:
        result = show(host, user_data="#ecs-bootstrap\nECS_CLUSTR=prod\n").exits(0).says("did you mean 'ECS_CLUSTER'")
        contains(result.out, "+ECS_CLUSTR=prod\n")


def test_copy_of_cloud_init():
    with Host() as host, Imds(wrong=["token=404"]) as imds:
        host.write(COPY, mime((ENV, "A=copy")))
        contains(show(host, imds=imds).exits(0).says(f"HTTP status 404; went on with {COPY}$").out, "+A=copy\n")
        got = json.loads(show(host, "--json", imds=imds).exits(0).out)
        equal((got["userData"], "HTTP status 404" in got["metadata"]), (COPY, True))


def test_metadata_switched_off():
    with Host() as host, Imds(wrong=["token=403"]) as imds:
        equal(show(host, imds=imds).exits(0).says("read user data").out, "")


def document(**sections):
    return json.dumps({"version": 1, **sections})


DROP_IN = "/etc/systemd/system/docker.service.d/10-ecs-bootstrap-proxy.conf"
WHOLE = document(agent={"ECS_CLUSTER": "a"}, proxy={"http": "http://bob:secret1@10.0.0.1:3128", "https": "http://10.0.0.1:3128"},
                 docker={"log-opts": {"splunk-token": "secret2", "max-size": "1m"}, "debug": True},
                 startTasks=[{"taskDefinition": "a:1", "overrides": {"containerOverrides": [{"environment": [
                     {"value": "secret3", "name": "DB_PASSWORD"}]}]}}])


def test_every_file_is_shown():
    with Host(None) as host:
        out = show(host, user_data=WHOLE).exits(0).out
        for path in (CONFIG, DROP_IN, DROP_IN.replace("docker", "ecs"), "/etc/ecs/proxy.env", "/etc/docker/daemon.json",
                     "/run/ecs/start-tasks.json"):
            contains(out, f"--- /dev/null\n+++ {path}\n")
        contains(out, '+Environment="HTTPS_PROXY=http://10.0.0.1:3128"\n')
        contains(out, "+HTTP_PROXY=http://<hidden>@10.0.0.1:3128\n")
        contains(out, '+    "splunk-token": <hidden>\n')
        lacks(out, "secret")


def test_what_goes_is_shown_too():
    with Host(None) as host:
        host.write("/etc/docker/daemon.json", '{\n  "mtu": 1500\n}\n')
        host.config_of(WHOLE).exits(0)
        out = show(host, user_data=document(docker={"debug": True})).exits(0).out
        contains(out, f"--- {DROP_IN}\n+++ /dev/null\n")
        contains(out, '-    "max-size": "1m"\n')
        contains(out, '   "mtu": 1500')
        lacks(out, "secret")


def test_other_mode():
    with Host(None) as host:
        host.config_of(PLAIN).exits(0)
        os.chmod(host.at(CONFIG), 0o644)
        equal(show(host, user_data=PLAIN).exits(0).out, f"{CONFIG}\nold mode 0644\nnew mode 0600\n")


@each(secret_in_next_line=('{"log-opts": {"splunk-token":\n"secret"}}', "secret"), open_list=('{"a": {"tokens": [\n"secret"]}}', "secret"),
      address=('{"proxies": {"http-proxy":\n"http://u:secret@p"}}', "secret"))
def test_file_that_cannot_be_masked_is_hidden(text, secret):
    with Host(None) as host:
        host.write("/etc/docker/daemon.json", text)
        out = show(host, user_data=document(docker={"debug": True})).exits(0).out
        contains(out, "-<hidden>\n")
        lacks(out, secret)


def test_setting_that_would_fail():
    with Host(None) as host:
        host.write("/etc/docker/daemon.json", "no JSON")
        result = show(host, user_data=WHOLE).exits(1).says("apply setting 'docker': read '/etc/docker/daemon.json'")
        contains(result.out, f"+++ {DROP_IN}\n")
        got = json.loads(show(host, "--json", user_data=WHOLE).exits(1).out)
        equal([f["setting"] for f in got["failures"]], ["docker"])


def test_json():
    with Host(None) as host:
        host.config_of(document(proxy={"http": "http://p:1"})).exits(0)
        got = json.loads(show(host, "--json", user_data=document(agent={"ECS_CLUSTR": "x", "MY_TOKEN": "secret"})).exits(0).out)
        equal((got["userData"], got["failures"], len(got["warnings"])), (host.at("/given"), [], 1))
        equal([(f["path"], f["change"], f["mode"]) for f in got["files"]][:2], [(CONFIG, "changed", "0600"), (DROP_IN, "removed", "0644")])
        contains(got["files"][0]["diff"], "+MY_TOKEN=<hidden>\n")


def test_show_says_what_config_does():
    """Whatever stood there: the files that change, how, and their modes."""
    dice = random.Random(2)
    choice = {"proxy": [{"http": "http://a:b@p:1"}, {"http": "http://p:1"}, {"https": "http://x:y@p:2", "http": "http://p:1"}],
              "docker": [{"debug": True}, {"debug": False, "mtu": 9000}, {"log-opts": {"max-size": "2m"}}],
              "startTasks": [[{"taskDefinition": "a:1"}], [{"taskDefinition": "b:1"}, {"taskDefinition": "b:1"}]],
              "agent": [{"ECS_CLUSTER": "a"}, {"ECS_CLUSTER": "b", "A": "1"}]}
    with Host(None) as host:
        for _ in range(25):
            user_data = document(**{name: dice.choice(values) for name, values in choice.items() if dice.random() < 0.6})
            planned = json.loads(show(host, "--json", user_data=user_data).exits(0).out)["files"]
            before = host.state()
            host.config_of(user_data).exits(0)
            after = host.state()
            kept = ("run/ecs/user-data", "var/log", "var/lib/ecs/bootstrap", "given")
            changed = {path for path in {*before, *after} if before.get(path) != after.get(path) and not path.startswith(kept)
                       and (after.get(path) or before.get(path))[3] is not None}
            equal({f["path"] for f in planned}, {f"/{path}" for path in changed}, "files")
            for file in planned:
                was, now = before.get(file["path"][1:]), after.get(file["path"][1:])
                equal(file["change"], "new" if not was else "changed" if now else "removed", file["path"])
                equal(file["mode"], (now or was)[0][-4:], file["path"])


def test_unprivileged():
    drop = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    with Host(None) as host:
        contains(show(host, user_data=PLAIN, before=drop).exits(0).out, "+ECS_CLUSTER=prod\n")
        check(not host.has("/var/log/ecs"), "a log file was made")


def test_file_that_may_not_be_read():
    if os.geteuid() != 0:
        tap.skip("needs root to give a file to somebody else")
    with Host() as host:
        drop = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        show(host, user_data=PLAIN, before=drop).exits(1).says(f"'{CONFIG}': Permission denied")


def test_argument():
    program.run([program.path_of("ecs-bootstrap"), "show", "x"]).exits(2).says("show takes no argument 'x'")


def patched(old, diff):
    """OLD with a unified diff applied, every line of it compared."""
    old, new, at = old.splitlines(), [], 0
    for line in diff.splitlines()[2:]:
        if line.startswith("@@"):
            begin, count = re.match(r"@@ -(\d+)(?:,(\d+))? ", line).groups()
            begin = int(begin) - (count != "0")
            new += old[at:begin]
            at = begin
            continue
        if line[0] in " -":
            equal(line[1:], old[at], "line of the old file")
            at += 1
        if line[0] in " +":
            new.append(line[1:])
    return "\n".join(new + old[at:]) + "\n"


def test_diff_applied_is_what_config_writes():
    dice = random.Random(1)
    with Host("") as host:
        for _ in range(20):
            old = "".join(dice.choice(["A=1\n", "B=2\n", "# x\n", "\n", "C=3\n", "# BEGIN ecs-bootstrap\n", "# END ecs-bootstrap\n"])
                          for _ in range(dice.randrange(30))) + "END=1\n"
            host.write(CONFIG, old, 0o600)
            user_data = "#ecs-bootstrap\n" + "".join(f"{name}={dice.randrange(3)}\n" for name in dice.sample("ABCDEFGH", 4))
            out = show(host, user_data=user_data).exits(0).out
            host.config_of(user_data).exits(0)
            equal(patched(old, out), host.read(CONFIG), "the file")


if __name__ == "__main__":
    tap.main()
