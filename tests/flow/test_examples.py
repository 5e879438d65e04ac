"""examples/: every user data in them is what `ecs-bootstrap check` has nothing to say about."""

import glob
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [f"{HERE}/../lib"]
import program
import tap
from tap import check, contains, each, equal

try:
    import yaml
except ImportError:
    # Debian's, which cloud-init needs too
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import yaml
    except ImportError:
        yaml = None


def read(path):
    with open(f"{TOP}/examples/{path}") as file:
        return file.read()


def look(text):
    result = program.run([program.path_of("ecs-bootstrap"), "check", "-"], stdin=text.encode())
    result.exits(0)
    contains(result.out, "0 errors, 0 warnings", "check")


@each(**{os.path.basename(p).split(".")[0]: p for p in sorted(glob.glob(TOP + "/examples/user-data/*"))})
def test_user_data(path):
    with open(path) as file:
        look(file.read())


def load(path):
    if yaml is None:
        tap.skip("python3-yaml is not installed")

    class Loader(yaml.SafeLoader):
        pass
    Loader.add_multi_constructor("!", lambda loader, tag, node: loader.construct_scalar(node))
    return yaml.load(read(path), Loader)


def test_cloudformation():
    template = load("cloudformation.yaml")["Resources"]["Template"]["Properties"]["LaunchTemplateData"]
    look(template["UserData"]["Fn::Base64"].replace("${Cluster}", "prod"))


def test_image_builder():
    component = load("image-builder/ecs.yaml")
    equal([phase["name"] for phase in component["phases"]], ["build", "test"], "phases")
    commands = component["phases"][0]["steps"][1]["inputs"]["commands"]
    check("ecs-bootstrap bake" in commands and commands[-1] == "ecs-bootstrap seal", f"commands: {commands}")


def as_json(text):
    """An object of HCL or TypeScript, of the few forms that the examples use."""
    text = re.sub(r"'([^']*)'", r'"\1"', text)
    text = re.sub(r"(?m)(\w+)\s*[=:] ", r'"\1": ', text)
    text = re.sub(r": (?!true|false)([a-z_]\w*\.[\w.]+)", r': "\1"', text)     # a reference
    text = re.sub(r"(?m)([\w\"}])\n(?=\s+\")", r"\1,\n", text)
    return json.loads(re.sub(r",(\s*})", r"\1", text))


@each(terraform=("terraform.tf", r"jsonencode\(({.*?\n  })\)"), cdk=("cdk.ts", r"const settings = ({.*?\n  });"))
def test_settings_in_code(path, pattern):
    settings = as_json(re.search(pattern, read(path), re.S)[1])
    equal(settings["version"], 1, "version")
    look(json.dumps(settings))


def test_packer_bakes_before_it_seals():
    script = read("packer/bake.sh")
    check(0 < script.index("ecs-bootstrap bake") < script.index("ecs-bootstrap seal"), script)
    contains(read("packer/ecs.pkr.hcl"), "bake.sh", "ecs.pkr.hcl")
    equal(read("packer/ecs.pkr.hcl").count("{"), read("packer/ecs.pkr.hcl").count("}"), "braces")


tap.main()
