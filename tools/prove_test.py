#!/usr/bin/env python3
"""What prove.py makes of the tools' answers: nothing that differs, was not found or was not told passes."""
import contextlib
import io
import json
import pathlib
import tempfile
import unittest
from unittest import mock

import prove

PAN = "State-vector 44 byte, depth reached 87, errors: {errors}\n     8532 states, stored\n"


def report(resolved, exhausted=True, truncations=(), query="confidentiality? key"):
    return json.dumps({"models": [{"ok": True, "analysis": {"queries": [{
        "query": query, "resolved": resolved,
        "envelope": {"exhausted": exhausted, "truncations": list(truncations), "summary": "s"}}]}}]})


def line(expected, found):
    return {"as_claimed": expected == found, "found": found}


class Verifpal(unittest.TestCase):
    def test_an_attack_and_what_was_searched_to_the_end(self):
        self.assertEqual(prove.read_verifpal(report(True))["confidentiality? key"][0], prove.ATTACK)
        self.assertEqual(prove.read_verifpal(report(False))["confidentiality? key"][0], prove.HOLDS)

    def test_what_was_not_searched_to_the_end_does_not_hold(self):
        for text in (report(False, exhausted=False), report(False, truncations=["depth"]), report(None)):
            self.assertEqual(prove.read_verifpal(text)["confidentiality? key"][0], prove.UNTOLD)

    def test_a_model_that_was_not_judged_is_an_error(self):
        with self.assertRaises(prove.Failed):
            prove.read_verifpal('{"models": [{"ok": false}]}')

    def test_a_precondition_is_no_part_of_a_querys_name(self):
        self.assertIn("authentication? A -> B: m", prove.read_verifpal(report(False, query="authentication? A -> B: m[precondition[B -> A: n]]")))


class Pan(unittest.TestCase):
    def test_errors_are_attacks_and_their_absence_holds(self):
        self.assertEqual(prove.read_pan("pan:1: assertion violated\n" + PAN.format(errors=1))[0], prove.ATTACK)
        self.assertEqual(prove.read_pan("pan:1: invalid end state\n" + PAN.format(errors=1))[0], prove.ATTACK)
        self.assertEqual(prove.read_pan(PAN.format(errors=0)), (prove.HOLDS, "8532 states"))

    def test_what_was_not_searched_to_the_end_does_not_hold(self):
        for words in ("Warning: Search not completed", "error: max search depth too small", "pan: out of memory"):
            self.assertEqual(prove.read_pan(words + "\n" + PAN.format(errors=0))[0], prove.UNTOLD)

    def test_an_error_of_another_kind_is_no_attack(self):
        self.assertEqual(prove.read_pan("pan: something else\n" + PAN.format(errors=1))[0], prove.UNTOLD)
        self.assertEqual(prove.read_pan("")[0], prove.UNTOLD)


class Judgement(unittest.TestCase):
    def judged(self, claimed, found):
        return [same for *_, same in prove.judge({"queries": claimed}, {q: (f, "") for q, f in found.items()})]

    def test_a_result_that_differs_is_told_both_ways(self):
        self.assertEqual(self.judged({"q": prove.HOLDS}, {"q": prove.ATTACK}), [False])
        self.assertEqual(self.judged({"q": prove.ATTACK}, {"q": prove.HOLDS}), [False])
        self.assertEqual(self.judged({"q": prove.ATTACK}, {"q": prove.ATTACK}), [True])

    def test_a_query_on_one_side_alone_differs(self):
        self.assertEqual(self.judged({"q": prove.HOLDS}, {}), [False])
        self.assertEqual(self.judged({}, {"q": prove.HOLDS}), [False])

    def test_what_was_not_told_is_neither(self):
        for claim in (prove.HOLDS, prove.ATTACK):
            self.assertEqual(self.judged({"q": claim}, {"q": prove.UNTOLD}), [False])

    def test_exit_statuses(self):
        good, differs = line(prove.HOLDS, prove.HOLDS), line(prove.ATTACK, prove.HOLDS)
        error = line(prove.HOLDS, "error")
        self.assertEqual([prove.exit_of(lines) for lines in ([good], [good, differs], [good, error], [error, differs], [])],
                         [0, 1, 3, 1, 3])

    def test_a_tool_that_fails_is_an_error_of_every_claim(self):
        row = {"name": "r", "model": "kbs.vp", "queries": {"a": prove.HOLDS, "b": prove.ATTACK}}
        with mock.patch.object(prove, "run_verifpal", side_effect=prove.Failed("parse error")):
            lines = prove.run_row(row, "verifpal", pathlib.Path())
        self.assertEqual([(one["found"], one["as_claimed"], one["note"]) for one in lines], [("error", False, "parse error")] * 2)

    def test_a_model_that_does_not_parse_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(prove, "FORMAL", pathlib.Path(folder)):
            (pathlib.Path(folder) / "m.vp").write_text("this is no model\n")
            row = {"name": "r", "model": "m.vp", "queries": {"q": prove.ATTACK}}
            lines = prove.run_row(row, "false", pathlib.Path(folder))
        self.assertEqual([one["found"] for one in lines], ["error"])


class Claims(unittest.TestCase):
    TEXTS = {"m": "#ifdef A\n#endif\n#ifndef B\n#endif\n"}
    BASE = {"name": "base", "model": "m", "flags": ["A"], "queries": {"q": prove.HOLDS}}
    VARIANT = {"name": "v", "model": "m", "flags": ["A"], "of": "base", "removes": "B", "queries": {"q": prove.ATTACK}}

    def wrong(self, *rows, **changes):
        return prove.check_claims([*rows[:-1], {**rows[-1], **changes}], self.TEXTS)

    def test_a_variant_is_its_row_with_one_flag(self):
        self.assertEqual(self.wrong(self.BASE, self.VARIANT), [])
        self.assertTrue(self.wrong(self.BASE, self.VARIANT, flags=[]))
        self.assertTrue(self.wrong(self.BASE, self.VARIANT, sessions=2))
        self.assertTrue(self.wrong(self.BASE, self.VARIANT, of="other"))

    def test_a_variant_claims_an_attack_on_what_holds_without_it(self):
        self.assertTrue(self.wrong(self.BASE, self.VARIANT, queries={"q": prove.HOLDS}))
        self.assertTrue(self.wrong(self.BASE, self.VARIANT, queries={"p": prove.ATTACK}))

    def test_flags_are_the_models_and_all_are_used(self):
        self.assertTrue(self.wrong(self.BASE, self.VARIANT, removes="C"))
        self.assertTrue(self.wrong(self.BASE))

    def test_the_committed_claims_are_in_order(self):
        rows = json.loads((prove.FORMAL / "claims.json").read_text())
        texts = {name: (prove.FORMAL / name).read_text() for name in {row["model"] for row in rows}}
        self.assertEqual(prove.check_claims(rows, texts), [])

    def test_claims_that_are_out_of_order_end_the_run(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(prove, "FORMAL", pathlib.Path(folder)):
            (pathlib.Path(folder) / "m").write_text(self.TEXTS["m"])
            (pathlib.Path(folder) / "claims.json").write_text(json.dumps([self.BASE]))
            with contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertEqual(prove.main(["--verifpal", "false"]), 3)
        self.assertIn("no row uses B", said.getvalue())


if __name__ == "__main__":
    unittest.main()
