"""What pre-start does on the host beside rules and image: GPUs, the AppArmor profile, complaints
about settings. Nothing of it may keep the agent from starting."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import tap
from supervisor import Instance
from tap import check, contains, each, equal, lacks, together

AMI, USER = "/var/lib/ecs/ecs.config", "/etc/ecs/ecs.config"
STATE = "/var/lib/ecs/gpu/nvidia-gpu-info.json"
GPU = "ECS_ENABLE_GPU_SUPPORT=true\n"
BOTH = '{"DriverVersion":"535.183.01","GPUIDs":["GPU-aaaa","GPU-bbbb"]}'
PROFILE = "/etc/apparmor.d/ecs-agent-default"
PROFILES = "/sys/kernel/security/apparmor/profiles"

library = tempfile.mkdtemp(prefix="nvml-")
atexit.register(shutil.rmtree, library, ignore_errors=True)
subprocess.run(["cc", "-shared", "-fPIC", "-o", f"{library}/libnvidia-ml.so.1", f"{HERE}/nvml.c"], check=True)


class Host(Instance):
    def __init__(self, gpu=True, **more):
        super().__init__(**more)
        self.write("/usr/bin/nsenter", "")
        if gpu:
            self.write(AMI, GPU)
            self.write("/dev/nvidia0", "")
            self.write("/dev/nvidiactl", "")

    def pre_start(self, seconds=10, **env):
        return self.verb("pre-start", 60, **env).exits(0).within(seconds)

    def nvml(self, wrong=None, **more):
        return self.pre_start(LD_LIBRARY_PATH=library, NVML_WRONG=wrong, **more)


def test_gpus_are_recorded():
    with Host() as i:
        result = i.nvml()
        equal(i.read(STATE), BOTH)
        equal((i.mode(STATE), i.mode("/var/lib/ecs/gpu"), i.mode("/var/lib/ecs")), (0o700, 0o700, 0o755))
        equal(result.lines, ["amazon-ecs-init: 2 GPUs, driver 535.183.01"])
        equal(os.listdir(i.at("/var/lib/ecs/gpu")), ["nvidia-gpu-info.json"])
        before = i.state("/var/lib")
        i.nvml()
        equal(i.state("/var/lib"), before, "state after a second pre-start")


def test_one_gpu_that_does_not_answer_leaves_the_others():
    with Host() as i:
        result = i.nvml("one")
        contains(i.read(STATE), '"GPUIDs":["GPU-')
        equal(result.lines[0], "amazon-ecs-init: find GPUs: ask GPU 0 for its id: GPU is lost (NVML error 15); 1 found")


BROKEN = {
    "init": "initialize libnvidia-ml.so.1: Driver Not Loaded (NVML error 9)",
    "driver": "ask for the driver's version: NVML error 999",
    "count": "count the GPUs: GPU is lost (NVML error 15)",
    "handle": "ask GPU 1 for its id: GPU is lost (NVML error 15)",
    "uuid": "ask GPU 1 for its id: GPU is lost (NVML error 15)",
    "none": "the driver names none",
    "crash": "ask NVML: it ended the process with signal 6",
    "exit": "the driver names none",
}


@each(**{name: (name, text) for name, text in BROKEN.items()})
def test_broken_driver_is_one_warning(wrong, text):
    broken_driver(wrong, text)


@together
def test_driver_that_hangs_is_one_warning():
    broken_driver("hang", "ask NVML: no answer in 20 s")


def broken_driver(wrong, text):
    with Host() as i:
        i.write(STATE, '{"DriverVersion":"1.0","GPUIDs":["GPU-old"]}')
        result = i.nvml(wrong, seconds=40)
        equal(result.lines, [f"amazon-ecs-init: find GPUs: {text}; the agent runs without GPU support"])
        check(not i.has(STATE), "a state file of another time is still there")


def test_ids_that_fill_their_field():
    with Host() as i:
        i.nvml("long")
        contains(i.read(STATE), '"' + "x" * 96 + '"')


@each(absent=(None, "load libnvidia-ml.so.1: libnvidia-ml.so.1: cannot open shared object file"),
      junk=("no library\n", "load libnvidia-ml.so.1: .*(file too short|invalid ELF header)"))
def test_no_library(text, words):
    with Host() as i, tempfile.TemporaryDirectory() as folder:
        if text:
            i.write("/lib/libnvidia-ml.so.1", text)
        result = i.pre_start(LD_LIBRARY_PATH=i.at("/lib"))
        equal(len(result.lines), 1)
        result.says(f"^amazon-ecs-init: find GPUs: {words}.*; the agent runs without GPU support$")


def test_library_without_the_calls():
    with Host() as i:
        subprocess.run(["cc", "-shared", "-o", i.at("/libnvidia-ml.so.1"), "-x", "c", "/dev/null"], check=True)
        i.pre_start(LD_LIBRARY_PATH=i.path).says("load libnvidia-ml.so.1: it lacks calls that are needed; the agent runs")


def test_proc_serves_without_the_library():
    with Host() as i:
        i.write("/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12\n")
        for address, uuid in (("0000:00:1f.0", "GPU-bbbb"), ("0000:00:1e.0", "GPU-aaaa"), ("0000:00:20.0", "GPU-????????")):
            i.write(f"/proc/driver/nvidia/gpus/{address}/information", f"Model: \t\t Tesla T4\nGPU UUID: \t {uuid}\n")
        result = i.pre_start()
        equal(i.read(STATE), BOTH)
        equal(len(result.lines), 2)
        result.says("find GPUs: load libnvidia-ml.so.1: .*; 2 found")


def test_user_asks_without_a_gpu():
    with Host(gpu=False) as i:
        i.write(STATE, "{}")
        i.write(USER, GPU)
        equal(i.pre_start().lines, ["amazon-ecs-init: GPU support is asked for, but there is no /dev/nvidia*; the agent runs without it"])
        check(not i.has(STATE), "the state file of GPUs that are gone is still there")


def test_nobody_asks():
    with Host() as i:
        i.write(AMI, "")
        equal(i.nvml().lines, [])
        check(not i.has(STATE), "GPUs were recorded though nobody asked")


def test_user_switches_off_what_the_ami_asks_for():
    with Host(gpu=False) as i:
        i.write(AMI, GPU)
        i.write(USER, "ECS_ENABLE_GPU_SUPPORT=false\n")
        equal(i.pre_start(2).lines, [])


@together
def test_ami_waits_for_the_devices():
    with Host(gpu=False) as i:
        i.write(AMI, GPU)
        with i.begin("pre-start", LD_LIBRARY_PATH=library) as waiting:
            waiting.wait_to_say("waiting up to 30 s for /dev/nvidia")
            check(i.notify.wait_for("STATUS=Waiting for GPU devices (/dev/nvidia*)", 5), "STATUS= does not say what is waited for")
            i.write("/dev/nvidia0", "")
            equal(waiting.end(10).code, 0)
        equal(i.read(STATE), BOTH)


@together
def test_waiting_is_done_once_a_boot():
    with Host(gpu=False) as i:
        i.write(AMI, GPU)
        first = i.pre_start(50)
        tap.between(first.seconds, 29, 50, "seconds")
        equal(first.lines[-1], "amazon-ecs-init: GPU support is asked for, but there is no /dev/nvidia*; the agent runs without it")
        i.pre_start(5)


# AppArmor. The kernel here may have none: its files are made up; the parser is a script that takes notes.

def apparmor(i, parser="exit 0", loaded=()):
    i.write("/sys/module/apparmor/parameters/enabled", "Y\n")
    i.write(PROFILES, "".join(f"{name} (enforce)\n" for name in loaded))
    i.write("/sbin/apparmor_parser", f'#!/bin/sh\necho "$@" >>{i.at("/parser.log")}\n{parser}\n', 0o755)


def asked(i):
    return i.read("/parser.log").splitlines() if i.has("/parser.log") else []


def test_profile_is_written_and_loaded():
    with Host(gpu=False) as i:
        apparmor(i)
        equal(i.pre_start().lines, ["amazon-ecs-init: loaded the AppArmor profile 'ecs-agent-default'"])
        equal(asked(i), [f"-Kr {i.at(PROFILE)}"])
        equal(i.mode(PROFILE), 0o644)
        contains(i.read(PROFILE), "@{PROC}=/proc/\n")
        lacks(i.read(PROFILE), "#include")
        i.write(PROFILES, "ecs-agent-default (enforce)\n")
        before = i.state("/etc")
        equal(i.pre_start().lines, [])
        equal((len(asked(i)), i.state("/etc")), (1, before), "what a second pre-start did")
        i.write(PROFILE, "changed by hand\n")
        i.pre_start()
        equal((len(asked(i)), i.read(PROFILE)[:9]), (2, "# Written"))


@each(refused=("echo 'AppArmor parser error: syntax error, line 3' >&2; exit 1",
               "apparmor_parser ended with 1: AppArmor parser error: syntax error, line 3"),
      killed=("kill -9 $$", "apparmor_parser ended with 137: "))
def test_profile_that_cannot_be_loaded_is_a_warning(parser, words):
    with Host(gpu=False) as i:
        apparmor(i, parser)
        result = i.pre_start()
        equal(len(result.lines), 1)
        contains(result.err, f"load '{PROFILE}': {words}")
        contains(result.err, "the agent runs under Docker's own profile")
        check(not i.has(PROFILE), "a profile that cannot be loaded was left behind")
        with i.start():
            i.wait_ready()
            check("SecurityOpt" not in i.docker.asked("create")[0].json["HostConfig"], "a profile that is not there was asked for")


def test_folder_that_cannot_be_written_is_a_warning():
    with Host(gpu=False) as i:
        apparmor(i)
        i.write("/etc/apparmor.d", "a file")
        i.pre_start().says(r"^amazon-ecs-init: make folder '/etc/apparmor.d': Not a directory; the agent runs under")


@each(without=(), tunables=("tunables/global",), base=("abstractions/base",), both=("tunables/global", "abstractions/base"))
def test_parser_of_apparmor_takes_the_profile(*includes):
    parser = shutil.which("apparmor_parser", path="/sbin:/usr/sbin")
    if not parser:
        tap.skip("apparmor_parser is not installed")
    with Host(gpu=False) as i:
        apparmor(i)
        for name in includes:
            i.write(f"/etc/apparmor.d/{name}", "@{PROC}=/proc/\n" if name.startswith("tunables") else "  capability,\n")
        i.pre_start()
        argv = [parser, "--skip-kernel-load", "--skip-cache", "--base", i.at("/etc/apparmor.d"), i.at(PROFILE)]
        found = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        check(found.returncode == 0, f"{found.stdout}\n{i.read(PROFILE)}")
        equal(i.read(PROFILE).count("#include"), len(includes))
        i.write(PROFILE, i.read(PROFILE).replace("deny mount", "deny mouse"))
        check(subprocess.run(argv, capture_output=True).returncode != 0, "the parser takes anything")


# Settings

def test_complaints_are_said():
    with Host(gpu=False) as i:
        i.write(USER, b'ECS_CLUSTER="prod"\nexport X=secret\nN=secret\0\nECS_LOG_OPTS=secret\n')
        result = i.pre_start()
        equal(result.lines, ["amazon-ecs-init: /etc/ecs/ecs.config:1: ECS_CLUSTER: the quotes belong to the value; the agent gets them too",
                             "amazon-ecs-init: /etc/ecs/ecs.config:3: N is passed over: its value holds a NUL byte",
                             "amazon-ecs-init: /etc/ecs/ecs.config:2: 1 line is passed over: not NAME=VALUE",
                             "amazon-ecs-init: ECS_LOG_OPTS: not a JSON object of strings; it is not used"])
        lacks(i.read("/var/log/ecs/ecs-init.log"), "secret")
        equal(i.pre_start().lines, [], "said twice on a boot")
        i.write(USER, b'ECS_CLUSTER="prod"\n')
        equal(len(i.pre_start().lines), 1)


@each(long_line=(b"A=" + b"x" * 1000000 + b"\nECS_CLUSTER=prod", 0), no_final_newline=(b"ECS_CLUSTER=prod", 0),
      only_nuls=(b"\0" * 5000 + b"\nECS_CLUSTER=prod", 0), no_text=(bytes(range(256)) * 100 + b"\nECS_CLUSTER=prod\n", 0),
      too_large=(b"A=1\n" * 300000, "read '/etc/ecs/ecs.config': larger than 1048576 bytes"))
def test_odd_env_files(data, words):
    with Host(gpu=False) as i:
        i.write(USER, data)
        if words:
            i.verb("pre-start").exits(255).says(words)
            return
        i.pre_start()
        with i.start():
            i.wait_ready()
        env = i.docker.asked("create")[0].json["Env"]
        contains(env, "ECS_CLUSTER=prod")
        check(all(len(e) < 131072 and "\0" not in e for e in env), "what no process takes was passed on")


def test_external_has_no_ebs_folder():
    with Host(gpu=False) as i:
        i.write(AMI, "ECS_EXTERNAL=true\n")
        i.pre_start().says("AWS_DEFAULT_REGION is not set")
        check(not i.has("/mnt/ecs/ebs"), "a folder for EBS was made where there is none")


@together
def test_realm_that_hangs_is_not_waited_for():
    with Host(gpu=False) as i:
        i.write(USER, "ECS_GMSA_SUPPORTED=true\n")
        i.write("/bin/realm", "#!/bin/sh\nexec sleep 300\n", 0o755)
        result = i.pre_start(20, PATH=f"{i.bin}:/usr/bin:/bin")
        contains(result.err, "names no domain")


if __name__ == "__main__":
    tap.main()
