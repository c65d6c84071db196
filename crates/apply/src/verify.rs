//! Verifying: what states know beside what the world says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::identity::Uid;
use greenroom_model::state::{Remote, State};
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

    /// What of a state is not there, or of no use any more, as the world says now; in order. Takes
    /// no lease, changes nothing.
    ///
    /// # Errors
    ///
    /// A provider cannot be asked.
    pub async fn missing(&self, state: &State) -> Result<Vec<Address>, ApplyError> {
        let mut missing = Vec::new();
        for Looked { object, configuration, answer } in self.look_at(state).await? {
            match answer {
                Ok(ReadAnswer::Present(_)) => {}
                Ok(ReadAnswer::Gone | ReadAnswer::Broken { .. }) => missing.push(object.address),
                Err(failure) if failure.kind == FailureKind::Stranger => {
                    missing.push(object.address);
                }
                Err(failure) => return Err(unusable(&configuration)(failure)),
            }
        }
        missing.sort();
        Ok(missing)
    }

    /// What of the states the world does not have, and what of it is another's.
    async fn compare(
        &self,
        states: &BTreeMap<StateName, View>,
    ) -> Result<(Vec<Known>, Vec<(Known, Failure)>), ApplyError> {
        let (mut phantoms, mut strangers) = (Vec::new(), Vec::new());
        for (name, state) in of(states) {
            for Looked { object, configuration, answer } in self.look_at(state).await? {
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

    /// What the providers say of each object of a state.
    async fn look_at(&self, state: &State) -> Result<Vec<Looked>, ApplyError> {
        let mut all = Vec::new();
        for ((scope, configuration), objects) in by_provider(state) {
            let provider = self.providers.of_state(&configuration, state, &scope).await;
            let provider = provider.map_err(unusable(&configuration))?;
            let request =
                |object: &Object| ReadRequest { object: object.clone(), depth: ReadDepth::Bulk };
            let answers = provider.read(objects.iter().map(request).collect()).await;
            let looked = objects.into_iter().zip(answers).map(|(object, answer)| Looked {
                object,
                configuration: configuration.clone(),
                answer,
            });
            all.extend(looked);
        }
        Ok(all)
    }
}

/// An object of a state, and what its provider says of it.
struct Looked {
    object: Object,
    configuration: Arc<str>,
    answer: Result<ReadAnswer, Failure>,
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
