//! Tables inside of arguments: what AWS chose for what a configuration leaves out of them.

use std::sync::Arc;

use greenroom_model::value::Value;
use greenroom_provider::Draft;

/// Gives the tables of the argument `name` what they leave out of `fields` and the object has.
///
/// `is_same` says which table of the object is the one of the configuration; for arguments with at
/// most one table, it is that one.
pub(crate) fn keep(
    draft: &mut Draft,
    name: &str,
    fields: &[&str],
    is_same: impl Fn(&Value, &Value) -> bool,
) {
    let prior = draft.prior().and_then(|it| it.get(name)).and_then(Value::as_list);
    let Some(prior) = prior.map(<[Value]>::to_vec) else { return };
    let Some(Value::List(planned)) = draft.planned(name) else { return };
    let complete = |table: &Value| match prior.iter().find(|before| is_same(before, table)) {
        Some(before) => completed(table, before, fields),
        None => table.clone(),
    };
    let planned = Value::list(planned.iter().map(complete));
    draft.set(name, planned);
}

/// Gives the only table of the argument `name` what it leaves out of `fields`: what the object has
/// where `stays` says so of the field, else AWS still has to choose.
pub(crate) fn choose(
    draft: &mut Draft,
    name: &str,
    fields: &[&str],
    stays: impl Fn(&Value, &Value, &str) -> bool,
) {
    let prior = draft.prior().and_then(|it| it.get(name)).and_then(Value::as_list);
    let before = prior.and_then(|it| it.first()).cloned();
    let Some([table]) = draft.planned(name).and_then(Value::as_list) else { return };
    let table = table.clone();
    if table.is_pending() {
        return;
    }
    let left_out = |field: &&&str| table.get(field).is_none_or(Value::is_null);
    let left_out: Vec<&str> = fields.iter().filter(left_out).copied().collect();
    let (stay, open): (Vec<&str>, Vec<&str>) = left_out
        .into_iter()
        .partition(|field| before.as_ref().is_some_and(|before| stays(before, &table, field)));
    keep(draft, name, &stay, |_, _| true);
    for field in open {
        draft.leave_open(&format!("{name}[0].{field}"));
    }
}

fn completed(table: &Value, before: &Value, fields: &[&str]) -> Value {
    let Value::Object(entries) = table else { return table.clone() };
    let mut entries = (**entries).clone();
    for field in fields {
        let kept = before.get(field).filter(|it| !it.is_null());
        if let Some(kept) = kept.filter(|_| entries.get(*field).is_none_or(Value::is_null)) {
            entries.insert(Arc::from(*field), kept.clone());
        }
    }
    Value::from(entries)
}

#[cfg(test)]
mod tests {
    use greenroom_model::identity::Uid;
    use greenroom_provider::ProposeRequest;

    use super::*;

    fn draft(prior: Value, planned: Value) -> Draft {
        let of = |tables: Value| Value::object([("disk", Value::list([tables]))]);
        Draft::new(ProposeRequest {
            kind: "aws_thing".into(),
            address: "pr/aws_thing.it".parse().expect("an address"),
            uid: Uid("u1".into()),
            prior: Some(of(prior)),
            config: Value::Null,
            planned: of(planned),
        })
    }

    fn kept(prior: Value, planned: Value) -> Value {
        let mut draft = draft(prior, planned);
        keep(&mut draft, "disk", &["size", "id"], |_, _| true);
        draft.planned("disk").cloned().unwrap_or_default()
    }

    #[test]
    fn what_a_table_leaves_out_stays_as_aws_chose_it() {
        let prior = Value::object([("size", Value::from(8)), ("kind", "a".into())]);
        let planned = Value::object([("size", Value::Null), ("kind", Value::Null)]);
        assert_eq!(format!("{:?}", kept(prior, planned)), r#"[{"kind": null, "size": 8}]"#);
    }

    #[test]
    fn what_a_table_says_counts() {
        let prior = Value::object([("size", Value::from(8))]);
        let planned = Value::object([("size", Value::from(9))]);
        assert_eq!(format!("{:?}", kept(prior, planned)), r#"[{"size": 9}]"#);
    }
    #[test]
    fn what_does_not_stay_is_still_to_be_chosen() {
        let prior = Value::object([("size", Value::from(8)), ("id", "v-1".into())]);
        let mut draft = draft(prior, Value::object([("size", Value::Null)]));
        choose(&mut draft, "disk", &["size", "id"], |_, _, field| field == "id");
        let disk = draft.planned("disk").and_then(Value::as_list).map(|it| it[0].clone());
        let disk = disk.expect("a table");
        assert_eq!(disk.get("id"), Some(&Value::from("v-1")));
        assert!(disk.get("size").is_some_and(Value::is_pending));
    }
}
