#!/usr/bin/env python3
"""schemathesis asks a running wardd, with an administrator's token, what docs/api/openapi.json says that it answers: made-up
requests of the form and of none, with every check that it has."""
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
from service import Service

ROOT = HERE.parents[1]
PROGRAM = ROOT / ".venv/bin/schemathesis"
LIMIT_S = 240
# What no schema can say is not of the form: a policy that names a field that no TEE has, a repository that goes with one kind
# of policy alone, a time that is none, evidence or a key that is none, both conditions at once, two places to begin, a URL that leads nowhere, what no
# incident is of (400), an idempotency key that was used before (422), a version that is not in force (412). There a
# request of the described form may be refused. (Of this pattern of an idempotency key schemathesis takes 0 to be one.)
CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409"]

[[operations]]
include-operation-id = ["setReferenceValues", "replay", "repeatAppraisal", "appraise", "putResource", "deleteResource",
  "addAdministrator", "addTenant", "setTenant", "listEvents", "addWebhook", "openIncident"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422"]

[[operations]]
include-operation-id = ["setEvidencePolicy", "setEvidenceRego", "rollbackEvidencePolicy", "setResultsPolicy", "rollbackResultsPolicy"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "412", "422"]
"""


class Schemathesis(unittest.TestCase):
    def setUp(self):
        if not PROGRAM.exists():
            self.skipTest("no schemathesis: python3 -m venv .venv && .venv/bin/pip install -r tools/requirements.txt")
        self.service = Service()
        self.addCleanup(self.service.end)

    def test_the_service_answers_as_described(self):
        for path, body in (("/v1/policy/evidence", {"schema": "ward.evidence-policy/1", "runtimes": []}),
                           ("/v1/policy/results/hospital", {"schema": "ward.results-policy/1", "releases": []})):
            self.assertEqual(self.service.ask("POST", path, body).status, 200)
        config = self.service.folder / "schemathesis.toml"
        config.write_text(CONFIG)
        done = subprocess.run(
            [PROGRAM, "--config-file", config, "run", ROOT / "docs/api/openapi.json", "--url", self.service.url, "--checks", "all",
             "--phases", "examples,coverage,fuzzing", "--max-examples", "8", "--seed", "9", "--no-shrink", "--continue-on-failure",
             "--tls-verify", self.service.cafile, "--header", "Authorization: Bearer " + self.service.token(),
             "--output-sanitize", "false", "--request-timeout", "20", "--suppress-health-check", "all"],
            cwd=self.service.folder, capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"Tested: +\d+")
        self.assertIsNone(self.service.process.poll(), "the service ended")


if __name__ == "__main__":
    unittest.main()
