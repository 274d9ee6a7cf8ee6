"""print_json.py EVIDENCE FOLDER TIME [PEM]: what `ward verify --json` would print, by the installed Python package."""
import datetime
import pathlib
import sys

import ward

evidence, folder, at = sys.argv[1:4]
roots = [pathlib.Path(path).read_bytes() for path in sys.argv[4:]]
policy = ward.Policy(name="command line", allow_development=bool(roots), development_roots=roots,
                     accept_tcb=() if roots else ["any"])
files = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())
appraisal = ward.Verifier(policy).verify(
    pathlib.Path(evidence).read_bytes(),
    collateral=[(str(path.relative_to(folder)), path.read_bytes()) for path in files],
    at=datetime.datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc),
    report_data=ward.UNCHECKED, measurement=ward.UNCHECKED, workload=ward.UNCHECKED)
sys.stdout.write(appraisal.json)
