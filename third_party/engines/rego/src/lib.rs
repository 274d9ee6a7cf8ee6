//! ward_rego.h over regorus. Each call does its work on a thread of its own, whose stack is known; nothing unwinds out.
//! docs/adr/rego-by-regorus.md

mod builtins;
mod evaluate;
mod explain;
mod limits;
mod load;
mod needs;
mod place;
mod shape;
mod walk;
mod weight;

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{json, Value as Json};

use evaluate::Request;
use limits::{Failure, Limits};
use load::Policy;
use place::Place;

/// The policy as callers hold it.
pub struct Handle(Arc<Policy>);

#[repr(C)]
pub struct Text {
    data: *mut u8,
    size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    data: *const u8,
    size: usize,
}

#[repr(C)]
pub struct RawRequest {
    rule: Bytes,
    input: Bytes,
    data: Bytes,
    references: Bytes,
    now_ns: i64,
    max_steps: u64,
    max_memory_bytes: u64,
    max_time_ms: u64,
}

const OK: i32 = 0;
const REFUSED: i32 = 1;
const FAILED: i32 = 2;

const MAX_DOCUMENT_BYTES: usize = 16 << 20;
const LOAD_TIME: Duration = Duration::from_secs(5);

/// Safety: `data` and `size` are a caller's octets, or null and 0.
unsafe fn text_of(bytes: Bytes, most: usize) -> Option<String> {
    if bytes.size == 0 {
        return Some(String::new());
    }
    if bytes.data.is_null() || bytes.size > most {
        return None;
    }
    std::str::from_utf8(std::slice::from_raw_parts(bytes.data, bytes.size)).ok().map(str::to_string)
}

/// Safety: `out` is null or a caller's ward_rego_text.
unsafe fn give(out: *mut Text, report: &Json) {
    if out.is_null() {
        return;
    }
    let octets = report.to_string().into_bytes().into_boxed_slice();
    let size = octets.len();
    *out = Text { data: Box::into_raw(octets).cast(), size };
}

fn refusal(places: &[Place]) -> Json {
    let errors: Vec<Json> = places
        .iter()
        .map(|place| json!({"line": place.line, "column": place.column, "message": place.message}))
        .collect();
    json!({"errors": errors})
}

fn one_error(message: &str) -> Json {
    refusal(&[Place { line: 0, column: 0, message: message.to_string() }])
}

fn load_text(text: String) -> (i32, Json, Option<Policy>) {
    match limits::on_thread(LOAD_TIME, &Default::default(), move || load::load(text)) {
        Ok(Ok(policy)) => {
            let report = json!({
                "syntax": if policy.v0 { "v0" } else { "v1" },
                "package": policy.package, "rules": policy.rules, "builtins": policy.builtins,
            });
            (OK, report, Some(policy))
        }
        Ok(Err(places)) => (REFUSED, refusal(&places), None),
        Err(Failure::Stuck) => (REFUSED, one_error("the policy cannot be read within its time"), None),
        Err(Failure::Panicked) => (REFUSED, one_error("the engine failed on this policy"), None),
        Err(Failure::Busy) => (FAILED, one_error("too many evaluations of other policies do not end"), None),
        Err(Failure::NoThread) => (FAILED, one_error("there is no thread to read the policy on"), None),
    }
}

/// # Safety
/// As ward_rego.h says.
#[no_mangle]
pub unsafe extern "C" fn ward_rego_load(text: Bytes, policy: *mut *mut Handle, report: *mut Text) -> i32 {
    if policy.is_null() || report.is_null() {
        return FAILED;
    }
    *policy = std::ptr::null_mut();
    *report = Text { data: std::ptr::null_mut(), size: 0 };
    catch_unwind(AssertUnwindSafe(|| {
        let Some(text) = text_of(text, load::MAX_TEXT_BYTES) else {
            let message = format!("a policy is UTF-8 of at most {} octets", load::MAX_TEXT_BYTES);
            give(report, &one_error(&message));
            return REFUSED;
        };
        let (result, told, loaded) = load_text(text);
        give(report, &told);
        if let Some(loaded) = loaded {
            *policy = Box::into_raw(Box::new(Handle(Arc::new(loaded))));
        }
        result
    }))
    .unwrap_or(FAILED)
}

unsafe fn request_of(raw: &RawRequest) -> Option<Request> {
    Some(Request {
        rule: text_of(raw.rule, 256)?,
        input: text_of(raw.input, MAX_DOCUMENT_BYTES)?,
        data: text_of(raw.data, MAX_DOCUMENT_BYTES)?,
        references: text_of(raw.references, MAX_DOCUMENT_BYTES)?,
        now_ns: raw.now_ns,
        limits: Limits {
            steps: raw.max_steps,
            memory_bytes: raw.max_memory_bytes,
            time: Duration::from_millis(raw.max_time_ms),
        },
    })
}

fn failed(message: &str) -> Json {
    json!({"outcome": "error", "line": 0, "column": 0, "message": message})
}

fn work(policy: &Arc<Policy>, request: Request, task: fn(&Policy, &Request) -> Json) -> Json {
    if policy.left.load(Ordering::Acquire) > 0 {
        return json!({"outcome": "limit", "limit": "stuck"});
    }
    let theirs = policy.clone();
    match limits::on_thread(request.limits.time, &policy.left, move || task(&theirs, &request)) {
        Ok(told) => told,
        Err(Failure::Stuck) => json!({"outcome": "limit", "limit": "stuck"}),
        Err(Failure::Busy) => json!({"outcome": "limit", "limit": "busy"}),
        Err(Failure::Panicked) => failed("the engine failed on this policy"),
        Err(Failure::NoThread) => json!({"outcome": "limit", "limit": "threads"}),
    }
}

unsafe fn run(policy: *const Handle, request: *const RawRequest, report: *mut Text, task: fn(&Policy, &Request) -> Json) -> i32 {
    if report.is_null() {
        return FAILED;
    }
    *report = Text { data: std::ptr::null_mut(), size: 0 };
    if policy.is_null() || request.is_null() {
        return FAILED;
    }
    catch_unwind(AssertUnwindSafe(|| {
        let told = match request_of(&*request) {
            Some(request) => work(&(*policy).0, request, task),
            None => failed("a document is not UTF-8, or larger than 16 MiB"),
        };
        give(report, &told);
        OK
    }))
    .unwrap_or(FAILED)
}

/// # Safety
/// As ward_rego.h says.
#[no_mangle]
pub unsafe extern "C" fn ward_rego_evaluate(policy: *const Handle, request: *const RawRequest, report: *mut Text) -> i32 {
    run(policy, request, report, evaluate::evaluate)
}

/// # Safety
/// As ward_rego.h says.
#[no_mangle]
pub unsafe extern "C" fn ward_rego_explain(policy: *const Handle, request: *const RawRequest, report: *mut Text) -> i32 {
    run(policy, request, report, explain::explain)
}

/// # Safety
/// As ward_rego.h says.
#[no_mangle]
pub unsafe extern "C" fn ward_rego_free_policy(policy: *mut Handle) {
    if !policy.is_null() {
        // A tree is let go as deep as it is: on a stack that suffices. Where no thread is to be had the policy goes with
        // the work that was not done, here: shape::MAX_DEPTH levels, which every caller's stack holds.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let policy = Box::from_raw(policy);
            let _ = limits::on_thread(LOAD_TIME, &Default::default(), move || drop(policy));
        }));
    }
}

/// # Safety
/// As ward_rego.h says.
#[no_mangle]
pub unsafe extern "C" fn ward_rego_free_text(text: Text) {
    if !text.data.is_null() {
        drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(text.data, text.size)));
    }
}

#[no_mangle]
pub extern "C" fn ward_rego_name() -> *const std::ffi::c_char {
    c"regorus 0.14.1".as_ptr()
}
