//! How the types of the ELBv2 API look at their objects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::{join, try_join_all};
use futures::{StreamExt, TryStreamExt, stream};
use greenroom_provider::Failure;

use super::PARENTS;
use crate::aws::Aws;
use crate::resource::{Seen, Sought};

/// What a describe call of load balancers or target groups is asked for.
pub(crate) enum Which {
    /// The one with this ARN.
    Arn(String),
    /// The one with this name.
    Name(String),
    /// All of the account and region.
    All,
}

/// Looks at objects that a call describes by ARN, by name, or all of them.
///
/// More than one are picked from all: a call that names one which is missing fails as a whole.
pub(crate) async fn look<F>(
    aws: &Aws,
    sought: &Sought,
    describe: impl Fn(Which) -> F,
) -> Result<Vec<Seen>, Failure>
where
    F: Future<Output = Result<Vec<Seen>, Failure>>,
{
    let found = async {
        match sought {
            Sought::Ids(arns) => match arns.as_slice() {
                [arn] => describe(Which::Arn(arn.to_string())).await,
                arns => Ok(only(describe(Which::All).await?, arns)),
            },
            Sought::Names(names) => {
                let found = names.iter().map(|name| describe(Which::Name(name.clone())));
                Ok(try_join_all(found).await?.into_iter().flatten().collect())
            }
            Sought::Uids(_) | Sought::Lineage(_) | Sought::Project(_) => describe(Which::All).await,
        }
    };
    with_tags(aws, sought, found).await
}

/// Looks at objects that nobody lists but by their parent: those with the ARNs that are sought,
/// all inside the parents whose ARNs are sought as names, or for a project's all inside `parents`,
/// which is only then awaited.
pub(crate) async fn look_inside<F>(
    aws: &Aws,
    sought: &Sought,
    parent_of: impl Fn(&str) -> Option<String>,
    parents: impl Future<Output = Result<Vec<String>, Failure>>,
    describe: impl Fn(String) -> F,
) -> Result<Vec<Seen>, Failure>
where
    F: Future<Output = Result<Vec<Seen>, Failure>>,
{
    let found = async {
        let parents: BTreeSet<String> = match sought {
            Sought::Ids(ids) => ids.iter().filter_map(|id| parent_of(id)).collect(),
            Sought::Names(parents) => parents.iter().cloned().collect(),
            Sought::Project(_) => parents.await?.into_iter().collect(),
            Sought::Uids(_) | Sought::Lineage(_) => BTreeSet::new(),
        };
        let found = stream::iter(parents).map(describe).buffered(PARENTS);
        let found = found.try_collect::<Vec<_>>().await?.into_iter().flatten().collect();
        Ok(match sought {
            Sought::Ids(ids) => only(found, ids),
            _ => found,
        })
    };
    with_tags(aws, sought, found).await
}

fn only(mut found: Vec<Seen>, ids: &[Arc<str>]) -> Vec<Seen> {
    let ids: BTreeSet<&Arc<str>> = ids.iter().collect();
    found.retain(|it| ids.contains(&it.id));
    found
}

/// Gives what is found its tags; those of ARNs that are sought are asked for at the same time.
async fn with_tags(
    aws: &Aws,
    sought: &Sought,
    found: impl Future<Output = Result<Vec<Seen>, Failure>>,
) -> Result<Vec<Seen>, Failure> {
    let tags_of = |arns: Vec<Arc<str>>| async {
        let answers = aws.reads.tags.all(arns.clone()).await;
        arns.into_iter().zip(answers).collect::<BTreeMap<_, _>>()
    };
    let (mut found, mut tags) = match sought {
        Sought::Ids(arns) => {
            let (found, tags) = join(found, tags_of(arns.clone())).await;
            (found?, tags)
        }
        _ => {
            let found = found.await?;
            let tags = tags_of(found.iter().map(|it| it.id.clone()).collect()).await;
            (found, tags)
        }
    };
    for it in &mut found {
        it.tags = tags.remove(&it.id).transpose()?.unwrap_or_default();
    }
    Ok(found)
}
