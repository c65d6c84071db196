//! Changing: tags, what somebody else changed, and what is known of an object afterwards.

use std::sync::Arc;

use greenroom_model::value::{Path, Step, Value};
use greenroom_provider::{Failure, Object};

use super::{AwsProvider, Kind};
use crate::resource::{Change, Seen, Tagging};
use crate::retag;
use crate::tags::{self, Tags};

impl AwsProvider {
    /// Puts those tags on a new object that the call which made it could not carry.
    pub(super) async fn with_all_tags(
        &self,
        kind: &Kind,
        seen: Arc<Seen>,
        object: &Object,
    ) -> Result<Arc<Seen>, Failure> {
        let mut missing = wanted_tags(&object.attributes);
        missing.retain(|key, text| seen.tags.get(key) != Some(text));
        if missing.is_empty() {
            return Ok(seen);
        }
        retag::apply(&self.aws, kind.resource.tagging(), &seen.id, missing.clone(), Vec::new())
            .await?;
        let mut seen = Arc::unwrap_or_clone(seen);
        seen.tags.extend(missing);
        Ok(Arc::new(seen))
    }

    /// Changes the user's tags, and renews the owner's.
    pub(super) async fn change_tags(
        &self,
        kind: &Kind,
        seen: &Seen,
        change: &Change,
    ) -> Result<(), Failure> {
        let tagging = kind.resource.tagging();
        if tagging == Tagging::None {
            return Ok(());
        }
        let mut wanted = wanted_tags(&change.planned);
        wanted.extend(tags::of_owner(&change.object.owner, &change.object.uid));
        let users = |tags: &Tags| {
            tags.iter()
                .filter(|(key, _)| !tags::is_note(key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        };
        let before: Tags = users(&seen.tags);
        let (put, gone) = tags::difference(&before, &wanted);
        retag::apply(&self.aws, tagging, &seen.id, put, gone).await
    }

    /// Refuses to write over what somebody else changed, for types that are guarded.
    pub(super) fn refuse_changed(&self, seen: &Seen, object: &Object) -> Result<(), Failure> {
        let schema = self.schema.resources.get(&object.kind).filter(|schema| schema.guarded);
        let Some(schema) = schema else { return Ok(()) };
        let now = self.attributes(&object.kind, seen, &object.attributes);
        greenroom_provider::refuse_changed(schema, object, &now)
    }
}

/// All tags that a plan gives an object, the owner's aside.
pub(crate) fn wanted_tags(planned: &Value) -> Tags {
    let all = planned.get("tags_all").filter(|it| !it.has_pending() && !it.is_null());
    let all = all.or_else(|| planned.get("tags")).and_then(Value::as_object);
    let texts = all.into_iter().flatten();
    texts.filter_map(|(key, text)| Some((key.to_string(), text.as_str()?.to_owned()))).collect()
}

/// `attributes` with the arguments as they were written by a change.
pub(super) fn with_written(attributes: Value, change: &Change) -> Value {
    let mut attributes = attributes.as_object().cloned().unwrap_or_default();
    for (name, planned) in change.planned.as_object().into_iter().flatten() {
        if change.of(name) && !planned.has_pending() {
            attributes.insert(name.clone(), planned.clone());
        }
    }
    Value::from(attributes)
}

pub(super) fn is_tags(path: &Path) -> bool {
    matches!(path.0.first(), Some(Step::Key(key)) if matches!(&**key, "tags" | "tags_all"))
}

/// A failure after a part was changed: what is there, a look says.
pub(super) fn partly(changed: bool) -> impl Fn(Failure) -> Failure {
    move |failure| if changed { failure.unknown_effect() } else { failure }
}
