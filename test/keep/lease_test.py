#!/usr/bin/env python3
"""Keys that come for a time: a real wardd, a real keep that renews them, and its end where it may not."""
import datetime
import json
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from world import BIN, PATIENCE_S, World, follows_its_schema, ward

# Says that it works, for so long, says that it is done; says that it was told to end.
WORK = ("$| = 1; $SIG{TERM} = sub { print qq(told\\n); exit 0 }; print qq(works\\n);"
        "for (1 .. %d) { select undef, undef, undef, 0.1 } open(O, q(>), q(/out/result)); print O q(x); close O; print qq(worked\\n)")
KEY = "hospital/key/records"
OTHER = "hospital/key/other"


class Leased(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.other = cls.world.folder / "other.key"
        ward("key", "new", "--kind", "resource", "-o", cls.other, check=0)
        (cls.world.folder / "other").write_bytes(b"other")
        sealed = ward("seal", cls.world.folder / "other", "--resource", OTHER, "--key", cls.other, "--json", check=0)
        cls.other_id = json.loads(sealed.stdout)["files"][0]["id"]

    @classmethod
    def tearDownClass(cls):
        cls.world.end()

    def put(self, resource, key, lease):
        ward("secret", "put", resource, "--file", key, "--lease", lease, *self.world.admin, check=0)

    def manifest(self, name, tenths, *lines):
        """manifest is of a workload of so many tenths of a second, with two keys; `lines` stand in its [broker]."""
        path = self.world.manifest(name, ("/usr/bin/perl", "-e", WORK % tenths))
        text = path.read_text(encoding="utf-8").replace("[broker]\n", "".join(("[broker]\n", *lines)))
        path.write_text(text + f'\n[[input]]\nname = "other"\nresource = "{OTHER}"\nfile_id = "{self.other_id}"\n'
                        f'source = "{self.world.folder / "other.sealed"}"\n', encoding="utf-8")
        self.release(path)
        return path

    def release(self, manifest, **release):
        self.workload = self.world.approve(manifest, release={"resources": ["key/records", "key/other"], **release})

    def begin(self, manifest):
        """begin starts the keep and returns once its workload works."""
        out = self.world.out()
        run = subprocess.Popen([BIN / "ward", "keep", "run", "--device", self.world.device, "--out", out, "--json", manifest],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(run.kill)
        lines = []
        while b"works\n" not in lines:
            line = run.stderr.readline()
            self.assertTrue(line, b"".join(lines))
            lines.append(line)
        return run, out

    def finish(self, run, code):
        """finish is what the keep says at its end, and what stands on its stderr."""
        told, errors = run.communicate(timeout=PATIENCE_S)
        self.assertEqual(run.returncode, code, errors.decode())
        said = json.loads(told)
        follows_its_schema(said)
        return said, errors.decode()

    def lease(self):
        """lease is the workload's of the first key."""
        listed = json.loads(ward("lease", "list", "--json", *self.world.admin, check=0).stdout)["leases"]
        return next(one for one in listed if one["resource"] == KEY and one["workload"].startswith(self.workload))

    def releases(self):
        """releases are the resources that were released, in the ledger's order."""
        listed = ward("ledger", "list", self.world.folder / "service" / "wardd.db", check=0).stdout.decode().splitlines()
        return [entry["subject"] for entry in map(json.loads, listed) if entry["kind"] == "release"]

    def test_a_workload_outlives_three_renewals_of_a_key_and_another_ends_later(self):
        self.put(KEY, self.world.key, "2")
        self.put(OTHER, self.other, "3600")
        before = len(self.releases())
        run, out = self.begin(self.manifest("outlives", 45, "grace_seconds = 0\n"))
        said, _ = self.finish(run, 0)
        self.assertEqual(said["ending"], "done")
        self.assertGreaterEqual(said["renewals"], 3)
        self.assertTrue((out / "result.sealed").exists())
        releases = self.releases()[before:]
        self.assertGreaterEqual(releases.count(KEY), 1 + said["renewals"])
        self.assertEqual(releases.count(OTHER), 1)

    def test_a_revoked_workload_is_told_and_ended_within_its_lease_and_says_why(self):
        self.put(KEY, self.world.key, "3")
        self.put(OTHER, self.other, "none")
        run, out = self.begin(self.manifest("revoked", 600))
        lease = self.lease()["id"]
        revoked = json.loads(ward("lease", "revoke", lease, "--json", *self.world.admin, check=0).stdout)
        said, errors = self.finish(run, 1)
        ward("lease", "lift", revoked["id"], *self.world.admin, check=0)
        self.assertEqual((said["ending"], said["subject"]), ("lease_refused", KEY))
        self.assertTrue(said["detail"].startswith("kbs.lease.unrevoked: "), said["detail"])
        self.assertIn("told\n", errors)
        self.assertIn(f"ward: error: the key may not be used any more: {KEY}: kbs.lease.unrevoked: ", errors)
        self.assertEqual((said["outputs"], list(out.iterdir())), ({}, []))

    def test_another_policy_ends_a_workload_too(self):
        self.put(KEY, self.world.key, "3")
        self.put(OTHER, self.other, "none")
        manifest = self.manifest("policy", 600)
        run, out = self.begin(manifest)
        self.release(manifest, workloads=["00" * 48])
        said, _ = self.finish(run, 1)
        self.assertEqual(said["ending"], "lease_refused")
        self.assertTrue(said["detail"].startswith("kbs.release.workload: "), said["detail"])
        self.assertEqual(list(out.iterdir()), [])

    def test_a_key_that_its_owner_took_away_ends_a_workload(self):
        self.put(KEY, self.world.key, "3")
        self.put(OTHER, self.other, "3")
        run, _ = self.begin(self.manifest("deleted", 600))
        ward("secret", "delete", OTHER, *self.world.admin, check=0)
        said, _ = self.finish(run, 1)
        self.assertEqual((said["ending"], said["subject"]), ("lease_refused", OTHER))
        self.assertTrue(said["detail"].startswith("kbs.resource.exists: "), said["detail"])

    def test_without_its_broker_a_workload_goes_on_to_the_end_of_its_lease_and_no_further(self):
        self.put(KEY, self.world.key, "3")
        self.put(OTHER, self.other, "none")
        run, out = self.begin(self.manifest("alone", 600, "grace_seconds = 0\n"))
        until = datetime.datetime.fromisoformat(self.lease()["until"].replace("Z", "+00:00"))
        self.world.service.send_signal(signal.SIGSTOP)
        self.addCleanup(self.world.service.send_signal, signal.SIGCONT)
        said, errors = self.finish(run, 3)
        left = (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
        self.assertLess(left, 1)  # the keep counts from its request, the broker in whole seconds
        self.assertEqual((said["ending"], said["subject"]), ("lease_expired", KEY))
        self.assertIn("the key's lease ended before it was renewed: ", errors)
        self.assertIn("no answer within ", said["detail"])
        self.assertEqual(list(out.iterdir()), [])



if __name__ == "__main__":
    unittest.main()
