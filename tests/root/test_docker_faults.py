"""A dockerd that is late, stops, dies or hangs is no reason to end."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap
from host import Host, Supervised
from tap import check, contains, equal, wait_until


def cpu_seconds(pid):
    """Processor time of PID and the children it has reaped."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(int(f) for f in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def test_docker_that_comes_three_seconds_late():
    with Host(loaded=True) as host:
        host.stop_docker()
        with Supervised(host) as supervisor:
            supervisor.wait_for("STATUS=")
            time.sleep(3)
            supervisor.stays("no reason to")
            contains(supervisor.told().lower(), "docker", "STATUS= says what is waited for:")
            check("READY=1" not in supervisor.told(), "READY=1 without an agent")
            host.start_docker()
            ready = time.monotonic()
            supervisor.wait_ready()
            tap.between(time.monotonic() - ready, 0, 2, "seconds from dockerd to the agent")


def test_waiting_for_docker_takes_no_processor_time():
    with Host(loaded=True) as host:
        host.stop_docker()
        with Supervised(host) as supervisor:
            supervisor.wait_for("STATUS=")
            time.sleep(1)
            begin = cpu_seconds(supervisor.pid)
            time.sleep(4)
            tap.between(cpu_seconds(supervisor.pid) - begin, 0, 0.1, "processor seconds in 4 s")


def test_socket_that_refuses():
    with Host(loaded=True) as host:
        host.stop_docker(signal.SIGKILL)    # leaves the socket file behind
        with Supervised(host) as supervisor:
            supervisor.wait_for("STATUS=")
            time.sleep(1)
            supervisor.stays("no reason to")
            host.start_docker()
            supervisor.wait_ready()


def test_dockerd_that_is_killed_and_comes_back():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        container = supervisor.wait_ready()
        host.stop_docker(signal.SIGKILL)
        time.sleep(0.5)
        supervisor.stays("no reason to")
        contains(host.metadata(), "Version", "agent while dockerd is dead:")
        host.start_docker()
        up = time.monotonic()
        # whether dockerd ends the old container or not, an agent must run soon and stay
        wait_until(lambda: host.engine.running() and host.metadata(), 5, "agent is back")
        tap.between(time.monotonic() - up, 0, 3, "seconds without an agent")
        time.sleep(1)
        supervisor.stays("no reason to")
        check(host.metadata(), "agent did not stay")
        check(container, "no container")


@tap.each(killed=signal.SIGKILL, stopped=signal.SIGTERM)
def test_live_restore_keeps_the_agent_through_a_restart_of_dockerd(number):
    with Host(loaded=True) as host:
        host.stop_docker()
        host.write("/etc/docker/daemon.json", '{"live-restore": true}')
        host.start_docker()
        with Supervised(host) as supervisor:
            container = supervisor.wait_ready()
            host.stop_docker(number)
            time.sleep(0.5)
            host.start_docker()
            time.sleep(1)
            supervisor.stays("the agent runs on")
            equal(host.engine.running(), container, "container")
            supervisor.terminate()
            equal(host.engine.running(), None, "container after SIGTERM")


def test_orderly_restart_of_dockerd():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        host.stop_docker()
        time.sleep(1)
        supervisor.stays("dockerd stopped the agent")
        host.start_docker()
        up = time.monotonic()
        wait_until(lambda: host.engine.running() and host.metadata(), 5, "agent is back")
        tap.between(time.monotonic() - up, 0, 3, "seconds from dockerd to the agent")


def test_dockerd_that_hangs_while_the_agent_runs():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        supervisor.wait_ready()
        host.dockerd.send_signal(signal.SIGSTOP)
        try:
            begin = cpu_seconds(supervisor.pid)
            time.sleep(2)
            supervisor.stays("no reason to")
            tap.between(cpu_seconds(supervisor.pid) - begin, 0, 0.1, "processor seconds in 2 s")
            contains(host.metadata(), "Version", "agent while dockerd hangs:")
        finally:
            host.dockerd.send_signal(signal.SIGCONT)
        host.order("exit/1")
        wait_until(lambda: host.metadata(), 5, "agent is back")


def test_SIGTERM_while_docker_is_away():
    with Host(loaded=True) as host:
        host.stop_docker()
        with Supervised(host) as supervisor:
            supervisor.wait_for("STATUS=Waiting")
            begin = time.monotonic()
            supervisor.terminate()
            tap.between(time.monotonic() - begin, 0, 5, "seconds to end")


def test_container_removed_behind_its_back():
    with Host(loaded=True) as host, Supervised(host) as supervisor:
        old = supervisor.wait_ready()
        host.engine.remove()
        host.wait_running(other_than=old)
        supervisor.stays("no reason to")


def test_image_missing_at_start():
    with Host() as host, Supervised(host) as supervisor:
        # nobody ran pre-start: either it loads the tar itself or it says what is missing, and stays
        wait_until(lambda: host.engine.running() or "image" in supervisor.log.lower(), 5, "agent or a cause")


def test_no_verb_asks_a_black_holed_IMDS():
    with Host(loaded=True) as host:
        # packets to it vanish, as with an instance whose metadata service is switched off
        host.shell("ip addr del 169.254.169.254/32 dev lo; iptables -I OUTPUT -d 169.254.169.254 -j DROP")
        with Supervised(host) as supervisor:
            tap.between(supervisor.wait_for("READY=1"), 0, 1.5, "seconds to READY=1")
            equal(host.verb("stop").seconds < 1.5, True, "stop within 1.5 s")
        equal(host.verb("post-stop").seconds < 1.5, True, "post-stop within 1.5 s")
        host.verb("pre-start")
        packets = host.shell("iptables -nvxL OUTPUT | awk '/169.254.169.254/ { print $1 }'").split()
        equal(packets, ["0"], "packets to the metadata service, of any verb")


if __name__ == "__main__":
    tap.main()
