//! Where a policy needs a reference value. One that is not there is undefined, so that what compares with it does not hold.
//! That is no safe answer everywhere: `not x in query_reference_value("revoked")` would hold, a rule would fall back to its
//! default, a comprehension be empty. Where undefined is absorbed like that the value is needed, and without it the
//! evaluation is refused. docs/adr/rego-by-regorus.md

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Module, Rule, RuleAssign, RuleHead, Span};

use crate::place::Place;

pub const QUERY: &str = "query_reference_value";
/// What stands for it in the engine's text where the value is needed: as long, so that places stay.
pub const NEEDED: &str = "ward_reference_needed";

const CLAIMS: [&str; 8] = [
    "instance_identity",
    "configuration",
    "executables",
    "file_system",
    "hardware",
    "runtime_opaque",
    "storage_opaque",
    "sourced_data",
];

/// What one definition of a rule gives: its bodies in the order of `else`, as text where it is a constant.
type Values = Vec<Option<String>>;

struct Site {
    rule: String,
    is_absorbed: bool,
    start: usize,
    /// data.reference.id; None for a call of QUERY.
    reference: Option<Result<String, Place>>,
}

#[derive(Default)]
pub struct Asking {
    pub is_absorbed: bool,
    pub is_claim: bool,
    /// Of a definition, by its address: the bodies in whose place, where they are undefined, nothing better comes.
    open: BTreeMap<usize, Vec<bool>>,
    /// Rules that have an answer also where a body of theirs has none.
    ways_out: BTreeSet<String>,
    sites: Vec<Site>,
    edges: Vec<(String, String, bool)>,
    used: BTreeSet<String>,
}

#[derive(Default)]
pub struct Needs {
    /// Where the calls begin, octets of the text.
    pub calls: Vec<usize>,
    /// Of data.reference.
    pub ids: BTreeSet<String>,
    pub errors: Vec<Place>,
}

fn constant(assign: &Option<RuleAssign>) -> Option<String> {
    match assign.as_ref().map(|assign| assign.value.as_ref()) {
        None => Some("true".to_string()),
        Some(Expr::Number { span, .. } | Expr::Bool { span, .. }) => Some(span.text().to_string()),
        Some(_) => None,
    }
}

fn values_of(rule: &Rule) -> Values {
    match rule {
        Rule::Default { value, .. } => match value.as_ref() {
            Expr::Number { span, .. } | Expr::Bool { span, .. } => vec![Some(span.text().to_string())],
            _ => vec![None],
        },
        Rule::Spec { head, bodies, .. } => {
            let first = match head {
                RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => constant(assign),
                RuleHead::Set { .. } => None,
            };
            let later = bodies.iter().map(|body| if body.is_else { constant(&body.assign) } else { first.clone() });
            let out: Values = later.collect();
            if out.is_empty() { vec![first] } else { out }
        }
    }
}

fn is_partial(rule: &Rule) -> bool {
    match rule {
        Rule::Spec { head: RuleHead::Compr { refr, .. } | RuleHead::Func { refr, .. }, .. }
        | Rule::Default { refr, .. } => !matches!(refr.as_ref(), Expr::Var { .. }),
        Rule::Spec { head: RuleHead::Set { .. }, .. } => true,
    }
}

/// badness orders what a rule that is asked from outside may give: more is worse. None for what has no order.
fn badness(name: &str, value: &Option<String>) -> Option<u8> {
    match value.as_deref()? {
        "true" if name == "allow" => Some(0),
        "false" if name == "allow" => Some(1),
        number if name != "allow" => number.parse().ok().filter(|number| (2..=127).contains(number)),
        _ => None,
    }
}

/// AR4SI: affirming to 31, warning to 95, contraindicated.
fn tier(badness: u8) -> u8 {
    match badness {
        0..=1 => badness,
        2..=31 => 2,
        32..=95 => 3,
        _ => 4,
    }
}

fn key(rule: &Rule) -> usize {
    rule as *const Rule as usize
}

/// best is the best of what a definition may give; None where that has no order.
fn best(name: &str, values: &Values) -> Option<u8> {
    values.iter().map(|value| badness(name, value)).collect::<Option<Vec<u8>>>()?.into_iter().min()
}

/// open_bodies judges one definition among `others`, the best tier that another one gives.
fn open_bodies(name: &str, values: &Values, others: Option<u8>) -> Vec<bool> {
    let mut out = vec![false; values.len()];
    let mut later = Some(u8::MAX);
    for (index, value) in values.iter().enumerate().rev() {
        let own = badness(name, value);
        out[index] = match (own, later, others) {
            (Some(own), Some(later), Some(others)) => later >= own && others >= tier(own),
            _ => false,
        };
        later = own.zip(later).map(|(own, later)| own.min(later));
    }
    out
}

impl Asking {
    pub fn of(module: &Module, name_of: fn(&Rule) -> String) -> Self {
        let mut rules: BTreeMap<String, Vec<&Rule>> = BTreeMap::new();
        for rule in &module.policy {
            rules.entry(name_of(rule)).or_default().push(rule);
        }
        let mut out = Self::default();
        for (name, rules) in &rules {
            out.judge(name, rules);
        }
        out
    }

    fn judge(&mut self, name: &str, rules: &[&Rule]) {
        let values: Vec<Values> = rules.iter().map(|rule| values_of(rule)).collect();
        let all: Vec<&Option<String>> = values.iter().flatten().collect();
        let is_partial = rules.iter().any(|rule| is_partial(rule));
        let is_one = all.len() == 1 || all.iter().all(|value| value.is_some() && *value == all[0]);
        if is_partial || !is_one {
            self.ways_out.insert(name.to_string());
        }
        let has_order = name == "allow" || CLAIMS.contains(&name);
        let tiers: Vec<Option<u8>> = values.iter().map(|values| best(name, values).map(tier)).collect();
        let mut sorted = tiers.clone();
        sorted.sort_unstable();
        for (index, rule) in rules.iter().enumerate() {
            // The least of the others: None, which is less than all, where one has no order.
            let least = if sorted.first() == tiers.get(index) { sorted.get(1) } else { sorted.first() };
            let others = least.copied().unwrap_or(Some(u8::MAX));
            let open = match (is_partial, is_one, has_order) {
                (true, _, _) => vec![false; values[index].len()],
                (false, true, _) => vec![true; values[index].len()],
                (false, false, true) => open_bodies(name, &values[index], others),
                (false, false, false) => vec![false; values[index].len()],
            };
            self.open.insert(key(rule), open);
        }
    }

    /// is_open is true of a body in whose place, where it is undefined, nothing better than it comes.
    pub fn is_open(&self, rule: &Rule, body: usize) -> bool {
        self.open.get(&key(rule)).and_then(|open| open.get(body)).copied().unwrap_or(false)
    }

    pub fn rule(&mut self, from: &str, to: &str) {
        self.edges.push((from.to_string(), to.to_string(), self.is_absorbed));
        if !self.is_claim {
            self.used.insert(to.to_string());
        }
    }

    pub fn site(&mut self, rule: &str, span: &Span) {
        let (start, is_absorbed) = (span.start as usize, self.is_absorbed);
        self.sites.push(Site { rule: rule.to_string(), is_absorbed, start, reference: None });
    }

    pub fn reference(&mut self, rule: &str, parts: &[String], span: &Span) {
        if parts.first().is_none_or(|first| first != "data") || parts.get(1).is_some_and(|second| second != "reference") {
            return;
        }
        let message = "`data.reference` stands where a value that is not there would be taken for an answer: name it,                        `data.reference.name`";
        let place = Place { line: span.line, column: span.col, message: message.into() };
        let reference = Some(parts.get(2).cloned().ok_or(place));
        let (start, is_absorbed) = (span.start as usize, self.is_absorbed);
        self.sites.push(Site { rule: rule.to_string(), is_absorbed, start, reference });
    }

    /// needs follows the rules: what rests below a place that absorbs is needed too, and so is all in a rule with a way out
    /// that is used for more than its answer.
    pub fn needs(&self) -> Needs {
        let mut below: BTreeSet<String> = self.edges.iter().filter(|edge| edge.2).map(|edge| edge.1.clone()).collect();
        below.extend(self.used.intersection(&self.ways_out).cloned());
        loop {
            let before = below.len();
            let more: Vec<String> =
                self.edges.iter().filter(|edge| below.contains(&edge.0)).map(|edge| edge.1.clone()).collect();
            below.extend(more);
            if below.len() == before {
                break;
            }
        }
        let mut out = Needs::default();
        for site in self.sites.iter().filter(|site| site.is_absorbed || below.contains(&site.rule)) {
            match &site.reference {
                None => out.calls.push(site.start),
                Some(Ok(id)) => drop(out.ids.insert(id.clone())),
                Some(Err(place)) => out.errors.push(place.clone()),
            }
        }
        out
    }
}
