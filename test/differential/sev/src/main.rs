//! ward-sev judges SEV-SNP reports with the crate sev: a case a line in, as ward-resigned-snp prints it, a
//! verdict a line out. The crate verifies signatures: of the report, its key's certificate, the
//! intermediate and the root.
use std::io::{BufRead, Write};

use sev::certs::snp::{ca, Certificate, Chain, Verifiable};
use sev::firmware::guest::AttestationReport;
use sev::parser::ByteParser;

#[derive(serde::Deserialize)]
struct Case {
    evidence: String,
    ark: String,
    ask: String,
    asvk: String,
    vek: String,
}

#[derive(serde::Serialize)]
struct Verdict {
    accepted: bool,
    why: String,
}

type Failure = Box<dyn std::error::Error>;

const REPORT_SIZE: usize = 0x4a0;

fn certificate(text: &str) -> Result<Certificate, Failure> {
    Ok(Certificate::from_der(&hex::decode(text)?)?)
}

fn judge(case: &Case) -> Result<(), Failure> {
    let evidence = hex::decode(&case.evidence)?;
    if evidence.len() < REPORT_SIZE {
        return Err("not a whole report".into());
    }
    if case.vek.is_empty() {
        return Err("no certificate beside the report".into());
    }
    let report = AttestationReport::from_bytes(&evidence[..REPORT_SIZE])?;
    // KEY_INFO, SIGNING_KEY: 1 is a VLEK's.
    let vlek = (evidence[0x48] >> 2) & 7 == 1;
    let ask = if vlek { &case.asvk } else { &case.ask };
    let chain = Chain {
        ca: ca::Chain { ark: certificate(&case.ark)?, ask: certificate(ask)? },
        vek: certificate(&case.vek)?,
    };
    Ok((&chain, &report).verify()?)
}

fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        let result = std::panic::catch_unwind(|| judge(&case).map_err(|e| e.to_string()));
        let why = match result {
            Ok(Ok(())) => String::new(),
            Ok(Err(e)) => e,
            Err(_) => "the peer panicked".to_string(),
        };
        serde_json::to_writer(&mut out, &Verdict { accepted: why.is_empty(), why })?;
        writeln!(out)?;
        out.flush()?;
    }
    Ok(())
}
