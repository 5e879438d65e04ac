"""cloud-init's own code on the same user data: what it hands to its handlers is what `parts` lists. Where the two differ on
purpose, the corpus says so ("cloudinit"), and then cloud-init must give that."""

import functools
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import corpus
import program
import tap

PYTHON = "/usr/bin/python3"  # the one that Debian's packages are for

# Runs under the system's Python: for each file a line with what cloud-init hands over, or the error that stops it.
# Lists of URLs and archives are taken as they stand: the corpus is about the document, nothing is to be fetched.
# Base64 around the whole is undone by the EC2 source of newer versions; strictly, as here.
INSIDE = r"""
import base64, binascii, hashlib, json, logging, sys
from cloudinit import handlers, helpers, user_data
logging.disable(logging.CRITICAL)
user_data.INCLUDE_TYPES = user_data.ARCHIVE_TYPES = []

def plain(raw):
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        return raw

def read(raw):
    found = []
    def see(_data, name, payload, headers):
        body = payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else payload
        found.append({"type": headers["Content-Type"], "effective_name": name, "length": None if body is None else len(body),
                      "sha256": None if body is None else hashlib.sha256(body).hexdigest()})
    paths = helpers.Paths({"cloud_dir": "/nonexistent", "run_dir": "/nonexistent"})
    handlers.walk(user_data.UserDataProcessor(paths).process(plain(raw)), see, None)
    return found

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        raw = file.read()
    try:
        print(json.dumps({"parts": read(raw)}))
    except Exception as error:
        print(json.dumps({"parts": None, "error": repr(error)}))
"""


@functools.cache
def of_cloud_init():
    """For each case what cloud-init gives; one run for all of them. None if it is not installed."""
    if not os.path.exists(PYTHON) or program.run([PYTHON, "-c", "import cloudinit"]).code:
        return None
    env = program.environment(PYTHONDONTWRITEBYTECODE="1")
    out = program.run([PYTHON, "-c", INSIDE, *(f"{corpus.FOLDER}/{name}.ud" for name in corpus.names())], env, timeout=60).exits(0).out
    return dict(zip(corpus.names(), map(json.loads, out.splitlines()), strict=True))


def given(name):
    everything = of_cloud_init()
    if everything is None:
        tap.skip("cloud-init is not installed")
    return everything[name]


def short(parts):
    return parts and [{key: part[key] for key in ("type", "effective_name", "length", "sha256")} for part in parts]


def listed(case):
    result = program.run([program.path_of("ecs-bootstrap"), "parts", "--json", case.path])
    return short(json.loads(result.out)["parts"]) if result.code == 0 else None


def as_text(parts):
    return json.dumps(parts, indent=1, sort_keys=True)


AGREED = {title: name for title, name in corpus.as_cases().items() if "cloudinit" not in corpus.Case(name).expected}
OTHER = {title: name for title, name in corpus.as_cases().items() if title not in AGREED}


@tap.each(**AGREED)
def test_same_parts(name):
    tap.equal(as_text(listed(corpus.Case(name))), as_text(given(name)["parts"]), "what both find")


@tap.each(**OTHER)
def test_differs_as_the_corpus_says(name):
    case = corpus.Case(name)
    tap.equal(as_text(given(name)["parts"]), as_text(case.expected["cloudinit"]["parts"]), "what cloud-init finds")
    tap.check(as_text(listed(case)) != as_text(given(name)["parts"]), "there is no difference any more; take 'cloudinit' out of the case")


def test_most_agree():
    tap.equal((len(AGREED), len(OTHER)), (80, 5))


if __name__ == "__main__":
    tap.main()
