//! Tags: the owner's, the configuration's defaults, and the user's.
//!
//! The owner's tags are part of the create call wherever AWS allows it; they say which state knows
//! an object, and which of its objects it is. Users see and set all other tags.

use std::collections::BTreeMap;

use greenroom_model::identity::{EnvironmentKind, Lineage, Owner, Uid};
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{Draft, value};

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// What the keys of the owner's tags start with.
pub(crate) const PREFIX: &str = "greenroom:";
/// The key of the tag with the state's lineage.
pub(crate) const LINEAGE: &str = "greenroom:lineage";
/// The key of the tag with the time when an ephemeral environment may be removed.
pub(crate) const EXPIRES: &str = "greenroom:expires";
/// The key of the tag with the project's name.
pub(crate) const PROJECT: &str = "greenroom:project";
/// The key of the tag with the object's uid.
pub(crate) const UID: &str = "greenroom:uid";

/// What the tag of the owner's kind says of an environment that may be reaped, and of one that may
/// not.
const EPHEMERAL: &str = "ephemeral";
const PROMOTED: &str = "promoted";

/// The key of the tag of an instance that is stopped for a change, and is to run again.
pub(crate) const RESTART: &str = "greenroom:restart";
/// The key of the tag of an instance that provisions itself for an image: how far it has come.
pub(crate) const BUILDER: &str = "greenroom:builder";

/// The most tags of an object that are the user's: AWS allows 50, ours are up to 8
/// (AWS General Reference, "Tag naming limits and requirements").
const MOST: usize = 42;

/// The tags by which an object is known to be `owner`'s object `uid`.
pub(crate) fn of_owner(owner: &Owner, uid: &Uid) -> Tags {
    let kind = match owner.kind {
        EnvironmentKind::Ephemeral => EPHEMERAL,
        EnvironmentKind::Promoted => PROMOTED,
    };
    let fixed = [
        ("project", owner.project.to_string()),
        ("stage", owner.stage.to_string()),
        ("environment", owner.scope.as_str().to_owned()),
        ("lineage", owner.lineage.0.to_string()),
        ("uid", uid.0.to_string()),
        ("kind", kind.to_owned()),
    ];
    let expires = owner.expires.as_ref().map(|expires| ("expires", expires.to_string()));
    fixed.into_iter().chain(expires).map(|(key, text)| (format!("{PREFIX}{key}"), text)).collect()
}

/// Whose object tags say it is, if they say so.
pub(crate) fn owner_in(tags: &Tags) -> Option<(Lineage, Uid)> {
    let lineage = Lineage(tags.get(LINEAGE)?.as_str().into());
    Some((lineage, Uid(tags.get(UID)?.as_str().into())))
}

/// All that tags say of an object's owner, and its uid; `None` unless they say everything.
pub(crate) fn whole_owner_in(tags: &Tags) -> Option<(Owner, Uid)> {
    let text = |key: &str| tags.get(&format!("{PREFIX}{key}")).map(String::as_str);
    let (lineage, uid) = owner_in(tags)?;
    let owner = Owner {
        project: text("project")?.into(),
        stage: text("stage")?.into(),
        scope: text("environment")?.parse().ok()?,
        lineage,
        kind: match text("kind")? {
            EPHEMERAL => EnvironmentKind::Ephemeral,
            PROMOTED => EnvironmentKind::Promoted,
            _ => return None,
        },
        expires: text("expires").map(Into::into),
    };
    Some((owner, uid))
}

/// Whether a tag is neither the user's nor the owner's: AWS's own, or a note on how an instance
/// fares.
pub(crate) fn is_note(key: &str) -> bool {
    key.starts_with("aws:") || matches!(key, RESTART | BUILDER)
}

/// The user's tags among all of an object's.
pub(crate) fn of_user(tags: &Tags) -> Tags {
    let is_users = |key: &str| !key.starts_with(PREFIX) && !key.starts_with("aws:");
    tags.iter()
        .filter(|(key, _)| is_users(key))
        .map(|(key, text)| (key.clone(), text.clone()))
        .collect()
}

/// Puts `tags` and `tags_all` among the attributes, from all tags that an object has.
///
/// A default tag counts as the object's own only where it was written there before: that is how
/// Terraform's AWS provider tells them apart.
pub(crate) fn describe(attributes: &mut Attributes, all: &Tags, defaults: &Tags, prior: &Value) {
    let all = of_user(all);
    let written = prior.get("tags").and_then(Value::as_object);
    let is_own = |key: &String, text: &String| {
        defaults.get(key) != Some(text) || written.is_some_and(|it| it.contains_key(key.as_str()))
    };
    let own: Tags = all
        .iter()
        .filter(|(key, text)| is_own(key, text))
        .map(|(key, text)| (key.clone(), text.clone()))
        .collect();
    // A table without entries and one that is left out are the same to AWS.
    let stays_null = own.is_empty() && prior.get("tags").is_none_or(Value::is_null);
    let own = if stays_null { Value::Null } else { value(&own) };
    attributes.insert("tags".into(), own);
    attributes.insert("tags_all".into(), value(&all));
}

/// Plans `tags_all`, and checks the tags.
pub(crate) fn propose(draft: &mut Draft, defaults: &Tags) {
    let given = draft.planned("tags").cloned().unwrap_or_default();
    if given.has_pending() {
        return;
    }
    let own: Tags = draft.typed("tags").unwrap_or_default();
    for (key, text) in &own {
        let path = format!("tags[{key:?}]");
        let reserved = key.starts_with(PREFIX) || key.to_ascii_lowercase().starts_with("aws:");
        draft.expect(!reserved, &path, format!("tags that start like `{key}` are reserved"));
        let fits = (1..=128).contains(&key.chars().count()) && text.chars().count() <= 256;
        draft.expect(fits, &path, "a tag's key has 1 to 128 characters, its value at most 256");
    }
    let mut all = defaults.clone();
    all.extend(own);
    let message = format!("{} tags, but at most {MOST} are allowed beside the owner's", all.len());
    draft.expect(all.len() <= MOST, "tags", message);
    draft.set("tags_all", value(&all));
}

/// What a change of the user's tags takes: tags to put, and keys to remove.
pub(crate) fn difference(before: &Tags, after: &Tags) -> (Tags, Vec<String>) {
    let put = after
        .iter()
        .filter(|(key, text)| before.get(*key) != Some(*text))
        .map(|(key, text)| (key.clone(), text.clone()))
        .collect();
    let gone = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
    (put, gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(entries: &[(&str, &str)]) -> Tags {
        entries.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    fn described(all: &Tags, defaults: &Tags, prior: Value) -> String {
        let mut attributes = Attributes::new();
        describe(&mut attributes, all, defaults, &prior);
        format!("{:?} of {:?}", attributes["tags"], attributes["tags_all"])
    }

    #[test]
    fn the_owners_tags_say_the_whole_owner() {
        let owner = Owner {
            project: "shop".into(),
            stage: "integration".into(),
            scope: "pr-7".parse().expect("a name"),
            lineage: Lineage("l".into()),
            kind: EnvironmentKind::Ephemeral,
            expires: Some("2026-11-26T12:00:00Z".into()),
        };
        let uid = Uid("u".into());
        let mut all = of_owner(&owner, &uid);
        assert_eq!(whole_owner_in(&all), Some((owner, uid)));
        all.remove("greenroom:stage");
        assert_eq!(whole_owner_in(&all), None);
    }

    #[test]
    fn the_owners_tags_are_not_shown() {
        let all = tags(&[("Name", "web"), ("greenroom:uid", "1"), ("aws:x", "y")]);
        let shown = described(&all, &Tags::new(), Value::Null);
        assert_eq!(shown, r#"{"Name": "web"} of {"Name": "web"}"#);
    }

    #[test]
    fn a_default_tag_is_the_objects_own_only_where_it_was_written_there() {
        let all = tags(&[("team", "shop")]);
        assert_eq!(described(&all, &all, Value::Null), r#"null of {"team": "shop"}"#);
        let written = Value::object([("tags", value(&all))]);
        assert_eq!(described(&all, &all, written), r#"{"team": "shop"} of {"team": "shop"}"#);
    }

    #[test]
    fn only_what_differs_is_sent() {
        let before = tags(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let after = tags(&[("a", "1"), ("b", "3"), ("d", "4")]);
        let (put, gone) = difference(&before, &after);
        assert_eq!(put, tags(&[("b", "3"), ("d", "4")]));
        assert_eq!(gone, ["c"]);
    }
}
