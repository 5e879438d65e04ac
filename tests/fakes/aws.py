#!/usr/bin/python3
"""A stand-in for S3, SSM and ECS that recomputes every signature, and one for the agent's introspection port.

usage: aws.py --listen ADDRESS:PORT [--region REGION] [--bucket-region REGION] [--object BUCKET/KEY=FILE]…
              [--parameter NAME=VALUE]… [--fail ROUTE=STATUS:CODE[*TIMES]]… [--clock SECONDS] [--log FILE]
              [--wrong ROUTE=KIND[:ARGUMENT][*TIMES]]…

Says `listening on URL` once it listens. Routes are SERVICE:ACTION: s3:GetObject, ssm:GetParameter, ecs:StartTask,
ecs:ListTasks, ecs:ListAccountSettings, ecs:PutAccountSetting. --fail answers with an error of AWS; a status alone (--wrong s3:*=403) gets the code that goes with it.
For the other kinds of --wrong see moods.py. --clock puts this server's clock ahead. Redirects of a bucket that is
elsewhere: --redirect 301 (default), 307 or 400."""

import argparse
import dataclasses
import datetime
import email.utils
import fnmatch
import hashlib
import hmac
import json
import os
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server
from imds import META, Imds, parse_address

ROLE = "ecsInstanceRole"
GIVEN = json.loads(META["iam"]["security-credentials"][ROLE])
SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
                   r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})")
CODES = {("s3", 301): "PermanentRedirect", ("s3", 307): "TemporaryRedirect", ("s3", 400): "AuthorizationHeaderMalformed",
         ("s3", 403): "AccessDenied", ("s3", 404): "NoSuchKey", ("s3", 500): "InternalError", ("s3", 503): "SlowDown",
         ("ssm", 404): "ParameterNotFound", ("ssm", 403): "AccessDeniedException", ("ecs", 403): "AccessDeniedException"}
JSON_CODES = {400: "ThrottlingException", 500: "ServerException", 503: "ServiceUnavailable"}
TARGETS = {"AmazonSSM": "ssm", "AmazonEC2ContainerServiceV20141113": "ecs"}
SKEW = 300


def credentials(**changed):
    """What the metadata service says of the role, e.g. credentials(Code="Failed") or credentials(Expiration=…)."""
    return json.dumps({**GIVEN, **changed})


class Denied(Exception):
    def __init__(self, status, code, text):
        super().__init__(text)
        self.status, self.code = status, code


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def signature_of(request, secret, scope, signed, service):
    """As AWS documents it, from the request as it arrived."""
    split = urllib.parse.urlsplit(request.target)
    path = split.path or "/"
    pairs = urllib.parse.parse_qsl(split.query, keep_blank_values=True)
    query = "&".join(f"{k}={v}" for k, v in sorted((quote(k), quote(v)) for k, v in pairs))
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in signed)
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, path if service == "s3" else quote(path, "/"), query, headers, ";".join(signed), payload])
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], "/".join(scope),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for word in (*scope, text):
        key = hmac.digest(key, word.encode(), "sha256")
    return key.hex()


@dataclasses.dataclass
class Failure:
    route: str
    status: int
    code: str
    times: float = float("inf")


class Aws(server.Server):
    headers = {"Connection": "close"}
    url = Imds.url

    def __init__(self, listen=("127.0.0.1", 0), wrong=(), region="eu-central-1"):
        super().__init__(listen, wrong)
        self.region = region
        self.keys = {GIVEN["AccessKeyId"]: (GIVEN["SecretAccessKey"], GIVEN["Token"])}
        self.expired = set()            # tokens
        self.clock = 0                  # seconds ahead of ours
        self.objects = {}               # (bucket, key) -> bytes
        self.bucket_region = region
        self.redirect = 301
        self.parameters = {}
        self.failures = []
        self.tasks = []                 # as ecs:StartTask was asked for them
        self.refusals = []              # reasons that StartTask gives, used up one by one
        self.account = {}               # account settings of the role, name -> value
        self.lose = 0                   # so many answers are acted upon, but never sent
        self.signed = 0                 # requests whose signature was right

    def fail(self, route, status, code, times=float("inf")):
        self.failures.append(Failure(route, status, code, times))

    def route(self, request):
        target = request.headers.get("x-amz-target", "")
        prefix, _, action = target.partition(".")
        return f"{TARGETS.get(prefix, 'unknown')}:{action}" if target else "s3:GetObject"

    def record(self, request):
        # Nothing outside the clock's way may tell the time: a client with a wrong clock has only this header.
        self.headers = {**self.headers, "Date": email.utils.formatdate(time.time() + self.clock, usegmt=True)}
        super().record(request)

    @staticmethod
    def service(exchange):
        return exchange.request.route.partition(":")[0]

    def refuse(self, exchange, status, headers):
        """For the moods: an answer as the service words it."""
        code = CODES.get((self.service(exchange), status)) or JSON_CODES.get(status, "Refused")
        self.say_no(exchange, status, code, "as it was told to", headers)

    def say_no(self, exchange, status, code, text, headers=None, **more):
        extra = {"x-amzn-RequestId": "request-1", "x-amz-request-id": "request-1", **(headers or {})}
        if self.service(exchange) != "s3":
            name = "Message" if self.service(exchange) == "ssm" else "message"
            kind = code if self.service(exchange) == "ecs" else f"com.amazonaws.ssm#{code}"
            return exchange.answer(status, json.dumps({"__type": kind, name: text}).encode(),
                                   {"Content-Type": "application/x-amz-json-1.1", **extra})
        rows = "".join(f"<{k}>{v}</{k}>" for k, v in {"Code": code, "Message": text, **more}.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{rows}<RequestId>request-1</RequestId></Error>'
        return exchange.answer(status, body.encode(), {"Content-Type": "application/xml", **extra})

    def handle(self, exchange):
        request = exchange.request
        service, _, action = request.route.partition(":")
        try:
            scope_region = self.verify(request, service)
            for failure in self.failures:
                if failure.times > 0 and fnmatch.fnmatchcase(request.route, failure.route):
                    failure.times -= 1
                    raise Denied(failure.status, failure.code, f"not authorized to perform: {request.route}")
            if service == "s3":
                return self.get_object(exchange, scope_region)
            if scope_region != self.region:
                raise Denied(400, "InvalidSignatureException", "Credential should be scoped to a valid region.")
            answer = getattr(self, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", action).lower(), None)
            if not answer:
                raise Denied(400, "UnknownOperationException", "")
            reply = answer(request.json)
        except Denied as no:
            return self.say_no(exchange, no.status, no.code, str(no))
        if self.lose > 0:
            self.lose -= 1
            raise server.Gone
        return exchange.send_json(200, reply, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "request-1"})

    def verify(self, request, service):
        """The region of the scope, or Denied as AWS words it."""
        s3 = service == "s3"
        found = SCOPE.fullmatch(request.headers.get("authorization", ""))
        if not found:
            raise Denied(403 if s3 else 400, "AccessDenied" if s3 else "MissingAuthenticationTokenException", "no or a bad header")
        key, day, region, scope_service, signed, given = found.groups()
        names = signed.split(";")
        if scope_service != service or names != sorted(names) or not {"host", "x-amz-date"} <= set(names):
            raise Denied(403 if s3 else 400, "AuthorizationHeaderMalformed" if s3 else "IncompleteSignatureException", "scope or headers")
        secret, token = self.keys.get(key, (None, None))
        if secret is None:
            raise Denied(403 if s3 else 400, "InvalidAccessKeyId" if s3 else "UnrecognizedClientException", "unknown key")
        self.verify_time(request.headers["x-amz-date"], day, s3)
        if s3 and request.headers.get("x-amz-content-sha256") != hashlib.sha256(request.body).hexdigest():
            raise Denied(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        if any(name not in request.headers for name in names) or any(
                name.startswith("x-amz-") and name not in names for name in request.headers):
            raise Denied(403 if s3 else 400, "AccessDenied" if s3 else "InvalidSignatureException", "headers that were not signed")
        if signature_of(request, secret, (day, region, service, "aws4_request"), names, service) != given:
            raise Denied(403 if s3 else 400, "SignatureDoesNotMatch" if s3 else "InvalidSignatureException",
                         "The request signature we calculated does not match the signature you provided.")
        if request.headers.get("x-amz-security-token") != token:
            raise Denied(403 if s3 else 400, "InvalidToken" if s3 else "UnrecognizedClientException", "The security token is invalid.")
        if token in self.expired:
            raise Denied(400, "ExpiredToken" if s3 else "ExpiredTokenException", "The security token is expired.")
        self.signed += 1
        return region

    def verify_time(self, text, day, s3):
        try:
            at = datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
        except ValueError as error:
            raise Denied(400, "AccessDenied", "x-amz-date") from error
        if abs(at - time.time() - self.clock) > SKEW or text[:8] != day:
            raise Denied(403 if s3 else 400, "RequestTimeTooSkewed" if s3 else "InvalidSignatureException",
                         "The difference between the request time and the current time is too large.")

    # S3

    def get_object(self, exchange, scope_region):
        _, bucket, key = urllib.parse.unquote(exchange.request.path).split("/", 2)
        buckets = {name for name, _ in self.objects}
        if bucket not in buckets:
            raise Denied(404, "NoSuchBucket", "The specified bucket does not exist")
        if scope_region != self.bucket_region:
            return self.send_elsewhere(exchange)
        body = self.objects.get((bucket, key))
        if body is None:
            raise Denied(404, "NoSuchKey", "The specified key does not exist.")
        return exchange.answer(200, body, {"Content-Type": "binary/octet-stream", "x-amz-request-id": "request-1"})

    def send_elsewhere(self, exchange):
        at = self.bucket_region
        if self.redirect == 400:
            return self.say_no(exchange, 400, "AuthorizationHeaderMalformed", "the region is wrong", Region=at)
        return self.say_no(exchange, self.redirect, CODES["s3", self.redirect], "use the other endpoint",
                           {"x-amz-bucket-region": at, "Location": "http://127.0.0.1:9/"}, Endpoint=f"s3.{at}.amazonaws.com")

    # SSM

    def get_parameter(self, asked):
        if asked.get("WithDecryption") is not True or asked.get("Name") not in self.parameters:
            raise Denied(400, "ParameterNotFound", "")
        return {"Parameter": {"Name": asked["Name"], "Type": "SecureString", "Value": self.parameters[asked["Name"]], "Version": 1}}

    # ECS

    def start_task(self, asked):
        if self.refusals:
            reason = self.refusals.pop(0)
            return {"tasks": [], "failures": [{"arn": asked["containerInstances"][0], "reason": reason}]}
        if len(asked.get("startedBy", "")) > 36 or not asked.get("taskDefinition") or len(asked["containerInstances"]) != 1:
            raise Denied(400, "InvalidParameterException", "startedBy, taskDefinition or containerInstances")
        if asked["taskDefinition"].startswith("missing"):
            raise Denied(400, "ClientException", "TaskDefinition not found.")
        asked["taskArn"] = f"arn:aws:ecs:{self.region}:123456789012:task/{asked['cluster']}/{len(self.tasks):032x}"
        asked["desiredStatus"] = "RUNNING"
        self.tasks.append(asked)
        return {"tasks": [{"taskArn": asked["taskArn"], "lastStatus": "PENDING"}], "failures": []}

    def list_tasks(self, asked):
        if set(asked) - {"cluster", "startedBy", "desiredStatus"}:
            raise Denied(400, "InvalidParameterException", "startedBy must be the only filter")
        wanted = asked.get("desiredStatus", "RUNNING")
        return {"taskArns": [t["taskArn"] for t in self.tasks
                             if t.get("startedBy") == asked["startedBy"] and t["desiredStatus"] == wanted]}

    def list_account_settings(self, asked):
        if set(asked) - {"name", "effectiveSettings"} or asked.get("effectiveSettings") is not True:
            raise Denied(400, "InvalidParameterException", "name and effectiveSettings")
        value = self.account.get(asked["name"], "disabled")     # what holds without one of the role's own
        return {"settings": [{"name": asked["name"], "value": value, "principalArn": f"arn:aws:iam::123456789012:role/{ROLE}"}]}

    def put_account_setting(self, asked):
        if set(asked) != {"name", "value"} or asked["value"] not in ("enabled", "disabled"):
            raise Denied(400, "InvalidParameterException", "name and value")
        self.account[asked["name"]] = asked["value"]
        return {"setting": {**asked, "principalArn": f"arn:aws:iam::123456789012:role/{ROLE}", "type": "user"}}


class Introspection(server.Server):
    """GET /v1/metadata of the agent; registers after so many requests."""

    url = Imds.url

    def __init__(self, listen=("127.0.0.1", 0), wrong=(), region="eu-central-1", cluster="default", register_after=0):
        super().__init__(listen, wrong)
        self.cluster, self.register_after = cluster, register_after
        self.arn = f"arn:aws:ecs:{region}:123456789012:container-instance/{cluster}/0123456789abcdef0123456789abcdef"

    def route(self, request):
        return request.path.strip("/")

    def refuse(self, exchange, status, headers):
        exchange.answer(status, b"404 page not found\n", headers)

    def handle(self, exchange):
        if exchange.request.path != "/v1/metadata":
            return exchange.refuse(404)
        self.register_after -= 1
        arn = self.arn if self.register_after < 0 else None
        return exchange.send_json(200, {"Cluster": self.cluster, "ContainerInstanceArn": arn, "Version": "Amazon ECS Agent - v1.105.1"})


def parse_failure(text):
    found = re.fullmatch(r"([^=]+)=(\d{3}):(\w+)(?:\*(\d+))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not ROUTE=STATUS:CODE[*TIMES]")
    return found[1], int(found[2]), found[3], int(found[4]) if found[4] else float("inf")


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--listen", type=parse_address, required=True)
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--bucket-region")
    parser.add_argument("--redirect", type=int, default=301, choices=(301, 307, 400))
    for name in ("object", "parameter", "wrong"):
        parser.add_argument(f"--{name}", action="append", default=[])
    parser.add_argument("--fail", action="append", default=[], type=parse_failure)
    parser.add_argument("--clock", type=float, default=0)
    parser.add_argument("--log")
    return parser.parse_args()


def main():
    given = arguments()
    aws = Aws(given.listen, given.wrong, given.region)
    aws.bucket_region, aws.redirect = given.bucket_region or given.region, given.redirect
    aws.clock, aws.log = given.clock, given.log
    for item in given.object:
        name, _, path = item.partition("=")
        with open(path, "rb") as file:
            aws.objects[tuple(name.split("/", 1))] = file.read()
    aws.parameters = dict(item.split("=", 1) for item in given.parameter)
    for failure in given.fail:
        aws.fail(*failure)
    server.serve_until_signal(aws, lambda: f"listening on {aws.url}")


if __name__ == "__main__":
    main()
