#!/usr/bin/env python3
"""softd under clients that mean it harm, under load, and killed: nobody else is hurt and nothing is left behind."""
import array
import concurrent.futures
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from world import BIN, PATIENCE_S, ward

FACES = ("sgx", "sgx-v4", "sgx-v5", "tdx", "tdx-v5", "tdx-v5-1.5", "snp", "snp-v2", "snp-v3", "snp-vlek", "snp-v2-vlek",
         "snp-v3-vlek")
PROBE = BIN.parent / "test-bin" / "ward_keep_probe"
CLIENTS = 8
QUOTES = 10_000
MANIFEST = b'version = 1\nname = "x"\n'


def until(done, what):
    """until polls for something that must come to be."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.02)


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def mounts():
    return pathlib.Path("/proc/self/mountinfo").read_text()


def groups_of(launcher):
    return [place for place in pathlib.Path("/sys/fs/cgroup").glob(f"**/ward-keep-{launcher}-*") if place.is_dir()]


def listens(path):
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def descriptors_of(service):
    return len(os.listdir(f"/proc/{service.pid}/fd"))


def settled(service):
    """How many descriptors a service holds that closes none any more of those that it is done with."""
    counts = []

    def still():
        counts.append(descriptors_of(service))
        return len(counts) >= 25 and len(set(counts[-25:])) == 1

    until(still, "descriptors come and go")
    return counts[-1]


class Machine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = pathlib.Path(tempfile.mkdtemp(prefix="ward-hostile-", dir="/var/tmp"))
        cls.path.chmod(0o755)
        ward("dev", "init", cls.path / "device", check=0)
        cls.probe = shutil.copy(PROBE, cls.path)  # a keep takes no files of /tmp, where a checkout may lie

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.path)

    def softd(self, name):
        log = open(self.path / f"{name}.log", "ab")
        self.addCleanup(log.close)
        service = subprocess.Popen([BIN / "softd", "--device", self.path / "device", "--socket", self.path / name],
                                   stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(service.wait, PATIENCE_S)
        self.addCleanup(service.kill)
        until(lambda: listens(self.path / name), "softd does not listen")
        return service

    def run_one(self, name):
        """run_one is a keep as it should be."""
        ward("keep", "run", "--quiet", "--softd", self.path / name, "--tee", "soft-tdx", "--", "/bin/true", check=0)


class Hostile(Machine):
    def demand(self, name, octets, fds=()):
        """demand sends octets, the first with descriptors, and returns what comes back until the end."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_S)
            client.connect(str(self.path / name))
            try:
                client.sendmsg([octets[:1]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
                client.sendall(octets[1:])
                client.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough; what it said is there to be read
            told = b""
            try:
                while more := client.recv(65536):
                    told += more
            except ConnectionResetError:
                pass
            return told

    def whole(self, options=None):
        options = options if options is not None else b"\xa3\x64face\x63sgx\x65debug\xf4\x69signature\x40"
        return b"WKL2" + struct.pack("<I", len(MANIFEST)) + MANIFEST + struct.pack("<I", len(options)) + options

    def descriptors(self):
        """descriptors are five of the right kinds."""
        root = os.open("/", os.O_PATH | os.O_DIRECTORY)
        null = os.open("/dev/null", os.O_RDWR)
        relay, output = socket.socketpair(), socket.socketpair()
        self.addCleanup(lambda: [os.close(root), os.close(null)] + [s.close() for s in (*relay, *output)])
        return [root, relay[0].fileno(), output[0].fileno(), null, null]

    def test_random_octets_cut_demands_and_wrong_descriptors(self):
        service = self.softd("random.sock")
        draw = random.Random(7)
        good = self.descriptors()
        whole = self.whole()
        until(lambda: children(service.pid) == [], "the first connection is left")
        held = settled(service)
        for n in range(1, len(whole), 3):  # cut anywhere
            self.assertEqual(self.demand("random.sock", whole[:n], good)[:1], b"F", n)
        for _ in range(100):
            octets = draw.randbytes(draw.randrange(1, 200))
            self.assertIn(self.demand("random.sock", octets, draw.choice(((), good)))[:1], (b"F", b""))
        for _ in range(100):  # one octet changed
            octets = bytearray(whole)
            octets[draw.randrange(len(octets))] ^= 1 << draw.randrange(8)
            self.assertIn(self.demand("random.sock", bytes(octets), good)[:1], (b"F", b""))
        null = os.open("/dev/null", os.O_RDWR)
        self.addCleanup(os.close, null)
        pidfd = os.pidfd_open(os.getpid())
        self.addCleanup(os.close, pidfd)
        for fds in ([null], [null] * 4, [null] * 6, [null] * 253, [null] * 5, good[::-1], [good[0]] * 5,
                    [*good[:4], pidfd]):
            self.assertEqual(self.demand("random.sock", whole, fds)[:1], b"F")
        for options in (b"", b"\xa0", b"\x80", bytes(9000), b"\xa3\x64face\x63xyz\x65debug\xf4\x69signature\x40"):
            self.assertEqual(self.demand("random.sock", self.whole(options), good)[:1], b"F")
        self.run_one("random.sock")
        until(lambda: children(service.pid) == [], "a connection is left")
        until(lambda: descriptors_of(service) <= held, "a descriptor is left")

    def test_a_thousand_connections_at_once(self):
        service = self.softd("many.sock")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        many = []
        for number in range(1000):
            client = socket.socket(socket.AF_UNIX)
            many.append(client)
            client.connect(str(self.path / "many.sock"))
            if number % 2:
                client.send(b"WKL2")
        self.assertLessEqual(len(children(service.pid)), 64)
        for client in many:
            client.close()
        self.run_one("many.sock")
        until(lambda: children(service.pid) == [], "a connection is left")
        self.assertIsNone(service.poll())

    def test_ten_thousand_quotes_from_eight_clients_without_an_error(self):
        self.softd("load.sock")
        each = -(-QUOTES // len(FACES))

        def one(face):
            return ward("keep", "run", "--quiet", "--softd", self.path / "load.sock", "--tee", f"soft-{face}", "--", self.probe,
                        "quotes", each)

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            for face, done in zip(FACES, pool.map(one, FACES)):
                self.assertEqual((face, done.returncode, done.stdout), (face, 0, f"quotes={each}\n".encode()),
                                 done.stderr.decode())


class Killed(Machine):
    """kill -9 of each part, while its keep runs and has asked its device."""

    def running(self, name):
        """running is a keep that has used its device: who asked, and all the processes, outermost first."""
        service = self.softd(name)
        run = subprocess.Popen([BIN / "ward", "keep", "run", "--softd", self.path / name, "--tee", "soft-snp", "--quiet",
                                "--", self.probe, "hold"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(run.stdout.readline(), b"tee=snp\n")
        connection, = children(service.pid)
        agent, = children(connection)
        workload = children(agent)
        return service, run, connection, agent, workload

    def nothing_left(self, run, pids, connection):
        run.stdout.read()  # ends when the last process of the keep has
        run.communicate(timeout=PATIENCE_S)
        for pid in pids:
            until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "a process is left")  # noqa: B023
        until(lambda: groups_of(connection) == [], "a cgroup is left")

    def check(self, name, which):
        before = mounts()
        service, run, connection, agent, workload = self.running(name)
        victim = {"softd": service.pid, "connection": connection, "agent": agent, "workload": workload[0]}[which]
        os.kill(victim, signal.SIGKILL)
        self.nothing_left(run, (connection, agent, *workload), connection)
        self.assertEqual(run.returncode, 1 if which == "workload" else 3)
        self.assertEqual(mounts(), before)
        if which == "softd":
            service.wait(PATIENCE_S)
            self.softd(name)  # takes the place of the socket that nobody listens to
        self.run_one(name)

    def test_softd(self):
        self.check("softd.sock", "softd")

    def test_its_process_for_the_connection(self):
        self.check("connection.sock", "connection")

    def test_the_keeps_first_process(self):
        self.check("agent.sock", "agent")

    def test_the_workload(self):
        self.check("workload.sock", "workload")


if __name__ == "__main__":
    unittest.main()
