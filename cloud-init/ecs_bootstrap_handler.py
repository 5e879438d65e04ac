"""Tells cloud-init that user data for ecs-bootstrap is spoken for: without this it warns of parts whose type nobody
has claimed, prints their first 24 bytes, and calls itself degraded. The parts themselves are read elsewhere, earlier.

It runs inside cloud-init, from version 18 (Python 2.7) on, and must not need anything of ours.
"""

import logging

TYPES = ["application/vnd.ecs-bootstrap.env", "application/vnd.ecs-bootstrap+json"]
NO_MIME = "text/x-not-multipart"    # user data that is no MIME and of no kind that cloud-init knows

handler_version = 2
frequency = "always"


def list_types():
    return TYPES + [NO_MIME]


def is_ours(text):
    return text[:1] == "{" or text.split("\n", 1)[0].strip() == "#ecs-bootstrap"


def handle_part(_data, ctype, _filename, payload, _frequency):
    if ctype != NO_MIME or not payload:
        return
    text = payload.decode("latin-1") if isinstance(payload, bytes) else payload
    if not is_ours(text.strip()):
        # What cloud-init says when nobody has claimed the type.
        logging.getLogger("cloudinit.handlers").warning(
            "Unhandled non-multipart (%s) userdata: '%s...'", ctype, text.strip().split("\n", 1)[0][:24])
