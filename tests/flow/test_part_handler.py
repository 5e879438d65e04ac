"""Our part handler inside the real cloud-init: its own code is run on user data with parts of ours, and must not warn."""

import importlib.util
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import bootstrap
import program
import tap
from tap import each, equal

HANDLER = f"{program.TOP}/cloud-init/ecs_bootstrap_handler.py"
PYTHON = "/usr/bin/python3"     # the one that Debian's cloud-init is installed for

# What cloud-init's network stage does with user data; only where it comes from is ours. Prints what was logged from
# WARNING up, and every part as a handler of another type would get it.
STAGE = r"""
import json, logging, sys
from cloudinit import handlers, helpers, stages
from cloudinit.sources import DataSource
from cloudinit.settings import PER_INSTANCE

root, file = sys.argv[1:]
said = []
class Keep(logging.Handler):
    def emit(self, record):
        said.append([record.name, record.getMessage()])
logging.getLogger().addHandler(Keep(logging.WARNING))

paths = helpers.Paths({"cloud_dir": root + "/lib", "run_dir": root + "/run"})
class Init(stages.Init):
    # all that is read and written; the machine's own cloud.cfg has no say in it
    paths = property(lambda self: paths)
init = Init(ds_deps=[])
source = DataSource({}, init.distro, paths)
source.userdata_raw = open(file, "rb").read()
source.metadata = {"instance-id": "i-1"}
init.datasource = paths.datasource = source
init.instancify()
parts = []
def see(_data, filename, payload, headers):
    text = payload if isinstance(payload, str) else payload.decode("latin-1")
    parts.append([headers["Content-Type"], filename, text])
handlers.walk(source.get_userdata(True), see, {})
init._consume_userdata(PER_INSTANCE)
print(json.dumps({"said": said, "parts": parts}))
"""

ENV = "ECS_CLUSTER=prod\nECS_ENGINE_AUTH_DATA={\"x\": \"secret\"}\n"
JSON = '{"version": 1, "agent": {"A": 1}}\n'
SCRIPT = "#!/bin/sh\ntrue\n"


def cloud_init(user_data, handler=True):
    if not os.path.exists(PYTHON) or program.run([PYTHON, "-c", "import cloudinit"]).code:
        tap.skip("cloud-init is not installed")
    with program.Root() as root:
        root.write("/user-data", user_data)
        os.makedirs(root.at("/lib/handlers"))
        if handler:
            os.symlink(HANDLER, root.at("/lib/handlers/ecs_bootstrap_handler.py"))
        env = program.environment(PYTHONDONTWRITEBYTECODE="1")
        result = program.run([PYTHON, "-", root.path, root.at("/user-data")], env, stdin=STAGE.encode()).exits(0)
        answer = json.loads(result.out.splitlines()[-1])
        answer["scripts"] = sorted(os.listdir(root.at("/lib/instance/scripts")))
        return answer


def warnings(answer):
    return [text for _, text in answer["said"]]


def test_handler_is_what_cloud_init_wants():
    spec = importlib.util.spec_from_file_location("ecs_bootstrap_handler", HANDLER)
    sys.dont_write_bytecode = True
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tap.contains(module.list_types(), bootstrap.ENV)
    tap.contains(module.list_types(), bootstrap.JSON)
    for signal in ("__begin__", "__end__"):
        module.handle_part(None, signal, None, None, "always")


OURS = {
    "env": bootstrap.mime((bootstrap.ENV, ENV)),
    "json": bootstrap.mime((bootstrap.JSON, JSON)),
    "both_and_a_script": bootstrap.mime((bootstrap.ENV, ENV), bootstrap.SCRIPT, (f'{bootstrap.JSON}; charset="utf-8"', JSON)),
    "whole_json": JSON,
    "whole_json_after_blank_lines": "\n  " + JSON,
    "whole_key_value": "#ecs-bootstrap\n" + ENV,
    "whole_key_value_crlf": "#ecs-bootstrap\r\nA=1\r\n",
}


@each(**OURS)
def test_no_warning_with_the_handler(user_data):
    equal(warnings(cloud_init(user_data)), [])


@each(**OURS)
def test_warning_without_it(user_data):
    tap.matches("\n".join(warnings(cloud_init(user_data, handler=False))), r"^Unhandled .*userdata")


def test_parts_are_the_same_with_and_without():
    user_data = OURS["both_and_a_script"]
    with_it, without = cloud_init(user_data), cloud_init(user_data, handler=False)
    equal(with_it["parts"], without["parts"])
    equal([(kind, text) for kind, _, text in with_it["parts"]],
          [(bootstrap.ENV, ENV), ("text/x-shellscript", bootstrap.SCRIPT[1]), (bootstrap.JSON, JSON)])
    equal(with_it["scripts"], without["scripts"])
    equal(len(with_it["scripts"]), 1, "scripts for the final stage")


@each(words="hello\nworld\n", near_miss="#ecs-bootstrap.env\nA=1\n", list="[1]\n")
def test_user_data_that_is_nobodys_is_still_warned_of(user_data):
    # cloud-init shows bytes the way Python prints them; who says it, and of what, is the same
    got, wanted = ([text.replace("b'", "").replace("'...", "...") for text in warnings(cloud_init(user_data, handler))]
                   for handler in (True, False))
    equal(len(wanted), 1, "warnings")
    equal(got, wanted)


def test_unknown_type_beside_ours_is_still_warned_of():
    said = warnings(cloud_init(bootstrap.mime((bootstrap.ENV, ENV), ("application/x-other", "x\n"))))
    equal(len(said), 1, "warnings")
    tap.contains(said[0], "application/x-other")


if __name__ == "__main__":
    tap.main()
