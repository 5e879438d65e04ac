"""What amazon-ecs-volume-plugin does in a second, and how long a Get takes while other volumes' mounts hang."""
import json
import os
import socket
import tempfile
import time

from volumes import SOCKET, Plugin

HANGING, GETS, CYCLES, CONNECTIONS = 20, 500, 400, 4


class Wire:
    """A client that costs little: requests are made beforehand, answers are short."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    @staticmethod
    def request(method, **members):
        body = json.dumps(members).encode()
        return b"POST /VolumeDriver.%s HTTP/1.1\r\nHost: \r\nContent-Length: %d\r\n\r\n%s" % (method.encode(), len(body), body)

    def send(self, request):
        self.socket.sendall(request)

    def receive(self):
        answer = self.socket.recv(4096)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode(errors="replace"))

    def call(self, request):
        self.send(request)
        self.receive()

    def close(self):
        self.socket.close()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def lives(wires, rounds):
    """Create, Get and Remove of one volume on each connection, all at once, again and again."""
    requests = [[Wire.request(m, Name=f"v{n}", Opts={"type": "efs", "device": "fs-1:/", "o": "tls,iam"})
                 for m in ("Create", "Get", "Remove")] for n in range(len(wires))]
    for _ in range(rounds):
        for step in range(3):
            for wire, mine in zip(wires, requests):
                wire.send(mine[step])
            for wire in wires:
                wire.receive()


def rate(plugin, connections):
    """(calls in a second, calls in a second of processor time)."""
    wires = [Wire(plugin.root.at(SOCKET)) for _ in range(connections)]
    lives(wires, 10)
    calls = CYCLES // connections * 3 * connections
    begin, cpu = time.monotonic(), cpu_seconds(plugin.process.pid)
    lives(wires, CYCLES // connections)
    taken, used = time.monotonic() - begin, cpu_seconds(plugin.process.pid) - cpu
    for wire in wires:
        wire.close()
    return calls / taken, calls / max(used, 0.01)


def latency(plugin):
    """Milliseconds of each Get while HANGING mounts hang."""
    plugin.order("sleep 1000")
    wires = [Wire(plugin.root.at(SOCKET)) for _ in range(HANGING)]
    for n, wire in enumerate(wires):
        wire.call(Wire.request("Create", Name=f"hang{n}", Opts={"device": "fs-1:/"}))
        wire.send(Wire.request("Mount", Name=f"hang{n}", ID="a"))
    end = time.monotonic() + 30
    while len(plugin.calls()) < HANGING and time.monotonic() < end:
        time.sleep(0.05)
    get, found = Wire(plugin.root.at(SOCKET)), []
    request = Wire.request("Get", Name="hang3")
    for _ in range(GETS):
        begin = time.monotonic()
        get.call(request)
        found.append((time.monotonic() - begin) * 1000)
    for wire in [*wires, get]:
        wire.close()
    return found


def rows(table, rounds):
    """Budgets: 1 ms for a call is 1 000 in a second; Pss of the whole program; 5 ms for a Get. The state file is on tmpfs,
    so that it is the program that is measured; on the disk a Create and a Remove wait for fsync(2), as the peer's."""
    one, many, cpu, pss, disk = [], [], [], [], []
    for _ in range(max(rounds // 5, 1)):
        with Plugin(wrap=["taskset", "-c", "0"]) as plugin:
            disk.append(1000 / rate(plugin, 1)[0])
        tempfile.tempdir = "/dev/shm"
        try:
            with Plugin(wrap=["taskset", "-c", "0"]) as plugin:
                one.append(1000 / rate(plugin, 1)[0])
                wall, used = rate(plugin, CONNECTIONS)
                many.append(1000 / wall)
                cpu.append(1000 / used)
                pss.append(memory(plugin.process.pid))
                gets = latency(plugin)
        finally:
            tempfile.tempdir = None
    table.row("volume call, one client, ms", one, budget=1, unit="{:.2f}")
    table.row(f"volume call, {CONNECTIONS} clients, ms", many, budget=1, unit="{:.2f}")
    table.row("volume call: cpu, ms", cpu, budget=1, unit="{:.2f}")
    table.row("volume call, state on disk, ms", disk, unit="{:.2f}")
    table.row("volume plugin: Pss, KiB", pss, None, 8102, 4096, "{:.0f}")
    table.row(f"Get while {HANGING} mounts hang, ms", gets, budget=5, unit="{:.2f}")
