//! Verifying: what states know beside what the world says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::identity::Uid;
use greenroom_model::state::Remote;
use greenroom_provider::{Failure, FailureKind, Object, Owned, ReadAnswer, ReadDepth, ReadRequest};
use greenroom_store::StateName;

use crate::error::ApplyError;
use crate::objects::{by_provider, objects};
use crate::survey::{Sighted, SurveyRequest, of, unusable};
use crate::workbench::{View, Workbench};

/// What verifying found; everything in order.
#[derive(Debug, Default)]
pub struct Verified {
    /// The states that were compared, as they were when the world was looked at.
    pub states: BTreeMap<StateName, View>,
    /// How many objects they have.
    pub objects: usize,
    /// Objects that a state has and the world has not.
    pub phantoms: Vec<Known>,
    /// Objects that a state has and that say they are another's, with what they say.
    pub strangers: Vec<(Known, Failure)>,
    /// Objects that say they are the project's and that none of its states knows.
    pub orphans: Vec<Owned>,
}

/// An object that a state has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The state.
    pub state: StateName,
    /// Where it has the object.
    pub address: Address,
    /// The object's identity for life.
    pub uid: Uid,
    /// The provider's name for it.
    pub id: Arc<str>,
}

impl Verified {
    /// Whether states and world agree.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.phantoms.is_empty() && self.strangers.is_empty() && self.orphans.is_empty()
    }
}

impl Workbench {
    /// Compares states with the world. Takes no lease, changes nothing.
    ///
    /// What an apply makes or removes meanwhile is not mistaken for a difference: its intents are
    /// in the state before anything is in the world, and a state is read again before something
    /// is called missing.
    ///
    /// # Errors
    ///
    /// A state cannot be read, or a provider cannot be asked.
    pub async fn verify(&self, request: SurveyRequest) -> Result<Verified, ApplyError> {
        let survey = self.survey(&request).await?;
        let is_of_stage = |it: &&Sighted| {
            request.stage.as_ref().is_none_or(|stage| *stage == it.owned.owner.stage)
        };
        let orphans = survey.orphans().filter(is_of_stage).map(|it| it.owned.clone()).collect();
        let states = survey.states;
        let (mut phantoms, strangers) = self.compare(&states).await?;
        if !phantoms.is_empty() {
            let now = remotes(&self.views(&request.project, request.stage.as_deref()).await?);
            phantoms.retain(|it| now.contains(it));
        }
        let objects = of(&states).map(|(_, state)| state.objects()).sum();
        Ok(Verified { states, objects, phantoms, strangers, orphans })
    }

    /// What of the states the world does not have, and what of it is another's.
    async fn compare(
        &self,
        states: &BTreeMap<StateName, View>,
    ) -> Result<(Vec<Known>, Vec<(Known, Failure)>), ApplyError> {
        let (mut phantoms, mut strangers) = (Vec::new(), Vec::new());
        let groups = of(states).flat_map(|(name, state)| {
            by_provider(state).into_iter().map(move |it| (name, state, it))
        });
        for (name, state, ((scope, configuration), objects)) in groups {
            let provider = self.providers.of_state(&configuration, state, &scope).await;
            let provider = provider.map_err(unusable(&configuration))?;
            let request =
                |object: &Object| ReadRequest { object: object.clone(), depth: ReadDepth::Bulk };
            let answers = provider.read(objects.iter().map(request).collect()).await;
            for (object, answer) in objects.into_iter().zip(answers) {
                let Object { address, uid, id, .. } = object;
                let known = Known { state: name.clone(), address, uid, id };
                match answer {
                    Ok(ReadAnswer::Present(_) | ReadAnswer::Broken { .. }) => {}
                    Ok(ReadAnswer::Gone) => phantoms.push(known),
                    Err(failure) if failure.kind == FailureKind::Stranger => {
                        strangers.push((known, failure));
                    }
                    Err(failure) => return Err(unusable(&configuration)(failure)),
                }
            }
        }
        phantoms.sort();
        strangers.sort_by(|a, b| a.0.cmp(&b.0));
        Ok((phantoms, strangers))
    }
}

/// All objects of the states that are not on their way out.
fn remotes(views: &BTreeMap<StateName, View>) -> BTreeSet<Known> {
    let known = |name: &StateName, address: Address, it: &Remote| Known {
        state: name.clone(),
        address,
        uid: it.uid.clone(),
        id: it.id.clone(),
    };
    of(views)
        .flat_map(|(name, state)| objects(state).map(move |(at, it)| known(name, at, it)))
        .collect()
}
