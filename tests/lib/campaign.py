"""The same fault again and again, on an instance with a real dockerd: is the agent back soon each
time, is there never more than one, and does anything pile up?"""
import dataclasses
import os
import signal
import statistics
import time

import tap
from host import Host, Supervised

SOON = 10           # seconds, for each recovery
# the folders that our programs write to; temporary files stand beside what they become
WATCHED = ("/run/ecs", "/var/cache/ecs", "/var/lib/ecs", "/etc/ecs", "/var/log/ecs")


@dataclasses.dataclass
class Left:
    """What a supervisor holds, and what lies about."""
    descriptors: int
    children: int
    memory: int         # KiB of its own: what it shares with others says more of them
    files: list
    containers: list


@dataclasses.dataclass
class Figures:
    name: str
    seconds: list
    first: Left
    last: Left

    def row(self):
        return (f"{self.name:<40} {len(self.seconds):>4}  {statistics.median(self.seconds):>6.2f}  {max(self.seconds):>6.2f}  "
                f"{self.first.descriptors:>3} {self.last.descriptors:>3}  {self.first.children:>3} {self.last.children:>3}  "
                f"{len(self.first.files):>3} {len(self.last.files):>3}  {self.first.memory:>5} {self.last.memory:>5}")

    def check(self):
        """Raises tap.Failed."""
        tap.check(max(self.seconds) <= SOON, f"{self.name}: once it took {max(self.seconds):.1f} s")
        # one is held between two looks at the agent's introspection port
        tap.check(self.last.descriptors <= self.first.descriptors + 1, f"{self.name}: descriptors {self.first.descriptors}, {self.last.descriptors}")
        for what in ("children", "files", "containers"):
            tap.equal(getattr(self.last, what), getattr(self.first, what), f"{self.name}: {what}, first and last")
        tap.check(self.last.memory <= self.first.memory + 200,
                  f"{self.name}: memory grew from {self.first.memory} to {self.last.memory} KiB")


HEAD = (f"{'fault':<40} {'n':>4}  {'median':>6}  {'max':>6}  {'fds':>7}  {'child':>7}  {'files':>7}  {'own, KiB':>11}\n"
        f"{'':<40} {'':>4}  {'s':>6}  {'s':>6}  " + "  ".join(["first/last".rjust(width) for width in (7, 7, 7, 11)]))


def agents(host):
    """Names and states of all containers that are the agent's."""
    return [(c["Names"][0], c["State"]) for c in host.engine.get("/containers/json?all=1") if "ecs-agent" in c["Names"][0]]


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def look(host, supervisor):
    with open(f"/proc/{supervisor.pid}/smaps_rollup") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("Anonymous:"))
    # A record for each step of the boot: their number is fixed, and one appears when its step first happens.
    files = sorted(os.path.join(folder, name)[len(host.path("")):] for top in WATCHED
                   for folder, _, names in os.walk(host.path(top)) if not folder.endswith("/run/ecs/steps") for name in names)
    return Left(len(os.listdir(f"/proc/{supervisor.pid}/fd")), len(children_of(supervisor.pid)), memory, files,
                [name for name, _ in agents(host)])


def only_one_runs(host):
    running = [name for name, state in agents(host) if state == "running"]
    tap.check(len(running) <= 1, f"{len(running)} agents run: {running}")


def rest(host, supervisor):
    """Until no child of the supervisor is at work any more."""
    tap.wait_until(lambda: not children_of(supervisor.pid), SOON, "supervisor is at rest")
    only_one_runs(host)
    return look(host, supervisor)


def kill_supervisors(times):
    """The next one is started at once, as Restart= does."""
    seconds, states = [], []
    with Host(loaded=True) as host:
        with Supervised(host) as supervisor:
            container = supervisor.wait_ready()
            begun = host.engine.inspect()["State"]["StartedAt"]
            first = last = rest(host, supervisor)
            supervisor.kill()
        for _ in range(times):
            fault = time.monotonic()
            with Supervised(host) as supervisor:
                supervisor.wait_for("READY=1", SOON)
                seconds.append(time.monotonic() - fault)
                state = host.engine.inspect()
                states.append((state["Id"], state["State"]["StartedAt"]))
                last = rest(host, supervisor)
                supervisor.kill()
        tap.check(host.metadata(), "the agent does not answer in the end")
    tap.equal(set(states), {(container, begun)}, "container and its start, after each kill")
    return Figures("kill -9 of the supervisor", seconds, first, last)


def restart_docker(times, number, live_restore=False):
    seconds = []
    with Host(loaded=True) as host:
        if live_restore:
            host.stop_docker()
            host.write("/etc/docker/daemon.json", '{"live-restore": true}')
            host.start_docker()
        with Supervised(host) as supervisor:
            container = supervisor.wait_ready()
            first = last = rest(host, supervisor)
            for _ in range(times):
                last_pid = host.engine.inspect()["State"]["Pid"]
                fault = time.monotonic()
                host.stop_docker(number)
                host.start_docker()

                def back(old=None if live_restore else last_pid):
                    state = (host.engine.inspect() or {}).get("State", {})
                    return state.get("Running") and state["Pid"] != old and host.metadata()
                tap.wait_until(back, 2 * SOON, "agent is back")
                seconds.append(time.monotonic() - fault)
                supervisor.stays("that is no reason to")
                last = rest(host, supervisor)
            if live_restore:
                tap.equal(host.engine.running(), container, "container")
            supervisor.terminate()
    what = "kill -9 of dockerd" if number == signal.SIGKILL else "orderly restart of dockerd"
    return Figures(what + (", live-restore" if live_restore else ""), seconds, first, last)
