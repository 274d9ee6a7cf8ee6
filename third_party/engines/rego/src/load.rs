//! A policy's text becomes a Policy: its syntax is found, and what it calls is held against the allow-list.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::atomic::AtomicUsize;
use std::sync::Arc;

use regorus::{Engine, PolicyLengthConfig, Value};

use crate::limits;
use crate::needs::{Needs, NEEDED, QUERY};
use crate::place::{self, Place};
use crate::shape;
use crate::walk;

pub const MAX_TEXT_BYTES: usize = 256 << 10;
const MAX_COLUMN: u32 = 16 << 10;
const MAX_LINES: usize = 10_000;

pub struct Policy {
    pub engine: Engine,
    pub text: String,
    pub v0: bool,
    pub package: String,
    pub rules: Vec<String>,
    pub builtins: Vec<String>,
    /// The ids below data.reference that must be there.
    pub needed: BTreeSet<String>,
    /// Evaluations of it that were left behind and go on: meanwhile there is no other.
    pub left: Arc<AtomicUsize>,
}

pub fn engine(text: &str, v0: bool) -> Result<Engine, Place> {
    let mut engine = Engine::new();
    let lengths = (NonZeroU32::new(MAX_COLUMN), NonZeroUsize::new(MAX_TEXT_BYTES * 2), NonZeroUsize::new(MAX_LINES));
    if let (Some(max_col), Some(max_file_bytes), Some(max_lines)) = lengths {
        engine.set_policy_length_config(PolicyLengthConfig { max_col, max_file_bytes, max_lines });
    }
    engine.set_rego_v0(v0);
    engine.set_execution_timer_config(limits::timer_config());
    engine.add_policy(place::FILE.into(), text.into()).map_err(|e| place::of(&e.to_string()))?;
    Ok(engine)
}

/// parse tries v1 first. Where neither parses, the syntax that was understood further says why; `import rego.v1` decides.
fn parse(text: &str) -> Result<(Engine, bool), Place> {
    let v1 = match engine(text, false) {
        Ok(engine) => return Ok((engine, false)),
        Err(place) => place,
    };
    let v0 = match engine(text, true) {
        Ok(engine) => return Ok((engine, true)),
        Err(place) => place,
    };
    let old = !text.contains("rego.v1") && (v0.line, v0.column) > (v1.line, v1.column);
    Err(if old { v0 } else { v1 })
}

/// prepare makes regorus order the statements, which finds variables that nothing binds. No clock runs.
pub fn prepare(engine: &mut Engine) -> Result<(), Place> {
    engine.eval_query("true".into(), false).map(|_| ()).map_err(|e| place::of(&e.to_string()))
}

/// asking is the text that is evaluated: a call that needs a value has the name that records one that is not there.
fn asking(text: &str, needs: &Needs) -> String {
    let mut octets = text.as_bytes().to_vec();
    for start in &needs.calls {
        if let Some(name) = octets.get_mut(*start..*start + QUERY.len()).filter(|name| *name == QUERY.as_bytes()) {
            name.copy_from_slice(NEEDED.as_bytes());
        }
    }
    String::from_utf8(octets).unwrap_or_default()
}

pub fn load(text: String) -> Result<Policy, Vec<Place>> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("a policy has at most {MAX_TEXT_BYTES} octets");
        return Err(vec![Place { line: 0, column: 0, message }]);
    }
    shape::check(&text).map_err(|place| vec![place])?;
    let (mut engine, v0) = parse(&text).map_err(|place| vec![place])?;
    let Some(module) = engine.get_modules().first().cloned() else {
        return Err(vec![Place { line: 0, column: 0, message: "no module".into() }]);
    };
    let found = walk::walk(&module);
    if !found.errors.is_empty() {
        return Err(found.errors);
    }
    crate::builtins::add(&mut engine, 0, Value::Undefined.into()).map_err(|e| vec![place::of(&e.to_string())])?;
    prepare(&mut engine).map_err(|place| vec![place])?;
    let fresh = self::engine(&asking(&text, &found.needs), v0).map_err(|place| vec![place])?;
    let left = Arc::new(AtomicUsize::new(0));
    Ok(Policy { engine: fresh, text, v0, package: found.package, rules: found.rules, builtins: found.builtins, needed: found.needs.ids, left })
}
