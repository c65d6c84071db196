//! The one form of actions at plan, and what cannot be right in them.
//!
//! Works on values, as ARNs of target groups are often known only when these are made: what is
//! pending is moved as it is.

use std::collections::BTreeSet;

use greenroom_model::value::{Object, Value};
use greenroom_provider::Draft;

/// Normalises and checks the actions `name` of a listener or rule.
pub(crate) fn propose(draft: &mut Draft, name: &str) {
    let Some(planned) = draft.planned(name).filter(|it| !it.is_sensitive()) else { return };
    let Some(actions) = planned.as_list().map(<[Value]>::to_vec) else { return };
    draft.expect(!actions.is_empty(), name, "there is at least one action");
    let mut normal = Vec::new();
    for (index, action) in actions.iter().enumerate() {
        let path = format!("{name}[{index}]");
        check(draft, &path, action);
        normal.push(with_order(normalised(action), index));
    }
    check_order(draft, name, &normal);
    normal.sort_by_key(|it| it.get("order").and_then(Value::as_i64));
    draft.set(name, Value::from(normal));
}

/// The action with `target_group_arn` and `forward` saying the same.
fn normalised(action: &Value) -> Value {
    let Some(fields) = action.as_object().filter(|_| !action.is_sensitive()) else {
        return action.clone();
    };
    let mut fields: Object = fields.clone();
    for name in ["redirect", "fixed_response", "forward"] {
        if fields.get(name).and_then(Value::as_list).is_some_and(<[Value]>::is_empty) {
            fields.insert(name.into(), Value::Null);
        }
    }
    let is_null = |it: Option<&Value>| it.is_none_or(Value::is_null);
    let target = fields.get("target_group_arn").filter(|it| !it.is_null()).cloned();
    if let (Some(arn), true) = (target, is_null(fields.get("forward"))) {
        fields.insert("forward".into(), forward_to(arn));
    } else if let Some(forward) = only_entry(fields.get("forward")) {
        let forward = normalised_forward(forward);
        fields.insert("target_group_arn".into(), only_target(&forward));
        fields.insert("forward".into(), Value::from(vec![forward]));
    }
    Value::from(fields)
}

fn forward_to(arn: Value) -> Value {
    let target = Value::object([("arn", arn), ("weight", Value::from(1))]);
    let forward = [("stickiness", Value::Null), ("target_group", Value::from(vec![target]))];
    Value::from(vec![Value::object(forward)])
}

/// Stickiness that is off says nothing.
fn normalised_forward(forward: &Value) -> Value {
    let Some(fields) = forward.as_object() else { return forward.clone() };
    let mut fields = fields.clone();
    let stickiness = fields.get("stickiness").and_then(Value::as_list);
    let is_off = stickiness.is_some_and(|entries| {
        entries.iter().all(|it| it.get("enabled").and_then(Value::as_bool) == Some(false))
    });
    if is_off {
        fields.insert("stickiness".into(), Value::Null);
    }
    Value::from(fields)
}

/// The ARN of the only target group, null if there are several.
fn only_target(forward: &Value) -> Value {
    let only = only_entry(forward.get("target_group"));
    only.and_then(|it| it.get("arn")).cloned().unwrap_or_default()
}

fn only_entry(list: Option<&Value>) -> Option<&Value> {
    match list?.as_list()? {
        [only] => Some(only),
        _ => None,
    }
}

/// An action has the order that it stands in, unless it says another.
fn with_order(action: Value, index: usize) -> Value {
    let Some(fields) = action.as_object().filter(|_| !action.is_sensitive()) else { return action };
    let mut fields = fields.clone();
    let order = fields.entry("order".into()).or_default();
    if order.is_null() {
        *order = i64::try_from(index + 1).map(Value::from).unwrap_or_default();
    }
    Value::from(fields)
}

fn check(draft: &mut Draft, path: &str, action: &Value) {
    let has = |name: &str| {
        let part = action.get(name).filter(|it| !it.is_null());
        part.is_some_and(|it| it.as_list().is_none_or(|entries| !entries.is_empty()))
    };
    let kind = action.get("type").and_then(Value::as_str);
    let parts: [(&str, &[&str]); 3] = [
        ("forward", &["target_group_arn", "forward"]),
        ("redirect", &["redirect"]),
        ("fixed-response", &["fixed_response"]),
    ];
    let known = kind.is_none_or(|kind| parts.iter().any(|(it, _)| *it == kind));
    draft.expect(known, &format!("{path}.type"), "it is `forward`, `redirect` or `fixed-response`");
    for (of, names) in parts {
        let Some(kind) = kind.filter(|_| known) else { break };
        if kind == of {
            let message = format!("`{of}` needs `{}`", names.join("` or `"));
            draft.expect(names.iter().any(|it| has(it)), path, message);
        } else {
            for name in names.iter().filter(|it| has(it)) {
                draft.wrong(&format!("{path}.{name}"), format!("it is no part of `{kind}`"), None);
            }
        }
    }
    check_forward(draft, path, action);
    check_response(draft, path, action);
    check_redirect(draft, path, action);
}

fn check_forward(draft: &mut Draft, path: &str, action: &Value) {
    let Some(forward) = only_entry(action.get("forward")) else { return };
    let path = format!("{path}.forward[0]");
    let targets = forward.get("target_group").and_then(Value::as_list);
    if let Some(targets) = targets {
        let at = format!("{path}.target_group");
        draft.expect(!targets.is_empty(), &at, "there is at least one target group");
        check_targets(draft, &at, targets);
    }
    let short = action.get("target_group_arn").filter(|it| !it.is_null() && !it.is_pending());
    let only = only_target(forward);
    if short.is_some_and(|short| *short != only && !only.is_pending()) {
        let message = "`target_group_arn` and `forward` name different target groups";
        draft.wrong(&path, message, Some("leave `target_group_arn` out"));
    }
    let Some(stickiness) = only_entry(forward.get("stickiness")) else { return };
    let duration = stickiness.get("duration").and_then(Value::as_i64);
    let fits = duration.is_none_or(|it| (1..=604_800).contains(&it));
    draft.expect(fits, &format!("{path}.stickiness[0].duration"), "it is 1 to 604800 seconds");
}

fn check_targets(draft: &mut Draft, path: &str, targets: &[Value]) {
    let mut arns = BTreeSet::new();
    for (index, target) in targets.iter().enumerate() {
        if let Some(weight) = target.get("weight").and_then(Value::as_number) {
            let fits = weight.as_i64().is_some_and(|it| (0..=999).contains(&it));
            let message = format!("the weight is {weight}, but it is a whole number, 0 to 999");
            draft.expect(fits, &format!("{path}[{index}].weight"), message);
        }
        let arn = target.get("arn").and_then(Value::as_str);
        let is_new = arn.is_none_or(|arn| arns.insert(arn));
        draft.expect(is_new, &format!("{path}[{index}].arn"), "a target group stands here twice");
    }
}

fn check_response(draft: &mut Draft, path: &str, action: &Value) {
    const CONTENT: [&str; 5] =
        ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    let Some(response) = only_entry(action.get("fixed_response")) else { return };
    let path = format!("{path}.fixed_response[0]");
    let text = |name: &str| response.get(name).and_then(Value::as_str);
    let known = text("content_type").is_none_or(|it| CONTENT.contains(&it));
    let message = format!("it is one of {}", CONTENT.join(", "));
    draft.expect(known, &format!("{path}.content_type"), message);
    let fits = text("message_body").is_none_or(|it| it.chars().count() <= 1024);
    draft.expect(fits, &format!("{path}.message_body"), "it has at most 1024 characters");
    let fits = text("status_code").is_none_or(|it| {
        it.len() == 3 && it.parse::<u16>().is_ok_and(|it| matches!(it / 100, 2 | 4 | 5))
    });
    draft.expect(fits, &format!("{path}.status_code"), "it is 2XX, 4XX or 5XX");
}

fn check_redirect(draft: &mut Draft, path: &str, action: &Value) {
    let Some(redirect) = only_entry(action.get("redirect")) else { return };
    let path = format!("{path}.redirect[0]");
    let text = |name: &str| redirect.get(name).and_then(Value::as_str);
    let known = text("status_code").is_none_or(|it| matches!(it, "HTTP_301" | "HTTP_302"));
    draft.expect(known, &format!("{path}.status_code"), "it is `HTTP_301` or `HTTP_302`");
    let known = text("protocol").is_none_or(|it| matches!(it, "HTTP" | "HTTPS" | "#{protocol}"));
    draft.expect(known, &format!("{path}.protocol"), "it is `HTTP`, `HTTPS` or `#{protocol}`");
    let absolute = text("path").is_none_or(|it| it.starts_with('/'));
    draft.expect(absolute, &format!("{path}.path"), "a path starts with `/`");
    let same = [("host", "#{host}"), ("path", "/#{path}"), ("port", "#{port}")];
    let unchanged = same.iter().all(|(name, kept)| text(name) == Some(kept));
    let loops = unchanged && text("protocol") == Some("#{protocol}");
    draft.expect(!loops, &path, "it sends clients to where they are: change one part at least");
}

/// Actions have different orders, and the last one answers.
fn check_order(draft: &mut Draft, name: &str, actions: &[Value]) {
    let orders: Vec<i64> =
        actions.iter().filter_map(|it| it.get("order").and_then(Value::as_i64)).collect();
    let fits = orders.iter().all(|it| (1..=50_000).contains(it));
    draft.expect(fits, name, "an `order` is 1 to 50000");
    let distinct: BTreeSet<&i64> = orders.iter().collect();
    draft.expect(distinct.len() == orders.len(), name, "two actions have the same `order`");
    let message = "one action answers: `forward`, `redirect` or `fixed-response`";
    draft.expect(actions.len() <= 1, name, message);
}

#[cfg(test)]
mod tests {
    use greenroom_model::expr::Expr;
    use greenroom_model::identity::Uid;
    use greenroom_provider::{Proposal, ProposeRequest, value};

    use super::super::{Action, read, written};
    use super::*;

    fn proposed(action: Value) -> Proposal {
        let mut draft = Draft::new(ProposeRequest {
            kind: "aws_lb_listener".into(),
            address: "front/aws_lb_listener.http".parse().expect("an address"),
            uid: Uid("0123456789abcdef0123".into()),
            prior: None,
            config: Value::Null,
            planned: Value::object([("default_action", Value::from(vec![action]))]),
        });
        propose(&mut draft, "default_action");
        draft.finish()
    }

    fn action(parts: &[(&str, Value)]) -> Value {
        let all = ["type", "order", "target_group_arn", "forward", "redirect", "fixed_response"];
        let given = |name: &str| parts.iter().find(|(it, _)| *it == name).map(|(_, it)| it.clone());
        Value::object(all.map(|name| (name, given(name).unwrap_or_default())))
    }

    fn forward(weights: &[(Value, i32)]) -> Value {
        let target = |(arn, weight): &(Value, i32)| {
            Value::object([("arn", arn.clone()), ("weight", Value::from(*weight))])
        };
        let targets = Value::list(weights.iter().map(target));
        Value::from(vec![Value::object([("stickiness", Value::Null), ("target_group", targets)])])
    }

    fn wrong(proposal: &Proposal) -> Vec<String> {
        proposal.wrong.iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
    }

    fn to(kind: &str) -> (&str, Value) {
        ("type", Value::from(kind))
    }

    #[test]
    fn the_short_form_and_the_long_form_are_the_same() {
        let short = proposed(action(&[to("forward"), ("target_group_arn", "arn:a".into())]));
        let long = proposed(action(&[to("forward"), ("forward", forward(&[("arn:a".into(), 1)]))]));
        assert_eq!(short.planned, long.planned);
        assert!(wrong(&short).is_empty() && wrong(&long).is_empty());
    }

    #[test]
    fn a_target_group_that_is_not_made_yet_is_mirrored_too() {
        let pending = || Value::pending(Expr::reference("aws_lb_target_group", ["web", "arn"]));
        let short = proposed(action(&[to("forward"), ("target_group_arn", pending())]));
        let long = proposed(action(&[to("forward"), ("forward", forward(&[(pending(), 1)]))]));
        assert_eq!(short.planned, long.planned);
        assert!(short.planned.has_pending());
    }

    #[test]
    fn what_is_planned_is_what_is_read_back() {
        let weights = forward(&[("arn:a".into(), 0), ("arn:b".into(), 100)]);
        for parts in [
            vec![to("forward"), ("target_group_arn", "arn:a".into())],
            vec![to("forward"), ("forward", weights)],
        ] {
            let planned = proposed(action(&parts)).planned.get("default_action").cloned();
            let planned = planned.expect("actions");
            let json = serde_json::to_value(&planned).expect("JSON");
            let typed: Vec<Action> = serde_json::from_value(json).expect("actions");
            assert_eq!(value(&read(Some(written(&typed)))), planned);
        }
    }

    #[test]
    fn weights_are_whole_numbers_from_0_to_999() {
        let weights =
            forward(&[("arn:a".into(), 999), ("arn:b".into(), 1000), ("arn:c".into(), -1)]);
        let proposal = proposed(action(&[to("forward"), ("forward", weights)]));
        assert_eq!(
            wrong(&proposal),
            [
                "default_action[0].forward[0].target_group[1].weight: the weight is 1000, but it \
                 is a whole number, 0 to 999",
                "default_action[0].forward[0].target_group[2].weight: the weight is -1, but it is \
                 a whole number, 0 to 999",
            ]
        );
    }

    #[test]
    fn an_action_has_the_parts_of_its_type_and_no_others() {
        let missing = proposed(action(&[to("forward")]));
        assert_eq!(
            wrong(&missing),
            ["default_action[0]: `forward` needs `target_group_arn` or `forward`"]
        );
        let other = proposed(action(&[
            to("fixed-response"),
            ("target_group_arn", "arn:a".into()),
            (
                "fixed_response",
                Value::from(vec![Value::object([("status_code", Value::from("200"))])]),
            ),
        ]));
        assert_eq!(
            wrong(&other),
            ["default_action[0].target_group_arn: it is no part of `fixed-response`"]
        );
    }
}
