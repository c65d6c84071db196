//! What of an account and region says that it is a project's.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use greenroom_model::value::Value;
use greenroom_provider::{Failure, Owned};

use super::{AwsProvider, Kind};
use crate::resource::{Sought, Tagging};
use crate::tags;

/// How many types are looked at at a time.
const TYPES: usize = 8;

impl AwsProvider {
    /// Every object whose tags say that it is `project`'s, by type.
    pub(super) async fn owned_by(&self, project: &str) -> Result<Vec<Owned>, Failure> {
        let mut looks = Vec::new();
        for (name, kind) in &self.types {
            if kind.resource.tagging() != Tagging::None {
                looks.push(self.owned_of_type(name, kind, project));
            }
        }
        let found: Vec<Vec<Owned>> = stream::iter(looks).buffered(TYPES).try_collect().await?;
        // An image is seen by each of the types that make one.
        let mut seen = BTreeSet::new();
        let is_new = |it: &Owned| seen.insert(it.id.clone());
        Ok(found.into_iter().flatten().filter(is_new).collect())
    }

    async fn owned_of_type(
        &self,
        name: &Arc<str>,
        kind: &Kind,
        project: &str,
    ) -> Result<Vec<Owned>, Failure> {
        let seen = kind.resource.look(&self.aws, &Sought::Project(project.into())).await?;
        let owned = seen.into_iter().filter(|it| kind.resource.lingers(it)).filter_map(|it| {
            let (owner, uid) = tags::whole_owner_in(&it.tags)?;
            let attributes = self.attributes(name, &it, &Value::Null);
            let attributes = taking_along(kind.resource.takes_along(), &attributes);
            (&*owner.project == project).then(|| Owned {
                kind: name.clone(),
                id: it.id,
                uid,
                owner,
                attributes,
            })
        });
        Ok(owned.collect())
    }
}

/// Attributes with these arguments set.
fn taking_along(arguments: &[&str], attributes: &Value) -> Value {
    let mut attributes = attributes.as_object().cloned().unwrap_or_default();
    attributes.extend(arguments.iter().map(|name| ((*name).into(), true.into())));
    Value::from(attributes)
}
