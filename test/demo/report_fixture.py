"""Events of a small run that never was: made here, with octets of its own, for the tests of the page."""
import hashlib
import json

from report_events import Appraisal, Command, Events, Fact, Message, Refusal, RootSight, Who


def noise(size, seed="noise"):
    return b"".join(hashlib.sha256(f"{seed}{n}".encode()).digest() for n in range(size // 32 + 1))[:size]


def records(patients=60):
    head = "patient,mean radius,mean texture,mean perimeter,mean area,mean smoothness,worst radius"
    rows = [f"P{n:04d},{11 + n % 17 * .73:.2f},{15 + n % 13 * .91:.2f},{80 + n % 31 * 1.7:.1f},{500 + n * 11.3:.1f},0.{1000 + n * 7},{14 + n % 9:.2f}" for n in range(patients)]
    return "\n".join([head, *rows, ""]).encode()


def predictions(patients=60):
    return "\n".join(["patient,malignant", *(f"P{n:04d},{(n * 37 % 100) / 100 + .004:.9g}" for n in range(patients)), ""]).encode()


def record(kind, payload):
    return bytes([kind, 3, 3]) + len(payload).to_bytes(2, "big") + payload


def check(id_, outcome, found="3", expected="3", source="specification", hint=""):
    out = {"id": id_, "outcome": outcome, "found": found, "expected": expected, "expected_from": source, "reference": "QUOTE A.4", "hint": hint}
    return out | ({"reason": "not asked"} if outcome == "not_done" else {})


def appraisal(title, verdict, failed=(), development=True, status="UpToDate"):
    ids = ["sgx.quote.size", "sgx.quote.version", "sgx.quote.signature", "sgx.pck_chain.root", "sgx.pck_chain.signature", "sgx.tcb_info.fmspc",
           "sgx.tcb_info.fresh", "sgx.tcb.status", "sgx.root.trusted", "sgx.report_data.expected", "sgx.measurement.expected"]
    checks = [check(i, "failed" if i in failed else "passed", hint="Update the platform." if i in failed else "") for i in ids]
    checks[-1] = check(ids[-1], "not_done", "ab" * 32, "", "reference value", "Approve the measurement only if you built it.")
    return Appraisal(title, {"schema": "ward.appraisal/1", "tee": "sgx", "verdict": verdict, "summary": verdict, "at": "2026-11-24T18:00:00Z",
                             "tcb": {"status": status, "advisories": ["INTEL-SA-00615"] if failed else [], "date": None, "evaluation_number": 17},
                             "development": development, "claims": {}, "checks": checks, "unchecked": ["measurement"], "notes": []},
                     "ward verify quote.bin --collateral DIR --explain", "Every check of the evidence.")


def messages():
    attest = json.dumps({"runtime-data": {"nonce": "bm9uY2U=", "tee-pubkey": {"kty": "EC", "crv": "P-256"}},
                         "tee-evidence": {"primary_evidence": {"quote": "AwACAA=="}}}).encode()
    http = b"POST /kbs/v0/attest HTTP/1.1\r\nHost: broker\r\nContent-Length: %d\r\n\r\n" % len(attest) + attest
    return [
        Message("keep", "broker", "ClientHello", record(22, b"\x01" + noise(250, "a")), .0011),
        Message("broker", "keep", "ServerHello, certificate", record(22, b"\x02" + noise(118, "b")) + record(20, b"\x01") + record(23, noise(900, "c")), .0034),
        Message("keep", "broker", "POST /kbs/v0/auth", record(23, noise(210, "d")), .0041, b'{"version":"0.4.0","tee":"sgx"}', "the keep's log"),
        Message("broker", "keep", "challenge", record(23, noise(330, "e")), .0052, about="The keep holds a nonce that was never used."),
        Message("keep", "broker", "POST /kbs/v0/attest", record(23, noise(5200, "f")), .0079, http, "the keep's log", "The broker now knows what the keep is."),
        Message("broker", "keep", "token", record(23, noise(2100, "g")), .0121),
        Message("keep", "broker", "GET /kbs/v0/resource/hospital/key/records", record(23, noise(160, "h")), .0133),
        Message("broker", "keep", "key, for this keep alone", record(23, noise(620, "i")), .0149),
    ]


def opened():
    return [Message("operator's keep", "broker", "POST /kbs/v0/auth", b"", 0, b'{"tee":"sgx"}', "the operator's record"),
            Message("broker", "operator's keep", "answer, 200", b"", .004, b'{"nonce":"b3BlbmVk"}', "the operator's record")]


def found(searched, hits):
    return {"searched": searched, "found": hits, "first": "file @ 0x10" if hits else None, "first_offset": 16 if hits else None}


def searched(seen):
    def secret(name, windows):
        forms = {"base64": found(windows * 3, 0), "hex": found(windows * 2, 0)}
        floats = {"float32-le": found(500, 500 if seen else 0), "decimal": found(4000, 120 if seen else 0)}
        return {"secret": name, "seen": seen, "windows": found(windows, windows if seen else 0), "encoded": forms, "float_forms_found": 620 if seen else 0, "floats": floats}

    places = [{"place": place, "kind": "files", "bytes": size, "parts": 3, "seconds": .2, "seen": seen, "unread": [],
               "secrets": [secret("records", 41234), secret("weights", 22345), secret("code", 1200)]}
              for place, size in (("operator's files", 98_000_000), ("recorded exchange", 61_000), ("broker's database", 140_000))]
    return {"plaintext_seen": seen, "complete": True, "bytes": 98_201_000, "seconds": 1.2, "places": places,
            "secrets": [{"name": "records", "windows": 41300, "public": 12, "trivial": 54, "searched": 41234}]}


def events():
    cases = (("workload-changed", "kbs.release.workload"), ("evidence-replayed", "kbs.nonce.unused"), ("root-not-trusted", "sgx.root.trusted"), ("input-swapped", "seal.file.id"))
    return Events(
        when="2026-11-24T18:00:00Z", workload=hashlib.sha256(b"manifest").hexdigest(),
        separation="each party is a user id of its own, with a network of its own",
        facts=[Fact(True, "Keys released to the approved keep alone", "3 keys, in the ledger"), Fact(True, "Predictions equal a plain run", "bit for bit, 60 patients"),
               Fact(True, "The operator saw no plaintext", "0 of 64,779 windows in 98 MB; the control found them"), Fact(True, "Every cheat refused by a named check", "4 of 4"),
               Fact(True, "Root reads the keep's memory", "what only hardware stops"), Fact(True, "A production policy refuses this platform", "sgx.root.trusted")],
        who=[Who("hospital", "owns the records <of all>"), Who("trust", "runs the broker")], records=records(), sealed=b"ward sealed file" + noise(12000, "sealed"), output_sealed=noise(4000, "out"), predictions=predictions(), messages=messages(), opened=opened(),
        appraisals=[appraisal("The keep, as the broker appraised it", "accepted")],
        refusals=[Refusal(case, "The operator changes one thing.", True, id_, ["sgx.quote.size", "sgx.quote.signature"], f"{id_}: not what was approved",
                          f"ward demo --cheat demo/cheats/{case}.sh", "#!/bin/sh\n\"$WARD\" keep run changed.toml", .4) for case, id_ in cases],
        leaks=searched(False), control=searched(True), seconds={"train": 3.2, "seal": .4, "keep": 4.1, "leak_search": 1.2, "cheats": 9.4, "total": 18.7},
        root_tried=True, root=RootSight("process 4711 at 0x7f31c0de2000", records()[:300]),
        production=appraisal("This platform under the policy that ships", "refused", ["sgx.root.trusted"]),
        genuine_then=appraisal("A real SGX machine, as of its day", "accepted", development=False, status="SWHardeningNeeded"),
        genuine_today=appraisal("The same quote today", "refused", ["sgx.tcb_info.fresh"], development=False, status="SWHardeningNeeded"),
        ledger=[{"index": 0, "time": "2026-11-24T18:00:00Z", "kind": "release", "actor": "keep", "subject": "hospital/key/records", "details": {"workload": "ab12"}}],
        commands=[Command("ward verify quote.bin --collateral DIR --explain", "appraises the keep's evidence again"), Command("./run demo --json", "the same run for a program")])
