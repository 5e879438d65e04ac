"""amazon-ecs-volume-plugin over its socket, with mounts that hang, fail, babble and lie."""

import concurrent.futures
import contextlib
import json
import os
import re
import signal
import socket
import stat
import sys
import time

sys.path.insert(0, f"{os.path.dirname(os.path.abspath(__file__))}/../lib")
import program
import tap
from notify import Notify
from tap import between, check, contains, each, equal, lacks, matches, wait_until
from volumes import LOG, NAME, OPTIONS, ROOT_LINE, SOCKET, STATE, VOLUMES, Client, Plugin, seconds

HANG = "sleep 1000"
V1 = f"{VOLUMES}/v1"


def peer_state(**volumes):
    return json.dumps({"volumes": {name: {"type": "efs", "path": f"{VOLUMES}/{name}", "options": OPTIONS,
                                          "createdAt": "2026-01-02T03:04:05.678Z", **more} for name, more in volumes.items()}},
                      indent="\t")


# --- protocol ---------------------------------------------------------------------

def test_a_volume_from_create_to_remove():
    with Plugin() as plugin:
        docker = plugin.client()
        equal(docker.does("Activate"), {"Implements": ["VolumeDriver"]})
        equal(docker.does("Capabilities"), None)
        equal(docker.does("List"), {"Volumes": []})
        docker.fails("Get", "volume v1 not found", Name="v1")
        equal(docker.create("v1"), {})
        equal(plugin.calls(), [], "commands at Create")
        check(plugin.folder("v1"), "no folder")
        equal(stat.S_IMODE(os.stat(plugin.root.at(V1)).st_mode), 0o700, "mode of the folder")
        got = docker.does("Get", Name="v1")["Volume"]
        equal((got["Name"], got["Mountpoint"]), ("v1", V1))
        matches(got["CreatedAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?(Z|[+-]\d\d:\d\d)$")
        equal(docker.does("Mount", Name="v1", ID="a"), {"Mountpoint": V1})
        equal(docker.does("Path", Name="v1"), {"Mountpoint": V1})
        equal(plugin.state()["v1"], {"type": "efs", "path": V1, "options": OPTIONS, "createdAt": got["CreatedAt"], "mounts": {"a": 1}})
        equal(docker.does("Unmount", Name="v1", ID="a"), {})
        equal(docker.does("Remove", Name="v1"), {})
        equal(plugin.calls(), [f"mount -t efs -o tls,iam fs-1:/ {V1}", f"umount -l {V1}"])
        check(not plugin.folder("v1"), "the folder is still there")
        equal(plugin.read(STATE), "{}")
        equal(docker.does("List"), {"Volumes": []})


@each(no_options=({}, f"mount -t efs fs-1:/ {V1}"), no_type=({"type": "", "o": "tls"}, f"mount -t efs -o tls fs-1:/ {V1}"),
      s3files=({"type": "s3files"}, f"mount -t s3files fs-1:/ {V1}"), target=({"target": "/mnt/x"}, "mount -t efs fs-1:/ /mnt/x"))
def test_command_line(options, line):
    with Plugin() as plugin:
        docker = plugin.client()
        docker.does("Create", Name="v1", Opts={"type": "efs", "device": "fs-1:/", **options})
        docker.does("Mount", Name="v1", ID="a")
        docker.does("Remove", Name="v1")
        equal(plugin.calls(), [line, f"umount -l {line.split()[-1]}"])


def test_a_target_is_neither_made_nor_removed():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1", target="/mnt/x")
        check(not plugin.folder("v1") and not os.path.exists(plugin.root.at("/mnt/x")), "a folder was made")
        os.makedirs(plugin.root.at("/mnt/x"))
        docker.does("Remove", Name="v1")
        check(os.path.isdir(plugin.root.at("/mnt/x")), "the user's folder is gone")


@each(exists=("Create", {"Name": "v1"}, "volume v1 already exists"),
      a_type=("Create", {"Name": "v2", "Opts": {"type": "tmpfs"}}, "volume tmpfs type not supported"),
      no_name=("Create", {}, "no volume in the request"),
      mount_no_name=("Mount", {"ID": "a"}, "no volume in the request"),
      mount_no_id=("Mount", {"Name": "v1"}, "no mount ID in the request"),
      mount_unknown=("Mount", {"Name": "v2", "ID": "a"}, "volume v2 not found"),
      unmount_no_id=("Unmount", {"Name": "v1", "ID": None}, "no mount ID in the request"),
      unmount_unknown=("Unmount", {"Name": "v2", "ID": "a"}, "volume v2 not found"),
      remove_unknown=("Remove", {"Name": "v2"}, "volume v2 not found"), path_unknown=("Path", {"Name": "v2"}, "volume v2 not found"))
def test_error(method, members, text):
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        equal(docker.fails(method, "", **members), text)


@each(device=({"type": "efs"}, "failed to mount volume v1: missing required fields: [device]"),
      dash=({"device": "-o"}, "failed to mount volume v1: device not allowed"))
def test_mount_without_what_it_needs(options, text):
    with Plugin() as plugin:
        docker = plugin.client()
        docker.does("Create", Name="v1", Opts=options)
        docker.fails("Mount", text, Name="v1", ID="a")
        equal(plugin.calls(), [])


@each(up="../x", far="../../../../tmp/x", absolute="/tmp/x", slash="a/b", dot=".", dots="..", line="a\nb", delete="a\x7f", long="x" * 256,
      page="y" * 4096)
def test_name_that_is_not_allowed(name):
    with Plugin() as plugin:
        docker = plugin.client()
        wait_until(lambda: os.path.exists(plugin.root.at(STATE)), what="the first state file")
        before = sorted(os.walk(plugin.root.path))
        docker.fails("Create", "not allowed", Name=name, Opts=OPTIONS)
        equal(sorted(os.walk(plugin.root.path)), before, "files")
        docker.fails("Remove", "not found", Name=name)
        equal(docker.does("List"), {"Volumes": []})


@each(relative="mnt", root="/", dots="/mnt/../etc", control="/mnt\n")
def test_target_that_is_not_allowed(target):
    with Plugin() as plugin:
        plugin.client().fails("Create", "not allowed", Name="v1", Opts={**OPTIONS, "target": target})


def test_a_link_in_place_of_the_folder_is_not_followed():
    with Plugin() as plugin:
        os.makedirs(plugin.root.at("/etc"))
        os.symlink(plugin.root.at("/etc"), plugin.root.at(V1))
        plugin.client().fails("Create", "cannot create mount point", Name="v1", Opts=OPTIONS)


@each(get=("GET", 405), put=("PUT", 405), delete=("DELETE", 405))
def test_method(method, status):
    with Plugin() as plugin:
        equal(plugin.client().raw("/VolumeDriver.List", method=method)[0], status)


@each(empty=b"", text=b"hello", cut=b'{"Name":"v', list=b"[]", number=b'{"Name":1}', nul=b'{"Name":"a\\u0000"}', deep=b"[" * 1000,
      binary=bytes(range(256)), options=b'{"Name":"v","Opts":{"o":1}}')
def test_body_that_is_no_request(body):
    with Plugin() as plugin:
        docker = plugin.client()
        status, text = docker.raw("/VolumeDriver.Create", body)
        equal(status, 400)
        contains(text, "read the request: ")
        equal(docker.does("List"), {"Volumes": []}, "on the same connection")


def test_limits_of_http():
    with Plugin() as plugin:
        docker = plugin.client()
        equal(docker.raw("/VolumeDriver.Create", b" " * 70000)[0], 413)
        equal(docker.raw("/VolumeDriver.Nothing")[0], 404)
        equal(docker.raw("/")[0], 404)
        status = docker.raw("/VolumeDriver.List", headers={"X-Long": "x" * 20000})[0]
        check(status in (413, 431), f"status {status} for 20 000 bytes of header")
        equal(plugin.client().does("List"), {"Volumes": []})


def test_chunked_and_late_bodies():
    with Plugin() as plugin:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(plugin.root.at(SOCKET))
            s.sendall(b"POST /VolumeDriver.Create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in (b'{"Name"', b':"v1"}'):
                time.sleep(0.1)
                s.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            s.sendall(b"0\r\n\r\n")
            contains(s.recv(4096), b"200 OK")
        check(plugin.folder("v1"), "no folder")


def test_garbage_on_the_socket():
    with Plugin() as plugin:
        for noise in (b"\0" * 5000, b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"\x16\x03\x01" + b"x" * 300):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(plugin.root.at(SOCKET))
                with contextlib.suppress(OSError):
                    s.sendall(noise)
        equal(plugin.client().does("List"), {"Volumes": []})


# --- counting ---------------------------------------------------------------------

def test_two_containers_and_a_copy():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        for mount in ("a", "b", "a", "a"):      # docker cp asks again with the container's ID
            docker.does("Mount", Name="v1", ID=mount)
        equal(plugin.state()["v1"]["mounts"], {"a": 3, "b": 1})
        for mount in ("a", "a", "b"):
            docker.does("Unmount", Name="v1", ID=mount)
        equal(len(plugin.calls()), 1, "commands so far")
        docker.does("Unmount", Name="v1", ID="a")
        equal(plugin.mounted(), [])
        equal(docker.does("Unmount", Name="v1", ID="a"), {}, "an Unmount too many")
        equal(len(plugin.calls()), 2, "commands")
        lacks(plugin.state()["v1"], "mounts")


def test_remove_unmounts():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        docker.does("Mount", Name="v1", ID="a")
        docker.does("Remove", Name="v1")
        equal((plugin.mounted(), plugin.state()), ([], {}))


def test_somebody_unmounts_behind_its_back():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        docker.does("Mount", Name="v1", ID="a")
        plugin.write("/proc/self/mountinfo", ROOT_LINE)
        docker.does("Mount", Name="v1", ID="b")
        equal(plugin.mounted(), [V1])
        for mount in ("a", "b"):
            docker.does("Unmount", Name="v1", ID=mount)
        equal(plugin.mounted(), [])


def test_mounts_upon_each_other_are_all_unmounted():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        docker.does("Mount", Name="v1", ID="a")
        line = plugin.read("/proc/self/mountinfo").splitlines()[1]
        plugin.write("/proc/self/mountinfo", ROOT_LINE + f"{line}\n" * 3)
        docker.does("Unmount", Name="v1", ID="a")
        equal(plugin.mounted(), [])


# --- mounts that fail -------------------------------------------------------------

@each(words=("echo 'mount.efs: bad thing' >&2; exit 1", "mounting volume failed: mount.efs: bad thing"),
      on_stdout=("echo words on stdout; exit 1", "words on stdout"),
      silent=("exit 32", "exit status 32, and not a word"), signal=("kill -SEGV $$", "ended by signal 11"),
      access=("echo 'mount.nfs4: access denied by server while mounting 127.0.0.1:/' >&2; exit 32", "elasticfilesystem:ClientMount"),
      helper=("echo \"mount: x: unknown filesystem type 's3files'.\" >&2; exit 32", "there is no mount.s3files on this host"),
      flood=("head -c 3000000 /dev/urandom; exit 1", "failed to mount volume v1: mounting volume failed: "),
      a_lie=("exit 0", "nothing is mounted at"))
def test_mount_that_fails(script, part):
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order(script)
        text = docker.fails("Mount", part, Name="v1", ID="a")
        contains(text, "failed to mount volume v1: mounting volume failed: ")
        check("\n" not in text and len(text) < 1300, f"no line: {text!r}")
        lacks(plugin.state()["v1"], "mounts")
        plugin.order("")
        docker.does("Mount", Name="v1", ID="b")


def test_mount_that_fails_and_is_there():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order('echo "99 22 0:99 / $target rw - nfs4 x rw" >>"$mountinfo"; echo half done >&2; exit 1')
        docker.fails("Mount", "half done", Name="v1", ID="a")
        equal(plugin.mounted(), [])


def test_no_mount_program():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.stop()
        plugin.env["PATH"] = "/nonexistent"
        plugin.start()
        plugin.client().fails("Mount", "run 'mount': No such file or directory", Name="v1", ID="a")


def test_a_hanging_mount_ends_at_its_deadline():
    with Plugin(limit=1) as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order("echo waiting for the server >&2; trap '' TERM; sleep 1000; sleep 1000")
        begin = time.monotonic()
        text = docker.fails("Mount", "it has not ended within 1 s and was killed", Name="v1", ID="a")
        between(time.monotonic() - begin, 0.9, 2.5, "seconds")
        contains(text, "waiting for the server")
        lacks(text, "context deadline exceeded")    # newer agents retry upon these words
        plugin.order("")
        # SIGKILL comes 2 s after SIGTERM; who asks meanwhile waits for the old one to go and is served then
        docker.fails("Mount", "a mount that was begun", Name="v1", ID="b")
        wait_until(lambda: docker.call("Mount", Name="v1", ID="b")[0] == 200, 10, "mount after the dead one")
        equal(plugin.mounted(), [V1])


def test_a_mount_that_comes_up_when_nobody_waits_any_more_is_undone():
    with Plugin(limit=1) as plugin:
        docker = plugin.client()
        docker.create("v1")
        # at SIGTERM, of all times, it is mounted
        plugin.order('trap \'echo "99 22 0:99 / $target rw - nfs4 x rw" >>"$mountinfo"; exit 0\' TERM; sleep 1000 & wait')
        docker.fails("Mount", "has not ended", Name="v1", ID="a")
        wait_until(lambda: len(plugin.calls()) == 2, what="the umount")
        wait_until(lambda: plugin.mounted() == [], what="unmounted")


def test_dockerd_that_hangs_up_during_a_mount():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order(f'while [ ! -e "{plugin.mounts}/go" ]; do sleep 0.02; done')
        impatient = plugin.client()
        impatient.connection.request("POST", "/VolumeDriver.Mount", json.dumps({"Name": "v1", "ID": "a"}))
        wait_until(lambda: plugin.calls(), what="the mount")
        impatient.close()
        plugin.process.wait_to_say("has hung up")
        open(plugin.mounts + "/go", "w").close()
        wait_until(lambda: len(plugin.calls()) == 2, what="the umount")
        wait_until(lambda: plugin.mounted() == [], what="unmounted")
        lacks(plugin.state()["v1"], "mounts")
        docker.does("Mount", Name="v1", ID="b")
        equal(plugin.state()["v1"]["mounts"], {"b": 1})


def test_one_of_two_that_wait_hangs_up():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order(f'while [ ! -e "{plugin.mounts}/go" ]; do sleep 0.02; done')
        with concurrent.futures.ThreadPoolExecutor() as pool:
            impatient = plugin.client()
            impatient.connection.request("POST", "/VolumeDriver.Mount", json.dumps({"Name": "v1", "ID": "a"}))
            wait_until(lambda: plugin.calls(), what="the mount")
            patient = pool.submit(plugin.client().does, "Mount", Name="v1", ID="b")
            impatient.close()
            plugin.process.wait_to_say("has hung up")
            open(plugin.mounts + "/go", "w").close()
            equal(patient.result(10), {"Mountpoint": V1})
        equal((plugin.state()["v1"]["mounts"], len(plugin.calls())), ({"b": 1}, 1))


def test_many_wait_for_one_mount_of_the_same_volume():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order("sleep 0.5")
        clients = [plugin.client() for _ in range(20)]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda n: clients[n].does("Mount", Name="v1", ID=f"id{n}"), range(20)))
        equal(len(plugin.calls()), 1, "mounts")
        equal(len(plugin.state()["v1"]["mounts"]), 20)


def test_many_share_one_failure():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order("sleep 0.5; echo bad >&2; exit 1")
        clients = [plugin.client() for _ in range(10)]
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda n: clients[n].fails("Mount", "failed: bad", Name="v1", ID=f"id{n}"), range(10)))
        equal(len(plugin.calls()), 1, "mounts")


# --- umounts ----------------------------------------------------------------------

def test_umount_that_fails():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        docker.does("Mount", Name="v1", ID="a")
        plugin.order("echo 'umount: target is busy.' >&2; exit 32", "umount")
        equal(docker.fails("Unmount", "", Name="v1", ID="a"),
              "failed to unmount volume v1: unmounting volume failed: umount: target is busy.")
        equal(docker.fails("Remove", "", Name="v1"), "unmounting volume failed: umount: target is busy.")
        docker.fails("Unmount", "target is busy", Name="v1", ID="a")   # the peer says {} here
        equal(plugin.state()["v1"]["mounts"], {"a": 1})
        plugin.order("", "umount")
        docker.does("Unmount", Name="v1", ID="a")
        docker.does("Remove", Name="v1")


def test_umount_that_fails_and_yet_is_gone():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        docker.does("Mount", Name="v1", ID="a")
        plugin.order("head -n 1 $mountinfo >$mountinfo.new; mv $mountinfo.new $mountinfo; echo strange >&2; exit 32", "umount")
        docker.does("Unmount", Name="v1", ID="a")
        docker.does("Remove", Name="v1")


GONE = "head -n 1 $mountinfo >$mountinfo.new; mv $mountinfo.new $mountinfo; "


def test_an_umount_that_has_done_its_work_and_does_not_end():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        docker.does("Mount", Name="v1", ID="a")
        plugin.order(GONE + HANG, "umount")     # as one whose server is dead
        between(seconds(docker.does, "Unmount", Name="v1", ID="a"), 0, 3, "seconds for Unmount")
        lacks(plugin.state()["v1"], "mounts")
        docker.does("Mount", Name="v1", ID="b")
        equal(plugin.mounted(), [V1], "mounts while the umount lingers")
        between(seconds(docker.does, "Remove", Name="v1"), 0, 3, "seconds for Remove")
        equal((plugin.mounted(), plugin.state()), ([], {}))
        between(seconds(plugin.stop), 0, 3, "seconds for the end")


def test_a_failed_mount_is_told_though_its_umount_does_not_end():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order('echo "99 22 0:99 / $target rw - nfs4 x rw" >>"$mountinfo"; echo half done >&2; exit 1')
        plugin.order(GONE + HANG, "umount")
        between(seconds(docker.fails, "Mount", "half done", Name="v1", ID="a"), 0, 3, "seconds for Mount")


def test_an_umount_that_is_slow_and_not_yet_done_is_waited_for():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        docker.does("Mount", Name="v1", ID="a")
        plugin.order("sleep 1", "umount")
        between(seconds(docker.does, "Unmount", Name="v1", ID="a"), 0.9, 4, "seconds for Unmount")
        equal(plugin.mounted(), [])


# --- nothing else waits -----------------------------------------------------------

def test_twenty_hanging_mounts_keep_nobody_else_waiting():
    with Plugin() as plugin:
        docker = plugin.client()
        for n in range(20):
            docker.create(f"hang{n}")
            plugin.order(HANG, name=f"hang{n}")
        docker.create("free")
        hanging = [plugin.client() for _ in range(20)]
        for n, client in enumerate(hanging):
            client.connection.request("POST", "/VolumeDriver.Mount", json.dumps({"Name": f"hang{n}", "ID": "a"}))
        wait_until(lambda: len(plugin.calls()) == 20, 20, "20 mounts")
        times = sorted(seconds(docker.does, "Get", Name=f"hang{n % 20}") for n in range(200))
        between(times[len(times) // 2] * 1000, 0, 5, "ms for a Get, median")
        for method in ("Path", "Get", "List", "Capabilities"):
            between(min(seconds(docker.does, method, Name="hang3") for _ in range(5)) * 1000, 0, 5, f"ms for {method}")
        between(seconds(docker.does, "Mount", Name="free", ID="b"), 0, 3, "seconds for another Mount")
        docker.does("Unmount", Name="free", ID="b")
        docker.does("Remove", Name="free")
        docker.create("another")


def test_two_hundred_volumes_at_once():
    with Plugin() as plugin:
        def life(n):
            docker = plugin.client()
            docker.create(f"v{n}")
            docker.does("Mount", Name=f"v{n}", ID="a")
            docker.does("Get", Name=f"v{n}")
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            list(pool.map(life, range(200)))
        equal(len(plugin.mounted()), 200, "mounts")
        equal(len(plugin.state()), 200, "volumes in the state file")
        plugin.stop()
        plugin.start()

        def death(n):
            docker = plugin.client()
            docker.does("Unmount", Name=f"v{n}", ID="a")
            docker.does("Remove", Name=f"v{n}")
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            list(pool.map(death, range(200)))
        equal((plugin.mounted(), plugin.state(), os.listdir(plugin.root.at(VOLUMES))), ([], {}, []))


def test_more_mounts_than_may_run_take_turns():
    with Plugin() as plugin:
        docker = plugin.client()
        plugin.order(f'while [ ! -e "{plugin.mounts}/go" ]; do sleep 0.05; done')
        for n in range(70):
            docker.create(f"v{n}")
        clients = [plugin.client() for _ in range(70)]
        with concurrent.futures.ThreadPoolExecutor(70) as pool:
            work = [pool.submit(clients[n].does, "Mount", Name=f"v{n}", ID="a") for n in range(70)]
            wait_until(lambda: len(plugin.calls()) >= 64, 20, "64 mounts")
            time.sleep(0.5)
            equal(len(plugin.calls()), 64, "mounts at once")
            open(plugin.mounts + "/go", "w").close()
            for one in work:
                one.result(30)
        equal(len(plugin.mounted()), 70)


# --- its state --------------------------------------------------------------------

def test_killed_in_the_middle():
    with Plugin() as plugin:
        docker = plugin.client()
        for name in ("v1", "v2", "v3"):
            docker.create(name)
        docker.does("Mount", Name="v1", ID="a")
        plugin.order("sleep 1", name="v2")
        plugin.client().connection.request("POST", "/VolumeDriver.Mount", json.dumps({"Name": "v2", "ID": "b"}))
        wait_until(lambda: len(plugin.calls()) == 2, what="the second mount")
        plugin.stop(signal.SIGKILL)
        check(os.path.exists(plugin.root.at(SOCKET)), "no stale socket to replace")
        plugin.start()
        docker = plugin.client()
        equal(docker.does("List"), {"Volumes": [{"Name": n} for n in ("v1", "v2", "v3")]})
        wait_until(lambda: len(plugin.mounted()) == 2, what="the mount of the dead plugin")
        docker.does("Mount", Name="v2", ID="b")     # dockerd asks again
        equal(sorted(plugin.mounted()), [V1, f"{VOLUMES}/v2"], "mounts, each once")
        docker.does("Unmount", Name="v1", ID="a")
        docker.does("Unmount", Name="v2", ID="b")
        equal(plugin.mounted(), [])


def test_after_a_reboot():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        docker.does("Mount", Name="v1", ID="a")
        plugin.stop()
        plugin.write("/proc/self/mountinfo", ROOT_LINE)
        plugin.start()
        plugin.process.wait_to_say("v1 is not mounted any more")
        wait_until(lambda: "mounts" not in plugin.state()["v1"], what="state file without the mounts")
        docker = plugin.client()
        docker.does("Unmount", Name="v1", ID="a")
        docker.does("Mount", Name="v1", ID="c")
        equal(plugin.mounted(), [V1])


def test_the_peers_file_and_back():
    with Plugin() as plugin:
        plugin.stop()
        text = peer_state(v1={"mounts": {"a": 2}}, v2={"mounts": {"old": None, "zero": 0}}, v3={})
        plugin.write(STATE, text)
        plugin.write("/proc/self/mountinfo", ROOT_LINE + "".join(f"9 1 0:9 / {VOLUMES}/{v} rw - nfs4 x rw\n" for v in ("v1", "v2")))
        plugin.start()
        docker = plugin.client()
        equal(docker.does("Get", Name="v1")["Volume"]["CreatedAt"], "2026-01-02T03:04:05.678Z")
        docker.does("Mount", Name="v1", ID="a")
        equal(plugin.calls(), [])
        equal(plugin.state()["v1"]["mounts"], {"a": 3})
        equal(plugin.state()["v2"]["mounts"], {"old": 1, "zero": 1})
        contains(plugin.read(STATE), '\t\t"v1": {\n\t\t\t"type": "efs",\n\t\t\t"path": ')
        equal(stat.S_IMODE(os.stat(plugin.root.at(STATE)).st_mode), 0o600)


@each(truncated=peer_state(v1={"mounts": {"a": 1}})[:120], empty="", binary="\0\1\2", other="[1,2]", blanks="\n\n")
def test_state_file_that_is_damaged(text):
    with Plugin() as plugin:
        plugin.stop()
        plugin.write(STATE, text)
        plugin.write("/proc/self/mountinfo", ROOT_LINE + f"9 1 0:9 / {V1} rw - nfs4 127.0.0.1:/ rw\n9 1 0:9 / {V1}/below rw - tmpfs x rw\n")
        plugin.start()
        plugin.process.wait_to_say("is damaged: .*")
        docker = plugin.client()
        equal(docker.does("List"), {"Volumes": [{"Name": "v1"}]}, "rebuilt from mountinfo")
        aside = [f for f in os.listdir(os.path.dirname(plugin.root.at(STATE))) if re.fullmatch(r"ecs_volume_plugin\.json\.corrupt-\d{8}T\d{6}Z", f)]
        equal(len(aside), 1, "files moved aside")
        equal(plugin.read(os.path.dirname(STATE) + "/" + aside[0]), text)
        wait_until(lambda: os.path.exists(plugin.root.at(STATE)), what="a new state file")
        equal(docker.does("Mount", Name="v1", ID="n"), {"Mountpoint": V1})
        docker.does("Unmount", Name="v1", ID="unknown")
        equal(plugin.calls(), [], "commands")
        docker.does("Remove", Name="v1")
        equal(plugin.calls(), [f"umount -l {V1}"])


def test_one_damaged_volume_does_not_take_the_others_along():
    with Plugin() as plugin:
        plugin.stop()
        plugin.write(STATE, peer_state(v1={}, v2={"mounts": ["a"]}))
        plugin.start()
        plugin.process.wait_to_say("volume 'v2': its mounts is no object")
        equal(plugin.client().does("List"), {"Volumes": [{"Name": "v1"}]})


def test_what_a_newer_version_knows_is_kept():
    with Plugin() as plugin:
        plugin.stop()
        newer = json.loads(peer_state(v1={"type": "lustre", "quota": 7}, v2={}))
        plugin.write(STATE, json.dumps({"version": 2, **newer}))
        plugin.start()
        docker = plugin.client()
        equal(docker.fails("Mount", "", Name="v1", ID="a"), "Volume v1's driver type lustre not supported: volume lustre type not supported")
        docker.does("Remove", Name="v2")
        state = json.loads(plugin.read(STATE))
        equal((state["version"], state["volumes"]["v1"]["quota"]), (2, 7))
        docker.does("Remove", Name="v1")


def test_a_name_from_an_old_file_that_leads_out():
    with Plugin() as plugin:
        plugin.stop()
        os.makedirs(plugin.root.at("/etc/x"))
        plugin.write(STATE, json.dumps({"volumes": {"../../../../etc/x": {"path": "/etc/x", "options": OPTIONS}}}))
        plugin.start()
        docker = plugin.client()
        docker.fails("Mount", "leads out", Name="../../../../etc/x", ID="a")
        docker.does("Remove", Name="../../../../etc/x")
        check(os.path.isdir(plugin.root.at("/etc/x")), "a folder outside was removed")
        equal(plugin.state(), {})


def test_a_mount_that_no_volume_knows_is_told():
    with Plugin() as plugin:
        plugin.stop()
        plugin.write("/proc/self/mountinfo", ROOT_LINE + f"9 1 0:9 / {VOLUMES}/stranger rw - nfs4 x rw\n")
        plugin.start()
        plugin.process.wait_to_say("stranger is mounted, and no volume has this path")
        equal(plugin.client().does("List"), {"Volumes": []})


def test_a_state_that_cannot_be_saved():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        data = os.path.dirname(plugin.root.at(STATE))
        os.rename(data, data + ".away")
        docker.does("Create", Name="v2", Opts=OPTIONS)      # as the peer: logged only
        contains(docker.fails("Mount", "", Name="v1", ID="a"), "mount failed due to an error while saving state: ")
        wait_until(lambda: plugin.mounted() == [], what="rolled back")
        os.rename(data + ".away", data)
        docker.does("Mount", Name="v1", ID="b")
        equal(plugin.state()["v1"]["mounts"], {"b": 1})


# --- its socket -------------------------------------------------------------------

def test_socket_of_its_own():
    with Plugin() as plugin:
        path = plugin.root.at(SOCKET)
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o660, "mode")
        equal(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o755, "mode of the folder")
        second = program.run(plugin.argv(), plugin.env).exits(1)
        second.says("another process serves it")
        plugin.client().create("v1")
        plugin.stop().exits(0)
        check(not os.path.exists(path), "the socket is left behind")
        plugin.write(SOCKET, "no socket")
        program.run(plugin.argv(), plugin.env).exits(1).says("no socket")
        equal(plugin.read(SOCKET), "no socket")
        os.remove(path)
        plugin.start()
        contains(plugin.read(LOG), 'level=info time=')


def activated(plugin, listen=True):
    """What systemd does: the socket as descriptor 3, and LISTEN_PID the program's own."""
    path = plugin.root.at("/passed.sock")
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    if listen:
        listener.listen(16)

    def enter():
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)

    script = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
    process = program.Started(["sh", "-c", script, "sh", *plugin.argv()], plugin.env, preexec_fn=enter, close_fds=False)
    return listener, path, process


def test_socket_of_systemd():
    with Plugin() as plugin:
        plugin.stop()
        listener, path, plugin.process = activated(plugin)
        with listener:
            docker = Client(path)       # before it is up: the request waits in the socket
            plugin.order('env >"$FAKE_MOUNTS/env"')
            docker.create("v1")
            docker.does("Mount", Name="v1", ID="a")
            docker.close()
            with open(plugin.mounts + "/env", encoding="utf-8") as file:
                lacks(file.read(), "LISTEN_", "environment of mount")
            check(not os.path.exists(plugin.root.at(SOCKET)), "a socket of its own beside it")
            contains(plugin.process.err, "on the socket of systemd")
            plugin.stop().exits(0)
            check(os.path.exists(path), "systemd's socket was removed")


def test_a_passed_socket_that_does_not_listen():
    with Plugin() as plugin:
        plugin.stop()
        listener, _, process = activated(plugin, listen=False)
        with listener, process:
            process.end().exits(1).says("wanted one unix socket that listens")


def test_it_tells_systemd():
    with Plugin() as plugin:
        plugin.stop()
        notify = Notify(plugin.root.at("/notify"))
        plugin.env.update(NOTIFY_SOCKET=notify.path, WATCHDOG_USEC="400000")
        plugin.start()

        def told():
            notify.poll()
            return "\n".join(message for _, message in notify.messages)
        wait_until(lambda: "READY=1" in told() and "WATCHDOG=1" in told(), what="READY=1 and WATCHDOG=1")
        plugin.stop().exits(0)
        contains(told(), "STOPPING=1")
        notify.close()


def test_SIGTERM_ends_the_mounts_that_run():
    with Plugin() as plugin:
        docker = plugin.client()
        docker.create("v1")
        plugin.order('echo $$ >"$FAKE_MOUNTS/pid"; sleep 1000')
        plugin.client().connection.request("POST", "/VolumeDriver.Mount", json.dumps({"Name": "v1", "ID": "a"}))
        wait_until(lambda: os.path.exists(plugin.mounts + "/pid"), what="the mount")
        plugin.stop().exits(0).within(60)
        with open(plugin.mounts + "/pid", encoding="ascii") as file:
            pid = int(file.read())
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), what="end of the mount")
        lacks(plugin.state()["v1"], "mounts")


@each(zero="0", more="111", word="soon", minus="-1")
def test_limit_that_is_none(limit):
    with Plugin(limit=limit) as plugin:
        contains(plugin.process.err, "is no number of seconds from 1 to 110; 100 is taken")


@each(unknown=("--nonsense",), lonely=("--root",), word=("start",))
def test_usage(*arguments):
    program.run([program.path_of(NAME), *arguments]).exits(2).says("Usage: amazon-ecs-volume-plugin")


if __name__ == "__main__":
    tap.main()
