//! One rule of a policy, evaluated for an input.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use regorus::{Engine, Value};
use serde_json::{json, Value as Json};

use crate::builtins;
use crate::limits::{self, Exceeded, Limits};
use crate::load::{self, Policy};
use crate::place;

const MAX_MISSING: usize = 16;

#[derive(Clone)]
pub struct Request {
    pub rule: String,
    pub input: String,
    pub data: String,
    pub references: String,
    pub now_ns: i64,
    pub limits: Limits,
}

/// The documents, read once for all evaluations of a request.
pub struct Documents {
    pub input: Value,
    pub data: Value,
    pub references: Arc<Value>,
    pub now_ns: i64,
}

fn document(text: &str, name: &str) -> anyhow::Result<Value> {
    if text.is_empty() {
        return Ok(Value::new_object());
    }
    Value::from_json_str(text).with_context(|| format!("{name} is not JSON"))
}

fn object(text: &str, name: &str) -> anyhow::Result<Value> {
    let value = document(text, name)?;
    anyhow::ensure!(matches!(value, Value::Object(_)), "{name} is not a JSON object");
    Ok(value)
}

impl Documents {
    pub fn read(request: &Request) -> anyhow::Result<Self> {
        Ok(Self {
            input: document(&request.input, "the input")?,
            data: object(&request.data, "the data")?,
            references: Arc::new(object(&request.references, "the list of reference values")?),
            now_ns: request.now_ns,
        })
    }

    pub fn give(&self, engine: &mut Engine) -> anyhow::Result<()> {
        builtins::add(engine, self.now_ns, self.references.clone())?;
        engine.add_data(self.data.clone())?;
        engine.set_input(self.input.clone());
        Ok(())
    }
}

fn error(text: &str) -> Json {
    let place = place::of(text);
    json!({"outcome": "error", "line": place.line, "column": place.column, "message": place.message})
}

pub fn limit() -> Option<Json> {
    let what = match limits::exceeded() {
        Exceeded::None => return None,
        Exceeded::Steps => "steps",
        Exceeded::Memory => "memory",
        Exceeded::Time => "time",
        Exceeded::Size => "size",
    };
    Some(json!({"outcome": "limit", "limit": what}))
}

fn told(result: anyhow::Result<Value>) -> Json {
    let result = match result {
        // A limit may have been swallowed on the way up: what came out then means nothing.
        _ if limits::exceeded() != Exceeded::None => return limit().unwrap_or(Json::Null),
        Err(e) => return error(&format!("{e:#}")),
        Ok(value) => value,
    };
    if matches!(result, Value::Undefined) {
        return json!({"outcome": "undefined"});
    }
    if !builtins::fits(&result) {
        return json!({"outcome": "limit", "limit": "size"});
    }
    match result.to_json_str().ok().and_then(|text| serde_json::from_str::<Json>(&text).ok()) {
        Some(value) => json!({"outcome": "value", "value": value}),
        None => error("the value cannot be written as JSON"),
    }
}

/// missing are the ids without a value that were needed: all below data.reference, and those that were asked for.
fn missing(policy: &Policy, data: &Value) -> Vec<String> {
    let mut out = builtins::missing();
    let reference = &data["reference"];
    let is_there = |id: &&String| !matches!(reference[&Value::from(id.as_str())], Value::Undefined);
    out.extend(policy.needed.iter().filter(|id| !is_there(id)).cloned());
    out.into_iter().take(MAX_MISSING).collect()
}

pub fn evaluate(policy: &Policy, request: &Request) -> Json {
    let start = Instant::now();
    let documents = match Documents::read(request) {
        Ok(documents) => documents,
        Err(e) => return error(&format!("{e:#}")),
    };
    if !policy.rules.contains(&request.rule) {
        return json!({"outcome": "undefined"});
    }
    let mut engine = policy.engine.clone();
    if let Err(e) = documents.give(&mut engine) {
        return error(&format!("{e:#}"));
    }
    if let Err(place) = load::prepare(&mut engine) {
        return json!({"outcome": "error", "line": place.line, "column": place.column, "message": place.message});
    }
    let _ = builtins::missing();
    limits::begin(&request.limits, start);
    let value = engine.eval_rule(format!("data.{}.{}", policy.package, request.rule));
    let missing = missing(policy, &documents.data);
    if !missing.is_empty() && limits::exceeded() == Exceeded::None {
        return json!({"outcome": "missing", "ids": missing});
    }
    told(value)
}
