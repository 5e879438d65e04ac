"""What happens to an instance that has long booted: one machine, one event after the other, watched from inside and outside."""

import dataclasses
import functools

import rows
import tap
import userdata as ud
from boot import Scenario, boot

WINDOW = 15     # seconds after the event in which it is watched, as the peer was
TARGETS = "agent=127.0.0.1:51678/v1/metadata credentials=169.254.170.2:80/v2/credentials/boot"
PREPARE = (f"setsid probe /report/inside.log {TARGETS} >/dev/null 2>&1 </dev/null & "
           "docker run -d --name task amazon/amazon-ecs-agent:latest >/dev/null; sleep 2")
STATE = ("docker inspect -f '{{.Id}} {{.State.Running}}' ecs-agent; systemctl is-active ecs; systemctl show -p StatusText --value ecs; "
         "iptables -t nat -S | grep -c 51679; docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Running}}' task; "
         "docker exec task /fetch 169.254.170.2 80 /v2/credentials/task | grep -c AccessKeyId")
PID = "systemctl show -p MainPID --value ecs"
# The kernel's own: a cgroup of the first hierarchy's memory controller with room for one page. The signal makes the supervisor ask for more.
OOM = f"""set -e; m=/tmp/memory; mkdir -p $m; mount -t cgroup -o memory none $m; g=$m/ecs-boot-oom; mkdir $g
pid=$({PID}); echo $pid >$g/cgroup.procs; echo 4096 >$g/memory.limit_in_bytes; kill -HUP $pid
for i in $(seq 50); do [ -e /proc/$pid ] || break; sleep 0.02; done
grep '^oom_kill ' $g/memory.oom_control; rmdir $g; umount $m"""
UPGRADE = "dpkg -i /var/tmp/ours.deb >/tmp/dpkg 2>&1; echo dpkg $?; grep -i -e error -e fail /tmp/dpkg"
# Nobody puts the rules back while the supervisor sleeps: shows that the look from outside would see it.
BLIND = f"pid=$({PID}); kill -STOP $pid; iptables -F; sleep 2; kill -CONT $pid"


@dataclasses.dataclass(frozen=True)
class Event:
    """Bounds are seconds; None: none."""
    command: str
    agent: float | None = 0.5       # the agent may not answer for so long
    credentials: float | None = 0.5
    port_open: float = 0            # the introspection port may be open to others for so long
    same_agent: bool = True         # its container is the one from before
    output: str = ""                # a pattern of what the command must print
    peer: tuple = ("-", "-", "-")   # agent down, credentials down, port; its columns of the table


# Samples are some 40 ms apart, and one that fails takes 300 ms: that is the error of a figure, and what a bound of nothing allows.
EVENTS = {
    "supervisor: kill -9": Event(f"kill -9 $({PID})", peer=("0.4 (recreated)", "10.9", "blocked")),
    "supervisor: OOM kill": Event(OOM, output="^oom_kill [1-9]"),
    "systemctl restart docker": Event("systemctl restart docker", agent=6, credentials=6, same_agent=False, peer=("1.3", "1.3", "blocked")),
    "dockerd: kill -9": Event("systemctl reset-failed docker; kill -9 $(cat /run/docker.pid)", agent=3, credentials=3, same_agent=False,
                              peer=("12.1", "12.1", "blocked")),
    "iptables -F; -t nat -F": Event("iptables -F; iptables -t nat -F", credentials=1, port_open=1, peer=("0", "NEVER BACK", "OPEN")),
    "install of the package": Event(f"docker start task >/dev/null; sleep 1; {UPGRADE}", output="^dpkg 0"),
    "upgrade of the package": Event(UPGRADE, output="^dpkg 0"),
    "rules off, supervisor asleep": Event(BLIND, credentials=None, port_open=3.5),
}


def quoted(command):
    return "'" + command.replace("'", "'\\''") + "'"


def steps():
    yield PREPARE
    for event in EVENTS.values():
        yield STATE
        yield f"timeout 30 sh -c {quoted(event.command)}; sleep {WINDOW}"
    yield STATE


@functools.cache
def machine():
    ours, why = rows.package()
    if not ours:
        tap.skip(why)
    return boot(Scenario(ud.document("events").encode(), agent=rows.AGENT, outside=True, copies=((ours, "/var/tmp/ours.deb"),), steps=tuple(steps()),
                         seconds=60, steps_seconds=60 + len(EVENTS) * (WINDOW + 10)))


@dataclasses.dataclass
class Seen:
    agent: float = None         # seconds that it did not answer; None: it does not yet
    credentials: float = None
    open: float = None          # seconds that the port answered to others; None: it does still
    output: str = ""
    before: list = None
    after: list = None


def down(samples, begin, end, bad=False):
    """How long the samples were BAD, from the last other one before to the first other one after; None: they still are."""
    mine = [(when, good) for when, good in samples if begin <= when < end]
    found = [number for number, (_, good) in enumerate(mine) if good == bad]
    if not found:
        return 0.0
    if found[-1] == len(mine) - 1:
        return None
    first, last = found[0], found[-1] + 1
    return mine[last][0] - (mine[first - 1][0] if first else begin)


def seen(name):
    made = machine()
    done = made.need()["steps"]
    number = 2 + 2 * list(EVENTS).index(name)
    event, begin = done[number], done[number]["began"]
    end = begin + event["seconds"]
    samples = {of: [(when, good) for when, one, good in made.watched if one == of] for of in ("agent", "credentials", "introspection")}
    for of, found in samples.items():
        tap.check(len([when for when, _ in found if begin <= when < end]) > 10, f"{of} was not watched")
    return Seen(down(samples["agent"], begin, end), down(samples["credentials"], begin, end), down(samples["introspection"], begin, end, bad=True),
                event["output"], done[number - 1]["output"].splitlines(), done[number + 1]["output"].splitlines())


def within(got, bound, what):
    if bound is not None:
        tap.check(got is not None and got <= bound, f"{what}: {'still' if got is None else f'{got:.2f} s'}, wanted at most {bound} s")


def check(name):
    event, found = EVENTS[name], seen(name)
    if event.output:
        tap.matches(found.output, event.output, "what the event printed")
    agent, active, said, rules = found.after[:4]
    tap.check(agent.endswith(" true"), f"the agent does not run: {found.after}")
    tap.equal([active, rules], ["active", "2"], "ecs.service and rules")
    tap.matches(said, "^The agent runs in container ", "STATUS= of ecs.service")
    tap.equal(agent == found.before[0], event.same_agent, f"the same container, {found.before[0]} then {agent}")
    within(found.agent, event.agent, "the agent did not answer")
    within(found.credentials, event.credentials, "credentials were not there")
    within(found.open, event.port_open, "the introspection port was open to others")


def text(value):
    return "NEVER BACK" if value is None else f"{value:.2f}"


def table():
    from table import line
    head = ("event, watched for 15 s", "agent down", "credentials down", "port open to others", "the same container", "peer: agent", "peer: credentials", "peer: port")
    yield line(head)
    yield line(["---"] * len(head))
    for name, event in EVENTS.items():
        found = seen(name)
        yield line((name, text(found.agent), text(found.credentials), "STILL" if found.open is None else f"{found.open:.2f}",
                    "yes" if found.before[0] == found.after[0] else "no", *event.peer))
