//! Target groups that are new.

use greenroom_model::value::Value;
use greenroom_provider::CheckRequest;

use super::Ahead;

pub(super) fn traps(ahead: &Ahead<'_>) -> Vec<String> {
    ahead.of("aws_lb_target_group").filter_map(slow_start).collect()
}

/// The first targets of a group are not slowed down (Elastic Load Balancing, "Slow start mode").
fn slow_start(group: &CheckRequest) -> Option<String> {
    let is_new = group.planned.get("arn").is_none_or(Value::has_pending);
    let seconds = group.planned.get("slow_start").and_then(Value::as_i64);
    let seconds = seconds.filter(|it| is_new && *it > 0)?;
    Some(format!(
        "`slow_start` of `{}` ({seconds} s) is not for the first targets of a group: they take \
         their full share at once",
        group.address
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{object, pending, said};
    use super::*;

    #[test]
    fn only_a_new_group_starts_at_once() {
        let group = |arn: Value| {
            let planned = Value::object([("arn", arn), ("slow_start", Value::from(30))]);
            said(&[object("r2/aws_lb_target_group.web", planned)])
        };
        let [trap] = &group(pending("web"))[..] else { panic!("one trap") };
        assert!(trap.contains("`r2/aws_lb_target_group.web` (30 s)"), "{trap}");
        assert!(group("arn:web".into()).is_empty());
    }
}
