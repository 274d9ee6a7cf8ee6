#!/usr/bin/env python3
"""Versions, ends and leases of resources: a real wardd, its owner with ward's commands, a workload with a client of
another language, and a client that was never told of leases."""
import datetime
import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "keep")]
from exchange_test import Case, PATH, SECRET
from world import follows_its_schema, ward

FAR = "2190-01-01T00:00:00Z"


class Leases(Case):
    def told(self, *words, check=0):
        """told is what ward prints as JSON, of the form that it promises."""
        out = json.loads(ward(*words, "--json", *self.world.admin, check=check).stdout)
        follows_its_schema(out)
        return out

    def put(self, value, *more, check=0):
        path = self.world.folder / "value"
        path.write_bytes(value)
        return self.told("secret", "put", PATH, "--file", path, *more, check=check)

    def kinds(self):
        done = ward("ledger", "list", self.world.folder / "service" / "wardd.db", check=0)
        return [json.loads(line)["kind"] for line in done.stdout.splitlines()]

    def test_a_workload_holds_a_lease_until_its_owner_revokes_it(self):
        client = self.attested()
        self.put(SECRET, "--lease", "none", "--expires", "never")
        self.assertEqual(client.resource(PATH), SECRET)
        self.assertIsNone(client.lease)
        version = self.put(SECRET, "--lease", "3600")["version"]
        self.assertEqual(client.resource(PATH), SECRET)
        lease, until, seconds = client.lease
        self.assertEqual(seconds, "3600")
        end = datetime.datetime.fromisoformat(until.replace("Z", "+00:00"))
        left = (end - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
        self.assertTrue(3500 < left <= 3600, left)

        listed = [one for one in self.told("lease", "list")["leases"] if one["id"] == lease]
        self.assertEqual(len(listed), 1)
        self.assertEqual((listed[0]["resource"], listed[0]["version"], listed[0]["until"], listed[0]["revoked"]),
                         (PATH, version, until, False))
        revoked = self.told("lease", "revoke", lease)
        self.assertEqual((revoked["lease"], revoked["workload"]), (lease, listed[0]["workload"]))
        self.refused(lambda: client.resource(PATH), 401, "kbs.lease.unrevoked: ")
        self.assertEqual([one["id"] for one in self.told("lease", "revoked")["revocations"]], [revoked["id"]])
        self.assertIn(b", revoked", ward("lease", "list", *self.world.admin, check=0).stdout)

        ward("lease", "lift", revoked["id"], *self.world.admin, check=0)
        self.assertEqual(client.resource(PATH), SECRET)
        ward("lease", "lift", revoked["id"], *self.world.admin, check=3)
        ward("lease", "revoke", "0" * 16 + "-" + "0" * 16, *self.world.admin, check=3)
        ward("lease", "revoke", "../resource/x", *self.world.admin, check=2)
        kinds = self.kinds()
        self.assertIn("lease.revoke", kinds)
        self.assertIn("lease.lift", kinds)

    def test_earlier_versions_are_their_owners_and_the_newest_is_released(self):
        first = self.put(b"first", "--lease", "none", "--expires", "never")["version"]
        second = self.put(b"second", "--expires", FAR, "--if-version", first)["version"]
        self.assertEqual(second, first + 1)
        clash = ward("secret", "put", PATH, "--file", self.world.folder / "value", "--if-version", first, *self.world.admin,
                     check=1)
        self.assertIn(b"kbs.resource.version: ", clash.stderr)
        ward("secret", "put", PATH, "--file", self.world.folder / "value", "--if-version", 0, *self.world.admin, check=1)
        self.assertEqual(ward("secret", "get", PATH, "--version", first, *self.world.admin, check=0).stdout, b"first")
        self.assertEqual(ward("secret", "get", PATH, *self.world.admin, check=0).stdout, b"second")
        ward("secret", "get", PATH, "--version", 10_000, *self.world.admin, check=3)
        versions = self.told("secret", "versions", PATH)["versions"]
        self.assertEqual([(one["version"], one["expires"]) for one in versions[:2]], [(second, FAR), (first, None)])
        self.assertEqual(self.attested().resource(PATH), b"second")
        told = ward("secret", "list", *self.world.admin, check=0).stdout.decode()
        self.assertIn(f"{PATH} version {second}, released ", told)
        self.assertIn(f" times, until {FAR}", told)

    def test_terms_that_are_none_are_usage_or_refused(self):
        for words, code in ((("--expires", "tomorrow"), 2), (("--lease", "an hour"), 2), (("--if-version", "x"), 2),
                            (("--expires", "2001-01-01T00:00:00Z"), 1), (("--lease", "0"), 1), (("--lease", "99999999"), 1)):
            with self.subTest(words):
                path = self.world.folder / "value"
                path.write_bytes(b"x")
                ward("secret", "put", PATH, "--file", path, *words, *self.world.admin, check=code)

    def test_a_path_of_leases_is_the_administrators_alone(self):
        client = self.attested()
        for method, path in (("GET", "/v1/leases"), ("DELETE", "/v1/leases/x"), ("GET", "/v1/revocations"),
                             ("PUT", f"/v1/resource/{PATH}"), ("GET", f"/v1/versions/{PATH}")):
            self.refused(lambda method=method, path=path: client.ask(method, path, Authorization=f"Bearer {client.token}"), 401,
                         "kbs.admin.token: ")


if __name__ == "__main__":
    unittest.main()
