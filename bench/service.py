"""Handshakes with a real wardd over TLS: what each costs the service, how many there are in a second, how long one takes.

The client (rcar_main.cc) makes evidence of the software TEE for each session's nonce, as a guest must. Its processor time
is not the service's, which the kernel counts by itself; latencies leave the making of evidence out. Both share one machine.
"""
import contextlib
import json
import pathlib
import statistics
import sys

import contestants
import stats

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "test/keep"))
import world  # noqa: E402

TEES = ("sgx", "tdx", "snp")
RESOURCE = "hospital/key/records"
CLIENTS = 8
SESSIONS = 200
NANO = 1e9


def resident(pid):
    """resident is how many octets of memory the process has."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise contestants.Failed(f"process {pid} says nothing of its memory")


def percentile(samples, part):
    """percentile is the smallest sample that `part` of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)]


class Load:
    """Load is one run of ward_rcar."""

    def __init__(self, numbers):
        self.wall, self.service, self.client, *self.latencies = numbers

    @property
    def per_second(self):
        return len(self.latencies) * NANO / self.wall

    @property
    def service_ns(self):
        """service_ns is what the service's processor spent on one handshake."""
        return self.service / len(self.latencies)


class Service(contestants.Contestant):
    """Service is a wardd with the client that asks it."""

    def __init__(self):
        self.world = world.World()
        self.pid = self.world.service.pid
        try:
            super().__init__("ward_rcar", [str(world.BIN / "ward_rcar"), str(self.world.device), self.world.url,
                                           self.world.server_key, RESOURCE, str(self.pid)])
            self._approve()
        except BaseException:
            self.world.end()
            raise

    def _approve(self):
        facts = json.loads(self.ask("facts"))
        evidence = {"schema": "ward.evidence-policy/1", "name": "bench", "runtimes": facts["runtimes"],
                    "accepted_tcb": ["UpToDate"], "allow_development": True}
        release = {"resources": ["key/records"], "workloads": [facts["workload"]], "runtimes": facts["runtimes"],
                   "accepted_tcb": ["UpToDate", "NotStated"], "allow_development": True}
        results = {"schema": "ward.results-policy/1", "releases": [release]}
        path = self.world.folder / "policy.json"
        for policy, words in ((evidence, ["evidence"]), (results, ["results", "--repository", "hospital"])):
            path.write_text(json.dumps(policy), encoding="utf-8")
            world.ward("policy", "set", path, "--for", *words, *self.world.admin, check=0)

    def handshakes(self, tee, count, per_second=0):
        interval = int(NANO / per_second) if per_second else 0
        # Enough of them that none waits for another client while the service answers in time.
        return Load(self.numbers(f"load {tee} {CLIENTS if not per_second else 4 * CLIENTS} {count} {interval}"))

    def bare_ns(self, tee, count):
        return self.numbers(f"bare {tee} {count}")[0] / count

    def visit_ns(self, count):
        return self.numbers(f"visit {count}")[0] / count

    def session_octets(self):
        """session_octets is the memory that one more session takes while its connection is open."""
        before = resident(self.pid)
        self.ask(f"open {SESSIONS}")
        octets = (resident(self.pid) - before) / SESSIONS
        self.ask("open 0")
        return round(octets)

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            super().close()
        self.world.end()


def measure_tee(service, tee, rounds, count, half_s):
    """measure_tee gives the members of one row."""
    base = service.ask(f"base {tee}").removeprefix("ok ")
    service.handshakes(tee, count)  # the platform is known from then on
    full, ratios, bare = [], [], []
    for _ in range(rounds):
        before = service.bare_ns(tee, 50)
        full.append(service.handshakes(tee, count))
        bare.append((before + service.bare_ns(tee, 50)) / 2)
        ratios.append(full[-1].service_ns / bare[-1])
    per_second = statistics.median(load.per_second for load in full)
    half = service.handshakes(tee, max(200, int(half_s * per_second / 2)), per_second / 2)
    ratio = stats.spread(ratios).rounded(3)
    latencies = [one for load in full for one in load.latencies]
    return {"ratio": ratio.median, "quartiles": [ratio.low, ratio.high], "base": base,
            "base_us": round(statistics.median(bare) / 1000, 3),
            "us": round(statistics.median(load.service_ns for load in full) / 1000, 3),
            "cryptography": round(1 / ratio.median, 3), "per_second": round(per_second, 1),
            "per_core_second": round(NANO / statistics.median(load.service_ns for load in full), 1),
            "client_us": round(statistics.median(load.client / len(load.latencies) for load in full) / 1000, 3),
            "full_ms": [round(percentile(latencies, part) / 1e6, 3) for part in (50, 99)],
            "half_per_second": round(half.per_second, 1),
            "half_ms": [round(percentile(half.latencies, part) / 1e6, 3) for part in (50, 99)]}


def measure_connection(service, rounds, count):
    """measure_connection gives the members of a row: what a handshake's connection costs without the handshake."""
    tee = TEES[0]
    service.visit_ns(count)
    visits, bare = [], []
    for _ in range(rounds):
        before = service.bare_ns(tee, 50)
        visits.append(service.visit_ns(count))
        bare.append((before + service.bare_ns(tee, 50)) / 2)
    ratio = stats.spread([one / of for one, of in zip(visits, bare)]).rounded(3)
    return {"ratio": ratio.median, "quartiles": [ratio.low, ratio.high],
            "base": service.ask(f"base {tee}").removeprefix("ok "),
            "base_us": round(statistics.median(bare) / 1000, 3), "us": round(statistics.median(visits) / 1000, 3)}


def measure(quick):
    """measure gives the members of the connection's row, and {TEE: members of its row}."""
    rounds, count, half_s = (3, 60, 1) if quick else (11, 200, 10)
    service = Service()
    try:
        octets = service.session_octets()
        connection = measure_connection(service, rounds, count)
        return connection, {tee: measure_tee(service, tee, rounds, count, half_s) | {"session_octets": octets} for tee in TEES}
    finally:
        service.close()
