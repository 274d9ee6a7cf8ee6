"""Pages of the project's own vectors, written by `ward verify --html`."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ.get("WARD_PROGRAM", str(ROOT / "build/release/bin/ward"))
GENUINE = {"sgx": "sgx_3", "tdx": "tdx_5_report_15_ex", "snp": "genoa_3_vlek", "sev": "naples_chain",
           "tpm": "rsassa_chain_logs", "nitro": "nitro_tagged", "cca": "cca_profile", "psa": "psa_2_0_0",
           "nvidia": "gpu_and_switch_list", "azure": "snp_0", "keystone": "keystone"}
ACCEPTED, REFUSED, COULD_NOT_TELL = 0, 1, 3


def vector(tee):
    return ROOT / "tee" / tee / "testdata/valid" / GENUINE[tee]


def case(folder):
    return dict(line.split(None, 1) for line in (folder / "case.txt").read_text().splitlines())


def verify(evidence, page, folder, *more, collateral=True):
    """verify writes a page about evidence with a vector's collateral: exit code, stdout, stderr."""
    beside = ["--collateral", folder] if collateral else []
    command = [WARD, "verify", evidence, *beside, "--at", case(folder)["at"], "--trust-root", folder / "root_ca.pem",
               "--html", page, *more]
    done = subprocess.run(command, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def changed(folder, out, offset):
    """changed is the vector's evidence with one octet changed."""
    octets = bytearray((folder / "evidence").read_bytes())
    octets[offset] ^= 1
    out.write_bytes(octets)
    return out
