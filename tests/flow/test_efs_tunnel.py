#!/usr/bin/python3
"""ecs-efs-tunnel between a client and a mount target that looks at certificates (tests/efs-front), misbehaves, or is
another TLS server altogether."""

import contextlib
import hashlib
import os
import signal
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import efs
import program
import tap
from efs import ACCESS_POINT, BASE, CREDENTIALS, FILE_SYSTEM, HOST, KEY_ID, URI, Agent, Front, Tunnel, receive
from imds import Imds
from notify import Notify
from tap import between, check, contains, each, equal, lacks, matches, together, wait_until

MIB = 1 << 20


class Backend:
    """A TCP server behind the front: GIVE bytes are sent to each client, what it sends is hashed."""

    def __init__(self, pieces):
        self.pieces, self.hash, self.got = pieces, hashlib.sha256(), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        client, _ = self.listener.accept()
        with client:
            giver = threading.Thread(target=self.give, args=(client,), daemon=True)
            giver.start()
            while piece := client.recv(MIB):
                self.hash.update(piece)
                self.got += len(piece)
            giver.join()    # the socket is closed then

    def give(self, client):
        for piece in self.pieces():
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)


def task_tunnel(front, agent, *arguments, **more):
    return Tunnel(front.port, "--credentials-endpoint", agent.url, *arguments, IAM="true", CREDENTIALS_URI=URI, **more)


# ---- in order

@together
def test_bytes_and_certificate():
    with Front() as front, Tunnel(front.port, ACCESS_POINT="") as tunnel:
        equal(tunnel.talk(b"x" * 100000), b"x" * 100000)
        visitor = front.wait_visitors(1)[0]
        equal({k: visitor[k] for k in ("what", "serial", "cn", "fs", "ap", "key", "source", "sni")},
              {"what": "visitor", "serial": "0", "cn": socket.gethostname()[:64], "fs": FILE_SYSTEM, "ap": "", "key": "",
               "source": "ecs.ec2", "sni": HOST})
        equal(tunnel.read("port"), f"{tunnel.port}\n")
        tunnel.process.wait_to_say(rf"connected to {HOST} \(127.0.0.1:{front.port}\), TLSv1.3")
        equal(tunnel.root.mode(f"/run/ecs/efs/{BASE}.port"), 0o600)


@together
def test_access_point_and_role_of_the_task():
    with Agent() as agent, Front("--access-point", ACCESS_POINT, signed=True) as front, \
            task_tunnel(front, agent, ACCESS_POINT=ACCESS_POINT) as tunnel:
        equal(tunnel.talk(), b"hello")
        visitor = front.wait_visitors(1)[0]
        equal((visitor["ap"], visitor["key"]), (ACCESS_POINT, KEY_ID))
        equal([r.path for r in agent.asked()], [URI])
        for text in (tunnel.process.err, tunnel.root.read("/var/log/ecs/ecs-efs.log")):
            for secret in (CREDENTIALS["SecretAccessKey"], CREDENTIALS["Token"], KEY_ID):
                lacks(text, secret)


@together
def test_role_of_the_instance():
    with Imds() as imds, Front() as front, \
            Tunnel(front.port, IAM="true", env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}) as tunnel:
        equal(tunnel.talk(), b"hello")
        check(any("security-credentials" in r.path for r in imds.asked()), "the metadata service was not asked")


@together
def test_name_that_is_looked_up():
    with Front() as front, Tunnel(front.port, CONNECT="localhost") as tunnel:
        equal(tunnel.talk(), b"hello")


@together
@each(tls1_2=("--tls1.2",), tls1_3=())
def test_half_closed(*options):
    with Front(*options) as front, Tunnel(front.port) as tunnel, tunnel.connect() as client:
        client.sendall(b"echo\n" + b"y" * MIB)
        client.shutdown(socket.SHUT_WR)
        equal(len(receive(client, 2 * MIB)), MIB)


@together
def test_key_is_made_once():
    with Front() as front, Tunnel(front.port, key=False, mounted=False) as first:
        equal(first.root.mode("/etc/amazon/efs/privateKey.pem"), 0o400)
        contains(first.root.read("/etc/amazon/efs/privateKey.pem"), "BEGIN PRIVATE KEY")
        equal(first.talk(), b"hello")


@together
def test_any_free_port():
    with Front() as front, Tunnel(front.port, PORT=0) as tunnel:
        tap.between(tunnel.port, 20049, 21048, "port")
        equal(tunnel.talk(), b"hello")


@together
def test_notifies():
    notify = Notify(os.path.join(efs.folder(), "notify"))
    with contextlib.closing(notify), Front() as front, Tunnel(front.port, env={"NOTIFY_SOCKET": notify.path}) as tunnel:
        check(notify.wait_for("READY=1"), "READY=1 was not told")
        equal(notify.all("STATUS")[-1], f"{FILE_SYSTEM} on 127.0.0.1:{tunnel.port}")
        front.mood("hangup")
        tunnel.refused()
        check(notify.wait_for(f"STATUS={FILE_SYSTEM} on 127.0.0.1:{tunnel.port}: connect to"), "no STATUS of the trouble")


@together
def test_background():
    with Front() as front, Tunnel(front.port, "--shorten", "gone=300", "--shorten", "look=100") as tunnel:
        tunnel.process.__exit__()
        argv = [word for word in tunnel.argv if word != "--foreground"]
        program.run(argv).exits(0).within(15)
        equal(tunnel.talk(), b"hello")
        tunnel.mount(False)
        wait_until(lambda: not tunnel.has("conf"), 10, "it ends with its mount")


@together
def test_background_that_fails():
    with Front() as front, Tunnel(front.port, ready=False, CA_FILE="/etc/none.pem") as tunnel:
        tunnel.process.__exit__()
        argv = [word for word in tunnel.argv if word != "--foreground"]
        program.run(argv).exits(1).says("read '/etc/none.pem': No such file")
        equal(tunnel.read("error"), "read '/etc/none.pem': No such file or directory\n")


@together
def test_a_mount_that_is_gone_while_its_last_user_is_answered():
    """As after a lazy umount: the kernel lets go when the last file is closed."""
    with Front() as front, Tunnel(front.port, "--shorten", "gone=500", "--shorten", "look=100") as tunnel:
        with tunnel.connect() as client:
            client.sendall(b"echo\n")
            tunnel.mount(False)
            for _ in range(15):
                client.sendall(b"x")
                equal(receive(client, 1), b"x", "answer")
                time.sleep(0.1)
            check(tunnel.process.running, "it has left its last user alone")
            begin = time.monotonic()    # silent from now on, though open
            wait_until(lambda: not tunnel.process.running, 10, "the end")
            between(time.monotonic() - begin, 1.5, 6, "seconds of silence")


@together
def test_handshakes_that_fail_are_not_repeated_at_once():
    with Front("--access-point", ACCESS_POINT) as front, Tunnel(front.port, ACCESS_POINT="fsap-00000000000000bad") as tunnel:
        end, tries = time.monotonic() + 3, 0
        while time.monotonic() < end:
            with tunnel.connect() as client, contextlib.suppress(ConnectionError):
                tries += 1
                client.recv(1)     # the kernel would connect again at once, too
        between(tries, 2, 12, "connections in 3 s")
        check(len(front.visitors) <= tries + 1, f"{len(front.visitors)} handshakes for {tries} connections")


# ---- much at once

def pieces(count):
    block = os.urandom(MIB)
    for i in range(count):
        yield i.to_bytes(8, "big") + block[8:]


def test_a_gibibyte_each_way_at_once():
    size = 1024 if "ASAN_OPTIONS" not in os.environ else 64
    down, up = hashlib.sha256(), hashlib.sha256()

    def give():
        for piece in pieces(size):
            down.update(piece)
            yield piece
    with Backend(give) as backend, Front("--backend", f"127.0.0.1:{backend.port}") as front, \
            Tunnel(front.port) as tunnel, tunnel.connect(120) as client:
        def send():
            for piece in pieces(size):
                up.update(piece)
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        got, total = hashlib.sha256(), 0
        while piece := client.recv(MIB):
            got.update(piece)
            total += len(piece)
        sender.join(60)
        wait_until(lambda: backend.got == size * MIB, 60, "all has arrived")
        equal((total, got.hexdigest()), (size * MIB, down.hexdigest()), "what came down")
        equal(backend.hash.hexdigest(), up.hexdigest(), "what went up")
        equal(len(tunnel.said), 2)


def test_twenty_connections():
    with Front() as front, Tunnel(front.port) as tunnel:
        wrong = []

        def converse(number):
            with tunnel.connect(60) as client:
                client.sendall(b"echo\n")
                for i in range(40):
                    text = bytes([number, i]) * 32768
                    client.sendall(text)
                    if receive(client, len(text)) != text:
                        wrong.append(number)
        threads = [threading.Thread(target=converse, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        equal(wrong, [])
        equal(len([v for v in front.visitors if v["what"] == "visitor"]), 20)


@together
def test_a_client_that_does_not_read_holds_up_nobody_else():
    with Front() as front, Tunnel(front.port) as tunnel, tunnel.connect() as lazy:
        lazy.sendall(b"down 500000000\n")
        front.wait_visitors(1)
        equal(tunnel.talk(), b"hello")
        with open(f"/proc/{tunnel.process.pid}/statm", encoding="ascii") as file:
            resident = int(file.read().split()[1]) * 4096
        check("ASAN_OPTIONS" in os.environ or resident < 64 * MIB, f"it holds {resident} bytes")


# ---- renewal

@together
def test_renewed_while_a_connection_goes_on():
    with Agent() as agent, Front(signed=True) as front, task_tunnel(front, agent, "--shorten", "renew=1000") as tunnel, \
            tunnel.connect() as old:
        old.sendall(b"echo\nA")
        equal(receive(old, 1), b"A")
        front.wait_visitors(1)
        end = time.monotonic() + 20
        while int(front.visitors[-1]["serial"]) < 2 and time.monotonic() < end:
            time.sleep(0.3)
            equal(tunnel.talk(), b"hello")
            old.sendall(b"B")
            equal(receive(old, 1), b"B", "the old connection's echo")
        serials = [int(v["serial"]) for v in front.visitors]
        equal(serials, sorted(serials), "serials in the order of the visits")
        check(serials[-1] >= 2, f"serials {serials}")


@together
def test_credentials_vanish():
    with Agent() as agent, Front(signed=True) as front, task_tunnel(front, agent, "--shorten", "renew=300") as tunnel:
        equal(tunnel.talk(), b"hello")
        agent.gone = True
        asked = len(agent.asked())
        wait_until(lambda: len(agent.asked()) >= asked + 3, 20, "three tries")
        equal(tunnel.talk(), b"hello", "with the certificate there is")
        told = [line for line in tunnel.said if "renew certificate" in line]
        equal(len(told), 1, "lines about it")
        contains(told[0], "the agent knows none for this task (HTTP status 400); the one that is valid until")
        agent.gone = False
        tunnel.process.wait_to_say("certificate renewed after", 15)


@together
@each(refused_at_once=(True, 1), with_a_mount=(True, 0))
def test_no_credentials_at_the_start(_, code):
    with Agent() as agent, Front(signed=True) as front:
        agent.gone = True
        tunnel = task_tunnel(front, agent, mounted=code == 0, ready=code == 0)
        with tunnel:
            if code:
                tunnel.process.end().exits(1).says("read the task's credentials: the agent knows none").within(5)
                contains(tunnel.read("error"), "the agent knows none for this task")
                return
            agent.gone = False                  # restarted while the agent was away: the mount gets its port back
            tunnel.process.wait_to_say("make certificate: .* tried again", 10) if len(agent.asked()) > 1 else None
            wait_until(lambda: tunnel_answers(tunnel), 20, "it works again")


def tunnel_answers(tunnel):
    with contextlib.suppress(OSError):
        return tunnel.talk() == b"hello"


# ---- refused

@together
@each(wrong_secret=({"SecretAccessKey": "another"}, "wrong signature"), unknown_key=({"AccessKeyId": "ASIANOBODY"}, "unknown credentials"),
      another_token=({"Token": "another"}, "unknown credentials"))
def test_iam_refuses(changed, why):
    with Agent(**changed) as agent, Front(signed=True) as front, task_tunnel(front, agent) as tunnel:
        matches(tunnel.refused(), r"it refuses our certificate \(.*bad certificate\): IAM policy, access point, or the clock")
        equal(front.wait_visitors(1)[0]["refused"], why)
        contains(tunnel.read("error"), "it refuses our certificate")


@together
@each(tls1_2=("--tls1.2",), tls1_3=())
def test_access_point_refused(*options):
    with Front("--access-point", ACCESS_POINT, *options) as front, Tunnel(front.port, ACCESS_POINT="fsap-00000000000000000") as tunnel:
        matches(tunnel.refused(), "it refuses our certificate")
        equal(front.wait_visitors(1)[0]["refused"], "names an unknown access point")


@together
@each(ahead=(14400, "expired"), behind=(-3600, "not yet valid"))
def test_clock_off(seconds, why):
    with Front("--skew", str(seconds)) as front, Tunnel(front.port) as tunnel:
        matches(tunnel.refused(), "it refuses our certificate .*the clock of this host")
        equal(front.wait_visitors(1)[0]["refused"], why)


SERVERS = {
    "another_name": (lambda: efs.server_certificate("named", "*.efs.eu-west-1.amazonaws.com"), "its certificate is for another name"),
    "expired": (lambda: efs.server_certificate("expired", begin=efs.utc(-7200), end=efs.utc(-3600)),
                r"its certificate has expired, by the clock of this host \(20..-..-.., .. h UTC\)"),
    "not_yet_valid": (lambda: efs.server_certificate("early", begin=efs.utc(3600)), "its certificate is not yet valid, by the clock of this host"),
    "not_trusted": (lambda: efs.key_pair("nobody", "/CN=x", "-addext", f"subjectAltName=DNS:{HOST}"), "its certificate is not trusted"),
}


@together
@each(**SERVERS)
def test_server_certificate(make, pattern):
    with Front(certificate=make()) as front, Tunnel(front.port) as tunnel:
        matches(tunnel.refused(), pattern)
        for _ in range(3):      # the NFS client tries again and again
            with tunnel.connect() as client, contextlib.suppress(ConnectionError):
                client.sendall(b"x")
                receive(client, 1)
        equal(len(tunnel.said), 2, "lines said")


@together
def test_verify_0_asks_for_no_name():
    with Front(certificate=efs.server_certificate("named", "*.efs.eu-west-1.amazonaws.com")) as front, \
            Tunnel(front.port, VERIFY=0, CA_FILE="/nowhere") as tunnel:
        equal(tunnel.talk(), b"hello")


@together
@each(garbage=("garbage", "it does not speak TLS"), hangup=("hangup", "it hung up|Connection reset by peer"))
def test_peer(mood, pattern):
    with Front() as front, Tunnel(front.port) as tunnel:
        front.mood(mood)
        matches(tunnel.refused(), f"connect to {HOST} \\(127.0.0.1:{front.port}\\): ({pattern})")
        front.mood("")
        equal(tunnel.talk(), b"hello")
        matches(tunnel.process.wait_to_say("connected to .* again")[0], "again")
        check(not tunnel.has("error"), "BASE.error stays")


@together
def test_reset_in_the_middle():
    with Front() as front, Tunnel(front.port) as tunnel:
        front.mood("reset")
        matches(tunnel.refused(), f"connection to {HOST} .*: (Connection reset by peer|it hung up)")


@together
def test_nobody_listens():
    with Tunnel(program.free_port()) as tunnel:
        matches(tunnel.refused(), "Connection refused")


@together
def test_name_that_does_not_exist():
    with Tunnel(2049, CONNECT="fs-0.efs.invalid") as tunnel:
        matches(tunnel.refused(), r"look up fs-0\.efs\.invalid: ")


@together
def test_an_answer_that_never_comes():
    with Front() as front, Tunnel(front.port, "--shorten", "stall=1500") as tunnel:
        front.mood("silent")
        matches(tunnel.refused(), "connection to .*: a request was not answered within 1 s")


@together
def test_idle_is_not_silent():
    with Front() as front, Tunnel(front.port, "--shorten", "stall=500") as tunnel, tunnel.connect() as client:
        client.sendall(b"echo\nA")
        equal(receive(client, 1), b"A")
        time.sleep(1.5)
        client.sendall(b"B")
        equal(receive(client, 1), b"B")


# ---- the mount, restarts, what is written down

@together
def test_ends_when_its_mount_is_gone():
    with Front() as front, Tunnel(front.port, "--shorten", "gone=1000", "--shorten", "look=100") as tunnel:
        equal(tunnel.talk(), b"hello")
        tunnel.mount(False)
        tunnel.process.end(10).exits(0).says("its mount is gone")
        for suffix in ("conf", "port", "error"):
            check(not tunnel.has(suffix), f"{suffix} stays")


@together
def test_ends_when_nobody_mounts():
    with Front() as front, Tunnel(front.port, "--shorten", "mount=1000", "--shorten", "look=100", mounted=False) as tunnel:
        tunnel.process.end(10).exits(0).says("nobody mounted it")


@together
def test_another_mount_is_not_ours():
    with Front() as front, Tunnel(front.port, "--shorten", "mount=1000", "--shorten", "look=100", mounted=False) as tunnel:
        tunnel.mount(port=1)
        tunnel.process.end(10).exits(0).says("nobody mounted it")


@together
def test_killed_and_back_on_its_port():
    with Front() as front, Tunnel(front.port, PORT=0) as tunnel:
        tunnel.mount()
        port = tunnel.port
        tunnel.process.signal(signal.SIGKILL)
        tunnel.process.end()
        with program.Started(tunnel.argv, program.environment()) as again:
            again.wait_to_say(f"listens on 127.0.0.1:{port} ", 20)
            equal(tunnel.talk(), b"hello")


@together
def test_nothing_to_do():
    with Front() as front, Tunnel(front.port, ready=False) as tunnel:
        tunnel.process.__exit__()
        os.unlink(tunnel.root.at(f"/run/ecs/efs/{BASE}.conf"))
        program.run(tunnel.argv).exits(0).says("nothing to do").within(5)


@together
def test_left_over():
    with Front() as front, Tunnel(front.port, mounted=False) as tunnel:
        tunnel.process.__exit__()
        conf = tunnel.root.at(f"/run/ecs/efs/{BASE}.conf")
        os.utime(conf, (time.time() - 300, time.time() - 300))
        program.run(tunnel.argv).exits(0).says("nothing to do").within(5)
        check(not os.path.exists(conf), "the state file stays")


@together
def test_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as other:
        with Tunnel(2049, PORT=other.getsockname()[1], ready=False) as tunnel:
            tunnel.process.end().exits(1).says(f"listen on 127.0.0.1:{other.getsockname()[1]}: Address already in use")


BAD = {
    "no_key_value": ("FILE_SYSTEM\n", 2, "line 1: no KEY=VALUE"),
    "empty": ("", 2, "FILE_SYSTEM is missing"),
    "file_system": ("FILE_SYSTEM=fs-xyz\n", 2, "line 1: FILE_SYSTEM: 'fs-xyz' is no such value"),
    "huge": ("A=b\n" * 20000, 1, "larger|File too large|Message too long"),
}


@together
@each(**BAD)
def test_state_file(text, code, pattern):
    with Tunnel(2049, ready=False) as tunnel:
        tunnel.process.__exit__()
        tunnel.root.write(f"/run/ecs/efs/{BASE}.conf", text)
        program.run(tunnel.argv).exits(code).says(pattern).within(5)


@together
@each(no_pem=("nonsense", "it holds no private key in PEM"), short=(None, "its key is not RSA of 2048 bits or more"))
def test_key_file(text, pattern):
    with Front() as front, Tunnel(front.port, ready=False, mounted=False) as tunnel:
        tunnel.process.__exit__()
        text = text or efs.openssl("genrsa", "1024")
        tunnel.root.write("/etc/amazon/efs/privateKey.pem", text)
        program.run(tunnel.argv).exits(1).says(f"read /etc/amazon/efs/privateKey.pem: {pattern}")
        equal(tunnel.root.read("/etc/amazon/efs/privateKey.pem"), text, "somebody else's file")


@together
def test_usage():
    path = program.path_of("ecs-efs-tunnel")
    for arguments in ([], ["a", "b"], ["../x"], [".x"], ["--shorten", "renew=99999999", "x"], ["--what"]):
        program.run([path, *arguments]).exits(2)
    check(program.run([path, "--help"]).exits(0).out.startswith("usage: "), "no usage")


# ---- others who speak TLS

@together
@each(tls1_2="-tls1_2", tls1_3="-tls1_3")
def test_openssl_s_server(version):
    port, certificate = program.free_port(), efs.server_certificate()
    argv = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate + ".crt", "-key", certificate + ".key",
            "-Verify", "1", "-rev", version]
    with program.Started(argv) as peer, Tunnel(port) as tunnel:
        peer.wait_to_say("ACCEPT")
        with tunnel.connect() as client:
            client.sendall(b"abc\n")
            equal(receive(client, 4), b"cba\n")


@together
def test_stunnel_as_the_server():
    certificate = efs.server_certificate()
    with socket.create_server(("127.0.0.1", 0)) as backend:
        port = program.free_port()  # after the backend has its own, or it may be the same
        conf = os.path.join(efs.folder(), "stunnel.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"foreground=yes\npid=\n[efs]\naccept=127.0.0.1:{port}\nconnect=127.0.0.1:{backend.getsockname()[1]}\n"
                       f"cert={certificate}.crt\nkey={certificate}.key\nverify=0\nrequireCert=yes\n")
        with program.Started(["stunnel", conf]) as peer, Tunnel(port) as tunnel:
            peer.wait_to_say("Configuration successful", 10)
            with tunnel.connect() as client:
                client.sendall(b"hello")
                far, _ = backend.accept()
                with far:
                    equal(receive(far, 5), b"hello")
                    far.sendall(b"there")
                    equal(receive(client, 5), b"there")


if __name__ == "__main__":
    tap.main()
