#!/usr/bin/env python3
"""The observer finds what is there, wherever it lies, finds nothing where nothing is, and knows when it proves nothing."""
import io
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "demo"))
import leak_forms
import leak_places
import leak_search
from leak_search import Place, ProvesNothing, Search, Secret, conclude, search

RNG = np.random.default_rng(20261124)


def noise(size):
    return RNG.integers(0, 256, size, np.uint8).tobytes()


SECRET = noise(100)
VALUES = tuple(float(v) for v in RNG.choice(np.arange(100_001, 999_999, 2), 60, replace=False) / 10_000)
CSV = "\n".join(",".join(map(repr, VALUES[i:i + 6])) for i in range(0, 60, 6)).encode()
RECORDS = Secret("records", CSV, VALUES)


def look(secret, data, **options):
    return search([secret], [Place("place", "files", data=data)], **options).places[0].findings[0]


def found_by_hand(secret, data):
    return {i for i in range(len(secret) - 15) if secret[i:i + 16] in data}


class Windows(unittest.TestCase):
    def test_a_whole_secret_is_found_at_every_alignment(self):
        for offset in range(40):
            finding = look(Secret("s", SECRET), noise(1000 + offset) + SECRET + noise(333))
            self.assertEqual((finding.windows.found, finding.windows.searched), (85, 85), offset)
            self.assertEqual(finding.windows.first_offset, 1000 + offset)
            self.assertTrue(finding.seen)

    def test_one_window_is_enough_and_fifteen_octets_are_not(self):
        for offset in range(9):
            for size, want in ((16, 1), (15, 0)):
                finding = look(Secret("s", SECRET), noise(64 + offset) + SECRET[40:40 + size] + noise(64))
                self.assertEqual((finding.windows.found, finding.seen), (want, want == 1), (offset, size))

    def test_at_the_first_and_the_last_octets(self):
        for data in (SECRET[:16], SECRET[:16] + noise(3), noise(3) + SECRET[:16], noise(5) + SECRET[-16:]):
            self.assertEqual(look(Secret("s", SECRET), data).windows.found, 1, data)

    def test_same_result_as_a_search_by_hand(self):
        for _ in range(60):
            secret = noise(int(RNG.integers(16, 80)))
            data = b""
            for _ in range(int(RNG.integers(1, 8))):
                start, size = int(RNG.integers(0, len(secret))), int(RNG.integers(1, 40))
                data += noise(int(RNG.integers(0, 30))) + secret[start:start + size]
            want = found_by_hand(secret, data)
            self.assertEqual(look(Secret("s", secret), data).windows.found, len(want))

    def test_windows_beside_runs_of_one_octet_are_found(self):
        secret = bytes(24) + noise(20) + b" " * 24 + noise(30) + bytes(24)
        data = noise(77) + bytes(4000) + secret + bytes(4003) + b" " * 4000
        finding = look(Secret("s", secret), data)
        self.assertEqual(finding.windows.found, finding.windows.searched)

    def test_nothing_is_found_in_noise_and_in_zeros(self):
        data = noise(32 << 20)
        for place in (data, bytes(8 << 20)):
            result = search([RECORDS, Secret("s", noise(50_000))], [Place("n", "files", data=place)])
            self.assertFalse(result.plaintext_seen)
            for finding in result.places[0].findings:
                forms = [finding.windows, *finding.encoded.values(), *finding.floats.values()]
                self.assertEqual([f.found for f in forms], [0] * len(forms))

    def test_two_secrets_are_told_apart(self):
        other = Secret("other", noise(64))
        result = search([Secret("s", SECRET), other], [Place("p", "files", data=other.data)])
        self.assertEqual([f.windows.found for f in result.places[0].findings], [0, 49])


class Forms(unittest.TestCase):
    def found(self, data):
        finding = look(RECORDS, noise(101) + data + noise(100))
        hit = {n: f.found for n, f in {**finding.encoded, **finding.floats}.items() if f.found}
        return hit, finding

    def test_encodings_at_every_phase(self):
        import base64
        for skip in range(3):
            for text in (base64.b64encode(noise(skip) + CSV), base64.urlsafe_b64encode(noise(skip) + CSV)):
                hit, finding = self.found(text)
                self.assertGreater(hit["base64"], len(CSV))
                self.assertTrue(finding.seen)
        for text in (CSV.hex(), CSV.hex().upper()):
            hit, finding = self.found(text.encode())
            self.assertGreater(hit["hex"], len(CSV))
            self.assertTrue(finding.seen)

    def test_sixteen_octets_encoded_are_a_leak_and_eight_are_not(self):
        import base64
        for at in range(12):
            piece = CSV[20 + at:36 + at]
            self.assertTrue(self.found(piece.hex().encode())[1].seen)
            self.assertTrue(self.found(base64.b64encode(piece))[1].seen)
            self.assertFalse(self.found(CSV[20 + at:28 + at].hex().encode())[1].seen)

    def test_packed_numbers_in_both_orders(self):
        for dtype, name, run in (("<f4", "float32-le", 4), (">f4", "float32-be", 4), ("<f8", "float64-le", 2), (">f8", "float64-be", 2)):
            for shift in range(8):
                data = bytes(8 - 101 % 8 + shift) + np.array(VALUES, dtype).tobytes()
                hit, finding = self.found(data)
                self.assertEqual(hit[name], len(VALUES) - run + 1, (name, shift))
                self.assertTrue(finding.seen)
            row = np.array(VALUES[6:6 + run], dtype).tobytes()
            self.assertTrue(self.found(row)[1].seen, name)

    def test_numbers_as_text(self):
        values = np.array(VALUES)
        texts = [" ".join(f"{v:.4e}" for v in VALUES), json.dumps(VALUES), str(list(VALUES)), "\n".join(map(repr, VALUES)),
                 "\t".join(f"{v:.6g}" for v in VALUES), str([float(f"{v:.4f}") for v in VALUES])]
        file = io.StringIO()
        np.savetxt(file, values.reshape(-1, 6))
        for text in [*texts, file.getvalue()]:
            hit, finding = self.found(text.encode())
            self.assertGreater(hit.get("decimal", 0), 20, text[:60])
            self.assertTrue(finding.seen)

    def test_values_of_weights_are_found_as_python_prints_float32(self):
        weights = RNG.normal(0, 1, 50).astype("<f4")
        finding = look(Secret("w", weights.tobytes(), tuple(map(float, weights))), ", ".join(map(str, weights)).encode())
        self.assertGreater(finding.floats["decimal"].found, 40)

    def test_scattered_python_floats_count_from_four_on(self):
        for count, want in ((3, False), (4, True), (40, True)):
            data = b"".join(noise(16) + np.float64(v).tobytes() for v in VALUES[:count])
            finding = look(RECORDS, data)
            self.assertEqual((finding.floats["float64-single"].found, finding.seen), (count, want))

    def test_members_of_a_zip_are_searched_unpacked(self):
        tensor = RNG.normal(0, 1, 400).astype("<f4").tobytes()
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", method) as archive:
                archive.writestr("model/data/0", tensor + bytes(400))
            finding = look(Secret("weights", file.getvalue()), noise(5) + tensor)
            self.assertEqual(finding.windows.found, len(tensor) - 15)


class LeftOut(unittest.TestCase):
    def test_trivial_windows_are_counted_and_left_out(self):
        secret = Secret("s", bytes(40) + SECRET + b"\n" * 20)
        result = search([secret], [Place("p", "files", data=bytes(100) + b"\n" * 100)])
        info = result.secrets[0]
        self.assertEqual(info["windows"], info["searched"] + info["trivial"])
        self.assertGreater(info["trivial"], 2)
        self.assertFalse(result.plaintext_seen)

    def test_public_windows_are_counted_and_left_out_in_every_form(self):
        public = SECRET[:40]
        secret = Secret("s", SECRET, VALUES)
        shown = public + np.array(VALUES[:10], "<f4").tobytes() + np.array(VALUES[:10], "<f8").tobytes()
        result = search([secret], [Place("p", "files", data=noise(3) + shown)], public=[shown])
        info = result.secrets[0]
        self.assertEqual((info["windows"], info["public"], info["searched"]), (85, 25, 60))
        self.assertEqual(info["forms"]["float32-le"]["public"], 7)
        self.assertEqual(info["forms"]["float64-single"]["public"], 10)
        self.assertFalse(result.plaintext_seen)
        self.assertTrue(search([secret], [Place("p", "files", data=shown)]).plaintext_seen)

    def test_a_secret_that_is_mostly_public_or_trivial_proves_nothing(self):
        for secret, public in ((SECRET, [SECRET[:80]]), (RNG.integers(0, 2, 500, np.uint8).tobytes() + noise(20), []), (noise(15), []), (b"", [])):
            with self.assertRaises(ProvesNothing):
                search([Secret("s", secret)], [], public=public, minimum_share=0.5)
        search([Secret("s", SECRET)], [], public=[SECRET[:80]], minimum_share=0.2)

    def test_public_material_that_cannot_be_read_proves_nothing(self):
        with self.assertRaises(ProvesNothing):
            Search([Secret("s", SECRET)], public=[pathlib.Path("/nonexistent")])

    def test_a_secret_beyond_the_limit_is_refused(self):
        Search([Secret("s", noise(1000))])
        with self.assertRaises(ValueError):
            Search([Secret("s", bytes(leak_forms.MAX_SECRET + 1))])


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def finding(self, path=None, kind="files"):
        self.result = search([Secret("s", SECRET)], [Place("p", kind, path=path or self.path)])
        return self.result.places[0].findings[0].windows

    def test_across_the_border_of_two_chunks(self):
        chunk = 4096
        finder = Search([Secret("s", SECRET)])
        piece = bytes([SECRET[49] ^ 255]) + SECRET[50:66] + bytes([SECRET[66] ^ 255])
        with mock.patch.object(leak_places, "CHUNK", chunk):
            for border in (chunk, chunk - leak_places.OVERLAP, 2 * chunk, 2 * chunk - leak_places.OVERLAP):
                for before in range(40):
                    data = bytearray(noise(chunk * 2 + 1000))
                    data[border - before:border - before + 18] = piece
                    (self.path / "file").write_bytes(data)
                    found = finder.look([Place("p", "files", path=self.path)]).places[0].findings[0].windows
                    self.assertEqual((found.found, found.first_offset), (1, border - before + 1))

    def test_trees_sparse_files_and_names(self):
        (self.path / "a/b").mkdir(parents=True)
        with open(self.path / "a/b/sparse", "wb") as file:
            file.seek(3 << 30)
            file.write(noise(9) + SECRET)
            file.truncate(8 << 30)
        found = self.finding()
        self.assertEqual((found.found, found.first_offset), (85, (3 << 30) + 9))
        self.assertTrue(found.first.startswith(str(self.path / "a/b/sparse")))
        self.assertLess(self.result.octets, 1 << 20)

    def test_links_are_not_followed_and_each_file_is_read_once(self):
        (self.path / "file").write_bytes(SECRET)
        os.link(self.path / "file", self.path / "same")
        os.symlink("/", self.path / "root")
        os.mkfifo(self.path / "pipe")
        self.finding()
        self.assertEqual((self.result.octets, self.result.complete), (len(SECRET), True))

    def test_what_cannot_be_read_is_named(self):
        self.finding(self.path / "nothing")
        self.assertFalse(self.result.complete)
        os.symlink("/etc/passwd", self.path / "link")
        self.finding(self.path / "link")
        self.assertFalse(self.result.complete)

    def test_database_its_log_and_values_that_span_pages(self):
        path = self.path / "broker.db"
        connection = sqlite3.connect(path)
        self.addCleanup(connection.close)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute('CREATE TABLE "a ""table" (id INTEGER, value BLOB)')
        connection.commit()
        big = noise(20_000)
        connection.execute('INSERT INTO "a ""table" VALUES (1, ?)', [big])
        connection.commit()
        self.assertTrue((self.path / "broker.db-wal").stat().st_size > len(big))
        result = search([Secret("big", big)], [Place("db", "database", path=path)])
        found = result.places[0].findings[0].windows
        self.assertEqual((found.found, result.complete), (len(big) - 15, True))
        self.assertLess(look(Secret("big", big), (self.path / "broker.db-wal").read_bytes()).windows.found, len(big) - 15)

    def test_a_file_that_is_no_database_is_named(self):
        (self.path / "broker.db").write_bytes(noise(5000) + SECRET)
        self.assertEqual(self.finding(self.path / "broker.db", "database").found, 85)
        self.assertFalse(self.result.complete)


class Memory(unittest.TestCase):
    CHILD = """
import mmap, sys
def line(): return bytes.fromhex(sys.stdin.readline())
kept = line() if sys.argv[1] == "heap" else None
shared = mmap.mmap(-1, 1 << 20, mmap.MAP_SHARED if sys.argv[1] == "shared" else mmap.MAP_PRIVATE)
if kept is None: shared[70007:70107] = line()
reserved = mmap.mmap(-1, 1 << 40, mmap.MAP_PRIVATE | 0x4000)
print("ready", flush=True)
sys.stdin.readline()
"""

    def test_heap_private_and_shared_mappings_of_a_running_process(self):
        for where in ("heap", "private", "shared"):
            child = subprocess.Popen([sys.executable, "-I", "-c", self.CHILD, where], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                child.stdin.write(SECRET.hex().encode() + b"\n")
                child.stdin.flush()
                self.assertEqual(child.stdout.readline(), b"ready\n")
                result = search([Secret("s", SECRET), Secret("absent", noise(100))], [Place("m", "memory", pid=child.pid)])
                here, absent = result.places[0].findings
                self.assertEqual((here.windows.found, absent.seen, result.complete), (85, False, True), where)
                self.assertGreater(result.octets, 1 << 20)
                self.assertLess(result.octets, 1 << 30)
            finally:
                child.communicate(b"\n", timeout=30)

    def test_pieces_that_touch_are_searched_as_one(self):
        pieces = [(0, 8, "a"), (8, 16, "b"), (24, 32, "c"), (32, 40, "d")]
        self.assertEqual(list(leak_places.adjoining(pieces)), [(0, 16, "a"), (24, 40, "c")])
        with mock.patch.object(leak_places, "BLOCK", leak_places.PAGE):
            self.test_heap_private_and_shared_mappings_of_a_running_process()

    def test_a_process_that_is_gone_is_named(self):
        child = subprocess.Popen([sys.executable, "-I", "-c", ""])
        child.wait()
        self.assertFalse(search([Secret("s", SECRET)], [Place("m", "memory", pid=child.pid)]).complete)


class Conclude(unittest.TestCase):
    def setUp(self):
        self.search = Search([Secret("s", SECRET), RECORDS])

    def look(self, **places):
        return self.search.look([Place(name, "files", data=data) for name, data in places.items()])

    def test_nothing_seen_beside_a_control_that_saw_all(self):
        found = conclude(self.look(disk=noise(500)), self.look(disk=SECRET + CSV), places=["disk"])
        self.assertEqual((found.plaintext_seen, found.control_seen), (False, True))
        self.assertEqual(found.to_json(), {"plaintext_seen": False, "control": {"plaintext_seen": True, "share": {"s": 1.0, "records": 1.0}}})

    def test_seen_is_said_so(self):
        self.assertTrue(conclude(self.look(disk=noise(9) + SECRET[:16]), self.look(disk=SECRET + CSV)).plaintext_seen)

    def test_a_control_that_misses_a_secret_or_most_of_it_proves_nothing(self):
        for control in (noise(500), SECRET, SECRET[:40] + CSV):
            with self.assertRaises(ProvesNothing):
                conclude(self.look(disk=noise(500)), self.look(disk=control))

    def test_a_control_that_is_blind_in_a_named_place_proves_nothing(self):
        control = self.look(disk=SECRET + CSV, memory=noise(100))
        conclude(self.look(disk=noise(5), memory=noise(5)), control, places=["disk"])
        with self.assertRaises(ProvesNothing):
            conclude(self.look(disk=noise(5), memory=noise(5)), control, places=["disk", "memory"])

    def test_an_unread_or_empty_place_proves_nothing(self):
        control = self.look(disk=SECRET + CSV)
        for place in (Place("d", "files", path="/nonexistent"), Place("d", "stdout", data=b"")):
            with self.assertRaises(ProvesNothing):
                conclude(self.search.look([place]), control)

    def test_the_result_is_json(self):
        result = json.loads(json.dumps(self.look(disk=SECRET).to_json()))
        self.assertEqual(result["places"][0]["secrets"][0]["windows"], {"searched": 85, "found": 85, "first": "disk @ 0x0", "first_offset": 0})


class Program(unittest.TestCase):
    def test_exit_codes(self):
        with tempfile.TemporaryDirectory() as folder:
            secret, place = pathlib.Path(folder, "secret"), pathlib.Path(folder, "place")
            secret.write_bytes(SECRET)
            for data, arguments, want in ((noise(300), [], 0), (noise(3) + SECRET, [], 1), (noise(9), ["--public", secret], 3), (b"", [], 3)):
                place.write_bytes(data)
                command = [sys.executable, "-I", ROOT / "demo/leak_search.py", "--secret", secret, "--files", place, *arguments]
                self.assertEqual(subprocess.run(command, capture_output=True, timeout=60).returncode, want)


if __name__ == "__main__":
    unittest.main()
