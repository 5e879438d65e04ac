"""A stand-in for the API of EFS, which recomputes the signature as that of aws.py does."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import aws


def target(address, zone="eu-central-1a", zone_id="euc1-az2", state="available"):
    return {"MountTargetId": "fsmt-1", "FileSystemId": "fs-1", "SubnetId": "subnet-1", "LifeCycleState": state, "IpAddress": address,
            "AvailabilityZoneName": zone, "AvailabilityZoneId": zone_id}


class EfsApi(aws.Aws):
    def __init__(self, *targets, **more):
        super().__init__(**more)
        self.targets = list(targets)

    def route(self, request):
        return "elasticfilesystem:DescribeMountTargets"

    def say_no(self, exchange, status, code, text, headers=None, **_more):
        exchange.answer(status, json.dumps({"ErrorCode": code, "Message": text}).encode(),
                        {"Content-Type": "application/json", "x-amzn-ErrorType": f"{code}:http://internal/", **(headers or {})})

    def handle(self, exchange):
        request = exchange.request
        try:
            region = self.verify(request, "elasticfilesystem")
            if region != self.region or request.path != "/2015-02-01/mount-targets" or "FileSystemId" not in request.query:
                raise aws.Denied(400, "BadRequest", "region, path or query")
            for failure in self.failures:
                raise aws.Denied(failure.status, failure.code, "as it was told to")
        except aws.Denied as no:
            return self.say_no(exchange, no.status, no.code, str(no))
        return exchange.send_json(200, {"MountTargets": self.targets})
