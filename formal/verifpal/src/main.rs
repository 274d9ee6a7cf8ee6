// verifpal SESSIONS MODEL...: judges models and prints the prover's own report as JSON. The exit status says only whether
// every model could be read and judged; what was found is in the report.
use verifpal::{Run, Verbosity, VerifyReport, set_verbosity, verify_report_with_source_opts};

fn judge(sessions: u8, models: &[String]) -> Result<(), String> {
    let mut outcomes: Vec<(String, Result<VerifyReport, String>)> = Vec::new();
    let mut sources = Vec::new();
    for model in models {
        let (report, source) =
            verify_report_with_source_opts(model, sessions, false).map_err(|e| e.to_string())?;
        outcomes.push((model.clone(), Ok(report)));
        sources.push(source);
    }
    let run = Run::of("1.6.7", &outcomes, &sources);
    println!("{}", serde_json::to_string(&run).map_err(|e| e.to_string())?);
    Ok(())
}

fn main() -> std::process::ExitCode {
    set_verbosity(Verbosity::Silent);
    let words: Vec<String> = std::env::args().skip(1).collect();
    let sessions = words.first().and_then(|word| word.parse::<u8>().ok());
    let done = match sessions {
        Some(sessions) if (1..=16).contains(&sessions) && words.len() > 1 => judge(sessions, &words[1..]),
        _ => Err("usage: ward-verifpal SESSIONS MODEL...".to_string()),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            std::process::ExitCode::from(2)
        }
    }
}
