//! What the types of the ELBv2 API share: looks, tags, whose an object is, attributes by key.

mod look;
mod tags;

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::schema::{Attribute, Type};
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::{Draft, Failure, FailureKind};
use tokio::time::{Instant, sleep};

use crate::aws::Aws;
use crate::error::TAKE_OVER;
use crate::resource::{New, Seen};
use crate::tags::UID;

pub(crate) use look::{Which, look, look_inside};
pub(crate) use tags::{TagReads, reads, sdk_tags};

/// How many calls for different parents run at a time.
pub(crate) const PARENTS: usize = 8;

/// What a create has to start from: the object of the same key, if `new` itself was made by an
/// attempt before.
///
/// # Errors
///
/// [`FailureKind::Stranger`]: there is one, and it is another's. AWS would answer a create with
/// it as if it had just been made.
pub(crate) fn made_before(new: &New, taken: &[Seen]) -> Result<Option<Arc<str>>, Failure> {
    let Some(seen) = taken.first() else { return Ok(None) };
    match seen.tags.get(UID) == new.tags.get(UID) {
        true => Ok(Some(seen.id.clone())),
        false => Err(stranger(new, &seen.id)),
    }
}

/// Makes sure that the object which a create returned is the one that it was to make: AWS returns
/// one of the same key and settings that was there before.
///
/// # Errors
///
/// [`FailureKind::Stranger`]: it is another's; nothing was made.
pub(crate) async fn really_made(
    aws: &Aws,
    new: &New,
    arn: Option<String>,
    action: &str,
) -> Result<Arc<str>, Failure> {
    let arn = super::ec2::given(arn, action)?;
    let until = Instant::now() + aws.pace.doubt();
    loop {
        let tags = aws.reads.tags.one(arn.clone()).await.map_err(Failure::unknown_effect)?;
        match tags.get(UID) {
            uid if uid == new.tags.get(UID) => return Ok(arn),
            // Tags of what was just made may not be found everywhere yet.
            None if Instant::now() < until => sleep(aws.pace.doubt() / 16).await,
            _ => return Err(stranger(new, &arn)),
        }
    }
}

fn stranger(new: &New, arn: &str) -> Failure {
    let message = format!("`{}` cannot be made: `{arn}` is there already", new.address);
    Failure::new(FailureKind::Stranger, message).help(TAKE_OVER)
}

/// The part of an ARN that metrics are named by: what follows `after`.
pub(crate) fn suffix(arn: &str, after: &str) -> String {
    arn.split_once(after).map_or(arn, |(_, suffix)| suffix).to_owned()
}

/// Checks the name of a load balancer or target group.
pub(crate) fn check_name(draft: &mut Draft) {
    let Some(name) = draft.given("name").and_then(Value::as_str).map(str::to_owned) else {
        return;
    };
    let plain = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    let fits = (1..=32).contains(&name.len()) && plain;
    draft.expect(fits, "name", "a name has 1 to 32 letters, digits and hyphens");
    let edges = name.starts_with('-') || name.ends_with('-');
    draft.expect(!edges, "name", "a name neither starts nor ends with a hyphen");
    draft.expect(!name.starts_with("internal-"), "name", "a name does not start with `internal-`");
}

/// An argument that AWS keeps among an object's attributes, by key, as text.
pub(crate) struct Setting {
    /// The argument's name.
    pub(crate) name: &'static str,
    /// The key of AWS's attribute.
    pub(crate) key: &'static str,
    /// One sentence for the documentation.
    pub(crate) doc: &'static str,
    /// What is used where it is left out.
    pub(crate) left_out: LeftOut,
    /// The kinds of object that have it; empty for all.
    pub(crate) kinds: &'static [&'static str],
}

/// What is used where a setting is left out: it says the setting's type, too.
pub(crate) enum LeftOut {
    /// This truth value.
    Bool(bool),
    /// This number.
    Number(i64),
    /// This text.
    Text(&'static str),
    /// What AWS chooses, a text.
    Chosen,
    /// What AWS chooses, a truth value.
    ChosenBool,
}

impl Setting {
    /// The argument for a schema.
    pub(crate) fn attribute(&self) -> (&'static str, Attribute) {
        let attribute = match self.left_out {
            LeftOut::Bool(it) => Attribute::optional(Type::Bool, self.doc).default(it),
            LeftOut::Number(it) => Attribute::optional(Type::Number, self.doc).default(it),
            LeftOut::Text(it) => Attribute::optional(Type::String, self.doc).default(it),
            LeftOut::Chosen => Attribute::optional_computed(Type::String, self.doc),
            LeftOut::ChosenBool => Attribute::optional_computed(Type::Bool, self.doc),
        };
        (self.name, attribute.single())
    }

    /// Whether objects of `kind` have it.
    pub(crate) fn is_of(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// AWS's text as a value.
    fn value(&self, text: &str) -> Value {
        match self.left_out {
            LeftOut::Bool(_) | LeftOut::ChosenBool => Value::from(text == "true"),
            LeftOut::Number(_) => text.parse::<i64>().map(Value::from).unwrap_or_default(),
            LeftOut::Text(_) | LeftOut::Chosen => Value::from(text),
        }
    }

    /// What the argument is where AWS has nothing of it.
    fn absent(&self) -> Value {
        match self.left_out {
            LeftOut::Bool(it) => Value::from(it),
            LeftOut::Number(it) => Value::from(it),
            LeftOut::Text(it) => Value::from(it),
            LeftOut::Chosen | LeftOut::ChosenBool => Value::Null,
        }
    }
}

/// The settings of an object of `kind` among all its attributes at AWS.
pub(crate) fn read_settings(
    settings: &[Setting],
    kind: &str,
    all: &BTreeMap<String, String>,
) -> Attributes {
    let read = |it: &Setting| {
        let text = all.get(it.key).filter(|text| it.is_of(kind) && !text.is_empty());
        (it.name.into(), text.map_or_else(|| it.absent(), |text| it.value(text)))
    };
    settings.iter().map(read).collect()
}

/// The settings that `planned` gives and `is_wanted` picks, as AWS takes them.
pub(crate) fn written_settings(
    settings: &[Setting],
    kind: &str,
    planned: &Value,
    is_wanted: impl Fn(&str) -> bool,
) -> BTreeMap<String, String> {
    let written = settings.iter().filter(|it| it.is_of(kind) && is_wanted(it.name));
    written.filter_map(|it| Some((it.key.to_owned(), text(planned.get(it.name)?)?))).collect()
}

/// A plain value as text; `None` for null and for what is not known.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value.unmarked() {
        Value::Bool(it) => Some(it.to_string()),
        Value::Number(it) => Some(it.to_string()),
        Value::String(it) => Some(it.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &[Setting] = &[
        Setting {
            name: "slow_start",
            key: "slow_start.duration_seconds",
            doc: "",
            left_out: LeftOut::Number(0),
            kinds: &["instance"],
        },
        Setting {
            name: "proxy",
            key: "proxy.enabled",
            doc: "",
            left_out: LeftOut::Bool(false),
            kinds: &[],
        },
    ];

    #[test]
    fn settings_are_written_as_they_are_read() {
        let planned =
            Value::object([("slow_start", Value::from(30)), ("proxy", Value::from(true))]);
        let written = written_settings(SETTINGS, "instance", &planned, |_| true);
        assert_eq!(Value::from(read_settings(SETTINGS, "instance", &written)), planned);
    }

    #[test]
    fn what_a_kind_does_not_have_is_not_written_and_read_as_if_it_was_left_out() {
        let planned =
            Value::object([("slow_start", Value::from(30)), ("proxy", Value::from(true))]);
        let written = written_settings(SETTINGS, "lambda", &planned, |_| true);
        assert_eq!(written.keys().collect::<Vec<_>>(), ["proxy.enabled"]);
        let read = read_settings(SETTINGS, "lambda", &written);
        assert_eq!(read.get("slow_start"), Some(&Value::from(0)));
    }
}
