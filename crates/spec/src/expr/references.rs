//! What an expression refers to, without evaluating it.

use std::sync::Arc;

use greenroom_model::expr::{Expr, Node, Selector};
use greenroom_model::span::Span;
use greenroom_model::value::{Number, Value};

use super::Key;

/// A reference as it is written, as far as it is fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The first name: `var`, `local`, `aws_vpc` …
    pub root: Arc<str>,
    /// What follows, up to the first index that is computed.
    pub path: Vec<Key>,
    /// Where it stands, in the text that was parsed.
    pub span: Span,
}

/// Lists all references in `expr`, in the order written, also those in places
/// that evaluation may never reach. For spelling, completion and cycles
/// between types; the edges of a plan come from evaluation.
pub fn references(expr: &Expr) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(expr, &mut found);
    found
}

fn collect(expr: &Expr, found: &mut Vec<Reference>) {
    if let Node::Reference { root, path } = expr.node() {
        let path = path.iter().map_while(fixed).collect();
        found.push(Reference { root: root.clone(), path, span: expr.span() });
    }
    expr.node().each_child(&mut |child| collect(child, found));
}

fn fixed(selector: &Selector) -> Option<Key> {
    match selector {
        Selector::Attribute(name) => Some(Key::Key(name.clone())),
        Selector::Index(index) => match index.as_literal()? {
            Value::Number(number) => usize::try_from(Number::as_i64(*number)?).ok().map(Key::Index),
            Value::String(key) => Some(Key::Key(key.clone())),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::parse_template;

    #[test]
    fn references_are_found_in_every_corner() {
        let text = "${a.b[0].c} ${[for x in d.e : x.f if g.h]} ${i[j.k].l} %{ for x in m }${x}${n.o}%{ endfor } ${q[\"r s\"]}";
        let found = references(&parse_template(text).expect("parses"));
        let shown: Vec<&str> =
            found.iter().map(|reference| &text[reference.span.range()]).collect();
        assert_eq!(shown, ["a.b[0].c", "d.e", "g.h", "i[j.k].l", "j.k", "m", "n.o", "q[\"r s\"]"]);
        assert_eq!(found[0].path, [Key::Key("b".into()), Key::Index(0), Key::Key("c".into())]);
        assert!(found[3].path.is_empty());
    }
}
