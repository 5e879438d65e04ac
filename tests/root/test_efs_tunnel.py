"""ecs-efs-tunnel for tasks in network namespaces of their own, as awsvpc mode makes them: sockets in there, names and
credentials out here."""
import contextlib
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import efs
import program
import tap
from efs import URI, Agent, Front, Tunnel
from tap import check, equal

# What its unit leaves it.
CONFINED = ("setpriv", "--no-new-privs", "--bounding-set", "-all,+sys_admin,+sys_ptrace,+dac_override")
TALK = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30) as client:
    client.sendall(b"echo\\nhello")
    got = b""
    while len(got) < 5 and (piece := client.recv(5)):
        got += piece
print(got.decode())
"""


class Task(program.Started):
    """A process in a network namespace of its own, as a task's pause container."""

    def __init__(self):
        super().__init__(["unshare", "--net", "sh", "-c", "ip link set lo up && echo ready && exec sleep 600"])
        with contextlib.ExitStack() as stack:
            stack.callback(self.__exit__)
            tap.wait_until(lambda: self.out or not self.running, 10, "the namespace is there")
            if not self.running:
                tap.skip(f"network namespaces cannot be made here: {self.err.strip()}")
            stack.pop_all()

    @property
    def inside(self):
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net"]

    @property
    def path(self):
        return f"/proc/{self.pid}/ns/net"

    def run(self, *argv):
        result = subprocess.run([*self.inside, *argv], capture_output=True, text=True)
        check(result.returncode == 0, f"{' '.join(argv)}: {result.stderr}")
        return result.stdout

    def talk(self, port):
        return self.run(sys.executable, "-c", TALK, str(port)).strip()


def test_both_sockets_are_in_the_tasks_namespace():
    """Over a veth pair to the namespace of the mount target; the credentials come from this one."""
    with Task() as task, Task() as target, Agent() as agent:
        task.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", str(target.pid))
        for who, address in ((task, "10.99.7.1/24"), (target, "10.99.7.2/24")):
            who.run("ip", "address", "add", address, "dev", "eth0")
            who.run("ip", "link", "set", "eth0", "up")
        with Front(signed=True, prefix=target.inside, listen="10.99.7.2:2049") as front, \
                Tunnel(2049, "--credentials-endpoint", agent.url, "--shorten", "gone=500", "--shorten", "look=100", NETNS=task.path,
                       CONNECT="10.99.7.2", IAM="true", CREDENTIALS_URI=URI, prefix=CONFINED) as tunnel:
            equal(task.talk(tunnel.port), "hello")
            equal(front.wait_visitors(1)[0]["key"], efs.KEY_ID)
            with tap.raises(ConnectionRefusedError):
                tunnel.connect()
            # The task is over: its network goes first, then its processes, then the mount.
            task.run("ip", "link", "del", "eth0")
            task.signal(signal.SIGKILL)
            task.end()
            time.sleep(0.3)
            check(tunnel.process.running, "the tunnel ended before its mount")
            tunnel.mount(False)
            tunnel.process.end(10).exits(0).says("its mount is gone")


def test_names_are_looked_up_out_here():
    """With a resolver that only our own namespace reaches: `localhost` is one; its address then is the task's."""
    with Task() as task, Front(prefix=task.inside) as front, \
            Tunnel(front.port, NETNS=task.path, CONNECT="localhost") as tunnel:
        equal(task.talk(tunnel.port), "hello")


def test_one_port_in_many_tasks():
    with Task() as one, Task() as other, Front(prefix=one.inside) as first, Front(prefix=other.inside) as second, \
            Tunnel(first.port, NETNS=one.path, PORT=20049) as here, Tunnel(second.port, NETNS=other.path, PORT=20049) as there:
        equal((here.port, there.port), (20049, 20049))
        equal((one.talk(20049), other.talk(20049)), ("hello", "hello"))
        equal((len(first.wait_visitors(1)), len(second.wait_visitors(1))), (1, 1))


def test_namespace_that_is_gone():
    with Task() as task:
        task.signal(signal.SIGKILL)
        task.end()
        with Tunnel(2049, NETNS=task.path, mounted=False, ready=False) as tunnel:
            tunnel.process.end().exits(1).says(f"open network namespace '{task.path}': No such file or directory")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
    else:
        tap.main()
