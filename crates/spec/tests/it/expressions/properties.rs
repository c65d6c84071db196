//! The two laws of partial evaluation, over random expressions with values
//! hidden at random.
//!
//! 1. What partial evaluation leaves, settled with everything known, is what
//!    evaluating at once gives; in memory and through its text.
//! 2. Partial evaluation fails only where evaluating at once fails.

use greenroom_model::value::Value;
use greenroom_spec::expr::{evaluate, parse_expression};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::world::{World, settle};

const NAMES: [(&str, &str); 12] = [
    ("n", "3"),
    ("f", "2.5"),
    ("s", r#""abc""#),
    ("e", r#""""#),
    ("d", r#""$${x} %%{y}\n\"q\"\\ $""#),
    ("b", "true"),
    ("l", "[1, 2, 3]"),
    ("w", r#"["x", "y", "x"]"#),
    ("o", r#"{ k = "v", n = 1, "a b" = [1] }"#),
    ("p", r#"[{ id = "i1", n = 1 }, { id = "i2", n = 2 }]"#),
    ("z", "null"),
    ("x", r#"{ id = "outer" }"#),
];

/// Each is filled from left to right with smaller expressions.
const SHAPES: &[&str] = &[
    "(@ + @)",
    "(@ - @)",
    "(@ * @)",
    "(@ / @)",
    "(@ % @)",
    "(-@)",
    "(!@)",
    "(@ == @)",
    "(@ != @)",
    "(@ < @)",
    "(@ && @)",
    "(@ || @)",
    "(@ ? @ : @)",
    "[@]",
    "[@, @]",
    "[]",
    "{ a = @ }",
    "{ a = @, (@) = @ }",
    "\"${@}-${@}\"",
    "\"$${${@}\"",
    "\"%{ if @ }y${@}%{ else }n%{ endif }\"",
    "\"%{ for x in @ }${x}${@}%{ endfor }\"",
    "@[@]",
    "@.id",
    "@.k",
    "@[*].id",
    "@.*.n",
    "[for x in @ : @]",
    "[for x in @ : x.id if @]",
    "[for k, x in @ : [k, @]]",
    "{ for k, x in @ : k => @ }",
    "{ for x in @ : @ => @... }",
    "{ for x in @ : x => @ if @ }",
    "[for x in @ : [for x in @ : [x, @]]]",
    "length(@)",
    "concat(@, @)",
    "merge(@, @)",
    "keys(@)",
    "values(@)",
    "element(@, @)",
    "lookup(@, @, @)",
    "join(@, @)",
    "upper(@)",
    "jsonencode(@)",
    "toset(@)",
    "tolist(@)",
    "flatten(@)",
    "contains(@, @)",
    "coalesce(@, @)",
    "try(@, @)",
    "can(@)",
    "tostring(@)",
    "max(@...)",
    "slice(@, 0, @)",
    "reverse(@)",
    "zipmap(@, @)",
    "format(\"%s\", @)",
    "distinct(@)",
    "split(@, @)",
    "one(@)",
];

const LEAVES: &[&str] = &[
    "n", "f", "s", "e", "d", "b", "l", "w", "o", "p", "z", "x", "l", "w", "o", "p", "n", "s", "1",
    "0", "-2", "1.5", "\"x\"", "\"k\"", "true", "false", "null", "o.k", "p[0].id", "l[1]",
    "p[*].id", "x", "x", "x.id",
];

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(LEAVES).prop_map(str::to_owned);
    leaf.prop_recursive(5, 24, 3, |inner| {
        (prop::sample::select(SHAPES), prop::collection::vec(inner, 4))
            .prop_map(|(shape, parts)| fill(shape, &parts))
    })
}

fn fill(shape: &str, parts: &[String]) -> String {
    let mut parts = parts.iter();
    let mut pieces = shape.split('@');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + parts.next().map_or("n", String::as_str) + piece)
}

fn worlds(hidden: u16) -> (World, World) {
    let all = || NAMES.iter().enumerate();
    let full = all().fold(World::default(), |world, (_, (name, value))| world.with(name, value));
    let partial = all().fold(World::default(), |world, (at, (name, value))| {
        if hidden >> at & 1 == 1 { world.pending(name) } else { world.with(name, value) }
    });
    (full, partial)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn settling_a_residual_gives_what_evaluating_at_once_gives(text in expression(), hidden in any::<u16>()) {
        let Ok(expr) = parse_expression(&text) else { return Ok(()) };
        let (full, partial) = worlds(hidden);
        let Ok(whole) = evaluate(&expr, &full) else { return Ok(()) };
        let part = evaluate(&expr, &partial);
        let part = part.map_err(|problem| TestCaseError::fail(format!("failed early: {problem}")))?;
        for as_text in [false, true] {
            prop_assert_eq!(settle(&part, &full, as_text), Ok(whole.clone()), "{:?} (as text: {})", part, as_text);
        }
    }

    #[test]
    fn hiding_in_two_steps_ends_at_the_same_value(text in expression(), first in any::<u16>(), second in any::<u16>()) {
        let Ok(expr) = parse_expression(&text) else { return Ok(()) };
        let (full, hidden_more) = worlds(first | second);
        let (_, hidden_less) = worlds(first);
        let Ok(whole) = evaluate(&expr, &full) else { return Ok(()) };
        let residual = evaluate(&expr, &hidden_more).map_err(|problem| TestCaseError::fail(problem.message))?;
        let between = settle(&residual, &hidden_less, true).map_err(TestCaseError::fail)?;
        prop_assert_eq!(settle(&between, &full, false), Ok(whole), "{:?} then {:?}", residual, between);
    }

    #[test]
    fn no_secret_is_ever_shown(text in expression(), hidden in any::<u16>()) {
        let Ok(expr) = parse_expression(&text) else { return Ok(()) };
        let (_, mut world) = worlds(hidden);
        world = world.secret("s", r#""GEHEIM""#).secret("p", r#"[{ id = "GEHEIM", n = "GEHEIM" }]"#);
        let text = evaluate(&expr, &world).map_or_else(|problem| problem.to_string(), |value| format!("{value:?}"));
        prop_assert!(!text.to_uppercase().contains("GEHEIM"), "{text}");
    }
}

#[test]
fn most_random_expressions_have_a_value() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (full, _) = worlds(0);
    let mut good = 0;
    for _ in 0..2_000 {
        let text = expression().new_tree(&mut runner).expect("a tree").current();
        let value = parse_expression(&text).ok().and_then(|expr| evaluate(&expr, &full).ok());
        good += usize::from(value.is_some_and(|value| value != Value::Null));
    }
    assert!(good > 300, "only {good} of 2000: the properties prove little");
}

#[test]
fn a_residual_that_is_made_parses_back_however_deep_it_is() {
    for shape in [
        "-@",
        "[@]",
        "{ a = @ }",
        "{ (@) = 1 }",
        "@ ? 1 : 2",
        "b ? 1 : @",
        "upper(@)",
        "u[@]",
        "@ + 1",
        "\"${@}x\"",
        "[for x in @ : x]",
        "[for x in u : [x, @]]",
    ] {
        let shape =
            greenroom_spec::expr::parse_expression(&shape.replace('@', "u")).expect("parses");
        let mut world = World::default().pending("u").pending("b");
        for _ in 0..100 {
            let Ok(value) = evaluate(&shape, &world) else { break };
            if let Value::Pending(residual) = &value {
                let text = residual.to_string();
                assert!(parse_expression(&text).is_ok(), "{text}");
            }
            world.names.insert("u".to_owned(), Some(value));
        }
    }
}
