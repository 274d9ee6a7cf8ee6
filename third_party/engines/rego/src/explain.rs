//! Why a rule has no value, or not the one that was hoped for: of each of its bodies the first expression that does not
//! hold, with the values of its operands. regorus keeps no record of that (0.14 has only the types of one), so the
//! policy is asked again, with rules behind its text that hold the first expressions of a body.

use std::time::Instant;

use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Ref, Rule, RuleBody, RuleHead, Span};
use regorus::{Engine, Value};
use serde_json::{json, Value as Json};

use crate::builtins;
use crate::evaluate::{Documents, Request};
use crate::limits::{self, Exceeded};
use crate::load::{self, Policy};

const MAX_CONDITIONS: usize = 32;
const MAX_DEPTH: usize = 4;
const MAX_VALUES: usize = 4;
const MAX_SHOWN: usize = 200;

struct Explain<'a> {
    policy: &'a Policy,
    module: Ref<Module>,
    documents: Documents,
    seen: Vec<String>,
    conditions: Vec<Json>,
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_SHOWN {
        return line;
    }
    line.chars().take(MAX_SHOWN).chain("...".chars()).collect()
}

/// whole is a span's text with the quotes that regorus leaves out where a string begins or ends it.
fn whole(span: &Span) -> &str {
    let text = span.source.contents();
    let (mut start, mut end) = (span.start as usize, span.end as usize);
    let is_quote = |octet: Option<&u8>| matches!(octet, Some(b'"' | b'`'));
    if start > 0 && is_quote(text.as_bytes().get(start - 1)) {
        start -= 1;
    }
    if is_quote(text.as_bytes().get(end)) {
        end += 1;
    }
    text.get(start..end).unwrap_or_default()
}

fn is_literal(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. }
    )
}

/// operands are the parts of an expression whose values say why it does not hold.
fn operands(expr: &Ref<Expr>) -> Vec<Ref<Expr>> {
    let parts = match expr.as_ref() {
        Expr::BoolExpr { lhs, rhs, .. }
        | Expr::BinExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => vec![lhs.clone(), rhs.clone()],
        Expr::Membership { value, collection, .. } => vec![value.clone(), collection.clone()],
        Expr::Call { params, .. } => params.clone(),
        _ => vec![expr.clone()],
    };
    parts.into_iter().filter(|part| !is_literal(part)).collect()
}

fn operands_of(stmt: &LiteralStmt) -> Vec<Ref<Expr>> {
    match &stmt.literal {
        Literal::SomeVars { .. } => vec![],
        Literal::SomeIn { collection, .. } => vec![collection.clone()],
        Literal::Every { domain, .. } => vec![domain.clone()],
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => operands(expr),
    }
}

/// named is the rule of this policy that a statement is, alone or behind `not`.
fn named(stmt: &LiteralStmt) -> Option<String> {
    match &stmt.literal {
        Literal::Expr { expr, .. } => match expr.as_ref() {
            Expr::Var { span, .. } => Some(span.text().to_string()),
            _ => None,
        },
        _ => None,
    }
}

impl Explain<'_> {
    fn engine(&self, text: &str) -> Option<Engine> {
        let mut engine = load::engine(text, self.policy.v0).ok()?;
        self.documents.give(&mut engine).ok()?;
        load::prepare(&mut engine).ok()?;
        Some(engine)
    }

    /// asked reads the policy with a comprehension behind it: `term` for each way in which the statements hold.
    fn asked(&self, term: &str, stmts: &[&str]) -> Option<Value> {
        if limits::exceeded() != Exceeded::None {
            return None;
        }
        let body = if stmts.is_empty() { "true".to_string() } else { stmts.join("\n  ") };
        let text = format!("{}\n\nward_asked := {{ward_term |\n  {body}\n  ward_term := [{term}]\n}}\n", self.policy.text);
        let mut engine = limits::outside(|| self.engine(&text))?;
        let value = engine.eval_rule(format!("data.{}.ward_asked", self.policy.package)).ok()?;
        matches!(value, Value::Set(_)).then_some(value)
    }

    fn values(&self, stmt: &LiteralStmt, before: &[&str]) -> Vec<Json> {
        let mut values = vec![];
        for operand in operands_of(stmt).into_iter().take(MAX_VALUES) {
            let text = whole(operand.span()).to_string();
            let shown = match self.asked(&text, before) {
                Some(Value::Set(set)) if set.is_empty() => "undefined".to_string(),
                Some(Value::Set(set)) => set
                    .iter()
                    .take(MAX_VALUES)
                    .map(|one| match one {
                        Value::Array(items) if builtins::fits(one) => {
                            items.first().and_then(|item| item.to_json_str().ok()).unwrap_or_default()
                        }
                        _ => "(large)".to_string(),
                    })
                    .map(|text| shortened(&text))
                    .collect::<Vec<_>>()
                    .join(" or "),
                _ => continue,
            };
            values.push(json!({"expression": shortened(&text), "value": shown}));
        }
        values
    }

    fn add(&mut self, rule: &str, span: &Span, outcome: &str, values: Vec<Json>) {
        self.conditions.push(json!({
            "rule": rule, "line": span.line, "column": span.col, "expression": shortened(whole(span)),
            "outcome": outcome, "values": values,
        }));
    }

    fn body(&mut self, rule: &str, body: &RuleBody, depth: usize) {
        let stmts: Vec<&str> = body.query.stmts.iter().map(|stmt| whole(&stmt.span)).collect();
        for (index, stmt) in body.query.stmts.iter().enumerate() {
            let holds = match self.asked("1", &stmts[..=index]) {
                Some(Value::Set(set)) => !set.is_empty(),
                _ => return self.add(rule, &stmt.span, "unknown", vec![]),
            };
            if holds {
                continue;
            }
            let values = self.values(stmt, &stmts[..index]);
            let undefined = values.iter().any(|value| value["value"] == "undefined");
            self.add(rule, &stmt.span, if undefined { "undefined" } else { "false" }, values);
            if let Some(below) = named(stmt) {
                self.rule(&below, depth + 1);
            }
            return;
        }
        self.add(rule, &body.span, "holds", vec![]);
    }

    fn rule(&mut self, name: &str, depth: usize) {
        if depth > MAX_DEPTH || !self.policy.rules.iter().any(|rule| rule == name) {
            return;
        }
        if self.seen.iter().any(|seen| seen == name) {
            return;
        }
        self.seen.push(name.to_string());
        let module = self.module.clone();
        for rule in &module.policy {
            let Rule::Spec { head, bodies, .. } = rule.as_ref() else { continue };
            let refr = match head {
                RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } => refr,
                RuleHead::Func { .. } => continue,
            };
            if refr.span().text() != name {
                continue;
            }
            for body in bodies {
                if self.conditions.len() < MAX_CONDITIONS && limits::exceeded() == Exceeded::None {
                    self.body(name, body, depth);
                }
            }
        }
    }
}

/// explain's limits hold for all that it asks together.
pub fn explain(policy: &Policy, request: &Request) -> Json {
    let start = Instant::now();
    let documents = match Documents::read(request) {
        Ok(documents) => documents,
        Err(e) => return json!({"conditions": [], "message": format!("{e:#}")}),
    };
    let mut engine = policy.engine.clone();
    let Some(module) = engine.get_modules().first().cloned() else { return json!({"conditions": []}) };
    limits::begin(&request.limits, start);
    let mut explain = Explain { policy, module, documents, seen: vec![], conditions: vec![] };
    explain.rule(&request.rule, 0);
    json!({"conditions": explain.conditions})
}
