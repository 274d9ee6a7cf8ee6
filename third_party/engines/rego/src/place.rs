//! regorus' messages: "\n--> policy:3:5\n  |\n3 | ...\n  |     ^\nerror: what is wrong".

/// What policies are called inside; the caller knows the true name.
pub const FILE: &str = "policy";

#[derive(Clone, Debug)]
pub struct Place {
    pub line: u32,
    pub column: u32,
    pub message: String,
}

pub fn message(text: &str) -> String {
    let after = text.split_once("\nerror: ").map_or(text, |(_, rest)| rest);
    // A message in a message: the innermost says what is wrong.
    if let Some((_, inner)) = after.rsplit_once("\nerror: ") {
        return message(&format!("\nerror: {inner}"));
    }
    after.split('\n').map(str::trim).find(|line| !line.is_empty()).unwrap_or("unknown error").to_string()
}

fn numbers(text: &str) -> Option<(u32, u32)> {
    let (line, rest) = text.split_once(':')?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// of finds the place in `text`; 0:0 where it has none.
pub fn of(text: &str) -> Place {
    let (line, column) =
        text.split_once(&format!("--> {FILE}:")).and_then(|(_, rest)| numbers(rest)).unwrap_or((0, 0));
    Place { line, column, message: message(text) }
}
