"""ecs-netconf beside a real dockerd: containers of the default and of a user-made network, and Docker's own rules."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap
from host import Host, image_tar
from tap import check, contains, each, equal, lacks

METADATA, DNS, CREDENTIALS = ("169.254.169.254", 80), ("169.254.169.253", 53), ("169.254.170.2", 80)
CONF = "/etc/ecs/netconf.conf"


class Vpc(Host):
    """The metadata service and the VPC's DNS server are next door, where packets must be forwarded to; the agent is here."""

    def __enter__(self):
        super().__enter__()
        try:
            self.shell("ip addr del 169.254.169.254/32 dev lo")
            for address, port in (METADATA, DNS):
                self.run(["ip", "addr", "add", f"{address}/32", "dev", "gw0"], where="gateway")
                self.serve(address, port, "gateway")
            self.serve("127.0.0.1", 51679, "instance")
            if not self.engine.image_id():
                self.engine.load(image_tar())
            self.engine.call("POST", "/networks/create", {"Name": "mine", "Driver": "bridge"})
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def serve(self, address, port, where):
        # answers as soon as it listens: the first line is printed then
        server = self.popen([sys.executable, "-u", "-m", "http.server", str(port), "--bind", address, "--directory", "/mnt"],
                            where=where, stdout=-1, stderr=-3)
        contains(server.stdout.readline().decode(), "Serving", "first line of the server")

    def netconf(self, *arguments):
        result = self.run(["ecs-netconf", *arguments])
        check(result.returncode == 0, f"ecs-netconf {arguments}: exit {result.returncode}: {result.stdout}{result.stderr}")
        return result.stderr

    def reaches(self, at, network):
        address, port = at
        if network == "host":
            return self.get(address, port, "/") is not None
        return self.engine.run(["/fetch", address, str(port), "/"], network=network)[0] == 0

    def expect(self, title, **wanted):
        """{target: networks from which it is reached}"""
        places = {"metadata": METADATA, "dns": DNS, "credentials": CREDENTIALS}
        networks = ("host", "bridge", "mine")
        got = {name: {n for n in networks if self.reaches(places[name], n)} for name in wanted}
        print(f"# {title}".ljust(36) + "".join(f"{n:>10}" for n in networks))
        for name, who in got.items():
            print(f"#   {name}".ljust(36) + "".join(f"{'yes' if n in who else '-':>10}" for n in networks), flush=True)
        equal(got, {name: set(who.split()) for name, who in wanted.items()}, title)


@each(iptables="auto", nftables="nftables")
def test_metadata_is_blocked_and_stays_so_when_docker_starts_again(backend):
    with Vpc(loaded=True) as host:
        open_to_all = {"metadata": "host bridge mine", "dns": "host bridge mine"}
        host.write(CONF, f"BACKEND={backend}\n")
        host.netconf("apply")
        host.expect("applied", **open_to_all, credentials="host bridge mine")
        host.write(CONF, f"BACKEND={backend}\nBLOCK_INSTANCE_METADATA=true\n")
        host.netconf("apply")
        blocked = {"metadata": "host", "dns": "host bridge mine", "credentials": "host bridge mine"}
        host.expect("blocked", **blocked)
        rules = host.rules()
        host.stop_docker()
        host.start_docker()
        host.expect("blocked, dockerd restarted", **blocked)
        # Docker makes networks: each puts rules that accept its bridge at the head of FORWARD
        host.engine.call("POST", "/networks/create", {"Name": "more", "Driver": "bridge"})
        check(not host.reaches(METADATA, "more"), "metadata from a network made later")
        if backend == "auto":
            lacks("\n".join(line for line in rules["iptables"] if "DOCKER-USER" in line), "169.254", "DOCKER-USER")
        host.netconf("remove")
        check(host.reaches(METADATA, "bridge"), "no metadata after remove")


def test_docker_without_a_bridge():
    with Host(docker=False) as host:
        host.write("/etc/docker/daemon.json", '{"bridge": "none"}')
        host.start_docker()
        contains(host.verb("pre-start").stderr, "Docker has no default bridge")
        equal(host.run(["ecs-netconf", "check"]).returncode, 0, "exit code of check")
        equal(host.read("/run/ecs/netconf.bridge"), "none\n", "what is remembered")
        lacks("\n".join(host.rules()["iptables"]), "-i docker0", "rules")


def test_docker_with_another_bridge():
    with Host(docker=False) as host:
        host.shell("ip link add tasks0 type bridge; ip addr add 172.29.0.1/16 dev tasks0; ip link set tasks0 up")
        host.write("/etc/docker/daemon.json", '{"bridge": "tasks0"}')
        host.start_docker()
        host.verb("pre-start")
        contains("\n".join(host.rules()["iptables"]), "-A ECS-INPUT -i tasks0 -p tcp -m tcp --dport 51678 -j ACCEPT")
        equal(host.run(["ecs-netconf", "check"]).returncode, 0, "exit code of check")


def test_rules_of_docker_stay():
    with Host() as host:
        before = host.rules()
        host.verb("pre-start")
        host.verb("post-stop")
        time.sleep(0.1)
        equal({f: sorted(x for x in lines if x.startswith("-A")) for f, lines in host.rules().items()},
              {f: sorted(x for x in lines if x.startswith("-A")) for f, lines in before.items()}, "rules")


if __name__ == "__main__":
    tap.main()
