"""The agent's port lies among those that the kernel gives to clients: who asks at it while nobody listens must not take it."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib")]
import program
import tap

# All clients get the agent's port. A listener without SO_REUSEADDR, as soon as it is needed, shows that nothing is left.
SCRIPT = """ip link set lo up
echo 51678 51678 >/proc/sys/net/ipv4/ip_local_port_range
python3 -c 'import socket; s = socket.create_connection(("127.0.0.1", 51678)); print(s.getsockname() == s.getpeername()); s.setsockopt(1, 13, bytes([1,0,0,0,0,0,0,0]))'
"$1" --root "$2" wait --timeout 2
python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 51678)); print("free")'
"""


def test_wait_does_not_take_the_port_that_it_asks():
    if os.geteuid() != 0:
        tap.skip("not root")
    with tempfile.TemporaryDirectory() as root:
        said = subprocess.run(["unshare", "--net", "sh", "-c", SCRIPT, "sh", program.path_of("ecs-bootstrap"), root],
                              capture_output=True, text=True, timeout=60)
    tap.equal(said.stdout, "True\nfree\n", "a client that does not look, and the port after one that does")
    tap.contains(said.stderr, "http://127.0.0.1:51678/v1/metadata: Connection refused")


tap.main()
