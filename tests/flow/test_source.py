"""agentConfigSource and spotDraining through ecs-bootstrap config: what S3, SSM and the role may do, and what is said of it."""

import json
import os
import shutil
import ssl
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from aws import GIVEN, ROLE, Aws, credentials
from bootstrap import CONFIG, Host, refused
from imds import Imds
from tap import check, contains, each, equal, lacks, together

URI = "s3://conf/prod/ecs.config"
SECRETS = ("example/secret/key", "example-session-token", "ASIAEXAMPLE", "Signature=")
THEIRS = b"# theirs\nECS_CLUSTER=theirs\nECS_LOGLEVEL=debug\n"


class Scene:
    def __init__(self, source=URI, wrong=(), imds_wrong=(), agent=None, **sections):
        self.host, self.aws = Host(), Aws(wrong=wrong)
        self.imds = Imds(json.dumps({"version": 1, "agent": agent or {}, "agentConfigSource": source, **sections}), wrong=imds_wrong)
        self.aws.objects["conf", "prod/ecs.config"] = THEIRS
        self.aws.parameters["/ecs/config"] = THEIRS.decode()

    def __enter__(self):
        self.imds.start()
        self.aws.start()
        return self

    def __exit__(self, *_):
        self.imds.stop()
        self.aws.stop()
        self.host.__exit__()

    def config(self, **env):
        result = self.host.config(imds=self.imds, seconds=10, **{"AWS_ENDPOINT_URL": self.aws.url, **env})
        for secret in SECRETS:
            lacks(result.err, secret)
        return result

    def gives(self, *lines, **env):
        result = self.config(**env).exits(0)
        equal(sorted(self.host.block()), sorted(lines))
        return result

    def refuses(self, words, **env):
        before = self.host.state("/etc")
        refused(self.config(**env), self.host, before, words, kind="failed")


def theirs(scene, **env):
    return scene.gives("ECS_CLUSTER=theirs", "ECS_LOGLEVEL=debug", **env)


@together
@each(s3=URI, ssm="ssm:/ecs/config")
def test_fetched(source):
    with Scene(source) as scene:
        theirs(scene)
        equal((len(scene.aws.asked()), scene.aws.signed), (1, 1))


def test_user_data_wins():
    with Scene(agent={"ECS_CLUSTER": "mine", "ECS_RESERVED_MEMORY": 64}) as scene:
        scene.gives("ECS_CLUSTER=mine", "ECS_LOGLEVEL=debug", "ECS_RESERVED_MEMORY=64")


def test_file():
    with Scene("file:/opt/ecs.config") as scene:
        scene.refuses("agentConfigSource 'file:/opt/ecs.config': there is no such file")
        scene.host.write("/opt/ecs.config", THEIRS)
        theirs(scene)
        equal(scene.aws.asked(), [])


@together
@each(permanent=301, temporary=307, malformed=400)
def test_bucket_elsewhere(status):
    with Scene() as scene:
        scene.aws.bucket_region, scene.aws.redirect = "ap-south-1", status
        theirs(scene)
        equal([r.status for r in scene.aws.asked()], [status, 200])


@together
def test_bucket_that_is_nowhere():
    with Scene(wrong=["s3:*=301"]) as scene:
        scene.refuses(f"agentConfigSource '{URI}' in region eu-central-1: HTTP status 301, PermanentRedirect")
        equal(len(scene.aws.asked()), 1)


@together
@each(ahead=86400, behind=-3600)
def test_clock_that_is_wrong(seconds):
    for source in (URI, "ssm:/ecs/config"):
        with Scene(source) as scene:
            scene.aws.clock = seconds
            theirs(scene)
            equal(len(scene.aws.asked()), 2)


@together
@each(slow_down="s3:*=503*2", broken="s3:*=500*2", hangs_up="s3:*=close*1", cut_short="s3:*=truncated:5*1", late="s3:*=delay:1*1",
      told_to_wait="s3:*=503:1*1")
def test_asked_again(mood):
    with Scene(wrong=[mood]) as scene:
        theirs(scene)


@together
def test_throttled():
    with Scene("ssm:/ecs/config") as scene:
        scene.aws.fail("ssm:*", 400, "ThrottlingException", 2)
        theirs(scene)
        equal(len(scene.aws.asked()), 3)


# Refusals

@together
def test_denied():
    with Scene() as scene:
        scene.aws.fail("s3:*", 403, "AccessDenied")
        scene.refuses(rf"^ecs-bootstrap: read agentConfigSource '{URI}' in region eu-central-1: HTTP status 403, AccessDenied: "
                      r"not authorized.*; role 'ecsInstanceRole' lacks the IAM action s3:GetObject; '/etc/ecs/ecs.config' was left as it is$")


@together
@each(parameter=("not authorized", "ssm:GetParameter"), its_key=("kms", "kms:Decrypt for its key"))
def test_denied_by_ssm(word, action):
    with Scene("ssm:/ecs/config") as scene:
        scene.aws.fail("ssm:*", 400, "AccessDeniedException")
        if word == "kms":
            scene.aws.say_no = lambda exchange, status, code, text, *rest, **more: Aws.say_no(
                scene.aws, exchange, status, code, "The ciphertext refers to a key that you may not use (Service: AWSKMS)", *rest, **more)
        scene.refuses(f"HTTP status 400, AccessDeniedException: .*; role 'ecsInstanceRole' lacks the IAM action {action}; ")


@together
@each(key=("s3://conf/none", "404, NoSuchKey: The specified key does not exist"), bucket=("s3://none/key", "404, NoSuchBucket"),
      parameter=("ssm:/none", "400, ParameterNotFound"), file=("file:/none", "there is no such file"))
def test_not_found(source, words):
    with Scene(source) as scene:
        scene.refuses(words)


@together
def test_too_large():
    with Scene() as scene:
        scene.aws.objects["conf", "prod/ecs.config"] = b"#" * 65537
        scene.refuses(f"agentConfigSource '{URI}' in region eu-central-1: larger than 65536 bytes")
        scene.aws.objects["conf", "prod/ecs.config"] = b"#" * 65525 + b"\nECS_A=b"
        scene.gives("ECS_A=b")


@together
@each(html="s3:*=html", binary="s3:*=binary", endless="s3:*=endless", garbage="s3:*=garbage")
def test_lies(mood):
    with Scene(wrong=[mood]) as scene:
        scene.refuses("read agentConfigSource|GET http")


@together
def test_wrong_key_is_no_question_of_the_clock():
    with Scene() as scene:
        scene.aws.keys[GIVEN["AccessKeyId"]] = ("another", GIVEN["Token"])
        scene.refuses("HTTP status 403, SignatureDoesNotMatch")
        equal(len(scene.aws.asked()), 1)


# The role

@together
def test_role_that_is_late():
    with Scene(imds_wrong=["meta-data/iam/security-credentials=404*3"]) as scene:
        theirs(scene)


@together
def test_credentials_that_have_expired():
    with Scene() as scene:
        scene.aws.expired.add("old")
        scene.aws.keys["ASIAOLD"] = ("old-secret", "old")
        scene.imds.set("iam/security-credentials", {ROLE: credentials(AccessKeyId="ASIAOLD", SecretAccessKey="old-secret", Token="old",
                                                                     Expiration="2020-01-01T00:00:00Z")})
        argv = [program.path_of("ecs-bootstrap"), "config", "--root", scene.host.path]
        env = program.environment(AWS_EC2_METADATA_SERVICE_ENDPOINT=scene.imds.url, AWS_ENDPOINT_URL=scene.aws.url)
        with program.Started(argv, env) as started:
            tap.wait_until(lambda: len(scene.aws.asked()) >= 2, 5, "S3 is asked again")
            scene.imds.set("iam/security-credentials", {ROLE: credentials()})
            started.end().exits(0)


@together
def test_no_role():
    with Scene() as scene:
        del scene.imds.meta["iam"]
        argv = [program.path_of("ecs-bootstrap"), "config", "--root", scene.host.path]
        env = program.environment(AWS_EC2_METADATA_SERVICE_ENDPOINT=scene.imds.url, AWS_ENDPOINT_URL=scene.aws.url)
        result = program.run(argv, env, timeout=60).exits(1)
        result.says(f"agentConfigSource '{URI}' in region eu-central-1: the instance has no role; attach an instance profile that allows s3:GetObject")
        equal(scene.aws.asked(), [])


# The way there

def test_proxy_of_the_settings_is_used():
    with Scene(proxy={}) as scene:
        scene.imds.user_data = json.dumps({"version": 1, "agentConfigSource": URI, "proxy": {
            "http": scene.aws.url, "https": scene.aws.url}}).encode()
        scene.config(AWS_ENDPOINT_URL="http://s3.invalid").exits(0)
        equal([r.target for r in scene.aws.asked()], ["http://s3.invalid/conf/prod/ecs.config"])
        contains(scene.host.read(CONFIG), "ECS_CLUSTER=theirs")


@each(trusted=True, not_trusted=False)
def test_tls_is_verified(trusted):
    if not shutil.which("openssl"):
        tap.skip("no openssl to make a certificate with")
    with Scene() as scene:
        certificate, key = scene.host.at("/cert.pem"), scene.host.at("/key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with Aws() as tls:
            tls.objects = scene.aws.objects
            plain = tls.converse
            tls.converse = lambda connection: converse_tls(context, connection, plain)
            env = {"AWS_ENDPOINT_URL": f"https://localhost:{tls.listen_at[1]}"}
            if trusted:
                theirs(scene, AWS_CA_BUNDLE=certificate, **env)
                equal(tls.signed, 1)
            else:
                scene.refuses("certificate", **env)
                equal(tls.asked(), [])


def converse_tls(context, connection, go_on):
    try:
        wrapped = context.wrap_socket(connection, server_side=True)
    except OSError:
        return
    go_on(wrapped)


@each(not_an_address="ftp://x", nothing="x")
def test_endpoint_that_is_none(url):
    with Scene() as scene:
        scene.refuses("AWS_ENDPOINT_URL: '.*' is no http:// or https:// address", AWS_ENDPOINT_URL=url)


# spotDraining

@together
@each(spot=("spot", None, ["true"]), on_demand=("on-demand", None, []), asked_for=("on-demand", True, ["true"]),
      auto=("spot", "auto", ["true"]), not_wanted=("spot", False, ["false"]))
def test_spot_draining(kind, value, wanted):
    with Scene("file:/none", spotDraining=value) as scene:
        document = {"version": 1, "agent": {"ECS_CLUSTER": "c"}, **({} if value is None else {"spotDraining": value})}
        scene.imds.user_data = json.dumps(document).encode()
        scene.imds.set("instance-life-cycle", kind)
        scene.gives("ECS_CLUSTER=c", *(f"ECS_ENABLE_SPOT_INSTANCE_DRAINING={text}" for text in wanted))


def test_start_tasks_are_left_for_the_unit():
    with Scene("file:/opt/ecs.config") as scene:
        scene.host.write("/opt/ecs.config", THEIRS)
        scene.imds.user_data = json.dumps({"version": 1, "startTasks": [{"taskDefinition": "a:1"}]}).encode()
        argv = [program.path_of("ecs-bootstrap"), "config", "--root", scene.host.path]
        env = program.environment(AWS_EC2_METADATA_SERVICE_ENDPOINT=scene.imds.url)
        program.run(argv, env).exits(0)
        equal(json.loads(scene.host.read("/run/ecs/start-tasks.json")), [{"taskDefinition": "a:1"}])
        scene.imds.user_data = b'{"version": 1}'
        program.run(argv, env).exits(0)
        check(not scene.host.has("/run/ecs/start-tasks.json"), "the list of an earlier boot is still there")


if __name__ == "__main__":
    tap.main()
