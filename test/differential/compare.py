#!/usr/bin/env python3
"""Compares ward's verdict on re-signed platforms with another verifier's.

usage: compare.py WARD_RESIGNED SEED COUNT [--peer PEER] [--face FACE] [--first N] [--show N]
       compare.py WARD --recorded [--peer PEER] [--show N]

PEER is dcap-qvl, go-tdx-guest, go-sev-guest or sev. WARD_RESIGNED prints the cases (main.cc, or snp_main.cc for
the last two), or WARD judges evidence of real hardware (recorded.py, recorded_snp.py). Both judge the platform alone. They agree
where both refuse, or both accept with the same status and advisories. Every other pair must be one of the
peer's STRICTER or LAXER, with who is right and the source; exit 1 where one is not. Evidence of a form that
the peer does not know are counted apart: they are no agreement. The last line counts. Exit 77 where the
peer, or all recorded evidence, is not there.
"""
import argparse
import collections
import json
import subprocess
import sys

import dcap_qvl_peer
import go_sev_guest_peer
import go_tdx_guest_peer
import sev_peer

PEERS = {module.Peer.name: module.Peer for module in (dcap_qvl_peer, go_tdx_guest_peer, go_sev_guest_peer, sev_peer)}


def outcome(peers, case, peer):
    """The line under which a pair is counted; None where nothing explains it."""
    if not peers.reads(peer):
        return "not its: the peer knows no such evidence"
    if peers.agree(case["ward"], peer):
        return "agree: " + case["ward"]["verdict"]
    rule = peers.explanation(case, peer)
    return rule and "explained, " + rule


def judge(cases, peers, show):
    """Counts every case of the lines; prints those that nothing explains."""
    counts = collections.Counter()
    for line in cases:
        case = json.loads(line)
        peer = peers.judge(line)
        name = outcome(peers, case, peer)
        counts[name or "unexplained"] += 1
        if name is None and counts["unexplained"] <= show:
            print(f"unexplained: number {case['number']} {case['mutations']}: ward {case['ward']}, {peers.name} {peer}")
    return counts


def judge_resigned(options, peers):
    """Counts the cases that WARD_RESIGNED makes, and says whether they were all there."""
    command = [options.program, options.seed, str(options.first), str(options.count)]
    command += [options.face] if options.face else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as made:
        counts = judge(made.stdout, peers, options.show)
    return counts, made.returncode == 0 and counts.total() == options.count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("seed", nargs="?", default="ci")
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--recorded", action="store_true", help="evidence of real hardware, as many as are at hand")
    parser.add_argument("--peer", choices=PEERS, default="dcap-qvl")
    parser.add_argument("--face", help="one kind of evidence alone")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=int, default=10, help="unexplained pairs to print")
    options = parser.parse_args()
    kind = PEERS[options.peer]
    if kind.absent:
        print("skipped: " + kind.absent, file=sys.stderr)
        return 77
    peers = kind()
    if options.recorded:
        counts, complete = judge(peers.recorded(options.program), peers, options.show), True
    else:
        counts, complete = judge_resigned(options, peers)
    peers.close()
    if options.recorded and not counts:
        print("skipped: no evidence of real hardware: ./run test fetches samples", file=sys.stderr)
        return 77
    for name, count in sorted(counts.items()):
        print(f"{count:8} {name}")
    print(f"{counts.total()} judged, {counts['unexplained']} unexplained")
    return 0 if complete and not counts["unexplained"] else 1


if __name__ == "__main__":
    sys.exit(main())
