//! Changes on their way to all name servers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_route53::types::ChangeStatus;
use futures::future::try_join_all;
use greenroom_provider::Failure;

use crate::aws::Aws;
use crate::error::at;

/// The changes that this process sent, by the id of what they changed.
#[derive(Default)]
pub(crate) struct Changes {
    under_way: Mutex<BTreeMap<Arc<str>, Arc<str>>>,
}

impl Changes {
    /// Notes that `change` of the object `id` was accepted.
    pub(crate) fn note(&self, id: &str, change: Arc<str>) {
        self.under_way().insert(id.into(), change);
    }

    /// Those of `ids` whose change has not reached all name servers; one call a change, which
    /// may be of many objects.
    pub(crate) async fn pending<'a>(
        &self,
        aws: &Aws,
        ids: impl Iterator<Item = &'a Arc<str>>,
    ) -> Result<BTreeSet<Arc<str>>, Failure> {
        let asked: BTreeMap<Arc<str>, Arc<str>> = {
            let under_way = self.under_way();
            ids.filter_map(|id| Some((id.clone(), under_way.get(id)?.clone()))).collect()
        };
        let changes: BTreeSet<&Arc<str>> = asked.values().collect();
        let states = changes.into_iter().map(|change| async move {
            Ok::<_, Failure>((change.clone(), is_pending(aws, change).await?))
        });
        let states: BTreeMap<Arc<str>, bool> = try_join_all(states).await?.into_iter().collect();
        self.under_way().retain(|_, change| states.get(change) != Some(&false));
        Ok(asked
            .iter()
            .filter(|it| states.get(it.1) == Some(&true))
            .map(|it| it.0.clone())
            .collect())
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<str>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn is_pending(aws: &Aws, change: &str) -> Result<bool, Failure> {
    let answer = aws.again.route53.get_change().id(change).send().await;
    match answer.map_err(at("route53:GetChange")) {
        Err(error) if error.is_not_found() => Ok(false),
        answer => Ok(answer?.change_info.is_some_and(|it| it.status == ChangeStatus::Pending)),
    }
}
