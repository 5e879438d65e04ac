"""What faults cost: a Docker that comes after a minute, a supervisor that is killed. Rows of tests/bench."""
import os
import time

from engine import to_ms
from notify import Notify

ABSENT = 60     # seconds
AGAIN = 5       # kills


def notified(bench, program):
    """A supervisor, and what it tells systemd."""
    notify = Notify(os.path.join(bench.i.folder, "notify"))
    return bench.start([program, "start"], NOTIFY_SOCKET=notify.path), notify


def late_docker(bench, program):
    """Milliseconds from the first answer of a dockerd that was not there for a minute to the start of the agent."""
    bench.i.stop_docker()
    process, notify = notified(bench, program)
    time.sleep(ABSENT)
    bench.i.start_docker(wait=False)
    while not bench.i.engine.answers():
        time.sleep(0.005)
    answered = time.time() * 1000
    if not notify.wait_for("READY=1", 15):
        raise RuntimeError("start: not ready 15 s after Docker came")
    started = to_ms(bench.i.engine.inspect()["State"]["StartedAt"])
    notify.close()
    bench.end(process)
    return started - answered


def killed(bench, program):
    """For each kill -9: (ms from the exec of the next supervisor to READY=1, ms that no agent ran)."""
    process, notify = notified(bench, program)
    taken = []
    if not notify.wait_for("READY=1", 15):
        raise RuntimeError("start: not ready after 15 s")
    for _ in range(AGAIN):
        before = bench.i.engine.inspect()["State"]
        process.kill()
        process.wait()
        notify.close()
        begin = time.monotonic()
        process, notify = notified(bench, program)
        ready = notify.wait_for("READY=1", 15)
        if not ready:
            raise RuntimeError("start: not ready 15 s after a kill")
        after = bench.i.engine.inspect()["State"]
        same = (before["Pid"], before["StartedAt"]) == (after["Pid"], after["StartedAt"])
        down = 0 if same else to_ms(after["StartedAt"]) - time.time() * 1000 + (time.monotonic() - begin) * 1000
        taken.append(((ready - begin) * 1000, down))
    notify.close()
    bench.end(process)
    return taken


def rows(bench):
    program = bench.programs["ours"]
    taken = killed(bench, program)
    bench.table.row("supervisor killed: adopted after, ms", [t[0] for t in taken])
    bench.table.row("supervisor killed: no agent for, ms", [t[1] for t in taken], budget=0, unit="{:.0f}")
    bench.table.row(f"Docker after {ABSENT} s: agent after, ms", [late_docker(bench, program)], budget=1000, unit="{:.0f}")
