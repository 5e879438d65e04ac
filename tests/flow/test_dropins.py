"""The sections `proxy` and `docker`: drop-ins for systemd, Docker's daemon.json, and both gone again."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import bootstrap
import program
import tap
from tap import each, equal

UNITS = ("docker.service", "ecs.service", "ecs-prepare.service")
SYSTEM = "/etc/systemd/system"
DAEMON = "/etc/docker/daemon.json"
SECRETS = "/etc/ecs/proxy.env"
STATE = "/var/lib/ecs/bootstrap/docker.json"
ALWAYS = "169.254.169.254,fd00:ec2::254,169.254.170.2,/var/run/docker.sock,localhost"
URL = "http://user:p%40secret@10.0.0.131:3128"


def document(**sections):
    return json.dumps({"version": 1, **sections})


def proxy(**keys):
    return document(proxy=keys)


def docker(**keys):
    return document(docker={name.replace("_", "-"): value for name, value in keys.items()})


class Host(bootstrap.Host):
    """With programs of ours first in PATH; each writes down how it was called."""

    def stand_in(self, name, script="exit 0"):
        self.write(f"/bin/{name}", f'#!/bin/sh\necho "$*" >>{self.at(f"/{name}.calls")}\n{script}\n', 0o755)

    def calls(self, name):
        return self.read(f"/{name}.calls").splitlines() if self.has(f"/{name}.calls") else []

    def run(self, user_data):
        return self.config_of(user_data, PATH=f"{self.at('/bin')}:/usr/sbin:/usr/bin:/sbin:/bin")

    def drop_in(self, unit):
        return f"{SYSTEM}/{unit}.d/10-ecs-bootstrap-proxy.conf"

    def daemon(self):
        return json.loads(self.read(DAEMON))


class OldDocker(Host):
    """dockerd 20.10 knows no --validate."""

    def __init__(self):
        super().__init__(old=None)
        self.stand_in("dockerd", 'echo "Status: unknown flag: --validate" >&2; exit 125')


class NewDocker(Host):
    """dockerd from 23 on reads the file it is given and says what it thinks."""

    def __init__(self, verdict="echo configuration OK >&2"):
        super().__init__(old=None)
        self.stand_in("dockerd", f'cat >{self.at("/dockerd.input")}\n{verdict}')


# --- proxy

def test_proxy_is_in_drop_ins_and_in_ecs_config():
    """Whoever may ask systemd reads Environment=: what holds a password stands in a file that root alone can read."""
    with Host(old=None) as host:
        host.run(proxy(http=URL, https="http://10.0.0.131:3129", noProxy=[".internal", "localhost"])).exits(0)
        for unit in UNITS:
            lines = host.read(host.drop_in(unit)).splitlines()
            equal(lines[1:], ["[Service]", 'Environment="HTTPS_PROXY=http://10.0.0.131:3129"',
                              f'Environment="NO_PROXY={ALWAYS},.internal"', f"EnvironmentFile=-{SECRETS}"], unit)
            equal(host.mode(host.drop_in(unit)), 0o644, f"mode of {unit}'s")
        equal(host.read(SECRETS).splitlines()[1:], [f"HTTP_PROXY={URL}"])
        equal(host.mode(SECRETS), 0o600, f"mode of {SECRETS}")
        equal(host.block(), [f"HTTP_PROXY={URL}", "HTTPS_PROXY=http://10.0.0.131:3129", f"NO_PROXY={ALWAYS},.internal"])


def test_file_of_secrets_goes_with_the_password_and_with_the_setting():
    with Host(old=None) as host:
        host.run(proxy(http=URL, https=URL)).exits(0)
        equal(host.read(SECRETS).splitlines()[1:], [f"HTTP_PROXY={URL}", f"HTTPS_PROXY={URL}"])
        host.run(proxy(http=URL.replace("secret", "other"))).exits(0)
        equal(host.read(SECRETS).splitlines()[1:], [f"HTTP_PROXY={URL.replace('secret', 'other')}"])
        host.run(proxy(http="http://10.0.0.131:3128")).exits(0)
        equal(host.has(SECRETS), False, SECRETS)
        tap.lacks(host.read(host.drop_in("ecs.service")), "EnvironmentFile")
        host.run(proxy(http=URL)).exits(0)
        host.run(document()).exits(0)
        equal((host.has(SECRETS), os.listdir(host.at(SYSTEM))), (False, []))


def test_proxy_that_the_user_gave_the_agent_wins_there_only():
    with Host(old=None) as host:
        host.run(document(agent={"HTTP_PROXY": "mine:1"}, proxy={"http": "http://p:1"})).exits(0)
        equal(host.block(), ["HTTP_PROXY=mine:1", f"NO_PROXY={ALWAYS}"])
        tap.contains(host.read(host.drop_in("docker.service")), '"HTTP_PROXY=http://p:1"')


def test_drop_ins_go_with_the_setting_and_the_users_stay():
    with Host(old=None) as host:
        host.write(f"{SYSTEM}/docker.service.d/http-proxy.conf", "[Service]\n")
        host.run(proxy(http="http://p:1")).exits(0)
        host.run("#ecs-bootstrap\nA=1\n").exits(0)
        equal(os.listdir(host.at(SYSTEM)), ["docker.service.d"])
        equal(os.listdir(host.at(f"{SYSTEM}/docker.service.d")), ["http-proxy.conf"])
        equal(host.block(), ["A=1"])


def test_nothing_is_touched_the_second_time():
    with OldDocker() as host:
        both = document(proxy={"http": "http://p:1"}, docker={"live-restore": True})
        host.run(both).exits(0)
        before = host.state("/etc"), host.state("/var/lib")
        host.run(both).exits(0)
        program.same_state(before[0], host.state("/etc"))
        program.same_state(before[1], host.state("/var/lib"))


def test_systemd_is_told_when_something_changed_and_only_then():
    with Host(old=None) as host:
        os.makedirs(host.at("/run/systemd/system"))
        host.stand_in("systemctl")
        for user_data, calls in ((proxy(http="http://p:1"), 1), (proxy(http="http://p:1"), 1),
                                 (proxy(http="http://p:2"), 2), (document(), 3), (document(), 3)):
            host.run(user_data).exits(0)
            equal(host.calls("systemctl"), ["daemon-reload"] * calls)


def test_where_there_is_no_systemd_nobody_is_told():
    with Host(old=None) as host:
        host.stand_in("systemctl", "exit 1")
        host.run(proxy(http="http://p:1")).exits(0)
        equal(host.calls("systemctl"), [])


def test_systemd_that_refuses_is_a_failure_that_names_it():
    with Host(old=None) as host:
        os.makedirs(host.at("/run/systemd/system"))
        host.stand_in("systemctl", "echo 'Failed to reload daemon: Refused' >&2; exit 1")
        host.run(proxy(http="http://p:1")).exits(1).says("systemd.*Failed to reload daemon: Refused")


@each(no_scheme=({"http": "10.0.0.131:3128"}, r"proxy\.http"), port=({"https": "http://p:x"}, r"proxy\.https"),
      list=({"http": "http://p:1", "noProxy": ["a,b"]}, r"noProxy\[0\]"))
def test_no_url_is_an_error_and_nothing_is_written(keys, words):
    with Host() as host:
        before = host.state("/etc")
        bootstrap.refused(host.run(proxy(**keys)), host, before, words)


# --- docker

def test_docker_is_added_under_what_is_there():
    with OldDocker() as host:
        host.write(DAEMON, '{ "live-restore": false,\n\t"log-opts": {"max-size": "1m"} }')
        host.run(docker(live_restore=True, log_opts={"max-size": "16m", "max-file": "4"}, debug=True)).exits(0)
        equal(host.daemon(), {"live-restore": False, "log-opts": {"max-size": "1m", "max-file": "4"}, "debug": True})


def test_docker_goes_with_the_setting():
    with OldDocker() as host:
        host.write(DAEMON, '{"log-opts": {"max-size": "1m"}}')
        host.run(docker(log_opts={"max-file": "4"}, debug=True)).exits(0)
        host.run(docker(debug=True)).exits(0)
        equal(host.daemon(), {"log-opts": {"max-size": "1m"}, "debug": True})
        host.run(document()).exits(0)
        equal(host.daemon(), {"log-opts": {"max-size": "1m"}})
        equal(host.has(STATE), False, "a state that says nothing")


def test_docker_changes_with_the_setting():
    with OldDocker() as host:
        for size in ("16m", "32m"):
            host.run(docker(log_opts={"max-size": size})).exits(0)
            equal(host.daemon(), {"log-opts": {"max-size": size}})


def test_file_that_held_only_ours_goes():
    with OldDocker() as host:
        host.run(docker(debug=True)).exits(0)
        equal((host.mode(DAEMON), host.mode(STATE)), (0o644, 0o600))
        host.run(document()).exits(0)
        equal(host.has(DAEMON), False, DAEMON)


def test_key_that_the_user_changed_is_the_users():
    with OldDocker() as host:
        host.run(docker(debug=True, mtu=1500)).exits(0)
        host.write(DAEMON, '{"debug": false, "mtu": 1500}')
        host.run(docker(debug=True, mtu=1500)).exits(0)
        equal(host.daemon(), {"debug": False, "mtu": 1500})
        host.run(document()).exits(0)
        equal(host.daemon(), {"debug": False})


def test_state_of_a_run_that_ended_too_early():
    """It names what was ours and what was to be; whichever is in the file goes."""
    for written in ("16m", "32m"):
        with OldDocker() as host:
            host.write(DAEMON, json.dumps({"log-opts": {"max-size": written}}))
            host.write(STATE, '[{"added":{"log-opts":{"max-size":"16m"}}},{"added":{"log-opts":{"max-size":"32m"}}}]')
            host.run(document()).exits(0)
            equal(host.has(DAEMON), False, DAEMON)


def test_damaged_state_loses_nothing():
    with OldDocker() as host:
        host.write(DAEMON, '{"debug": true}')
        host.write(STATE, '[{"added":')
        host.run(docker(debug=False, mtu=9001)).exits(0)
        equal(host.daemon(), {"debug": True, "mtu": 9001})


def test_mode_and_owner_stay():
    with OldDocker() as host:
        host.write(DAEMON, "{}", 0o640)
        if os.geteuid() == 0:
            os.chown(host.at(DAEMON), 0, 12)
        host.run(docker(debug=True)).exits(0)
        equal(host.mode(DAEMON), 0o640, "mode")
        if os.geteuid() == 0:
            equal(os.stat(host.at(DAEMON)).st_gid, 12, "group")


def test_nothing_asked_for_touches_nothing():
    with OldDocker() as host:
        host.write(DAEMON, "this is no JSON")
        before = host.state("/etc/docker")
        host.run(document()).exits(0)
        program.same_state(before, host.state("/etc/docker"))
        equal(host.calls("dockerd"), [])


def test_newer_dockerd_judges():
    with NewDocker() as host:
        host.write(DAEMON, '{"mtu": 1500}')
        host.run(docker(key_of_tomorrow=True)).exits(0)
        equal(host.calls("dockerd"), ["--validate --config-file=/dev/stdin"])
        equal(json.loads(host.read("/dockerd.input")), host.daemon(), "what dockerd was shown")
        equal(host.daemon(), {"mtu": 1500, "key-of-tomorrow": True})


REFUSES = ("echo 'unable to configure the Docker daemon with file /dev/stdin: the following directives "
           "don'\"'\"'t match any configuration option: nope' >&2; exit 1")


@each(dockerd_says_no=(lambda: NewDocker(REFUSES), "nope", True, r"dockerd: the following directives .*nope"),
      old_dockerd_and_unknown_key=(OldDocker, "live_restor", True, r"no key 'live-restor'; did you mean 'live-restore'"),
      type=(OldDocker, "live_restore", "yes", r"docker\.live-restore: "),
      hosts=(NewDocker, "hosts", ["fd://"], r"docker\.hosts: .*-H fd://"))
def test_what_docker_would_refuse_is_an_error_and_the_file_stays(kind, key, value, words):
    with kind() as host:
        host.write(DAEMON, '{"mtu": 1500}')
        before = host.state("/etc/docker")
        host.run(docker(**{key: value})).exits(1).says(words)
        program.same_state(before, host.state("/etc/docker"))
        equal(host.has(STATE), False, STATE)


def test_without_a_dockerd_our_own_table_judges():
    with Host(old=None) as host:
        os.makedirs(host.at("/bin"))
        result = host.config_of(docker(debug=True), PATH=host.at("/bin")).exits(0)
        equal((host.daemon(), result.lines[-1:] and "dockerd" in result.err), ({"debug": True}, False))
        host.config_of(docker(debug=True, zzzzzz=1), PATH=host.at("/bin")).exits(1).says("no key 'zzzzzz'")
        equal(host.daemon(), {"debug": True})


@each(no_json=("{", r"daemon\.json', line 1"), no_object=("[]", "no JSON object"))
def test_file_that_is_no_json_object_is_an_error_and_stays(text, words):
    with OldDocker() as host:
        host.write(DAEMON, text)
        host.run(docker(debug=True)).exits(1).says(words)
        equal(host.read(DAEMON), text)


def test_empty_file_is_an_empty_document():
    with OldDocker() as host:
        host.write(DAEMON, " \n")
        host.run(docker(debug=True)).exits(0)
        equal(host.daemon(), {"debug": True})


if __name__ == "__main__":
    tap.main()
