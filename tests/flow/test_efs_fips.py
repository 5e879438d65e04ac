"""TLS, certificates and signatures of EFS with OpenSSL's FIPS provider and nothing else: what is not approved does not exist
there. The module is the system's (Debian 13: openssl-provider-fips), or FIPS_MODULE=/path/to/fips.so."""

import glob
import os
import subprocess
import sys

sys.path.insert(0, f"{os.path.dirname(os.path.abspath(__file__))}/../lib")
import efs
import program
import tap
from efs import ACCESS_POINT, Agent, FILE_SYSTEM, Front, KEY_ID, Tunnel, URI
from tap import check, contains, each, equal, matches

PLACES = ("/usr/lib*/ossl-modules/fips.so", "/usr/lib/*/ossl-modules/fips.so")
CONF = """openssl_conf = init
config_diagnostics = 1
.include {0}/module.cnf
[init]
providers = providers
alg_section = algorithms
[providers]
fips = fips_sect
base = base
[base]
activate = 1
[algorithms]
default_properties = fips=yes
"""


def module():
    found = [os.environ["FIPS_MODULE"]] if os.environ.get("FIPS_MODULE") else [path for pattern in PLACES for path in glob.glob(pattern)]
    if not found:
        tap.skip("no FIPS module of OpenSSL here (ossl-modules/fips.so, or FIPS_MODULE)")
    return found[0]


def fips():
    """The environment in which OpenSSL has only what is approved."""
    path = module()

    def make(folder):
        os.mkdir(folder)
        done = subprocess.run(["openssl", "fipsinstall", "-module", path, "-out", f"{folder}/module.cnf"], capture_output=True, text=True)
        tap.check(done.returncode == 0, f"openssl fipsinstall: {done.stderr}")
        with open(f"{folder}/openssl.cnf", "w", encoding="ascii") as file:
            file.write(CONF.format(folder))
    return {"OPENSSL_CONF": f"{efs.once('fips', make)}/openssl.cnf", "OPENSSL_MODULES": os.path.dirname(path)}


def test_here_is_no_md5():
    """Otherwise the rest would show nothing."""
    env = program.environment(**fips())
    listed = subprocess.run(["openssl", "list", "-providers"], env=env, capture_output=True, text=True).stdout
    contains(listed, "fips", "providers")
    check("default" not in listed, listed)
    check(subprocess.run(["openssl", "md5", "/etc/hostname"], env=env, capture_output=True).returncode != 0, "MD5 works")


@each(certificate="test-efs-certificate", authorization="test-efs-authorization", sigv4="test-sigv4")
def test_vectors(name):
    path = os.path.join(os.path.dirname(program.BIN), "tests", name)
    if not os.path.exists(path):
        tap.skip(f"{path} was not built: make check-unit")
    program.run([path], program.environment(**fips()), timeout=60).exits(0)


@each(tls1_3=(), tls1_2=("--tls1.2",))
def test_a_tunnel_with_a_signature_and_an_access_point(*options):
    with Agent() as agent, Front("--access-point", ACCESS_POINT, *options, signed=True) as front, \
            Tunnel(front.port, "--shorten", "renew=500", "--credentials-endpoint", agent.url, env=fips(), IAM="true", CREDENTIALS_URI=URI,
                   ACCESS_POINT=ACCESS_POINT) as tunnel:
        equal(tunnel.talk(), b"hello")
        with open(f"/proc/{tunnel.process.pid}/maps", encoding="ascii") as maps:
            contains(maps.read(), os.path.basename(module()), "what the tunnel has loaded")
        visitor = front.wait_visitors(1)[0]
        equal((visitor["fs"], visitor["ap"], visitor["key"], visitor["refused"]), (FILE_SYSTEM, ACCESS_POINT, KEY_ID, ""))
        tap.wait_until(lambda: tunnel.talk() and int(front.visitors[-1]["serial"]) > 0, 20, "a renewed certificate")


def test_a_key_of_its_own():
    with Front() as front, Tunnel(front.port, env=fips(), key=False) as tunnel:
        equal(tunnel.talk(), b"hello")
        matches(tunnel.root.read("/etc/amazon/efs/privateKey.pem"), "BEGIN PRIVATE KEY", "key")


if __name__ == "__main__":
    tap.main()
