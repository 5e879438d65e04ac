"""eniTrunking: the account setting, once for an instance, and the files that keep managers off ECS's interfaces."""

import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(f"{HERE}/../..")
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import program
import tap
from aws import ROLE
from imds import MAC, META
from tap import check, contains, each, equal, lacks, together
from trunk_scene import CLOUD_SETUP, FILES, MANAGER, MODULES, NETWORKD, UDEV, Scene

SETTING = "awsvpcTrunking"
DONE = "/var/lib/ecs/bootstrap/eni-trunking"
LOOK = {"name": SETTING, "effectiveSettings": True}
LIST, PUT = "ecs:ListAccountSettings", "ecs:PutAccountSetting"


def test_enabling():
    with Scene() as scene:
        os.makedirs(scene.at("/run/systemd/system"))
        scene.run().exits(0).says(f"applied setting 'eniTrunking': {SETTING} set to 'enabled' for role '{ROLE}'; "
                                  "t3.micro is not known to trunk")
        equal(scene.asked(), [(LIST, LOOK), (PUT, {"name": SETTING, "value": "enabled"})])
        equal(scene.aws.signed, 2, "right signatures")
        equal(scene.aws.account, {SETTING: "enabled"})
        scene.is_prepared()
        equal(scene.calls(), ["systemctl --no-block start ecs-trunk.service", "modprobe 8021q"])
        equal(scene.read(DONE), "i-0123456789abcdef0 enabled\n")


def test_what_the_files_say():
    with Scene() as scene:
        scene.run().exits(0)
        contains(scene.read(UDEV), f'ENV{{ID_NET_DRIVER}}=="ena|ixgbevf|vif", ATTR{{address}}!="{MAC}", RUN="/bin/true"')
        contains(scene.read(NETWORKD), "[Match]\nDriver=ena ixgbevf vif\nName=!ens5\n\n[Link]\nUnmanaged=yes\n")
        contains(scene.read(MANAGER), f"match-device=driver:ena,driver:ixgbevf,driver:vif,except:mac:{MAC}\nmanaged=0\n")
        contains(scene.read(CLOUD_SETUP), f"[Unit]\nConditionPathExists=!{UDEV}\n")
        for path in FILES:
            equal(scene.mode(path), 0o644, path)
        equal(os.stat(scene.at("/run/systemd/network")).st_mode & 0o777, 0o755, "folder that networkd reads")


def test_hint_of_a_type_that_trunks():
    with Scene() as scene:
        scene.imds.set("instance-type", "c5.large")
        scene.run().exits(0).says("; c5.large: 10 tasks with trunking, 2 without$")
        scene.imds.set("instance-type", "zz9.large")
        os.unlink(scene.at(DONE))
        scene.run().exits(0).says(f"{SETTING} is already 'enabled' for role '{ROLE}'$")


def test_enabled_already():
    with Scene() as scene:
        scene.aws.account[SETTING] = "enabled"
        scene.run().exits(0).says("is already 'enabled'")
        equal(scene.asked(), [(LIST, LOOK)])


def test_next_boots_ask_nobody_but_another_instance_does():
    with Scene() as scene:
        scene.run().exits(0)
        for path in FILES:
            os.unlink(scene.at(path))       # as /run is empty after a boot
        scene.run().exits(0).says("applied setting 'eniTrunking'$")
        scene.is_prepared()
        equal(len(scene.asked()), 2, "calls in both runs")
        lacks(scene.run().exits(0).err, "eniTrunking", "a run that changes nothing")
        scene.imds.set("instance-id", "i-0aaaaaaaaaaaaaaaa")
        scene.run().exits(0).says("is already 'enabled'")


def test_disabled():
    with Scene() as scene:
        scene.run().exits(0)
        scene.run("disabled").exits(0).says(f"{SETTING} set to 'disabled'")
        equal(scene.aws.account, {SETTING: "disabled"})
        scene.is_released()


@each(auto="auto", gone=None)
def test_account_is_left_alone_and_files_go(value):
    with Scene() as scene:
        scene.run().exits(0)
        os.makedirs(scene.at("/run/systemd/system"), exist_ok=True)
        scene.calls()
        before = len(scene.asked())
        scene.run(value).exits(0).says("applied setting 'eniTrunking'$")
        scene.is_released()
        equal(scene.calls(), ["systemctl --no-block start ecs-trunk.service"])
        equal((len(scene.asked()), scene.aws.account), (before, {SETTING: "enabled"}))
        lacks(scene.run(value).exits(0).err, "eniTrunking", "a run that changes nothing")


def test_only_for_managers_that_are_installed():
    with Scene(installed=()) as scene:
        scene.run().exits(0)
        equal([path for path in FILES if scene.has(path)], [UDEV])


def test_denied_to_set():
    with Scene() as scene:
        scene.aws.fail(PUT, 400, "AccessDeniedException")
        scene.run().exits(0).says(f"apply setting 'eniTrunking': set account setting {SETTING}: role '{ROLE}' lacks the IAM action "
                                  "ecs:PutAccountSetting; it stays as it is$")
        scene.is_prepared()
        check(not scene.has(DONE), "taken for done")


def test_denied_to_look():
    with Scene() as scene:
        scene.aws.fail(LIST, 400, "AccessDeniedException")
        scene.run().exits(0).says("set to 'enabled'")
        equal(scene.aws.account, {SETTING: "enabled"})


def test_denied_both():
    with Scene() as scene:
        scene.aws.fail("ecs:*", 400, "AccessDeniedException")
        scene.run().exits(0).says(r"lacks the IAM action ecs:PutAccountSetting \(and ecs:ListAccountSettings\)")


@together
def test_throttled():
    with Scene() as scene:
        scene.aws.fail(LIST, 400, "ThrottlingException", 2)
        scene.aws.fail(PUT, 400, "ThrottlingException", 1)
        scene.run().exits(0).within(10).says("set to 'enabled'")
        equal(len(scene.asked()), 5, "calls")


@together
@each(throttled_for_good=(400, "ThrottlingException"), broken=(500, "ServerException"))
def test_deadline(status, code):
    with Scene() as scene:
        scene.aws.fail("ecs:*", status, code)
        begin = time.monotonic()
        scene.run().exits(1).says(f"set account setting {SETTING}: ecs:ListAccountSettings in region eu-central-1: HTTP status {status}, {code}")
        check(time.monotonic() - begin < 20, "held up for too long")
        scene.is_prepared()


@each(client=(400, "ClientException"), parameter=(400, "InvalidParameterException"))
def test_refused(status, code):
    with Scene() as scene:
        scene.aws.fail(PUT, status, code)
        scene.run().exits(1).within(10).says(f"ecs:PutAccountSetting in region eu-central-1: HTTP status 400, {code}")


@together
def test_credentials_that_come_late():
    with Scene(imds_wrong=["meta-data/iam/security-credentials/*=404*2"]) as scene:
        scene.run().exits(0).within(15).says("set to 'enabled'")


@together
def test_no_role():
    with Scene(imds_wrong=["meta-data/iam/*=404"]) as scene:
        result = scene.run().exits(1)
        result.says("the instance has no role")
        result.within(20)
        equal(scene.asked(), [])


@together
def test_no_way_to_ecs():
    with Scene() as scene:
        begin = time.monotonic()
        scene.run(AWS_ENDPOINT_URL_ECS=f"http://127.0.0.1:{program.free_port()}").exits(1).says(f"set account setting {SETTING}: .*refused")
        check(time.monotonic() - begin < 20, "held up for too long")
        scene.is_prepared()


@together
def test_nobody_answers():
    with Scene(wrong=["ecs:*=silent"]) as scene:
        begin = time.monotonic()
        scene.run().exits(1).says(f"set account setting {SETTING}: ")
        check(time.monotonic() - begin < 22, "held up for too long")


@together
def test_wrong_region():
    with Scene() as scene:
        scene.imds.set("placement", {**META["placement"], "region": "us-east-1"})
        scene.run().exits(1).says("ecs:ListAccountSettings in region us-east-1: HTTP status 400, InvalidSignatureException: "
                                  "Credential should be scoped to a valid region")


def test_metadata_service_off():
    with Scene() as scene:
        scene.write("/given", json.dumps({"version": 1, "eniTrunking": "enabled"}))
        result = scene.config("--user-data", scene.at("/given"), AWS_EC2_METADATA_DISABLED="true")
        result.exits(1).says("eniTrunking.*metadata service is switched off")
        scene.is_released()


def test_no_interface_has_the_mac():
    with Scene() as scene:
        scene.imds.set("mac", "0e:ff:ff:ff:ff:ff")
        scene.run().exits(1).says(f"find the primary interface: none has the MAC address 0e:ff:ff:ff:ff:ff.*; {SETTING} set to 'enabled'")
        scene.is_released()


@each(nonsense="no mac", too_long="0e:49:61:0f:c3:11:22", injected='"; RUN+="x')
def test_metadata_without_a_mac(mac):
    with Scene() as scene:
        scene.imds.set("mac", mac)
        scene.run().exits(1).says("MAC address")
        scene.is_released()


def test_metadata_service_that_has_no_mac():
    with Scene(imds_wrong=["meta-data/mac=404"]) as scene:
        scene.run().exits(1).says("MAC address")
        scene.is_released()


def test_no_module():
    with Scene(module=False) as scene:
        result = scene.run().exits(0)
        result.says("apply setting 'eniTrunking': load module 8021q: modprobe: FATAL: Module 8021q not found .*CONFIG_VLAN_8021Q")
        check(not scene.has(MODULES), "a module that is not there would fail at each boot")
        check(scene.has(UDEV), "the rest is not done")


def test_module_that_is_there():
    with Scene(module=False) as scene:
        scene.write("/proc/net/vlan/config", "")
        scene.run().exits(0)
        scene.is_prepared()
        equal([c for c in scene.calls() if c.startswith("modprobe")], [])


def test_file_that_cannot_be_written_leaves_none():
    with Scene() as scene:
        scene.write("/run/NetworkManager", "a file where a folder should be")
        scene.run().exits(1).says("make folder '/run/NetworkManager")
        equal([path for path in FILES if scene.has(path)], [], "files")
        equal(scene.aws.account, {SETTING: "enabled"})


def test_table_of_limits_is_made_from_its_data():
    made = subprocess.run([sys.executable, "-c", "import importlib.machinery as m, importlib.util as u, sys; sys.dont_write_bytecode = True;"
                           "l = m.SourceFileLoader('t', sys.argv[1]); t = u.module_from_spec(u.spec_from_loader('t', l)); l.exec_module(t);"
                           "print(t.table(), end='')", f"{TOP}/tests/trunk-limits"], capture_output=True, text=True, check=True).stdout
    with open(f"{TOP}/bootstrap/trunk-limits-table.c", encoding="utf-8") as file:
        equal(file.read(), made, "bootstrap/trunk-limits-table.c")


if __name__ == "__main__":
    tap.main()
