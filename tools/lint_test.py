#!/usr/bin/env python3
"""What clang-tidy judges: the base of a change and the order of its sources, in small histories."""
import os
import pathlib
import subprocess
import tempfile
import unittest

LINT = pathlib.Path(__file__).resolve().parent / "sh" / "lint.sh"
STUBS = 'set -euo pipefail; fail() { echo "$2" >&2; exit "$1"; }; '


class Change(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.date = 1_000_000_000
        self.git("init", "-q", "-b", "trunk")

    def git(self, *args):
        env = {"PATH": os.environ["PATH"], "HOME": self.dir.name, "GIT_CONFIG_NOSYSTEM": "1",
               "GIT_AUTHOR_DATE": f"{self.date} +0000", "GIT_COMMITTER_DATE": f"{self.date} +0000"}
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(["git", *who, *args], cwd=self.dir.name, env=env, check=True,
                              capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, name, text):
        (pathlib.Path(self.dir.name) / name).write_text(text)

    def commit(self, *names):
        self.date += 60
        for name in names:
            self.write(name, str(self.date))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "c")
        return self.git("rev-parse", "HEAD")

    def merge(self):
        """merge brings a branch of one commit in."""
        self.git("checkout", "-q", "-b", f"side{self.date}")
        self.commit(f"side{self.date}.cc")
        side = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", "trunk")
        self.date += 60
        self.git("merge", "-q", "--no-ff", "-m", "m", side)
        return self.git("rev-parse", "HEAD")

    def run_sh(self, text, **env):
        env = {"PATH": os.environ["PATH"], "HOME": self.dir.name, **env}
        return subprocess.run(["bash", "-c", f"{STUBS}. '{LINT}'; {text}"], cwd=self.dir.name,
                              env=env, capture_output=True, text=True, check=False)

    def base(self, **env):
        return self.run_sh("tidy_base", **env).stdout.strip()

    def sources(self, base):
        return self.run_sh(f"changed_sources {base}").stdout.split()

    def test_a_base_that_is_named_wins(self):
        first = self.commit("a.cc")
        self.merge()
        self.commit("b.cc")
        self.assertEqual(self.base(WARD_BASE=first), first)

    def test_a_base_that_is_no_commit_is_refused(self):
        self.commit("a.cc")
        done = self.run_sh("tidy_base", WARD_BASE="nowhere")
        self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_the_branch_point_comes_before_the_last_merge(self):
        self.commit("a.cc")
        point = self.commit("b.cc")
        self.git("update-ref", "refs/remotes/origin/main", point)
        self.merge()
        self.commit("c.cc")
        self.assertEqual(self.base(), point)

    def test_without_origin_it_is_the_last_merge(self):
        self.commit("a.cc")
        merged = self.merge()
        self.commit("b.cc")
        self.commit("c.cc")
        self.assertEqual(self.base(), merged)

    def test_a_merge_is_judged_from_before_it(self):
        self.commit("a.cc")
        merged = self.merge()
        self.commit("b.cc")
        self.merge()
        self.assertEqual(self.base(), merged)

    def test_without_merges_it_is_the_parent(self):
        first = self.commit("a.cc")
        self.commit("b.cc")
        self.assertEqual(self.base(), first)

    def test_a_single_commit_has_no_base(self):
        self.commit("a.cc")
        done = self.run_sh("tidy_base")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_the_latest_come_first(self):
        base = self.commit("a.cc", "m.cc", "z.cc", "gone.cc", "y.h", "y.cc")
        self.commit("z.cc", "gone.cc")
        self.commit("m.cc", "m_test.cc", "m_fuzz.cc")
        self.commit("y.h", "alone.h")
        self.git("rm", "-q", "gone.cc")
        self.commit("z.cc")
        self.write("a.cc", "not committed")
        self.assertEqual(self.sources(base), ["a.cc", "z.cc", "y.cc", "m.cc"])

    def test_nothing_changed_is_no_failure(self):
        base = self.commit("a.cc")
        done = self.run_sh(f"changed_sources {base}")
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
