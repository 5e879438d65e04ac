"""`ecs-bootstrap apply FILE`, as cloud-init runs a script whose interpreter it is."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fakes"))

import bootstrap
import program
import tap
from bootstrap import COPY, ENV, KIND, mime
from tap import each, equal

LINE = "#!/usr/bin/ecs-bootstrap apply\n"
SCRIPT = LINE + "ECS_CLUSTER=from-script\n"
JSON_SCRIPT = LINE + '{"version": 1, "agent": {"ECS_CLUSTER": "from-script"}}\n'
USER_DATA = mime((ENV, "ECS_CLUSTER=first\nA=1\n"), ("text/x-shellscript", SCRIPT))


class Host(bootstrap.Host):
    """Runs TEXT as cloud-init would; the metadata service is switched off, or refuses when TRIED."""

    def apply(self, text, tried=False, **env):
        self.write("/part-001", text, 0o700)
        if not tried:
            env["AWS_EC2_METADATA_DISABLED"] = "true"
        env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"http://127.0.0.1:{program.free_port()}"
        argv = [program.path_of("ecs-bootstrap"), "apply", "--root", self.path, "--imds-timeout", "1", self.at("/part-001")]
        result = program.run(argv, program.environment(**env))
        self.check_manners(result)
        return result


@each(key_value=SCRIPT, json=JSON_SCRIPT)
def test_part_that_config_took_changes_nothing(script):
    user_data = mime((ENV, "ECS_CLUSTER=first\nA=1\n"), ("text/x-shellscript", script))
    with Host(old=None) as host:
        host.config_of(user_data).exits(0)
        equal(host.block(), ["ECS_CLUSTER=from-script", "A=1"])
        host.write(COPY, user_data, 0o600)
        with open(host.at("/etc/ecs/ecs.config"), "a") as file:
            file.write("B=2\n")
        before = host.state("/etc"), host.read(KIND)
        host.apply(script).exits(0).says("nothing was changed")
        program.same_state(before[0], host.state("/etc"))
        equal(host.read(KIND), before[1])


def test_line_ends_that_cloud_init_rewrote_are_no_difference():
    user_data = mime((ENV, "A=1\n"), ("text/x-shellscript", SCRIPT)).replace("\n", "\r\n")
    with Host(old=None) as host:
        host.config_of(user_data).exits(0)
        host.write(COPY, user_data, 0o600)
        host.apply(SCRIPT).exits(0).says("nothing was changed")


def test_without_imds_the_copy_is_applied_as_config_would():
    with Host(old=None) as host:
        host.config(AWS_EC2_METADATA_DISABLED="true").exits(0)
        equal((host.kind, host.block()), ("unknown", None))
        host.write(COPY, USER_DATA, 0o600)
        host.apply(SCRIPT).exits(0).says("2 settings")
        equal((host.kind, host.block()), ("ours", ["ECS_CLUSTER=from-script", "A=1"]))
        host.apply(SCRIPT).exits(0).says("nothing was changed")


def test_script_that_is_no_part_of_the_user_data_comes_last():
    with Host(old=None) as host:
        host.write(COPY, mime((ENV, "ECS_CLUSTER=first\nA=1\n"), bootstrap.SCRIPT), 0o600)
        host.apply(SCRIPT).exits(0).says("2 settings")
        equal((host.kind, host.block()), ("scripts", ["ECS_CLUSTER=from-script", "A=1"]))


def test_script_where_there_is_no_user_data_at_all():
    with Host() as host:
        host.apply(JSON_SCRIPT).exits(0).says("1 setting")
        equal((host.kind, host.block(), host.rest()), ("unknown", ["ECS_CLUSTER=from-script"], bootstrap.OLD))


def test_user_data_that_cannot_be_known_is_a_failure_and_loses_nothing():
    with Host(old=None) as host:
        host.config_of("#ecs-bootstrap\nA=1\n").exits(0)
        before = host.state("/etc")
        host.apply(SCRIPT, tried=True).exits(1).says("left as it is")
        program.same_state(before, host.state("/etc"))


@each(shell=("#!/bin/sh\nexit 0\n", "nothing in it is for ecs-bootstrap"), empty=("", "nothing in it"),
      unknown_key=(LINE + '{"version": 1, "agnet": {}}', "agnet"), broken=(LINE + '{"version": 1,', "line 2"))
def test_what_cannot_be_applied_is_an_error_and_nothing_is_written(text, words):
    with Host() as host:
        before = host.state("/etc")
        host.apply(text).exits(1).says(words)
        program.same_state(before, host.state("/etc"))


@each(none=(), two=("a", "b"))
def test_usage(*arguments):
    with Host() as host:
        program.run([program.path_of("ecs-bootstrap"), "apply", "--root", host.path, *arguments]).exits(2).says("apply takes one file")


def test_file_that_is_not_there():
    with Host() as host:
        program.run([program.path_of("ecs-bootstrap"), "apply", "--root", host.path, "/nonexistent/x"]).exits(1).says("/nonexistent/x")


if __name__ == "__main__":
    tap.main()
