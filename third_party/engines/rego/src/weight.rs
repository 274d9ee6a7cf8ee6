//! What a rule takes of the stack when it is evaluated, from its syntax tree: regorus goes down a level with each operator,
//! bracket and reference, and with each loop of a body, whose rest it evaluates inside of it. Counted without recursion.

use regorus::unstable::{Expr, Literal, Query, Ref, Rule, RuleAssign, RuleBody, RuleHead};

#[derive(Clone, Copy)]
enum Node<'a> {
    Expr(&'a Expr),
    Query(&'a Query),
}

fn below_query<'a>(query: &'a Query, below: &mut Vec<Node<'a>>) {
    for stmt in &query.stmts {
        match &stmt.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                below.extend(key.iter().map(|key| Node::Expr(key)));
                below.extend([Node::Expr(value), Node::Expr(collection)]);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => below.push(Node::Expr(expr)),
            Literal::Every { domain, query, .. } => below.extend([Node::Expr(domain), Node::Query(query)]),
        }
        for with in &stmt.with_mods {
            below.extend([Node::Expr(&with.refr), Node::Expr(&with.r#as)]);
        }
    }
}

fn below_expr<'a>(expr: &'a Expr, below: &mut Vec<Node<'a>>) {
    match expr {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => {}
        Expr::RefDot { refr, .. } => below.push(Node::Expr(refr)),
        Expr::RefBrack { refr, index, .. } => below.extend([Node::Expr(refr), Node::Expr(index)]),
        Expr::Array { items, .. } | Expr::Set { items, .. } => below.extend(items.iter().map(|item| Node::Expr(item))),
        Expr::Object { fields, .. } => {
            below.extend(fields.iter().flat_map(|(_, key, value)| [Node::Expr(key), Node::Expr(value)]));
        }
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            below.extend([Node::Expr(term), Node::Query(query)]);
        }
        Expr::ObjectCompr { key, value, query, .. } => {
            below.extend([Node::Expr(key), Node::Expr(value), Node::Query(query)]);
        }
        Expr::Call { fcn, params, .. } => {
            below.push(Node::Expr(fcn));
            below.extend(params.iter().map(|param| Node::Expr(param)));
        }
        Expr::UnaryExpr { expr, .. } => below.push(Node::Expr(expr)),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => below.extend([Node::Expr(lhs), Node::Expr(rhs)]),
        Expr::Membership { key, value, collection, .. } => {
            below.extend(key.iter().map(|key| Node::Expr(key)));
            below.extend([Node::Expr(value), Node::Expr(collection)]);
        }
    }
}

/// loops is how many loops a node itself may begin: regorus loops over what an index may mean that is no text or number.
fn loops(node: Node) -> usize {
    match node {
        Node::Expr(Expr::RefBrack { index, .. }) => {
            usize::from(!matches!(index.as_ref(), Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. }))
        }
        Node::Expr(_) => 0,
        Node::Query(query) => query.stmts.iter().filter(|stmt| matches!(stmt.literal, Literal::SomeIn { .. })).count(),
    }
}

/// measured is the depth of the deepest of `roots`, and the number of the loops in all of them.
fn measured(roots: Vec<Node>) -> (usize, usize) {
    let mut left: Vec<(Node, usize)> = roots.into_iter().map(|root| (root, 1)).collect();
    let (mut deepest, mut looping) = (0, 0);
    let mut below = vec![];
    while let Some((node, depth)) = left.pop() {
        deepest = deepest.max(depth);
        looping += loops(node);
        match node {
            Node::Expr(expr) => below_expr(expr, &mut below),
            Node::Query(query) => below_query(query, &mut below),
        }
        left.extend(below.drain(..).map(|node| (node, depth + 1)));
    }
    (deepest, looping)
}

fn value(assign: &Option<RuleAssign>) -> Option<Node<'_>> {
    assign.as_ref().map(|assign| Node::Expr(&assign.value))
}

/// head_of is what a rule's head evaluates.
fn head_of(head: &RuleHead) -> Vec<Node<'_>> {
    let (refr, rest, assign): (_, &[Ref<Expr>], _) = match head {
        RuleHead::Compr { refr, assign, .. } => (refr, &[], assign),
        RuleHead::Set { refr, key, .. } => (refr, key.as_slice(), &None),
        RuleHead::Func { refr, args, assign, .. } => (refr, args, assign),
    };
    let mut out = vec![Node::Expr(refr)];
    out.extend(rest.iter().map(|expr| Node::Expr(expr)));
    out.extend(value(assign));
    out
}

/// of_rule is the heaviest of its bodies, each with the head: what a head says is evaluated inside the body's loops.
pub fn of_rule(rule: &Rule) -> usize {
    let (head, bodies) = match rule {
        Rule::Default { refr, value, .. } => {
            let (deepest, looping) = measured(vec![Node::Expr(refr), Node::Expr(value)]);
            return deepest + looping;
        }
        Rule::Spec { head, bodies, .. } => (measured(head_of(head)), bodies),
    };
    let of_body = |body: &RuleBody| {
        let mut roots = vec![Node::Query(&body.query)];
        roots.extend(value(&body.assign));
        let (deepest, looping) = measured(roots);
        deepest.max(head.0) + looping + head.1
    };
    bodies.iter().map(of_body).max().unwrap_or(head.0 + head.1)
}
