"""The boot matrix: what an instance is given in, the agent in the right cluster out, or the reason why not; and what that took.
The tables of it are printed, and stand in build/boot-matrix.md."""

import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

import events
import rows
import table
import tap
from boot import TOP

JOURNAL_LINES = 40      # what a boot says of itself at most
CRITICAL_MS = 100       # what configuration and rules may hold up a boot
OURS_SECONDS = 0.3      # what is neither dockerd's start, nor the image's load, nor the container's start, nor the agent's registration
ROWS = (*rows.USER_DATA, *rows.COMMANDS, *rows.AROUND, *rows.DISKS)
NAMES = {row.name: row for row in ROWS}
DECLARED = (NAMES["declarative only"], *rows.DECLARED)
SLOW_SCRIPTS = (NAMES["a script that takes 4 s"], *rows.SLOW_SCRIPTS)
# Others may use this machine, and a figure of a crowded one says little: then as much more is allowed.
CROWD = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


# --- each boot

def check_agent(row, machine):
    env = machine.agent()["Config"]["Env"]
    wanted = (f"ECS_CLUSTER={row.cluster}", *row.env)
    # what nobody says is the agent's own default
    for line in wanted[row.cluster == "default":]:
        tap.contains(env, line, "the agent's environment")
    for word in row.lacks:
        tap.lacks("\n".join(env), word, "the agent's environment")
    tap.check(machine.registered(), "the agent has not registered")
    tap.equal(machine.unit("ecs.service")["ActiveState"], "active", "ecs.service")
    tap.matches(machine.unit("ecs.service")["StatusText"], "^The agent runs in container ", "STATUS= of ecs.service")
    tap.equal(machine.report["credentials"]["status"], 200, "status of the credentials")


def check_none(machine):
    tap.equal(machine.unit("ecs.service")["ActiveState"], "inactive", "ecs.service")
    tap.equal((machine.report["agent"], machine.registered()), (None, None), "the agent and when it registered")


def check_what_is_said(row, machine):
    story = machine.report["story"]
    tap.check(len(story) < JOURNAL_LINES, f"{len(story)} lines in the journal:\n" + "\n".join(story))
    if row.journal:
        tap.matches("\n".join(line for line in machine.journal.splitlines() if "ecs" in line), row.journal, "the journal")
    for where, found in machine.report["planted"].items():
        tap.equal(found, "", f"secrets in {where}")


def test_boot(row):
    machine = row.machine()
    report = machine.need()
    tap.equal(machine.cycles(), [], "ordering cycles")
    failed = [line.split()[0] for line in report["failed"].splitlines()]
    tap.equal([unit for unit in failed if unit not in row.failed], [], "failed units")
    if row.cluster:
        check_agent(row, machine)
    else:
        check_none(machine)
    if row.script_ends:
        tap.check(report["script_ended"], "the user script has not come to its end")
    check_what_is_said(row, machine)


test_boot.tap_cases = {row.name: (row,) for row in ROWS}


# --- disks that boot again

def output(machine, number):
    return machine.need()["steps"][number]["output"]


def test_a_reboot_duplicates_nothing():
    second = NAMES["the same, rebooted"].machine()
    first = second.before
    for number, what in enumerate(("fstab", "swaps", "ecs.config", "our files")):
        tap.equal(output(second, number), output(first, number), what)
    tap.equal(output(second, 0).count("/efs"), 1, "lines of /efs in fstab")
    for name in ("rules", "rules6"):
        of = [sorted(line for line in machine.report[name].splitlines() if "ECS-" in line or "51679" in line) for machine in (first, second)]
        tap.check(of[0] or name == "rules6", "no rule was found")
        tap.equal(of[1], of[0], name)


def test_swap_is_on():
    machine = NAMES["swap, EFS and a script"].machine()
    if "not permitted" in machine.journal and not output(machine, 1):
        tap.skip("this machine does not let a container switch swap space on")
    tap.equal(output(machine, 1).split(), ["/report/swapfile"], "swap spaces")


def test_a_sealed_disk_holds_nothing_of_its_instance():
    first = NAMES["sealed, as another instance"].machine().before
    tap.matches(output(first, 0), "sealed|removed|changed", "what seal said")
    tap.lacks(output(first, 1), "ECS_", "what is left")


def test_over_amazons_package_all_is_kept():
    row = packaged()
    test_boot(row)
    text = output(row.machine(), 0)
    tap.matches(text, "^state$", "the agent's state")
    tap.lacks(text, " ecs.service ->", "links of multi-user.target: it would start before user data is done")


def packaged():
    ours, why = rows.package()
    if not ours:
        tap.skip(why)
    return rows.upgraded(ours, rows.peer())


# --- an instance that has booted

def test_after(name):
    events.check(name)


test_after.tap_cases = {name: (name,) for name in events.EVENTS}


# --- how long it takes

def figures(chosen):
    for row in chosen:
        row.machine().need()
    return [table.measure(row.machine()) for row in chosen]


def at_most(got, bound, what):
    tap.check(got <= bound * CROWD, f"{what}: {got:.2f}, wanted at most {bound * CROWD:.2f} ({bound} on a machine of its own)")


def test_config_and_rules_hold_a_boot_up_for_less_than_100_ms():
    found = figures((*DECLARED, *SLOW_SCRIPTS))
    at_most(statistics.median(f.config_ms for f in found) + statistics.median(f.rules_ms for f in found), CRITICAL_MS, "milliseconds")


def test_user_data_finished_to_registered_is_half_of_the_peers():
    at_most(min(f.user_data_to_registered for f in figures(SLOW_SCRIPTS)), table.PEER_USER_DATA_TO_REGISTERED / 2, "seconds")


def test_of_a_declarative_boot_little_is_ours():
    at_most(statistics.median(f.ours() for f in figures(DECLARED)), OURS_SECONDS, "seconds that are ours")


# --- the tables

def tables():
    """Of what was booted: a part of the tests may have been chosen."""
    chosen = [row for row in ROWS if wanted(f"boot: {row.name}")]
    if chosen:
        more = [packaged()] if wanted("over amazons package") else []
        yield "Boots, seconds", table.boot_table([(row, row.machine()) for row in (*chosen, *more)])
    if wanted("after: "):
        yield "Events", list(events.table())
    if wanted("user data finished"):
        timed = [(row, row.machine(), False) for row in DECLARED] + [(row, row.machine(), True) for row in SLOW_SCRIPTS]
        yield f"Where the time goes; the machine was {CROWD:.1f} times as busy as it has processors", table.speed_table(timed)


def wanted(title):
    return not sys.argv[1:] or any(word in title for word in sys.argv[1:])


def tell():
    text = []
    for title, lines in tables():
        text += [f"## {title}", "", *lines, ""]
    text.append("The peer's figures are of another run on the same machine: ecs-init 1.105.1, see tests/boot/table.py. The agent is a stand-in as large as "
                f"the real one's image (74 MB) that takes {table.REGISTRATION} s to register, as the real one did.")
    for line in text:
        tap.say(f"# {line}")
    os.makedirs(os.path.join(TOP, "build"), exist_ok=True)
    with open(os.path.join(TOP, "build/boot-matrix.md"), "w") as file:
        file.write("\n".join(text) + "\n")


def main():
    try:
        tap.main()
    except SystemExit as end:
        if end.code in (0, 1):
            try:
                tell()
            except (tap.Skip, tap.Failed) as reason:
                tap.say(f"# no tables: {reason}")
        raise


if __name__ == "__main__":
    main()
