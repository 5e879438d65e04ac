"""User data for a boot, put together from parts; each plants a secret that must not show anywhere."""

import gzip
import json

OURS = "application/vnd.ecs-bootstrap+json"
SCRIPT = "text/x-shellscript"
BOOTHOOK = "text/cloud-boothook"
BOUNDARY = "==BOUNDARY=="
SECRET = {"https://r": {"username": "u", "password": "planted-document", "email": "e"}}


def attributes(row):
    return json.dumps({"row": row}, separators=(",", ":"))


def document(row, cluster="matrix", agent=(), **settings):
    """Our settings as JSON."""
    names = {"ECS_CLUSTER": cluster, "ECS_INSTANCE_ATTRIBUTES": {"row": row},
             "ECS_ENGINE_AUTH_TYPE": "docker", "ECS_ENGINE_AUTH_DATA": SECRET, **dict(agent)}
    return json.dumps({"version": 1, "agent": names, **settings}, indent=1)


def script(*lines, end="date +%s.%N >/run/user-script.ended"):
    return "\n".join(("#!/bin/bash", *lines, end, ""))


def appends(*lines):
    """What the guides tell people to write."""
    return "\n".join(("cat <<'END' >>/etc/ecs/ecs.config", *lines, "MY_TOKEN=planted-script", "END"))


def guide(row, *more, cluster="matrix"):
    """A script as in the guides, and what it does beside."""
    return script(appends(f"ECS_CLUSTER={cluster}", f"ECS_INSTANCE_ATTRIBUTES={attributes(row)}"), *more)


def mime(*parts, end="--"):
    """PARTS are pairs of a type and a text. END is what follows the last delimiter."""
    lines = ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"', ""]
    for kind, text in parts:
        lines += ["--" + BOUNDARY, f'Content-Type: {kind}; charset="us-ascii"', "", text]
    return "\n".join((*lines, f"--{BOUNDARY}{end}", "")).encode()


# AWS Batch puts a part of its own to the user's: so it looks, and so it ends.
BATCH = (SCRIPT, "\n".join((
    "#!/bin/bash", "echo ECS_CLUSTER=AWSBatch-matrix >>/etc/ecs/ecs.config", "echo ECS_DISABLE_IMAGE_CLEANUP=false >>/etc/ecs/ecs.config",
    "echo ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION=2m >>/etc/ecs/ecs.config", "echo ECS_RESERVED_MEMORY=32 >>/etc/ecs/ecs.config",
    """echo 'ECS_AVAILABLE_LOGGING_DRIVERS=["json-file","awslogs"]' >>/etc/ecs/ecs.config""", "")))


def batch(*parts):
    return mime(*parts, end="")


def broken_gzip(text):
    return gzip.compress(text.encode())[:-20]
