//! What a policy calls and what depends on what, from its syntax tree.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleAssign, RuleHead, Span, BUILTINS};
use regorus::Value;

use crate::builtins::ALLOWED;
use crate::needs::{Asking, Needs, NEEDED, QUERY};
use crate::place::Place;
use crate::weight;

/// A rule rests on a rule that rests on a rule: as deep as this, so that the stack is known to suffice.
const MAX_CHAIN: usize = 64;

/// The weights (weight.rs) of the rules of a chain together. A level of them was measured to take 2.6 KiB of the stack at
/// the most, in an argument of a built-in, and a rule 4.5 KiB: 21 MiB of 64.
const MAX_WEIGHT: usize = 8_000;

/// regorus' ordering of a body takes the square of its length.
const MAX_STATEMENTS: usize = 256;

pub struct Found {
    pub package: String,
    pub rules: Vec<String>,
    pub builtins: Vec<String>,
    pub errors: Vec<Place>,
    /// What asks for reference values where there must be one (needs.rs).
    pub needs: Needs,
}

struct Walk<'a> {
    package: Vec<String>,
    aliases: BTreeMap<String, Vec<String>>,
    names: BTreeSet<String>,
    builtins: BTreeSet<String>,
    errors: Vec<Place>,
    edges: BTreeMap<String, BTreeMap<String, &'a Span>>,
    rule: String,
    arguments: BTreeSet<String>,
    weights: BTreeMap<String, usize>,
    asking: Asking,
}

/// The longest chain of rules below one, and the heaviest.
#[derive(Clone, Copy, Default)]
struct Below {
    rules: usize,
    weight: usize,
}

/// path is a.b["c"] as parts, for as long as they are names; true when that is the whole of it.
fn path(expr: &Expr) -> (Vec<String>, bool) {
    match expr {
        Expr::Var { span, .. } => (vec![span.text().to_string()], true),
        Expr::RefDot { refr, field, .. } => {
            let (mut parts, whole) = path(refr);
            if whole {
                parts.push(field.0.text().to_string());
            }
            (parts, whole)
        }
        Expr::RefBrack { refr, index, .. } => {
            let (mut parts, whole) = path(refr);
            match index.as_ref() {
                Expr::String { value: Value::String(s), .. } | Expr::RawString { value: Value::String(s), .. }
                    if whole =>
                {
                    parts.push(s.to_string());
                    (parts, true)
                }
                _ => (parts, false),
            }
        }
        _ => (vec![], false),
    }
}

/// first is where a reference begins: regorus counts from its last part.
fn first(expr: &Expr) -> &Span {
    match expr {
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => first(refr),
        other => other.span(),
    }
}

fn place(span: &Span, message: String) -> Place {
    Place { line: span.line, column: span.col, message }
}

fn head_ref(rule: &Rule) -> &Ref<Expr> {
    match rule {
        Rule::Default { refr, .. } => refr,
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => refr,
        },
    }
}

fn name_of(rule: &Rule) -> String {
    path(head_ref(rule)).0.first().cloned().unwrap_or_default()
}

impl<'a> Walk<'a> {
    /// resolved has an import's name replaced by what it stands for.
    fn resolved(&self, parts: &[String]) -> Vec<String> {
        match parts.first().and_then(|first| self.aliases.get(first)) {
            Some(path) => path.iter().chain(&parts[1..]).cloned().collect(),
            None => parts.to_vec(),
        }
    }

    /// rule_at gives the rule of this policy that a name or path means; "" for all of them.
    fn rule_at(&self, parts: &[String]) -> Option<String> {
        let parts = self.resolved(parts);
        let first = parts.first()?;
        if first != "data" {
            return self.names.contains(first).then(|| first.clone());
        }
        let below = &parts[1..];
        if below.len() <= self.package.len() {
            return self.package.starts_with(below).then(String::new);
        }
        let name = below.strip_prefix(self.package.as_slice())?.first()?;
        self.names.contains(name).then(|| name.clone())
    }

    fn depend(&mut self, parts: &[String], span: &'a Span) {
        if parts.len() == 1 && self.arguments.contains(&parts[0]) {
            return;
        }
        let Some(name) = self.rule_at(parts) else { return };
        let all: Vec<String> = if name.is_empty() { self.names.iter().cloned().collect() } else { vec![name] };
        let edges = self.edges.entry(self.rule.clone()).or_default();
        for name in all {
            self.asking.rule(&self.rule, &name);
            edges.entry(name).or_insert(span);
        }
    }

    fn call(&mut self, fcn: &'a Ref<Expr>) {
        let (parts, whole) = path(fcn);
        let name = self.resolved(&parts).join(".");
        if whole && self.rule_at(&parts).is_some_and(|rule| !rule.is_empty()) {
            self.depend(&parts, first(fcn));
        } else if whole && ALLOWED.contains(&name.as_str()) {
            if name == QUERY {
                self.asking.site(&self.rule, first(fcn));
            }
            self.builtins.insert(name);
        } else {
            let message = format!("`{name}` is no built-in that a policy may use, nor a function of its own");
            self.errors.push(place(first(fcn), message));
        }
    }

    fn exprs(&mut self, items: &'a [Ref<Expr>]) {
        items.iter().for_each(|item| self.expr(item));
    }

    fn reference(&mut self, expr: &'a Expr) {
        let (parts, _) = path(expr);
        if !parts.is_empty() {
            self.depend(&parts, first(expr));
            if !self.arguments.contains(&parts[0]) {
                self.asking.reference(&self.rule, &self.resolved(&parts), first(expr));
            }
        }
        let mut next = expr;
        loop {
            next = match next {
                Expr::RefDot { refr, .. } => refr,
                Expr::RefBrack { refr, index, .. } => {
                    self.expr(index);
                    refr
                }
                Expr::Var { .. } => return,
                other => return self.expr(other),
            };
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expr),
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.exprs(items),
            Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
                self.expr(key);
                self.expr(value);
            }),
            // A comprehension has a value also where its body has none.
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => self.absorbed(|walk| {
                walk.expr(term);
                walk.query(query);
            }),
            Expr::ObjectCompr { key, value, query, .. } => self.absorbed(|walk| {
                walk.expr(key);
                walk.expr(value);
                walk.query(query);
            }),
            Expr::Call { fcn, params, .. } => {
                self.call(fcn);
                self.exprs(params);
            }
            Expr::UnaryExpr { expr, .. } => self.expr(expr),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expr(lhs);
                self.expr(rhs);
            }
            // regorus: `in` is false of what is undefined, not undefined.
            Expr::Membership { .. } => self.absorbed(|walk| walk.membership(expr)),
        }
    }

    fn membership(&mut self, expr: &'a Expr) {
        if let Expr::Membership { key, value, collection, .. } = expr {
            key.iter().for_each(|key| self.expr(key));
            self.expr(value);
            self.expr(collection);
        }
    }

    /// absorbed walks what may be undefined without what is around it being so.
    fn absorbed(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.asking.is_absorbed, true);
        walk(self);
        self.asking.is_absorbed = before;
    }

    fn absorbed_if(&mut self, is_absorbed: bool, walk: impl FnOnce(&mut Self)) {
        if is_absorbed {
            self.absorbed(walk);
        } else {
            walk(self);
        }
    }

    /// `with` may put a function in a function's place: both must be allowed.
    fn replaced(&mut self, expr: &'a Ref<Expr>) {
        let name = self.resolved(&path(expr).0).join(".");
        if name == QUERY {
            self.errors.push(place(first(expr), format!("`{QUERY}` cannot be replaced, nor stand for another")));
        }
        if BUILTINS.contains_key(name.as_str()) && !ALLOWED.contains(&name.as_str()) {
            let message = format!("`{name}` is no built-in that a policy may use");
            self.errors.push(place(first(expr), message));
        }
        self.expr(expr);
    }

    fn query(&mut self, query: &'a Query) {
        if query.stmts.len() > MAX_STATEMENTS {
            let message = format!("more than {MAX_STATEMENTS} expressions in one body");
            self.errors.push(place(&query.span, message));
        }
        for stmt in &query.stmts {
            self.absorbed_if(!stmt.with_mods.is_empty(), |walk| walk.statement(stmt));
        }
    }

    fn statement(&mut self, stmt: &'a LiteralStmt) {
        match &stmt.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                key.iter().for_each(|key| self.expr(key));
                self.expr(value);
                self.expr(collection);
            }
            Literal::Expr { expr, .. } if matches!(expr.as_ref(), Expr::Membership { .. }) => self.membership(expr),
            Literal::Expr { expr, .. } => self.expr(expr),
            Literal::NotExpr { expr, .. } => self.absorbed(|walk| walk.expr(expr)),
            Literal::Every { domain, query, .. } => self.absorbed(|walk| {
                walk.expr(domain);
                walk.query(query);
            }),
        }
        for with in &stmt.with_mods {
            self.replaced(&with.refr);
            self.replaced(&with.r#as);
        }
    }

    fn assign(&mut self, assign: &'a Option<RuleAssign>) {
        assign.iter().for_each(|assign| self.expr(&assign.value));
    }

    fn head(&mut self, head: &'a RuleHead) {
        match head {
            RuleHead::Compr { assign, .. } => match assign {
                Some(assign) if self.rule == "trust_claims" => self.claims(&assign.value),
                _ => self.assign(assign),
            },
            RuleHead::Set { key, .. } => key.iter().for_each(|key| self.expr(key)),
            RuleHead::Func { args, assign, .. } => {
                self.arguments = args.iter().filter_map(|arg| path(arg).0.into_iter().next()).collect();
                self.exprs(args);
                self.assign(assign);
            }
        }
    }

    /// claims are the value of `trust_claims`: a rule may stand there for a claim, and nothing else is made of it.
    fn claims(&mut self, value: &'a Expr) {
        let Expr::Object { fields, .. } = value else { return self.expr(value) };
        for (_, key, value) in fields {
            self.expr(key);
            self.asking.is_claim = matches!(value.as_ref(), Expr::Var { .. });
            self.expr(value);
            self.asking.is_claim = false;
        }
    }

    fn rule(&mut self, rule: &'a Rule) {
        self.rule = name_of(rule);
        self.arguments.clear();
        self.edges.entry(self.rule.clone()).or_default();
        let weight = self.weights.entry(self.rule.clone()).or_default();
        *weight = (*weight).max(weight::of_rule(rule));
        match rule {
            Rule::Default { value, .. } => self.absorbed(|walk| walk.expr(value)),
            Rule::Spec { head, bodies, .. } => {
                let heads = self.asking.is_open(rule, 0);
                self.absorbed_if(!heads, |walk| walk.head(head));
                for (index, body) in bodies.iter().enumerate() {
                    let is_open = self.asking.is_open(rule, index);
                    self.absorbed_if(!is_open, |walk| {
                        walk.assign(&body.assign);
                        walk.query(&body.query);
                    });
                }
            }
        }
        // labels[input.x] := ...: what stands in a head's brackets is evaluated too.
        let mut head: &'a Expr = head_ref(rule);
        loop {
            head = match head {
                Expr::RefBrack { refr, index, .. } => {
                    self.absorbed(|walk| walk.expr(index));
                    refr
                }
                Expr::RefDot { refr, .. } => refr,
                _ => break,
            };
        }
    }

    fn below(&mut self, name: &str, known: &mut BTreeMap<String, Below>, way: &mut Vec<String>) -> Below {
        if let Some(below) = known.get(name) {
            return *below;
        }
        way.push(name.to_string());
        let mut most = Below::default();
        for (next, span) in self.edges.get(name).cloned().unwrap_or_default() {
            if let Some(at) = way.iter().position(|on_way| *on_way == next) {
                let round = way[at..].join(" -> ");
                let message = format!("recursion, or a variable with a rule's name: {round} -> {next}");
                self.errors.push(place(span, message));
            } else if way.len() >= MAX_CHAIN {
                let message = format!("more than {MAX_CHAIN} rules rest on each other in a chain");
                self.errors.push(place(span, message));
            } else {
                let below = self.below(&next, known, way);
                most = Below { rules: most.rules.max(below.rules), weight: most.weight.max(below.weight) };
            }
            if !self.errors.is_empty() {
                break;
            }
        }
        way.pop();
        let own = self.weights.get(name).copied().unwrap_or_default();
        let below = Below { rules: most.rules + 1, weight: most.weight + own };
        known.insert(name.to_string(), below);
        below
    }

    /// chains makes an error of a chain that comes back to itself, is too long, or too heavy.
    fn chains(&mut self) {
        let mut known = BTreeMap::new();
        let names: Vec<String> = self.edges.keys().cloned().collect();
        for name in names {
            if !self.errors.is_empty() {
                return;
            }
            let below = self.below(&name, &mut known, &mut vec![]);
            let message = if below.rules > MAX_CHAIN {
                format!("more than {MAX_CHAIN} rules rest on each other in a chain")
            } else if below.weight > MAX_WEIGHT {
                format!("rule `{name}` and those that it rests on need more than {MAX_WEIGHT} levels and loops")
            } else {
                continue;
            };
            if self.errors.is_empty() {
                self.errors.push(Place { line: 0, column: 0, message });
            }
        }
    }
}

pub fn walk(module: &Module) -> Found {
    let mut walk = Walk {
        package: path(&module.package.refr).0,
        aliases: BTreeMap::new(),
        names: module.policy.iter().map(|rule| name_of(rule)).collect(),
        builtins: BTreeSet::new(),
        errors: vec![],
        edges: BTreeMap::new(),
        rule: String::new(),
        arguments: BTreeSet::new(),
        weights: BTreeMap::new(),
        asking: Asking::of(module, name_of),
    };
    for import in &module.imports {
        let (parts, _) = path(&import.refr);
        let last = import.r#as.as_ref().map(|name| name.text().to_string()).or_else(|| parts.last().cloned());
        if let (Some(name), Some("data" | "input")) = (last, parts.first().map(String::as_str)) {
            walk.aliases.insert(name, parts);
        }
    }
    for rule in &module.policy {
        walk.rule(rule);
    }
    if walk.names.contains(NEEDED) {
        walk.errors.push(Place { line: 0, column: 0, message: format!("`{NEEDED}` is a name of the engine's") });
    }
    let needs = walk.asking.needs();
    walk.errors.extend(needs.errors.iter().cloned());
    walk.errors.sort_by_key(|place| (place.line, place.column));
    walk.chains();
    Found {
        package: walk.package.join("."),
        rules: walk.names.into_iter().collect(),
        builtins: walk.builtins.into_iter().collect(),
        errors: walk.errors,
        needs,
    }
}
