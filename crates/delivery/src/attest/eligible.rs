//! Who may attest: only an environment that was made new from one image set, and that is still
//! what it was made as when its commands have passed.

use std::collections::BTreeSet;

use greenroom_model::address::{Address, Scope};
use greenroom_model::identity::Digest;
use greenroom_model::plan::{Drift, Plan};

/// What a run knows of its environment.
#[derive(Clone, Debug)]
pub struct Known {
    /// The environment's scope.
    pub scope: Scope,
    /// Whether it was made in this run, over nothing.
    pub made_new: bool,
    /// Whether the commands were the stage's own, if it has any.
    pub own_commands: bool,
}

/// Why a run may not attest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ineligible {
    /// It went on with what an earlier run left.
    #[error("the environment was not made new in this run")]
    Resumed,
    /// It was not made from images.
    #[error("the environment was made from no image set")]
    NoImages,
    /// Front and environment were made from different images.
    #[error("the environment was made from several image sets")]
    SeveralSets,
    /// Something else was run than the stage has.
    #[error("the commands are not those of the stage")]
    OtherCommands,
    /// Somebody has changed it.
    #[error("the environment has changed since it was made: {}", few(.0))]
    Changed(Vec<Address>),
}

/// The image set that an environment may attest, given the plan of it `after` its commands, which
/// has looked at the whole of it.
///
/// # Errors
///
/// [`Ineligible`]: the first reason why it may not.
pub fn may_attest(known: &Known, after: &Plan) -> Result<Digest, Ineligible> {
    if !known.made_new {
        return Err(Ineligible::Resumed);
    }
    if !known.own_commands {
        return Err(Ineligible::OtherCommands);
    }
    let sets: BTreeSet<&Digest> =
        after.inputs.values().filter_map(|it| it.image_set.as_ref()).collect();
    let own = after.inputs.get(&known.scope).and_then(|it| it.image_set.as_ref());
    let own = own.ok_or(Ineligible::NoImages)?;
    if sets.len() > 1 {
        return Err(Ineligible::SeveralSets);
    }
    if !after.drift.is_empty() {
        let changed = after.drift.iter().map(|Drift { address, .. }| address.clone());
        return Err(Ineligible::Changed(changed.collect()));
    }
    Ok(own.clone())
}

fn few(addresses: &[Address]) -> String {
    let shown: Vec<String> = addresses.iter().take(3).map(ToString::to_string).collect();
    match addresses.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::identity::{Lineage, Uid};
    use greenroom_model::plan::{DriftSeen, Purpose};
    use greenroom_model::state::Inputs;
    use greenroom_model::value::Value;

    use super::*;

    fn known() -> Known {
        let scope = Scope::environment("pr-1").unwrap();
        Known { scope, made_new: true, own_commands: true }
    }

    /// The plan of an environment and its front, made from these images.
    fn after(own: Option<&str>, front: Option<&str>) -> Plan {
        let inputs = |set: Option<&str>| Inputs {
            image_set: set.map(|it| Digest(it.into())),
            ..Inputs::default()
        };
        Plan {
            project: "shop".into(),
            stage: "it".into(),
            environment: Some(known().scope),
            lineage: Lineage("0".into()),
            purpose: Purpose::Apply,
            inputs: [(known().scope, inputs(own)), (Scope::front(), inputs(front))].into(),
            versions: Default::default(),
            drift: Vec::new(),
            lifecycles: Vec::new(),
            phases: Vec::new(),
            outputs: Default::default(),
        }
    }

    #[test]
    fn an_environment_that_is_as_it_was_made_attests_its_images() {
        let set = Ok(Digest("a".into()));
        assert_eq!(may_attest(&known(), &after(Some("a"), Some("a"))), set);
        assert_eq!(may_attest(&known(), &after(Some("a"), None)), set);
    }

    #[test]
    fn what_was_there_before_does_not() {
        let known = Known { made_new: false, ..known() };
        assert_eq!(may_attest(&known, &after(Some("a"), None)), Err(Ineligible::Resumed));
    }

    #[test]
    fn other_commands_than_the_stages_prove_nothing() {
        let known = Known { own_commands: false, ..known() };
        assert_eq!(may_attest(&known, &after(Some("a"), None)), Err(Ineligible::OtherCommands));
    }

    #[test]
    fn it_is_made_from_one_image_set() {
        assert_eq!(may_attest(&known(), &after(None, Some("a"))), Err(Ineligible::NoImages));
        let two = may_attest(&known(), &after(Some("a"), Some("b")));
        assert_eq!(two, Err(Ineligible::SeveralSets));
    }

    #[test]
    fn what_somebody_has_changed_does_not_and_the_reason_names_it() {
        let drift = |name: &str| Drift {
            address: format!("pr-1/local_instance.{name}").parse().unwrap(),
            uid: Uid("u".into()),
            recorded: Value::Null,
            seen: DriftSeen::Gone,
        };
        let mut plan = after(Some("a"), None);
        plan.drift = ["a", "b", "c", "d"].map(drift).into();
        let refused = may_attest(&known(), &plan).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the environment has changed since it was made: pr-1/local_instance.a, \
             pr-1/local_instance.b, pr-1/local_instance.c and 1 more"
        );
    }
}
