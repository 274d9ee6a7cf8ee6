//! Reads ward's messages of the KBS protocol (ours.json) with the types that Trustee's servers and clients share, and
//! writes theirs, of each version of the protocol with the crate of its time (Cargo.toml). In this folder:
//! `cargo run --locked -- ours.json > recorded.json`; test/kbs/kbs_types_test.cc compares.
use kbs_types::{
    Attestation, Challenge, CompositeEvidence, ErrorInformation, InitData, Request, Response,
    RuntimeData, Tee, TeePubKey,
};
use serde_json::{json, Value};

const NONCE: &str = "1YTjXZbkMjPA7N9nX5jV9YoBf4JCs20WU3ZpVQqeT9Y=";

fn text<T: serde_json::value::Index>(of: &Value, name: T) -> &str {
    of[name].as_str().expect("a text")
}

const EC: [(&str, &str, &str); 3] = [
    ("P-256", "5pXBf12t_UOse3MBpK2X79uS16BP2XhSRgt40O7QhSg", "kNBwzgrkHe3J0dlal6tQQfolkaLg41R4ASAlihw1-NI"),
    (
        "P-384",
        "wfH832OD8nuKWDDF6-0sJ-JVU0CMf1tYvOXnNaWhfbq7aIcGINl_W-IegE1w0rMY",
        "quLbg4jxvBrlK9dmhHdDlMs4aulGSiXfHW19IoVdkSYyMElZMtPM3ZeKkwsIqsyw",
    ),
    (
        "P-521",
        "AJgIwVA0dhaKPtgGIBXceXzTiHutasNo-dHhyQ4E7nQW3urNatstw27ma7B7GVqQ81b7r2emL0bCT4_TO_itRtBH",
        "AIrLk00aCU3ipa3ptZvMmKEEVfJKjuvtPTUM0rpjL81SeBEv_RSHMQC974tYcT7GurHd6H_IBQAWkD4HgtsT_aYv",
    ),
];
const RSA: [&str; 2] = ["RSA-OAEP-256", "RSA1_5"];
const MODULUS: &str = concat!(
    "6EBdyl__o3exryACVeOwidrGDzLD_BS1uoLRgIFJwW41V1A1HUvoJgnTAsGxBLmw73g71ss20dgqJfcKbfdbbcYwhu9W-rIqOc1pjnowrAh1P_Jf",
    "U4TCTifX9UlOxGWzJeWLoxrVFn7KO7YvpxZeq3hxMqG1tCoipJ1Ek2Fw9IL7tJLkcVIlGwsBmSm1-bsu95bTRZMmkrmyYtdbsSr2XezHWIg33OWc",
    "A4S8fomT6G7YxPHkr0X5hrRKp3Ve1WbYiTgR_w2LldISX9TVXMkW5-TLMu1iYhKgm4amwUrHiJBDbtFHIm0MI6mS1UznkPWBcQ8cXoc4Fpr3Ztwm",
    "A4cs6w"
);

/// keys_of is one key of each kind, as the types of the crate `$of` have it.
macro_rules! keys_of {
    ($of:ident) => {
        EC.iter()
            .map(|(crv, x, y)| $of::TeePubKey::EC {
                crv: (*crv).into(),
                alg: "ECDH-ES+A256KW".into(),
                x: (*x).into(),
                y: (*y).into(),
            })
            .chain(RSA.iter().map(|alg| $of::TeePubKey::RSA {
                alg: (*alg).into(),
                k_mod: MODULUS.into(),
                k_exp: "AQAB".into(),
            }))
    };
}

/// older is what the crate `$of`, of before 0.4.0, reads of ours and what it writes itself. `$keys`,
/// `$evidence`, `$params`: as it has tee-pubkey, tee-evidence and extra-params.
macro_rules! older {
    ($of:ident, $ours:ident, $version:literal, $keys:expr, $evidence:expr, $params:expr, $($message:literal: $type:ident),*) => {{
        let requests: Vec<String> = {
            use $of::Tee::*;
            [AzSnpVtpm, AzTdxVtpm, Sgx, Snp, Tdx, Cca, Csv, Se]
                .into_iter()
                .map(|tee| $of::Request { version: $version.into(), tee, extra_params: $params })
                .map(|request| serde_json::to_string(&request).unwrap())
                .collect()
        };
        let challenge = $of::Challenge { nonce: NONCE.into(), extra_params: $params };
        let attestations: Vec<String> = $keys
            .map(|tee_pubkey| {
                serde_json::to_string(&$of::Attestation { tee_pubkey, tee_evidence: $evidence }).unwrap()
            })
            .collect();
        json!({
            "read": { $($message: ({
                let read: $of::$type = serde_json::from_str(text(&$ours, $message)).unwrap();
                serde_json::to_value(read).unwrap().to_string()
            })),* },
            "theirs": {
                "requests": requests,
                "challenge": serde_json::to_string(&challenge).unwrap(),
                "attestations": attestations,
            },
        })
    }};
}

fn attestation(init_data: Option<InitData>, tee_pubkey: TeePubKey) -> Attestation {
    Attestation {
        init_data,
        runtime_data: RuntimeData { nonce: NONCE.into(), tee_pubkey },
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
    let attestations: Vec<String> =
        keys_of!(kbs_types).map(|key| serde_json::to_string(&attestation(None, key)).unwrap()).collect();
    let key = || keys_of!(kbs_types).next().unwrap();
    let old: kbs_types_0_2::Response = serde_json::from_str(text(&ours, "response_0_2_0")).unwrap();
    let rsa = kbs_types_string::TeePubKey {
        kty: "RSA".into(),
        alg: "RSA1_5".into(),
        k_mod: MODULUS.into(),
        k_exp: "AQAB".into(),
    };
    let evidence = r#"{"quote":"AAAA"}"#;
    let out = json!({
        "kbs-types": "0.18.0",
        "0.12.0": older!(kbs_types_0_2, ours, "0.2.0", keys_of!(kbs_types_0_2), json!({"quote": "AAAA"}), json!(""),
            "request_0_2_0": Request, "challenge": Challenge, "attestation_0_2_0": Attestation,
            "response_0_2_0": Response, "error": ErrorInformation),
        "0.12.0 aad": String::from_utf8(old.protected.generate_aad().unwrap()).unwrap(),
        "0.7.0": older!(kbs_types_0_1, ours, "0.1.1", keys_of!(kbs_types_0_1), json!(evidence), json!(""),
            "request_0_1_1": Request, "challenge": Challenge, "attestation_0_1_1": Attestation,
            "response_0_1_1": Response, "error": ErrorInformation),
        "0.6.0": older!(kbs_types_string, ours, "0.1.1", [rsa].into_iter(), evidence.into(), String::new(),
            "request_0_1_1": Request, "challenge": Challenge, "attestation_0_1_1": Attestation,
            "response_0_1_1": Response, "error": ErrorInformation),
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
            "attestation": serde_json::to_string(&attestation(Some(toml), key())).unwrap(),
            "attestations": attestations,
            "error": serde_json::to_string(&ErrorInformation {
                error_type: "https://github.com/confidential-containers/kbs/errors/PolicyDeny".into(),
                detail: "no".into(),
            }).unwrap(),
        },
    });
    println!("{}", serde_json::to_string_pretty(&out).unwrap());
}
