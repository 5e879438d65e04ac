"""What a boot of the matrix is measured by, and the table that comes of it."""

import dataclasses

NONE = "-"
# ecs-init 1.105.1, seconds since PID 1 of the machine began. Measured on the same machine, but in another run: systemd 252, cloud-init 22.4, dockerd
# 20.10, the real agent against a stand-in for the ECS API. It has two units: Amazon Linux', which waits for cloud-final.service, and Debian's.
PEER = {
    "guide's script": ("registered 3.94", "wrong cluster"),
    "MIME boothook and script": ("registered 3.91", "wrong cluster"),
    "systemctl start ecs": ("DEADLOCK", "wrong cluster"),
    "systemctl enable --now ecs": ("DEADLOCK", "registered"),
    "systemctl restart docker": ("registered 5.52", "registered 5.35"),
    "script fails half way": ("registered, silent", "wrong cluster"),
}
PEER_ONLINE_TO_REGISTERED = 2.5     # user data is always waited for, where the cluster is right
PEER_USER_DATA_TO_REGISTERED = 1.5
REGISTRATION = 0.38     # the real agent's, from its container's start; the stand-in takes as long


@dataclasses.dataclass
class Figures:
    """Of one boot; seconds, None where it never came to that."""
    online_to_agent: float = None
    online_to_registered: float = None
    user_data_to_registered: float = None
    registered: float = None        # since PID 1 began
    config_ms: float = None         # how long `ecs-bootstrap config` held up the boot
    rules_ms: float = None          # and how long the rules took
    docker: float = None            # from network-online to the end of dockerd's start
    image: float = None             # loading the agent's image
    container: float = None         # Docker's own time to create and start the agent's container

    def ours(self):
        """What is left of online_to_registered when nothing waited for user data."""
        return self.online_to_registered - self.docker - self.image - self.container - REGISTRATION


def started(machine):
    return machine.agent_started() if machine.report["agent"] else 0


def span(begin, end):
    return end - begin if begin and end else None


def ran_ms(machine, unit):
    """From the start of its process to the end."""
    took = span(machine.stamp(unit, "ExecMainStartTimestampMonotonic"), machine.stamp(unit, "ExecMainExitTimestampMonotonic"))
    return None if took is None else 1000 * took


def took(steps, name):
    return steps[name]["tookMs"] if name in steps else None


def measure(machine):
    report = machine.report
    online = machine.stamp("network-online.target", "ActiveEnterTimestampMonotonic")
    registered = machine.registered()
    steps = {step["step"]: step for step in report["status"].get("steps", [])}
    return Figures(
        online_to_agent=span(online, started(machine)), online_to_registered=span(online, registered),
        user_data_to_registered=span(report["cloud_init_finished"], registered),
        registered=span(report["began"] + report["clock_offset"], registered),
        config_ms=ran_ms(machine, "ecs-bootstrap.service"), rules_ms=took(steps, "rules"),
        docker=span(online, machine.stamp("docker.service", "ActiveEnterTimestampMonotonic")), image=(took(steps, "image") or 0) / 1000,
        container=span(machine.agent_created(), started(machine)) if report["agent"] else None)


def waited(machine):
    """What ecs.service said before what it says in the end."""
    texts = [text for _, state, text in machine.report["said"] if text and state != "active"]
    return list(dict.fromkeys(texts))


def seconds(value):
    return NONE if value is None else f"{value:.2f}"


def line(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


BOOT_HEAD = ("boot", "ecs.service", "joined", "online→agent", "online→registered", "user data→registered", "PID 1→registered", "journal lines",
             "said while waiting", "peer, Amazon Linux", "peer, Debian")


def boot_line(row, machine):
    if not machine.report:
        return line((row.name, machine.skipped or "no report", *[NONE] * (len(BOOT_HEAD) - 2)))
    figures, agent = measure(machine), machine.report["agent"]
    joined = dict(one.split("=", 1) for one in agent["Config"]["Env"] if "=" in one).get("ECS_CLUSTER", "default") if agent else NONE
    times = (figures.online_to_agent, figures.online_to_registered, figures.user_data_to_registered, figures.registered)
    return line((row.name, machine.unit("ecs.service")["ActiveState"], joined, *map(seconds, times), len(machine.report["story"]),
                 "; ".join(waited(machine)) or NONE, *PEER.get(row.peer, (NONE, NONE))))


SPEED_HEAD = ("boot", "config ms", "rules ms", "online→dockerd runs", "image load", "container", "registration", "ours", "online→registered",
              "user data→registered")


def speed_line(row, machine, waits):
    """WAITS: the boot waited for user data, so that nothing can be said of what is ours before its end."""
    f = measure(machine)
    ours = f.user_data_to_registered - f.container - REGISTRATION if waits else f.ours()
    return line((row.name, f"{f.config_ms:.0f}", f.rules_ms, *map(seconds, (f.docker, f.image, f.container, REGISTRATION, ours, f.online_to_registered)),
                 seconds(f.user_data_to_registered) if waits else NONE))


def speed_table(rows):
    """ROWS are triples of a row, its machine and whether it waited for user data."""
    return [line(SPEED_HEAD), line(["---"] * len(SPEED_HEAD)), *(speed_line(*row) for row in rows)]


def boot_table(rows):
    """ROWS are pairs of a row and its machine."""
    return [line(BOOT_HEAD), line(["---"] * len(BOOT_HEAD)), *(boot_line(row, machine) for row, machine in rows)]
