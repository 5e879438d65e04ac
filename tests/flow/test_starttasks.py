"""ecs-bootstrap start-tasks: each entry once for an instance, whatever happens on the way."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from aws import ROLE, Aws, Introspection, credentials
from imds import Imds
from tap import check, each, equal, lacks, matches, together

LIST = "/run/ecs/start-tasks.json"
STATE = "/var/lib/ecs/bootstrap/started-tasks.json"
SECRETS = ("example/secret/key", "example-session-token", "ASIAEXAMPLE", "Signature=")
MONITOR = {"taskDefinition": "monitoring:3"}


class Scene:
    """A host with a list of tasks, and all that it talks to."""

    def __init__(self, *tasks, wrong=(), imds_wrong=(), **agent):
        self.root = program.Root()
        self.imds, self.aws = Imds(wrong=imds_wrong), Aws(wrong=wrong)
        self.agent = Introspection(cluster="blue", **agent)
        if tasks:
            self.give(*tasks)

    def give(self, *tasks):
        self.root.write(LIST, json.dumps(tasks), 0o600)

    def __enter__(self):
        for each_one in (self.imds, self.aws, self.agent):
            each_one.start()
        return self

    def __exit__(self, *_):
        for each_one in (self.imds, self.aws, self.agent):
            each_one.stop()
        self.root.__exit__()

    def run(self, *arguments, timeout=10, **env):
        argv = [program.path_of("ecs-bootstrap"), "start-tasks", "--root", self.root.path, "--timeout", str(timeout), *arguments]
        result = program.run(argv, program.environment(**{
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.imds.url, "AWS_ENDPOINT_URL_ECS": self.aws.url,
            "ECS_AGENT_INTROSPECTION_URL": self.agent.url, **env}), timeout=60)
        for secret in SECRETS:
            lacks(result.err + result.out, secret)
        return result

    def refused(self, words, **more):
        """One line for each task, and every one of the tasks may be asked for again."""
        result = self.run(**more).exits(1)
        result.says(words)
        equal(self.state, {}, STATE)
        return result

    @property
    def state(self):
        return json.loads(self.root.read(STATE))["tasks"] if self.root.has(STATE) else None

    def asked(self, action="StartTask"):
        return [r.json for r in self.aws.asked(f"ecs:{action}")]


def test_nothing_to_start():
    with Scene() as scene:
        scene.run().exits(0).within(1)
        equal((scene.agent.asked(), scene.imds.asked(), scene.aws.asked()), ([], [], []))


def test_started_once():
    with Scene(MONITOR) as scene:
        scene.run().exits(0).says("started task 'monitoring:3' in cluster 'blue': arn:aws:ecs:eu-central-1:123456789012:task/blue/0+$")
        [asked] = scene.asked()
        equal(asked, {"taskDefinition": "monitoring:3", "cluster": "blue", "containerInstances": [scene.agent.arn],
                      "startedBy": asked["startedBy"]})
        matches(asked["startedBy"], r"^ecs-bootstrap/[0-9a-f]{20}$")
        equal(scene.aws.signed, 1, "right signatures")
        equal(scene.root.mode(STATE), 0o600)
        scene.run().exits(0).says("kept task 'monitoring:3': it was started on this instance before")
        equal(len(scene.aws.asked()), 1, "calls to ECS in both runs")


def test_other_members_are_passed_on():
    entry = {"taskDefinition": "a:1", "group": "g", "enableExecuteCommand": True, "tags": [{"key": "k", "value": "ü/v"}],
             "overrides": {"containerOverrides": [{"name": "c", "environment": [{"name": "N", "value": "not for logs"}]}]}}
    with Scene(entry) as scene:
        lacks(scene.run().exits(0).err, "not for logs")
        [asked] = scene.asked()
        equal({k: asked[k] for k in entry}, entry)


def test_several_and_equal_ones():
    with Scene(MONITOR, {"taskDefinition": "b"}, MONITOR) as scene:
        equal(len(scene.run().exits(0).lines), 3)
        equal([t["taskDefinition"] for t in scene.asked()], ["monitoring:3", "b", "monitoring:3"])
        equal(len({t["startedBy"] for t in scene.asked()}), 3, "different marks")
        scene.run().exits(0)
        equal(len(scene.asked()), 3)
        scene.give(MONITOR, {"taskDefinition": "new"})
        scene.run().exits(0)
        equal([t["taskDefinition"] for t in scene.asked()][3:], ["new"])


def test_another_instance_starts_afresh():
    with Scene(MONITOR) as scene:
        scene.run().exits(0)
        scene.imds.set("instance-id", "i-0aaaaaaaaaaaaaaaa")
        scene.run().exits(0).says("^ecs-bootstrap: started task")
        one, two = (t["startedBy"] for t in scene.asked())
        check(one != two, "the mark of another instance")


@each(broken="{", empty="", of_another_form="[]", without_tasks='{"instanceId":"i-0123456789abcdef0"}')
def test_state_that_is_none(text):
    with Scene(MONITOR) as scene:
        scene.root.write(STATE, text)
        scene.run().exits(0)
        equal(len(scene.asked()), 1)


@together
def test_agent_registers_late():
    with Scene(MONITOR, register_after=3) as scene:
        scene.run().exits(0)
        equal(len(scene.agent.asked()), 4)


@together
def test_agent_that_never_registers():
    with Scene(MONITOR, register_after=1000) as scene:
        result = scene.run(timeout=1).exits(1).within(3)
        result.says(r"wait 1 s for the agent to register: GET http://.*/v1/metadata: it answers but has not registered .HTTP status 200, no ContainerInstanceArn.; no task")
        equal((scene.aws.asked(), scene.state), ([], None))


@together
@each(refuses=None, silent=["*=silent"], garbage=["*=garbage"], html=["*=html"], error=["*=500"], long=["*=long"])
def test_agent_that_does_not_answer(wrong):
    with Scene(MONITOR) as scene:
        if wrong is None:
            scene.agent.stop()
        else:
            scene.agent.misbehave(*wrong)
        scene.run(timeout=1).exits(1).within(6).says("wait 1 s for the agent to register: GET ")
        equal(scene.aws.asked(), [])


@together
def test_instance_that_cannot_take_it_yet():
    with Scene(MONITOR) as scene:
        scene.aws.refusals = ["AGENT", "RESOURCE:MEMORY"]
        scene.run().exits(0)
        equal(len(scene.asked()), 3)
        equal(len(scene.aws.tasks), 1)


@together
def test_instance_that_never_takes_it():
    with Scene(MONITOR) as scene:
        scene.aws.refusals = ["RESOURCE:CPU"] * 100
        scene.refused("start task 'monitoring:3': ecs:StartTask in region eu-central-1: RESOURCE:CPU$", timeout=1)
        scene.aws.refusals = []
        scene.run().exits(0)
        equal(len(scene.aws.tasks), 1)


@together
def test_denied():
    with Scene(MONITOR, {"taskDefinition": "b"}) as scene:
        scene.aws.fail("ecs:StartTask", 400, "AccessDeniedException")
        result = scene.refused(r"start task 'monitoring:3': ecs:StartTask in region eu-central-1: HTTP status 400, AccessDeniedException: "
                               r"not authorized.*; role 'ecsInstanceRole' lacks the IAM action ecs:StartTask$")
        equal(len(result.lines), 2)


@together
def test_unknown_definition_does_not_stop_the_others():
    with Scene({"taskDefinition": "missing:1"}, MONITOR) as scene:
        result = scene.run().exits(1)
        result.says("start task 'missing:1': .*HTTP status 400, ClientException: TaskDefinition not found")
        result.says("started task 'monitoring:3'")
        equal([t["taskDefinition"] for t in scene.state.values()], ["monitoring:3"])


@together
@each(throttled=(400, "ThrottlingException"), broken=(500, "ServerException"))
def test_asked_again_after(status, code):
    with Scene(MONITOR) as scene:
        scene.aws.fail("ecs:StartTask", status, code, 2)
        scene.run().exits(0)
        equal((len(scene.asked()), len(scene.aws.tasks)), (3, 1))


@together
@each(ahead=7200, behind=-7200)
def test_clock_that_is_wrong(seconds):
    with Scene(MONITOR) as scene:
        scene.aws.clock = seconds
        scene.run().exits(0)
        equal((len(scene.asked()), len(scene.aws.tasks)), (2, 1))


# At most once

def lost_answer(scene):
    scene.aws.lose = 1
    return scene.run()


@together
def test_answer_that_was_lost_is_looked_for():
    with Scene(MONITOR) as scene:
        lost_answer(scene).exits(0).says("^ecs-bootstrap: started task 'monitoring:3' in cluster 'blue': arn:aws:ecs:.*/0+$")
        equal((len(scene.aws.tasks), len(scene.asked()), len(scene.asked("ListTasks"))), (1, 1, 1))


@together
def test_request_that_was_lost_is_sent_again():
    with Scene(MONITOR, wrong=["ecs:StartTask=close*1"]) as scene:
        scene.run().exits(0)
        equal((len(scene.aws.tasks), len(scene.asked("ListTasks"))), (1, 4))


@together
def test_lost_answer_that_cannot_be_looked_for_is_not_repeated():
    with Scene(MONITOR) as scene:
        scene.aws.fail("ecs:ListTasks", 400, "AccessDeniedException")
        lost_answer(scene).exits(1).says("start task 'monitoring:3': it may be running: .*lacks the IAM action ecs:ListTasks\\); it is not started again$")
        scene.run().exits(1).says("it may be running")
        equal(len(scene.aws.tasks), 1)
        scene.aws.failures.clear()
        scene.run().exits(0).says("kept task")
        equal(len(scene.aws.tasks), 1)


@together
@each(runs="RUNNING", has_ended="STOPPED")
def test_killed_between_request_and_answer(status):
    with Scene(MONITOR, wrong=["ecs:StartTask=delay:20"]) as scene:
        argv = [program.path_of("ecs-bootstrap"), "start-tasks", "--root", scene.root.path]
        env = program.environment(AWS_EC2_METADATA_SERVICE_ENDPOINT=scene.imds.url, AWS_ENDPOINT_URL_ECS=scene.aws.url,
                                  ECS_AGENT_INTROSPECTION_URL=scene.agent.url)
        with program.Started(argv, env) as started:
            tap.wait_until(lambda: scene.aws.tasks, 5, "the request is at ECS")
            started.signal(9)
            started.end()
        equal([t.get("taskArn") for t in scene.state.values()], [None])
        scene.aws.behave()
        scene.aws.tasks[0]["desiredStatus"] = status
        scene.run().exits(0).says("kept task 'monitoring:3'")
        equal(len(scene.aws.tasks), 1)
        equal([t["taskArn"] for t in scene.state.values()], [scene.aws.tasks[0]["taskArn"]])


# Credentials and settings

@together
def test_role_that_is_late():
    with Scene(MONITOR, imds_wrong=["meta-data/iam/security-credentials=404*2"]) as scene:
        scene.run().exits(0)


@together
def test_role_that_is_not_ready():
    with Scene(MONITOR) as scene:
        scene.imds.set("iam/security-credentials", {ROLE: credentials(Code="Failed")})
        with program.Started([program.path_of("ecs-bootstrap"), "start-tasks", "--root", scene.root.path], program.environment(
                AWS_EC2_METADATA_SERVICE_ENDPOINT=scene.imds.url, AWS_ENDPOINT_URL_ECS=scene.aws.url,
                ECS_AGENT_INTROSPECTION_URL=scene.agent.url)) as started:
            tap.wait_until(lambda: len(scene.imds.asked(f"meta-data/iam/security-credentials/{ROLE}")) >= 2, 10, "credentials are asked for again")
            scene.imds.set("iam/security-credentials", {ROLE: credentials()})
            started.end().exits(0)


def test_proxy_of_the_agent_is_used():
    with Scene(MONITOR) as scene:
        scene.root.write("/etc/ecs/ecs.config", f"HTTP_PROXY={scene.aws.url}\n")
        scene.run(AWS_ENDPOINT_URL_ECS="http://ecs.invalid").exits(0)
        equal([r.target for r in scene.aws.asked()], ["http://ecs.invalid/"])
        scene.root.write("/etc/ecs/ecs.config", f"HTTPS_PROXY=http://user:secret@127.0.0.1:{program.free_port()}\nNO_PROXY=127.0.0.1\n")
        scene.give({"taskDefinition": "direct"})
        scene.run().exits(0)


def test_list_that_is_none():
    with Scene() as scene:
        scene.root.write(LIST, "{")
        scene.run().exits(1).within(1).says(f"read '{LIST}': [a-z ]+; no task of startTasks was started$")
        equal(scene.aws.asked(), [])


@each(argument=("more",), seconds=("--timeout", "x"))
def test_usage(*arguments):
    with Scene(MONITOR) as scene:
        scene.run(*arguments).exits(2)


if __name__ == "__main__":
    tap.main()
