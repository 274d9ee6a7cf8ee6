#!/usr/bin/env python3
"""The script of every vector finds, without ward, what ward found."""
import collections
import shutil
import subprocess
import unittest

import work


class Vectors(work.WorkTest):
    def run_all(self, cases):
        def run(case):
            verdict = case.judge(self.folder)
            return case, verdict, work.derive(verdict.script)

        out = self.each(run, cases)
        for case, verdict, derived in out:
            with self.subTest(case.name):
                self.agree(case.name, derived, verdict)
        return out

    def test_own(self):
        """Everything of them holds, and a checker of shell scripts has nothing to say."""
        done = self.run_all(work.own_cases())
        self.assertGreaterEqual({next(iter(v.outcomes)).split(".")[0] for _, v, _ in done}, {"sgx", "tdx", "snp"})
        checked = {}
        for case, verdict, derived in done:
            # The openssl command cannot judge Keystone's signatures, and the script says so.
            left = {"keystone.sm.signature", "keystone.enclave.signature"} if "keystone" in case.name else set()
            self.assertEqual((derived.code, derived.wrong(), derived.left), (3 if left else 0, set(), left), case.name)
            checked[next(iter(verdict.outcomes)).split(".")[0]] = verdict.script
        for _, verdict, derived in done:
            if any(check.startswith("tdx.event_log.") for check in verdict.outcomes):
                self.assertGreaterEqual(set(derived.outcomes), {f"tdx.event_log.rtmr{n}" for n in range(4)})
        if shutil.which("shellcheck"):
            # Functions that a verdict does not need are in each script.
            lint = subprocess.run(["shellcheck", "-s", "sh", "-e", "SC2317", *checked.values()], capture_output=True, check=False)
            self.assertEqual((lint.returncode, lint.stdout.decode()), (0, ""))

    def test_recorded(self):
        work.need_vectors()
        done = self.run_all(work.recorded_cases())
        # Six reports have no certificate of their key; four chains are altered, or of another root.
        self.assertEqual(collections.Counter(derived.code for _, _, derived in done), {0: 49, 1: 4, 3: 6})


if __name__ == "__main__":
    unittest.main()
