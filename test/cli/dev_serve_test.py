#!/usr/bin/env python3
"""`ward dev serve`: a development platform's collateral at the addresses of Intel's PCCS and AMD's KDS, asked by curl."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.parse

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
PATIENCE_S = 120
FMSPC = "ff7761726400"
SGX, TDX = "/sgx/certification/v4", "/tdx/certification/v4"
TCB = "blSPL=4&teeSPL=0&snpSPL=24&ucodeSPL=219"


def dev(*words):
    return subprocess.run([WARD, "dev", *map(str, words)], capture_output=True, timeout=PATIENCE_S)


def openssl(*words, given=None):
    return subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, check=True,
                          timeout=PATIENCE_S).stdout


class Server:
    def __init__(self, folder, *words):
        self.process = subprocess.Popen([WARD, "dev", "serve", folder, "--json", *words], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        text = b""
        while not text.endswith(b"}\n"):
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(self.process.communicate()[1].decode())
            text += line
        self.told = json.loads(text)
        self.url = self.told["url"]

    def get(self, path, *more):
        """Status, headers by small name, and body of what curl gets."""
        out = subprocess.run(["curl", "-sS", "-i", *more, self.url + path], capture_output=True, check=True,
                             timeout=PATIENCE_S).stdout
        head, body = out.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        return int(first.split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, body

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


class Whole(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-dev-serve-"))
        cls.platform = cls.folder / "platform"
        cls.collateral = cls.platform / "collateral"
        done = dev("init", cls.platform)
        assert done.returncode == 0, done.stderr
        # Nothing but the public files is read.
        shutil.move(cls.platform / "device", cls.folder / "device")
        shutil.rmtree(cls.platform / "ca")
        cls.server = Server(cls.platform)
        cls.chip = cls.chip_of()

    @classmethod
    def chip_of(cls):
        vcek = (cls.collateral / "vcek.der").read_bytes()
        at = vcek.index(bytes.fromhex("ff77617264"), vcek.index(bytes.fromhex("06092b060104019c780104")))
        return vcek[at:at + 64].hex()

    @classmethod
    def tearDownClass(cls):
        code, out, err = cls.server.end()
        shutil.rmtree(cls.folder)
        assert (code, out, err) == (0, b"", b""), (code, out, err)

    def got(self, path, *more):
        status, headers, body = self.server.get(path, *more)
        self.assertEqual(status, 200, body)
        return headers, body

    def chain(self, text):
        return urllib.parse.unquote(text)

    def file(self, name):
        return (self.collateral / name).read_bytes()

    def test_the_object_that_is_printed_follows_its_schema(self):
        schema = json.loads((ROOT / "docs/schemas/ward.dev_serve-1.json").read_text())
        jsonschema.validate(self.server.told, schema)
        self.assertTrue(self.server.url.startswith("http://127.0.0.1:"))

    def test_intel_documents_and_their_issuers(self):
        for tee, info, identity in ((SGX, "sgx_tcb_info.json", "qe_identity.json"),
                                    (TDX, "tdx_tcb_info.json", "td_qe_identity.json")):
            signing = self.file("tcb_signing.pem").decode()
            for fmspc in (FMSPC, FMSPC.upper(), FMSPC + "&update=standard", FMSPC + "&tcbEvaluationDataNumber=17"):
                headers, body = self.got(f"{tee}/tcb?fmspc={fmspc}")
                self.assertEqual(body, self.file(info))
                self.assertEqual(headers["content-type"], "application/json")
                self.assertEqual(self.chain(headers["tcb-info-issuer-chain"]), signing)
            for query in ("", "?update=early", "?update=standard&tcbEvaluationDataNumber=17"):
                headers, body = self.got(f"{tee}/qe/identity{query}")
                self.assertEqual(body, self.file(identity))
                self.assertEqual(self.chain(headers["sgx-enclave-identity-issuer-chain"]), signing)

    def test_intel_lists(self):
        self.assertEqual(bytes.fromhex(self.got(SGX + "/rootcacrl")[1].decode()), self.file("root_ca.crl"))
        der = self.file("pck_platform_ca.crl")
        headers, body = self.got(SGX + "/pckcrl?ca=platform&encoding=der")
        self.assertEqual(body, der)
        chain = self.chain(headers["sgx-pck-crl-issuer-chain"])
        self.assertEqual(chain.encode(), self.file("pck_platform_ca.pem"))
        self.assertEqual(chain.count("BEGIN CERTIFICATE"), 2)
        self.assertEqual(bytes.fromhex(self.got(SGX + "/pckcrl?ca=platform")[1].decode()), der)
        pem = self.got(SGX + "/pckcrl?encoding=pem&ca=platform")[1]
        self.assertEqual(openssl("crl", "-outform", "DER", given=pem), der)

    def test_lists_are_where_the_certificates_say(self):
        for name in ("root_ca.crl", "pck_platform_ca.crl"):
            self.assertEqual(self.got("/" + name)[1], self.file(name))
        for path in self.collateral.glob("*.pem"):
            text = openssl("x509", "-in", path, "-noout", "-text").decode()
            for place in re.findall(r"URI:https://[^/]+(/\S+)", text):
                self.got(place)

    def test_amd_certificates_and_list(self):
        for key, issuer, own in (("vcek", "ask", self.chip), ("vlek", "asvk", "cert")):
            chain = self.got(f"/{key}/v1/Genoa/cert_chain")[1]
            self.assertEqual(chain.count(b"BEGIN CERTIFICATE"), 2)
            self.assertEqual(openssl("x509", "-outform", "DER", given=chain), self.file(f"{issuer}.der"))
            self.assertTrue(chain.endswith(self.file("ark.pem")))
            self.assertEqual(self.got(f"/{key}/v1/Genoa/crl")[1], self.file("amd_crl.der"))
            for query in (TCB, "ucodeSPL=219&snpSPL=024&teeSPL=00&blSPL=04"):
                headers, body = self.got(f"/{key}/v1/Genoa/{own}?{query}")
                self.assertEqual(body, self.file(f"{key}.der"))
                self.assertEqual(headers["content-type"], "application/pkix-cert")
        self.assertEqual(self.got(f"/vcek/v1/Genoa/{self.chip.upper()}?{TCB}")[1], self.file("vcek.der"))

    def test_what_is_not_there(self):
        for path in ("/no", "/sgx/certification/v3/rootcacrl", SGX, SGX + "/", "//", f"{SGX}/tcb?fmspc=00606a000000",
                     SGX + "/pckcrl?ca=processor", f"{SGX}/tcb?fmspc={FMSPC}&tcbEvaluationDataNumber=16",
                     f"/vcek/v1/Milan/{self.chip}?{TCB}", f"/vcek/v1/genoa/{self.chip}?{TCB}", "/vcek/v1/Turin/crl",
                     f"/vcek/v1/Genoa/{'00' * 64}?{TCB}", f"/vcek/v1/Genoa/{self.chip}?{TCB[:-1]}",
                     "/collateral/ark.pem", "/../platform/root.pem", "/%2e%2e/root.pem"):
            with self.subTest(path=path):
                status, headers, body = self.server.get(path, "--path-as-is")
                self.assertEqual((status, headers["content-type"]), (404, "text/plain; charset=utf-8"))
                self.assertIn(b"this development platform has", body)

    def test_what_is_asked_wrongly(self):
        for path, why in ((SGX + "/tcb", "fmspc is missing"), (SGX + "/tcb?fmspc=ff", "fmspc: malformed"),
                          (SGX + f"/tcb?fmspc={FMSPC[:-1]}g", "fmspc: malformed"),
                          (SGX + f"/tcb?fmspc={FMSPC}&fmspc={FMSPC}", "each once"),
                          (SGX + f"/tcb?fmspc={FMSPC}&update=never", "update: malformed"),
                          (SGX + "/pckcrl", "ca is missing"), (SGX + "/pckcrl?ca", "NAME=VALUE"),
                          (SGX + "/pckcrl?ca=PLATFORM&encoding=txt", "malformed"),
                          (SGX + "/rootcacrl?x=1", "does not take"),
                          (f"/vcek/v1/Genoa/{self.chip}?blSPL=4", "is missing"),
                          (f"/vcek/v1/Genoa/{self.chip}", "is missing"),
                          (f"/vcek/v1/Genoa/{self.chip}?{TCB.replace('219', '256')}", "ucodeSPL: malformed"),
                          (f"/vcek/v1/Genoa/{self.chip}?{TCB.replace('219', '-37')}", "ucodeSPL: malformed"),
                          (f"/vcek/v1/Genoa/{self.chip}?{TCB.replace('219', '0000000000219')}", "ucodeSPL: malformed")):
            with self.subTest(path=path):
                status, _, body = self.server.get(path)
                self.assertEqual(status, 400, body)
                self.assertIn(why, body.decode())

    def test_get_alone(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            status, headers, _ = self.server.get("/", "-X", method)
            self.assertEqual((status, headers["allow"]), (405, "GET"))
        self.assertEqual(self.server.get("/", "-d", "a" * 1025)[0], 413)
        self.assertEqual(self.server.get("/", "-H", "X-Long: " + "a" * 20000)[0], 431)

    def test_the_list_names_what_is_there(self):
        lines = self.got("/")[1].decode().splitlines()
        self.assertIn("NOT A TEE", lines[0])
        self.assertEqual(len(lines), 2 + 14)
        for path in lines[2:]:
            self.got(path)

    def test_connections_that_stay_silent_keep_nobody_out(self):
        address = urllib.parse.urlsplit(self.server.url)
        silent = [socket.create_connection((address.hostname, address.port)) for _ in range(150)]
        self.got("/")
        for one in silent:
            one.close()


class Parts(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-dev-serve-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_a_platform_of_one_maker_serves_that_alone_and_ends_by_either_signal(self):
        self.assertEqual(dev("init", self.folder / "p", "--tee", "sgx").returncode, 0)
        for which in (signal.SIGTERM, signal.SIGINT):
            server = Server(self.folder / "p", "--listen", "[::1]:0" if socket.has_dualstack_ipv6() else "127.0.0.1:0")
            self.assertEqual(server.get(TDX + "/qe/identity", "-g")[0], 200)
            self.assertEqual(server.get("/vcek/v1/Genoa/crl", "-g")[0], 404)
            server.process.send_signal(which)
            self.assertEqual(server.process.communicate(timeout=PATIENCE_S), (b"", b""))
            self.assertEqual(server.process.returncode, 0)

    def refused(self, code, text, *words):
        done = dev("serve", *words)
        self.assertEqual((done.returncode, done.stdout), (code, b""), done.stderr)
        self.assertIn(text, done.stderr.decode())

    def test_what_cannot_be_served(self):
        self.refused(3, "no maker's root", self.folder)
        self.refused(3, "no maker's root", self.folder / "no")
        self.assertEqual(dev("init", self.folder / "p", "--tee", "sgx").returncode, 0)
        for listen in ("8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", ":80", "name:80"):
            self.refused(2, "--listen", self.folder / "p", "--listen", listen)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.refused(3, "cannot be listened on", self.folder / "p", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        (self.folder / "p/collateral/tdx_tcb_info.json").write_text("{}")
        self.refused(3, "tdx_tcb_info.json: not what", self.folder / "p")
        (self.folder / "p/collateral/tdx_tcb_info.json").unlink()
        self.refused(3, "tdx_tcb_info.json: cannot be opened", self.folder / "p")


if __name__ == "__main__":
    unittest.main()
