//! From text to a lowered expression.
//!
//! `hcl-edit` reports one syntax error per text; mistakes that lowering finds
//! (functions, arity, keys) come all at once.

mod lower;
mod syntax;
mod template;
mod unclosed;

use std::sync::Arc;

use greenroom_model::expr::{Expr, Node};
use greenroom_model::span::Span;
use greenroom_model::value::Value;

use lower::{Kind, Lowering};

/// A mistake in the text of an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where, in the text that was parsed; on character boundaries.
    pub span: Span,
}

/// Parses a template: text with `${…}` and `%{…}` in it.
///
/// A template that is one single `${…}` keeps the type of its expression, any
/// other is a string. Text without `${` and `%{` never meets the parser.
///
/// # Errors
///
/// The syntax error, or all mistakes in names, arity and keys; never none.
pub fn parse_template(text: &str) -> Result<Expr, Vec<Mistake>> {
    template_with(text, Kind::Spec, &[], 0)
}

/// Parses a bare expression, such as the text of a residual.
///
/// # Errors
///
/// As [`parse_template`].
pub fn parse_expression(text: &str) -> Result<Expr, Vec<Mistake>> {
    check_length(text)?;
    let parsed: hcl_edit::expr::Expression = text
        .parse()
        .map_err(|error| vec![syntax::explain(text, &error, syntax::Start::Expression)])?;
    let mut lowering = Lowering::new(text, Kind::Residual, &[], 0);
    let expr = lowering.expression(&parsed);
    lowering.finish(Arc::unwrap_or_clone(expr))
}

/// Parses the text of a template file, in which each of `names` is a variable.
///
/// The first name is the value of binder `first_binder`, the second of the next
/// binder, and so on; no other name may occur.
pub(super) fn parse_file(
    text: &str,
    names: &[&str],
    first_binder: u32,
) -> Result<Expr, Vec<Mistake>> {
    template_with(text, Kind::File, names, first_binder)
}

fn template_with(
    text: &str,
    kind: Kind,
    names: &[&str],
    first_binder: u32,
) -> Result<Expr, Vec<Mistake>> {
    check_length(text)?;
    if !text.contains("${") && !text.contains("%{") {
        return Ok(Expr::new(Node::Literal(Value::from(text)), Span::of(0..text.len())));
    }
    let parsed: hcl_edit::template::Template = text
        .parse()
        .map_err(|error| vec![syntax::explain(text, &error, syntax::Start::Template)])?;
    let mut lowering = Lowering::new(text, kind, names, first_binder);
    let expr = lowering.template(&parsed, Span::of(0..text.len()));
    lowering.finish(Arc::unwrap_or_clone(expr))
}

/// The longest text that is parsed: spans are 32 bits wide.
const LONGEST: usize = 64 << 20;

fn check_length(text: &str) -> Result<(), Vec<Mistake>> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    let message = format!("the text is {} bytes long, more than {LONGEST}", text.len());
    Err(vec![Mistake { message, help: None, span: Span::default() }])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        parse_template(text).map_or_else(
            |mistakes| {
                let lines =
                    mistakes.iter().map(|m| format!("{:?} {}", &text[m.span.range()], m.message));
                lines.collect::<Vec<_>>().join(" | ")
            },
            |expr| expr.to_string(),
        )
    }

    #[test]
    fn expressions_are_lowered_and_print_as_hcl() {
        for (text, expected) in [
            ("plain", "\"plain\""),
            ("C:\\dir", "\"C:\\\\dir\""),
            ("${var.name}", "var.name"),
            ("a-${var.name}-b", "\"a-${var.name}-b\""),
            ("$${x} %%{y}", "\"$${x} %%{y}\""),
            ("${1 + 2 * 3}", "1 + (2 * 3)"),
            ("${-var.a}", "-var.a"),
            ("${!true || false}", "(!true) || false"),
            ("${a[*].id[0]}", "a[*].id[0]"),
            ("${a.*.id[0]}", "(a[*].id)[0]"),
            ("${a.0.id}", "a[0].id"),
            ("${a[\"x y\"].b}", "a[\"x y\"].b"),
            ("${[for k, v in m : v if k != \"a\"]}", "[for _k0, _v0 in m : _v0 if _k0 != \"a\"]"),
            ("${{ for s in l : s.id => s... }}", "{for _v0 in l : _v0.id => _v0...}"),
            ("${[for a in x : [for b in a : b]]}", "[for _v0 in x : [for _v1 in _v0 : _v1]]"),
            ("${{ a = 1, \"b c\" = 2, (var.k) = 3 }}", "{ a = 1, \"b c\" = 2, (var.k) = 3 }"),
            ("${max(var.l...)}", "max(var.l...)"),
            ("${c ? \"x\" : 2}", "c ? \"x\" : 2"),
            ("a %{ if c }x%{ else }y%{ endif }", "\"a ${c ? \"x\" : \"y\"}\""),
            (
                "%{ for x in l ~}\n ${x} %{ endfor }",
                "\"${join(\"\", [for _v0 in l : \"${_v0} \"])}${\"\"}\"",
            ),
            ("a  ${~ x ~}  b", "\"a${x}b\""),
            ("${<<E\nhi ${x}\nE\n}", "\"hi ${x}\\n\""),
            ("${\"a%{ if c }\\tq%{ endif }\"}", "\"a${c ? \"\\tq\" : \"\"}\""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_name_the_thing_and_its_place() {
        for (text, expected) in [
            ("a ${var.name", "\"${\" `${` is not closed"),
            ("${f(", "\"(\" `(` is not closed"),
            ("${\"abc}", "\"\\\"\" `\"` is not closed"),
            ("${é", "\"${\" `${` is not closed"),
            ("%{ if var.x }yes", "\"%{\" `%{ if }` is not closed"),
            ("%{ for x in y }yes", "\"%{\" `%{ for }` is not closed"),
            ("${upperr(\"a\")}", "\"upperr\" unknown function `upperr`"),
            ("${upper()}", "\"upper()\" `upper` takes 1 argument, not 0"),
            ("${upper(1, 2)}", "\"upper(1, 2)\" `upper` takes 1 argument, not 2"),
            (
                "${substr(\"a\") + nope()}",
                "\"substr(\\\"a\\\")\" `substr` takes 3 arguments, not 1 | \"nope\" unknown function `nope`",
            ),
            ("${error(\"x\")}", "\"error\" unknown function `error`"),
            ("${{ a = 1, a = 2 }}", "\"a\" this key is given twice"),
            ("${{ local.s = 1 }}", "\"local.s\" a key that is computed stands in parentheses"),
            ("${1 +}", "\"}\" unexpected `}`"),
            ("${a b}", "\"b\" unexpected `b`"),
            (
                "${core::upper(\"a\")}",
                "\"core::upper(\\\"a\\\")\" functions have no namespaces here",
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_near_name_is_suggested() {
        let mistakes = parse_template("${upperr(1)}").expect_err("unknown");
        assert_eq!(mistakes[0].help.as_deref(), Some("did you mean `upper`?"));
    }

    #[test]
    fn a_log_format_is_explained() {
        let mistakes = parse_template("%{User}i").expect_err("no directive");
        assert!(
            mistakes[0].help.as_deref().is_some_and(|help| help.contains("%%{")),
            "{mistakes:?}"
        );
    }

    fn fragments() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "${",
            "%{",
            "}",
            "{",
            "(",
            ")",
            "[",
            "]",
            "\"",
            "\\",
            "$",
            "%",
            "~",
            "if ",
            "for ",
            "in ",
            "else",
            "endif",
            "endfor",
            ":",
            "?",
            "=>",
            "=",
            "...",
            ".",
            "*",
            ",",
            "é",
            "\u{1F600}",
            "\n",
            " ",
            "x",
            "upper(",
            "1",
            "<<E\n",
            "E\n",
            "-",
            "!",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_text_panics_and_spans_can_slice(text in prop_oneof![fragments(), ".*"]) {
            for result in [parse_template(&text), parse_expression(&text)] {
                for mistake in result.err().unwrap_or_default() {
                    prop_assert!(text.get(mistake.span.range()).is_some(), "{mistake:?}");
                }
            }
        }

        #[test]
        fn what_parses_prints_as_text_that_parses_back(text in fragments()) {
            if let Ok(expr) = parse_template(&text) {
                let printed = expr.to_string();
                prop_assert_eq!(parse_expression(&printed).map_err(|e| format!("{printed}: {e:?}")), Ok(expr));
            }
        }
    }
}
