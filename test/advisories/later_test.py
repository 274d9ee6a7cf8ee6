#!/usr/bin/env python3
"""What `ward advisories` calls closed stays so: of no stored SGX or TDX quote does a later TCB document of Intel's show an
attack open that an earlier one closed. Each quote is judged at the time of every case of its FMSPC and TEE; beside the
quotes, the levels of the TCB infos are compared."""
import collections
import csv
import json
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
VECTORS = pathlib.Path(os.environ.get("WARD_VECTORS") or ROOT.parent / "shared/vectors")
BETWEEN = ["2025-08-20T00:00:00Z"]  # here version 3 of evaluation number 17 was silent of what 20 lists


def states(quote, at):
    done = subprocess.run([WARD, "advisories", VECTORS / quote, "--collateral", VECTORS / "dcap", "--at", at, "--json"],
                          capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 1, 3):  # 1, 3: not shown to be genuine at that time, where nothing is closed
        raise AssertionError(f"{quote} at {at}: exit code {done.returncode}: {done.stderr}")
    return {attack["id"]: attack["exposure"]["state"] for attack in json.loads(done.stdout)["attacks"]}


def platforms():
    """platforms gives the quotes and the times of each TEE and FMSPC ("SGX_00606a000000")."""
    quotes, times = collections.defaultdict(set), collections.defaultdict(set)
    with (VECTORS / "dcap/cases.tsv").open() as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            platform = "_".join(pathlib.Path(row["tcb_info"]).name.split("_")[:2])
            quotes[platform].add(row["quote"])
            times[platform].add(row["time"])
    return [(quote, sorted({*times[name], *BETWEEN})) for name in sorted(quotes) for quote in sorted(quotes[name])]


def components(tcb, kind):
    if f"{kind}tcbcomponents" in tcb:
        return [one["svn"] for one in tcb[f"{kind}tcbcomponents"]]
    return [tcb.get(f"{kind}tcbcomp{number:02}svn", 0) for number in range(1, 17)]  # version 2


def matched(document, tcb):
    """matched is the first level of which a platform of just this TCB has every component."""
    def has(level):
        return tcb["pcesvn"] >= level["tcb"]["pcesvn"] and all(
            have >= need for kind in ("sgx", "tdx") for have, need in zip(components(tcb, kind), components(level["tcb"], kind)))
    return next(filter(has, document["tcbLevels"]), None)


@unittest.skipUnless(VECTORS.is_dir(), f"no vectors at {VECTORS}")
class Later(unittest.TestCase):
    def test_no_later_document_contradicts_closed(self):
        seen = set()
        for quote, times in platforms():
            closed = {}  # attack: when it was
            for at in times:
                for attack, state in states(quote, at).items():
                    seen.add(state)
                    with self.subTest(quote=quote, attack=attack, at=at):
                        self.assertFalse(state == "open" and attack in closed, f"closed at {closed.get(attack)}")
                    if state == "closed":
                        closed.setdefault(attack, at)
        self.assertLessEqual({"open", "closed", "not shown"}, seen)

    def test_no_later_tcb_info_lists_of_an_up_to_date_level_what_an_earlier_one_could_have_listed(self):
        with (ROOT / "src/advisory/listed.tsv").open() as rows:
            listed = {(row["advisory"], row["tee"]): int(row["evaluation_number"]) for row in csv.DictReader(rows, delimiter="\t")}
        groups = collections.defaultdict(list)
        for path in sorted((VECTORS / "dcap/tcbinfo").glob("[ST]?X_*.json")):
            document = json.loads(path.read_text())["tcbInfo"]
            if "tcbEvaluationDataNumber" not in document:
                continue  # version 1
            groups["_".join(path.name.split("_")[:2])].append((document["tcbEvaluationDataNumber"], path.name, document))
        levels = 0
        for platform, documents in groups.items():
            for number, name, earlier in documents:
                for level in earlier["tcbLevels"]:
                    if level["tcbStatus"] != "UpToDate":
                        continue
                    levels += 1
                    could = {advisory for (advisory, tee), least in listed.items()
                             if platform.lower().startswith(tee) and least <= number}
                    for later_number, later_name, later in documents:
                        ids = (matched(later, level["tcb"]) or {}).get("advisoryIDs", []) if later_number >= number else []
                        with self.subTest(earlier=name, later=later_name):
                            self.assertEqual(set(ids) & could - set(level.get("advisoryIDs", [])), set())
        self.assertGreaterEqual(levels, 30)


if __name__ == "__main__":
    unittest.main()
