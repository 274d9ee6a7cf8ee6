//! Reads ward's messages of the KBS protocol (ours.json) with the types that Trustee's servers and clients share, and
//! writes theirs. `cargo run -- ours.json > recorded.json`; test/kbs/kbs_types_test.cc compares.
use kbs_types::{
    Attestation, Challenge, CompositeEvidence, ErrorInformation, InitData, Request, Response,
    RuntimeData, Tee, TeePubKey,
};
use serde_json::{json, Value};

const NONCE: &str = "1YTjXZbkMjPA7N9nX5jV9YoBf4JCs20WU3ZpVQqeT9Y=";

fn text<T: serde_json::value::Index>(of: &Value, name: T) -> &str {
    of[name].as_str().expect("a text")
}

fn attestation(init_data: Option<InitData>) -> Attestation {
    Attestation {
        init_data,
        runtime_data: RuntimeData {
            nonce: NONCE.into(),
            tee_pubkey: TeePubKey::EC {
                crv: "P-521".into(),
                alg: "ECDH-ES+A256KW".into(),
                x: "AAAA".into(),
                y: "AAAA".into(),
            },
        },
        tee_evidence: CompositeEvidence {
            primary_evidence: json!({"quote": "AAAA"}),
            additional_evidence: String::new(),
        },
    }
}

fn main() {
    let path = std::env::args().nth(1).expect("ours.json");
    let ours: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let request: Request = serde_json::from_str(text(&ours, "request")).unwrap();
    let challenge: Challenge = serde_json::from_str(text(&ours, "challenge")).unwrap();
    let with: Attestation = serde_json::from_str(text(&ours, "attestation")).unwrap();
    let without: Attestation =
        serde_json::from_str(text(&ours, "attestation_without_init_data")).unwrap();
    let response: Response = serde_json::from_str(text(&ours, "response")).unwrap();
    let error: ErrorInformation = serde_json::from_str(text(&ours, "error")).unwrap();
    let aad = String::from_utf8(response.protected.generate_aad().unwrap()).unwrap();
    let again = |value: Value| value.to_string();
    let tees = [
        Tee::AzSnpVtpm, Tee::AzTdxVtpm, Tee::Nvidia, Tee::Sgx, Tee::Snp, Tee::Tdx, Tee::Cca, Tee::Csv, Tee::Se,
        Tee::HygonDcu, Tee::NvidiaDpu, Tee::Tpm, Tee::Sample, Tee::SampleDevice,
    ];
    let requests: Vec<String> = tees
        .iter()
        .map(|tee| {
            let extra_params = json!({"supported-hash-algorithms": ["sha256", "sha384"]});
            serde_json::to_string(&Request { version: "0.4.0".into(), tee: *tee, extra_params }).unwrap()
        })
        .collect();
    let toml = InitData { format: "toml".into(), body: "algorithm = \"sha256\"\n".into() };
    let out = json!({
        "kbs-types": "0.18.0",
        "read": {
            "request": again(serde_json::to_value(request).unwrap()),
            "challenge": again(serde_json::to_value(challenge).unwrap()),
            "attestation": again(serde_json::to_value(with).unwrap()),
            "attestation_without_init_data": again(serde_json::to_value(without).unwrap()),
            "response": again(serde_json::to_value(response).unwrap()),
            "error": again(serde_json::to_value(error).unwrap()),
        },
        "aad": aad,
        "theirs": {
            "requests": requests,
            "challenge": serde_json::to_string(&Challenge {
                nonce: NONCE.into(),
                extra_params: json!({"selected-hash-algorithm": "sha384"}),
            }).unwrap(),
            "attestation": serde_json::to_string(&attestation(Some(toml))).unwrap(),
            "attestation_without_init_data": serde_json::to_string(&attestation(None)).unwrap(),
            "error": serde_json::to_string(&ErrorInformation {
                error_type: "https://github.com/confidential-containers/kbs/errors/PolicyDeny".into(),
                detail: "no".into(),
            }).unwrap(),
        },
    });
    println!("{}", serde_json::to_string_pretty(&out).unwrap());
}
