#!/usr/bin/env python3
"""ward up: a trust service in one command, and a keep that gets its key from it."""
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = pathlib.Path(os.environ["WARD_PROGRAM"])
PATIENCE_S = 60


def start(*words):
    """start runs `ward up` until it has printed its line; the process and the line."""
    process = subprocess.Popen([WARD, "up", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not select.select([process.stdout], [], [], PATIENCE_S)[0]:
        process.kill()
        raise AssertionError("ward up says nothing")
    return process, process.stdout.readline().decode()


def end(process, code=0):
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    if process.returncode != code:
        raise AssertionError(f"exit {process.returncode}: {err.decode()}")
    return err.decode()


class Up(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ward-up-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_one_command_gives_a_service_from_which_a_keep_gets_its_key(self):
        place = self.folder / "place"
        process, line = start(place, "--listen", "127.0.0.1:0", "--json")
        try:
            said = json.loads(line)
            jsonschema.validate(said, json.loads((ROOT / "docs/schemas/ward.up-1.json").read_text()))
            next_words = said["next"].split()
            self.assertEqual(next_words[0], "ward")
            ran = subprocess.run([WARD, *next_words[1:]], capture_output=True, timeout=PATIENCE_S)
            self.assertEqual((ran.returncode, ran.stdout), (0, (place / "greeting").read_bytes()), ran.stderr.decode())
            to = ["--server", said["url"], "--server-key", said["server_key"], "--admin", said["admin_key"]]
            listed = subprocess.run([WARD, "policy", "list", *to], capture_output=True, text=True, check=True)
            self.assertEqual(listed.stdout, "evidence version 1\nresults example version 1\n")
            other = place / "other.toml"
            other.write_text(pathlib.Path(said["manifest"]).read_text().replace("seconds = 3600", "seconds = 3599"))
            refused = subprocess.run([WARD, *next_words[1:-1], other], capture_output=True, timeout=PATIENCE_S)
            self.assertEqual((refused.returncode, refused.stdout), (1, b""))
            self.assertIn(b"kbs.release.workload", refused.stderr)
        finally:
            end(process)

    def test_the_next_one_goes_on_with_the_same_folder_and_address(self):
        place = self.folder / "place"
        process, first = start(place, "--listen", "127.0.0.1:0")
        self.assertIn("DEVELOPMENT", end(process))
        files = {name: (place / name).read_bytes() for name in ("greeting.toml", "evidence.json", "svc/master.key")}
        process, second = start(place)
        end(process)
        self.assertEqual(first, second)
        self.assertRegex(first, r"^https://127\.0\.0\.1:\d+\n$")
        self.assertEqual(files, {name: (place / name).read_bytes() for name in files})

    def test_a_folder_of_somebody_else_is_left_alone(self):
        (self.folder / "mine").write_text("x")
        done = subprocess.run([WARD, "up", self.folder], capture_output=True, timeout=PATIENCE_S)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["mine"])

    def test_what_cannot_start_leaves_no_folder_behind(self):
        done = subprocess.run([WARD, "up", self.folder / "a", "--listen", "nowhere"], capture_output=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 2, done.stderr.decode())
        self.assertEqual(list(self.folder.glob("*.new-*")), [])

    def test_an_address_in_use_leaves_no_folder_and_the_hint_names_what_helps(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = subprocess.run([WARD, "up", self.folder / "a", "--listen", address], capture_output=True, text=True,
                                  timeout=PATIENCE_S)
        self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
        self.assertIn("the folder was removed again", done.stderr)
        self.assertIn("--listen takes another one", done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_another_address_for_a_folder_that_has_one_is_a_mistake(self):
        process, line = start(self.folder / "a", "--listen", "127.0.0.1:0")
        end(process)
        done = subprocess.run([WARD, "up", self.folder / "a", "--listen", "127.0.0.1:1"], capture_output=True, text=True,
                              timeout=PATIENCE_S)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn(f"listens at {line.strip().removeprefix('https://')}, not at 127.0.0.1:1", done.stderr)
        process, again = start(self.folder / "a", "--listen", line.strip().removeprefix("https://"))
        self.assertNotIn("//", end(process).replace("https://", ""))
        self.assertEqual(again, line)

    def test_a_second_one_in_the_same_folder_is_3(self):
        process, _ = start(self.folder / "a", "--listen", "127.0.0.1:0")
        try:
            done = subprocess.run([WARD, "up", self.folder / "a"], capture_output=True, timeout=PATIENCE_S)
            self.assertEqual((done.returncode, done.stdout), (3, b""))
        finally:
            end(process)


if __name__ == "__main__":
    unittest.main()
