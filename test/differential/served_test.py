"""A peer accepts a new development platform's evidence with what it fetches itself from `ward dev serve`.

served_test.py WARD WARD_SOFT_EVIDENCE PEER. The peers ask the maker's addresses at another server, each with its own
client; the development root is named to them, and without it they refuse. Exit 77 without the peer.
"""
import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import line_peer

PATIENCE_S = 120
SKIPPED = 77
SGX, TDX_4, TDX_5 = ("sgx",), ("tdx",), ("tdx-v5", "tdx-v5-1.5")
SNP = ("snp", "snp-v3", "snp-vlek", "snp-v3-vlek")
REPORT_BYTES = 1184


def der_of(pem):
    return subprocess.run(["openssl", "x509", "-outform", "DER"], input=pem, capture_output=True, check=True).stdout


class DcapQvl:
    faces = SGX + TDX_4 + TDX_5

    def __init__(self, platform, url):
        self.library = importlib.import_module("dcap_qvl")
        self.roots = {True: der_of((platform / "root.pem").read_bytes())}
        self.url = url

    async def collateral(self, quote):
        fetched = self.library.get_collateral(self.url, quote)
        return await fetched if inspect.isawaitable(fetched) else fetched

    def judge(self, quote, trusted):
        try:
            collateral = asyncio.run(self.collateral(quote))
            if trusted:
                return self.library.verify_with_root_ca(quote, collateral, self.roots[True], int(time.time())).status
            return self.library.verify(quote, collateral, int(time.time())).status
        except (ValueError, RuntimeError) as error:
            return str(error)

    def accepted(self, said):
        return said == "UpToDate"

    def close(self):
        pass


class Lines:
    """A peer that is a program."""

    def __init__(self, program):
        self.peer = line_peer.LinePeer.__new__(line_peer.LinePeer)
        self.peer.program = program
        line_peer.LinePeer.__init__(self.peer)

    def ask(self, case):
        return self.peer.judge(json.dumps(case) + "\n")

    def accepted(self, said):
        return said["accepted"]

    def close(self):
        self.peer.close()


class GoTdxGuest(Lines):
    faces = TDX_4  # it knows quotes of version 4

    def __init__(self, platform, url):
        super().__init__(program_of("go-tdx-guest"))
        self.root = der_of((platform / "root.pem").read_bytes())
        self.url = url

    def judge(self, quote, trusted):
        other = der_of(stranger())
        return self.ask({"quote": quote.hex(), "root": (self.root if trusted else other).hex(), "now": int(time.time()),
                         "server": self.url})


class GoSevGuest(Lines):
    faces = SNP  # a report of version 2 does not say which line it is of

    def __init__(self, platform, url):
        super().__init__(program_of("go-sev-guest"))
        folder = platform / "collateral"
        self.ark = der_of((folder / "ark.pem").read_bytes())
        self.ask_der, self.asvk, self.vlek = ((folder / f"{name}.der").read_bytes() for name in ("ask", "asvk", "vlek"))
        self.url = url

    def judge(self, evidence, trusted):
        key_info = int.from_bytes(evidence[0x48:0x4c], "little")
        is_vlek = key_info >> 2 & 7 == 1
        # The report alone: its certificate table stays behind, so that the peer fetches what was in it.
        case = {"evidence": evidence[:REPORT_BYTES].hex(), "line": "Genoa", "ark": "", "ask": "", "asvk": "", "vek": "",
                "crl": "", "now": int(time.time()), "server": self.url}
        if trusted:
            case |= {"ark": self.ark.hex(), "ask": self.ask_der.hex(), "asvk": self.asvk.hex()}
        if is_vlek:  # nobody fetches a VLEK's certificate: the provider's host hands it out
            case["vek"] = self.vlek.hex()
        return self.ask(case)


def stranger():
    """A root that nobody of the platform has to do with."""
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-keyout", "/dev/null", "-subj", "/CN=stranger", "-days", "2"], capture_output=True, check=True)
    return done.stdout


def program_of(name):
    return os.environ.get("WARD_" + name.upper().replace("-", "_"), f"build/go/ward-{name}")


def absent(name):
    if name == "dcap-qvl":
        return not importlib.util.find_spec("dcap_qvl")
    return not os.access(program_of(name), os.X_OK)


def run(ward, make_evidence, peer_class, platform):
    subprocess.run([ward, "dev", "init", platform], check=True, capture_output=True, timeout=PATIENCE_S)
    server = subprocess.Popen([ward, "dev", "serve", platform], stdout=subprocess.PIPE, text=True)
    url = re.fullmatch(r"(http://127\.0\.0\.1:\d+)\n", server.stdout.readline())[1]
    peer = peer_class(platform, url)
    wrong = []
    try:
        for face in peer.faces:
            evidence = subprocess.run([make_evidence, platform, face], capture_output=True, check=True,
                                      timeout=PATIENCE_S).stdout
            for trusted in (True, False):
                said = peer.judge(evidence, trusted)
                print(f"{face}, root {'named' if trusted else 'not named'}: {said}")
                if peer.accepted(said) != trusted:
                    wrong.append(face)
    finally:
        peer.close()
        server.terminate()
        server.wait(PATIENCE_S)
        server.stdout.close()
    return wrong


def main():
    ward, make_evidence, name = sys.argv[1:]
    if absent(name):
        print(f"no {name}")
        return SKIPPED
    peer_class = {"dcap-qvl": DcapQvl, "go-tdx-guest": GoTdxGuest, "go-sev-guest": GoSevGuest}[name]
    os.environ["NO_PROXY"] = "127.0.0.1"
    with tempfile.TemporaryDirectory() as folder:
        wrong = run(ward, make_evidence, peer_class, pathlib.Path(folder, "platform"))
    return f"judged otherwise than meant: {wrong}" if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
