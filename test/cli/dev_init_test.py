#!/usr/bin/env python3
"""What `ward dev init` writes: openssl verifies every chain and CRL, a seed gives it again, and failures leave nothing."""
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest

WARD = os.environ["WARD_PROGRAM"]
PATIENCE_S = 120
AT = "2026-10-01T00:00:00Z"
ATTIME = "1793491200"  # 2026-11-01
MARK = "NOT A TEE - ward development"
MARK_OID = "2.25.2002874980"
OWN = re.compile("CN = (Intel SGX PCK Certificate|SEV-VCEK|SEV-VLEK)(,|$)")
RANGE = "ff77617264"
ROOT = os.geteuid() == 0
NOBODY = 65534


def ward(*words, program=(), **more):
    done = subprocess.run([*program, WARD, *map(str, words)], capture_output=True, timeout=PATIENCE_S, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def openssl(*words, given=None):
    done = subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, timeout=PATIENCE_S)
    return done.returncode, done.stdout, done.stderr.decode()


def certificates(path):
    """The certificates of a file, each in PEM."""
    octets = path.read_bytes()
    if path.suffix == ".der":
        return [openssl("x509", "-inform", "DER", given=octets)[1]]
    end = b"-----END CERTIFICATE-----\n"
    return [part + end for part in octets.split(end) if part.strip()]


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Platforms(unittest.TestCase):
    """One platform from a seed and one without."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-dev-init-"))
        cls.seeded, cls.fresh = cls.folder / "seeded", cls.folder / "fresh"
        for where, more in ((cls.seeded, ("--seed", "0102")), (cls.fresh, ())):
            code, _, err = ward("dev", "init", where, "--at", AT, *more)
            assert code == 0, err

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.own = pathlib.Path(tempfile.mkdtemp(dir=self.folder))

    def each(self):
        return self.seeded, self.fresh

    def crl_of(self, path):
        out = self.own / (path.stem + ".pem")
        code, _, err = openssl("crl", "-inform", "DER", "-in", path, "-out", out)
        self.assertEqual(code, 0, err)
        return out

    def verifies(self, platform, path, crls, *more, untrusted=None):
        words = ["verify", "-attime", ATTIME, "-CAfile", platform / "root.pem", *more]
        if untrusted:
            words += ["-untrusted", untrusted]
        for crl in crls:
            words += ["-CRLfile", self.crl_of(crl)]
        code, out, err = openssl(*words, *(["-crl_check_all"] if crls else []), path)
        self.assertEqual((code, out.decode().strip()), (0, f"{path}: OK"), err)

    def test_openssl_verifies_every_chain_with_its_crls(self):
        for platform in self.each():
            device, collateral = platform / "device", platform / "collateral"
            intel = [collateral / "root_ca.crl", collateral / "pck_platform_ca.crl"]
            self.verifies(platform, device / "pck_chain.pem", intel, "-x509_strict", untrusted=device / "pck_chain.pem")
            self.verifies(platform, collateral / "tcb_signing.pem", intel[:1], "-x509_strict")
            for leaf, issuer in (("vcek", "ask"), ("vlek", "asvk")):
                chain = device / f"{leaf}_chain.pem"
                self.verifies(platform, chain, [], untrusted=chain)
                one, of_issuer = self.own / f"{leaf}.pem", self.own / f"{issuer}.pem"
                one.write_bytes(certificates(collateral / f"{leaf}.der")[0])
                of_issuer.write_bytes(certificates(collateral / f"{issuer}.der")[0])
                self.verifies(platform, one, [], untrusted=of_issuer)
                # AMD's ASK and ASVK publish no list of their own: the ARK's lists them.
                self.verifies(platform, of_issuer, [collateral / "amd_crl.der"])

    def test_openssl_verifies_every_crl(self):
        for platform in self.each():
            for crl, issuers in (("root_ca.crl", "root.pem"), ("pck_platform_ca.crl", "device/pck_chain.pem"),
                                 ("amd_crl.der", "root.pem")):
                code, _, err = openssl("crl", "-inform", "DER", "-in", platform / "collateral" / crl, "-CAfile",
                                       platform / issuers, "-noout", "-verify")
                self.assertEqual((code, err.strip()), (0, "verify OK"))
                issuer = openssl("crl", "-inform", "DER", "-in", platform / "collateral" / crl, "-noout", "-issuer")[1]
                self.assertIn(MARK, issuer.decode())

    def test_every_certificate_shows_the_mark(self):
        for platform in self.each():
            seen = 0
            for path in sorted(platform.rglob("*")):
                if path.suffix == ".pem" or path.name in ("ask.der", "asvk.der", "vcek.der", "vlek.der"):
                    for one in certificates(path):
                        said = openssl("x509", "-noout", "-subject", "-issuer", given=one)[1].decode().splitlines()
                        self.assertEqual([MARK in line for line in said], [True, True], f"{path}: {said}")
                        # Other verifiers count the extensions of a platform's own certificates: there it is the issuer's.
                        text = openssl("x509", "-noout", "-text", given=one)[1].decode()
                        self.assertEqual(MARK_OID in text, not OWN.search(said[0]), path)
                        seen += 1
            self.assertEqual(seen, 2 + 1 + 2 + 2 + 1 + 4 + 3 + 3 + 3)

    def test_every_private_key_is_one(self):
        for platform in self.each():
            keys = sorted(platform.rglob("*.pk8"))
            self.assertEqual(len(keys), 9)
            for key in keys:
                self.assertEqual(openssl("pkey", "-inform", "DER", "-in", key, "-check", "-noout")[0], 0, key)

    def test_secrets_are_their_owners_alone(self):
        for platform in self.each():
            secret = {path for path in platform.rglob("*") if path.suffix == ".pk8" or path.name == "device_root"}
            for path in platform.rglob("*"):
                mode = stat.S_IMODE(path.stat().st_mode)
                if path.is_dir():
                    self.assertEqual(mode, 0o755 if path.name == "collateral" else 0o700, path)
                else:
                    self.assertEqual(mode, 0o600 if path in secret else 0o644, path)

    def test_fmspc_and_chip_id_are_of_the_reserved_range(self):
        for platform in self.each():
            info = json.loads((platform / "collateral/sgx_tcb_info.json").read_text())["tcbInfo"]
            self.assertTrue(info["fmspc"].lower().startswith(RANGE))
            der = openssl("x509", "-outform", "DER", given=certificates(platform / "device/pck_chain.pem")[0])[1]
            self.assertIn(bytes.fromhex(info["fmspc"]), der)
            # AMD's extension 1.3.6.1.4.1.3704.1.4, whose value is the chip id itself
            vcek = (platform / "collateral/vcek.der").read_bytes()
            at = vcek.index(bytes.fromhex("06092b060104019c780104")) + 11
            at += 3 if vcek[at] == 1 else 0  # critical
            self.assertEqual(vcek[at:at + 2], bytes((4, 64)))
            self.assertEqual(vcek[at + 2:at + 7].hex(), RANGE)

    def test_the_same_seed_gives_the_same_files(self):
        seed = self.own / "seed"
        seed.write_bytes(bytes.fromhex("0102"))
        code, out, err = ward("dev", "init", self.own / "again", "--at", AT, "--seed-file", seed, "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(files(self.own / "again"), files(self.seeded))
        told = json.loads(out)
        self.assertEqual((told["reproducible"], told["tees"], told["collateral_from"], told["collateral_until"]),
                         (True, ["sgx", "tdx", "snp"], AT, "2027-10-01T00:00:00Z"))

    def test_nothing_drawn_is_shared_by_two_platforms(self):
        one, two = files(self.seeded), files(self.fresh)
        self.assertEqual(one.keys(), two.keys())
        self.assertEqual([name for name in one if one[name] == two[name]], [])

    def test_a_part_of_the_seeded_platform_is_the_same_alone(self):
        whole = files(self.seeded)
        for tee, count in (("sgx", 18), ("snp", 15)):
            code, out, err = ward("dev", "init", self.own / tee, "--at", AT, "--seed", "0102", "--tee", tee, "--json")
            self.assertEqual(code, 0, err)
            part = files(self.own / tee)
            self.assertEqual(len(part), count)
            self.assertEqual([name for name in part if name != "root.pem" and part[name] != whole[name]], [])
            self.assertIn(part["root.pem"], whole["root.pem"])
            self.assertEqual(json.loads(out)["tees"], ["sgx", "tdx"] if tee == "sgx" else ["snp"])


class Failures(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-dev-init-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_mistakes(self):
        (self.folder / "empty").write_bytes(b"")
        for words, code, text in ((("--seed", ""), 2, "--seed"), (("--seed", "x" * 1025), 2, "1024"),
                                  (("--seed", "00" * 1025), 2, "1024"),
                                  (("--seed-file", self.folder / "no"), 3, "no"),
                                  (("--seed-file", self.folder / "empty"), 2, "empty seed"),
                                  (("--seed", "00", "--seed-file", self.folder / "empty"), 2, "--seed"),
                                  (("--at", "yesterday"), 2, "--at"), (("--tee", "sev"), 2, "--tee"),
                                  (("--days", "0"), 2, "--days")):
            with self.subTest(words=words):
                done, out, err = ward("dev", "init", self.folder / "new", *words)
                self.assertEqual((done, out), (code, ""), err)
                self.assertIn(text, err)
                self.assertFalse((self.folder / "new").exists())

    def test_a_seed_is_hex_or_text_and_what_it_gives_away_is_said(self):
        made = []
        for seed in ("6d79", "my", "ours"):
            code, out, err = ward("dev", "init", self.folder / seed, "--tee", "sgx", "--at", AT, "--seed", seed)
            self.assertEqual(code, 0, err)
            self.assertIn("MADE FROM A SEED: whoever knows it knows every key", out)
            made.append(files(self.folder / seed))
        self.assertEqual(made[0], made[1])
        self.assertNotEqual(made[0], made[2])
        self.assertNotIn("SEED", ward("dev", "init", self.folder / "fresh", "--tee", "sgx")[1])

    def test_who_interrupts_it_finds_no_folder(self):
        """It has computed for a while, which is making keys; should it be done already, the folder is whole."""
        def ticks(process):
            text = pathlib.Path(f"/proc/{process.pid}/stat").read_text()
            fields = text.rpartition(")")[2].split()
            return 100 if fields[0] == "Z" else int(fields[11])

        for which in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([WARD, "dev", "init", self.folder / "new"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            while ticks(process) < 5:
                pass
            process.send_signal(which)
            process.communicate(timeout=PATIENCE_S)
            if process.returncode == 0:
                shutil.rmtree(self.folder / "new")
            self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_folder_that_is_not_empty_is_left_alone(self):
        (self.folder / "file").write_text("mine")
        code, _, err = ward("dev", "init", self.folder, "--tee", "sgx")
        self.assertEqual(code, 2, err)
        self.assertEqual(files(self.folder), {"file": b"mine"})

    def test_a_folder_without_a_parent(self):
        code, _, err = ward("dev", "init", self.folder / "no/new", "--tee", "sgx")
        self.assertEqual(code, 3)
        self.assertIn("/no: no such file\nward: hint: make this folder first\n", err)

    def test_an_unwritable_folder(self):
        self.folder.chmod(0o555)
        code, _, err = ward("dev", "init", self.folder / "new", "--tee", "sgx", **({"user": NOBODY} if ROOT else {}))
        self.folder.chmod(0o700)
        self.assertEqual(code, 3, err)
        self.assertIn("new: cannot be made", err)
        self.assertEqual(files(self.folder), {})

    def test_files_that_may_not_grow_leave_nothing(self):
        """The limit of a file's size stands for a full disk where nobody may mount a small one."""
        program = ["/bin/sh", "-c", 'trap "" XFSZ; ulimit -f 2; exec "$0" "$@"']
        code, _, err = ward("dev", "init", self.folder / "new", program=program)
        self.assertEqual(code, 3, err)
        self.assertIn("cannot be written", err)
        self.assertEqual(list(self.folder.iterdir()), [])

    @unittest.skipUnless(ROOT, "mounting needs root")
    def test_a_full_disk_leaves_nothing(self):
        script = ('mount -t tmpfs -o size=16k,mode=700 none "$1" || exit 77; "$0" dev init "$1/new" --tee sgx; code=$?; '
                  '[ -z "$(ls -A "$1")" ] || echo left behind; exit $code')
        done = subprocess.run(["unshare", "-m", "/bin/sh", "-c", script, WARD, self.folder], capture_output=True,
                              timeout=PATIENCE_S)
        if done.returncode in (1, 77) and b"ward" not in done.stderr:
            self.skipTest("no mount namespace here")
        self.assertEqual((done.returncode, done.stdout), (3, b""), done.stderr)

    def test_a_time_that_no_certificate_states_is_usage(self):
        for at in ("9999-12-31T23:59:59Z", "9900-01-01T00:00:00Z"):
            code, _, err = ward("dev", "init", self.folder / "never", "--at", at)
            self.assertEqual(code, 2)
            self.assertIn("ward: error: --at: no certificate is valid beyond the year 9999", err)
        code, _, err = ward("dev", "init", self.folder / "late", "--tee", "sgx", "--at", "9899-12-31T23:59:59Z", "--days", "3650")
        self.assertEqual(code, 0, err)


if __name__ == "__main__":
    unittest.main()
