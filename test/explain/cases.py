"""What is explained: names of golden files, and what `ward verify` is given for each."""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARD = os.environ["WARD_PROGRAM"]
VECTORS = pathlib.Path(os.environ.get("WARD_VECTORS") or ROOT.parent / "shared/vectors")


def have_vectors():
    """True where the evidence of others is at hand; a failure where it must be."""
    if (VECTORS / "MANIFEST.tsv").exists():
        return True
    if "vectors" in os.environ.get("WARD_REQUIRE", ""):
        raise AssertionError("WARD_REQUIRE=vectors, but none found")
    return False


def facts(folder):
    return dict(line.split() for line in (folder / "case.txt").read_text().splitlines())


def own(tee, name, *more, collateral=True, at="at"):
    """One of the project's own vectors, as valid as it gets but for `more`."""
    folder = pathlib.Path("tee") / tee / "testdata/valid" / name
    args = [folder / "evidence", "--trust-root", folder / "root_ca.pem"]
    if collateral:
        args += ["--collateral", folder]
    if at:
        args += ["--at", facts(ROOT / folder)[at]]
    return [*args, *more]


def expected(tee, name):
    f = facts(ROOT / "tee" / tee / "testdata/valid" / name)
    return [word for fact in ("report_data", "measurement", "workload") if fact in f
            for word in ("--" + fact.replace("_", "-"), f[fact])]


ALLOW = "--allow-development"
OTHER = ["--report-data", "00" * 64]
SGX = facts(ROOT / "tee/sgx/testdata/valid/sgx_3")

# The explanation of each is a golden file, octet for octet.
OWN = {
    "sgx_accepted": own("sgx", "sgx_4", ALLOW, *expected("sgx", "sgx_4")),
    "sgx_platform_only": own("sgx", "sgx_3", ALLOW),
    "sgx_development_refused": own("sgx", "sgx_5"),
    "sgx_other_report_data": own("sgx", "sgx_3", ALLOW, *OTHER),
    "sgx_expired": own("sgx", "sgx_3", ALLOW, "--at", "2027-06-01T00:00:00Z", at=None),
    "sgx_root_not_named": ["tee/sgx/testdata/valid/sgx_3/evidence", "--collateral", "tee/sgx/testdata/valid/sgx_3", "--at", SGX["at"]],
    "tdx_no_collateral": own("tdx", "tdx_5_report_15", ALLOW, collateral=False),
    "tdx_accepted": own("tdx", "tdx_5_report_15_ex", ALLOW, *expected("tdx", "tdx_5_report_15_ex")),
    "tdx_field_refused": own("tdx", "tdx_4", ALLOW, "--accept-value", "tdx.td_attributes.migratable=true"),
    "snp_accepted": own("snp", "turin_5_vcek", ALLOW, *expected("snp", "turin_5_vcek")),
    "snp_no_collateral": own("snp", "milan_2_vcek", ALLOW, collateral=False),
    "snp_vlek_chips": own("snp", "genoa_3_vlek", ALLOW, "--chips", "test/explain/chips.txt"),
    "tpm_accepted": own("tpm", "rsassa_chain_logs", ALLOW, *expected("tpm", "rsassa_chain_logs")),
    "tpm_no_collateral": own("tpm", "ecdsa_p384_chain", ALLOW, collateral=False),
    "sev_accepted": own("sev", "naples_chain", ALLOW, *expected("sev", "naples_chain")),
    "nitro_accepted": own("nitro", "nitro_tagged", ALLOW, *expected("nitro", "nitro_tagged")),
    "cca_accepted": own("cca", "cca_profile", ALLOW, *expected("cca", "cca_profile")),
    "psa_accepted": own("psa", "psa_2_0_0", ALLOW, *expected("psa", "psa_2_0_0")),
    "nvidia_accepted": own("nvidia", "gpu_and_switch_list", ALLOW, *expected("nvidia", "gpu_and_switch_list")),
    "nvidia_no_collateral": own("nvidia", "hopper_list", ALLOW, collateral=False),
    "nvidia_other_nonce": own("nvidia", "blackwell_list", ALLOW, "--report-data", "00" * 32),
    "snp_product_refused": own("snp", "genoa_4_vcek_extended", ALLOW, "--refuse-product", "genoa"),
}

OUTDATED = [VECTORS / "sgx/sgx_v3_coco_77bcbdfa.dat", "--collateral", VECTORS / "dcap"]
THEIRS = {
    "real_sgx_outdated": [*OUTDATED, "--at", "2026-08-11T07:19:18Z"],
    "real_sgx_tolerated": [
        *OUTDATED,
        "--at",
        "2023-05-29T17:54:21Z",
        "--allow-debug",
        "--tolerate",
        "INTEL-SA-00657",
        "until",
        "2023-06-30",
    ],
    "real_tdx_up_to_date": [
        VECTORS / "tdx/tdx_v4_flashbots_509f50f8.dat",
        "--collateral",
        VECTORS / "dcap",
        "--at",
        "2026-03-05T10:50:03Z",
    ],
}
