//! The allow-list, and the allowed functions with a bound on what they are given: none can work for long in one step.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use regorus::unstable::{Expr, NodeRef, Source, Span, BUILTINS};
use regorus::{Engine, Value};

use crate::needs::{NEEDED, QUERY};
use crate::limits::{exceed, Exceeded, MAX_BLOCK_BYTES};

/// With `print` and `query_reference_value`, all that a policy may call beside its own functions.
pub const ALLOWED: [&str; 21] = [
    "base64.decode",
    "base64url.decode",
    "bits.and",
    "contains",
    "count",
    "is_array",
    "is_number",
    "is_string",
    "lower",
    "object.get",
    "object.union_n",
    "print",
    "query_reference_value",
    "regex.match",
    "replace",
    "split",
    "sprintf",
    "time.now_ns",
    "time.parse_rfc3339_ns",
    "to_number",
    "upper",
];

/// Those that look at all of their arguments. The others take one look.
const BOUNDED: [(&str, u8); 12] = [
    ("base64.decode", 1),
    ("base64url.decode", 1),
    ("bits.and", 2),
    ("contains", 2),
    ("lower", 1),
    ("object.union_n", 1),
    ("regex.match", 2),
    ("replace", 3),
    ("split", 2),
    ("sprintf", 2),
    ("to_number", 1),
    ("upper", 1),
];

pub const MAX_SIZE: usize = 512 << 10;
const MAX_NUMBER_CHARACTERS: usize = 4096;
const MAX_NUMBER_BITS: u64 = 4096;
const MAX_WIDTH_DIGITS: usize = 3;
const MAX_SHOWN_ID: usize = 64;

/// size is what `value` would have written out, as far as `budget`; None when it is more, or holds too large a number.
fn size(value: &Value, budget: usize) -> Option<usize> {
    let mut left = budget.checked_sub(8)?;
    let mut take = |part: &Value| -> Option<()> {
        left = left.checked_sub(size(part, left)?)?;
        Some(())
    };
    match value {
        Value::String(s) => left = left.checked_sub(s.len())?,
        Value::Number(n) => {
            if n.as_i128().is_none() && n.as_big().is_some_and(|big| big.bits() > MAX_NUMBER_BITS) {
                return None;
            }
            left = left.checked_sub(40)?;
        }
        Value::Array(items) => {
            for item in items.iter() {
                take(item)?;
            }
        }
        Value::Set(items) => {
            for item in items.iter() {
                take(item)?;
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields.iter() {
                take(key)?;
                take(item)?;
            }
        }
        _ => {}
    }
    Some(budget - left)
}

/// fits says whether `value` may be handed on or written out.
pub fn fits(value: &Value) -> bool {
    size(value, MAX_SIZE).is_some()
}

fn string(value: Option<&Value>) -> &str {
    match value {
        Some(Value::String(s)) => s,
        _ => "",
    }
}

fn is_wide(format: &str) -> bool {
    format.split('%').skip(1).any(|verb| {
        let digits = verb.chars().take_while(|c| c.is_numeric() || *c == '.');
        digits.clone().count() > MAX_WIDTH_DIGITS || digits.clone().any(|c| !c.is_ascii())
    })
}

fn replaced_size(args: &[Value]) -> usize {
    let (text, old, new) = (string(args.first()), string(args.get(1)), string(args.get(2)));
    text.len().saturating_add(text.matches(old).count().saturating_mul(new.len()))
}

/// is_small is false where the call's work or result could be large.
fn is_small(name: &str, args: &[Value]) -> bool {
    if !args.iter().all(fits) {
        return false;
    }
    match name {
        "replace" => replaced_size(args) <= MAX_BLOCK_BYTES / 2,
        "sprintf" => !is_wide(string(args.first())),
        "to_number" => string(args.first()).len() <= MAX_NUMBER_CHARACTERS,
        _ => true,
    }
}

fn nowhere() -> anyhow::Result<Span> {
    let source = Source::from_contents("builtin".into(), " ".into())?;
    Ok(Span { source, line: 1, col: 1, start: 0, end: 1 })
}

fn call(name: &'static str, args: Vec<Value>) -> anyhow::Result<Value> {
    if !is_small(name, &args) {
        exceed(Exceeded::Size);
        anyhow::bail!("`{name}`: an argument or the result is too large");
    }
    let function = BUILTINS.get(name).ok_or_else(|| anyhow::anyhow!("`{name}` is missing"))?;
    let span = nowhere()?;
    let params: Vec<_> =
        args.iter().map(|_| NodeRef::new(Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 })).collect();
    // regorus names a place in its message; the call's own place stands around it.
    (function.0)(&span, &params, &args, true).map_err(|e| anyhow::anyhow!("{}", crate::place::message(&e.to_string())))
}

fn parse_rfc3339_ns(args: &[Value]) -> anyhow::Result<Value> {
    let Some(Value::String(text)) = args.first() else {
        anyhow::bail!("`time.parse_rfc3339_ns` expects a string");
    };
    let time = chrono::DateTime::parse_from_rfc3339(text)
        .map_err(|e| anyhow::anyhow!("`time.parse_rfc3339_ns`: {e}"))?;
    match time.timestamp_nanos_opt() {
        Some(ns) => Ok(Value::from(ns)),
        None => anyhow::bail!("`time.parse_rfc3339_ns`: outside of 1677 to 2262"),
    }
}

thread_local! {
    static MISSING: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// missing are the ids that were needed since it was asked last, on this thread, and have no value.
pub fn missing() -> BTreeSet<String> {
    MISSING.with(|missing| std::mem::take(&mut *missing.borrow_mut()))
}

/// The value of an id that is not there is undefined. Null, as Trustee has it, would be less than every number.
fn reference_value(values: &Value, args: &[Value], is_needed: bool) -> anyhow::Result<Value> {
    let Some(id @ Value::String(name)) = args.first() else {
        anyhow::bail!("`query_reference_value` expects a string");
    };
    let found = match values {
        Value::Object(fields) => fields.get(id).cloned(),
        _ => None,
    };
    if is_needed && found.is_none() {
        MISSING.with(|missing| missing.borrow_mut().insert(name.chars().take(MAX_SHOWN_ID).collect()));
    }
    Ok(found.unwrap_or(Value::Undefined))
}

/// add puts the functions into `engine`: regorus looks there before it looks among its own.
pub fn add(engine: &mut Engine, now_ns: i64, references: Arc<Value>) -> anyhow::Result<()> {
    for (name, count) in BOUNDED {
        engine.add_extension(name.into(), count, Box::new(move |args: Vec<Value>| call(name, args)))?;
    }
    engine.add_extension("time.now_ns".into(), 0, Box::new(move |_: Vec<Value>| Ok(Value::from(now_ns))))?;
    engine.add_extension("time.parse_rfc3339_ns".into(), 1, Box::new(|args: Vec<Value>| parse_rfc3339_ns(&args)))?;
    for (name, is_needed) in [(QUERY, false), (NEEDED, true)] {
        let references = references.clone();
        let values = move |args: Vec<Value>| reference_value(&references, &args, is_needed);
        engine.add_extension(name.into(), 1, Box::new(values))?;
    }
    Ok(())
}
