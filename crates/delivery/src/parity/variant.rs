//! The second environment, with more and more of the first.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_engine::desired::Desired;
use greenroom_model::address::Scope;
use greenroom_model::value::{Object, Path, Step, Value, differences};

use super::Cause;

/// A setting of a provider that two stages have not alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The provider configuration.
    pub provider: Arc<str>,
    /// Which setting.
    pub path: Path,
    /// What it is in the first stage.
    pub first: Option<Value>,
    /// What it is in the second.
    pub second: Option<Value>,
}

/// The settings of providers that differ between the environments of two stages.
#[must_use]
pub fn settings_apart(first: &Desired, second: &Desired, scope: &Scope) -> Vec<Setting> {
    let value = |desired: &Desired| {
        let providers = desired.scopes.get(scope).map(|it| &it.providers);
        let all = providers.into_iter().flatten();
        Value::from(all.map(|(name, it)| (name.clone(), it.clone().into())).collect::<Object>())
    };
    let apart = differences(Some(&value(first)), Some(&value(second)));
    let setting = |it: greenroom_model::value::Difference| {
        let mut steps = it.path.0.into_iter();
        let Some(Step::Key(provider)) = steps.next() else { return None };
        let path = Path(steps.collect());
        Some(Setting { provider, path, first: it.before, second: it.after })
    };
    apart.into_iter().filter_map(setting).collect()
}

/// What the second environment takes of the first.
#[derive(Default)]
pub(super) struct Variant {
    variables: BTreeSet<Arc<str>>,
    front: bool,
    stage: bool,
}

impl Variant {
    /// All that are worth planning, each with what it would explain: every variable that differs,
    /// all of them, the front beside them, and the stage's name beside that.
    pub(super) fn all(
        first: &Desired,
        second: &Desired,
        scope: &Scope,
    ) -> Vec<(Cause, Arc<Desired>)> {
        let apart = variables_apart(first, second, scope);
        let mut variants: Vec<(Cause, Variant)> = Vec::new();
        for name in &apart {
            let variables = BTreeSet::from([name.clone()]);
            let cause = Cause::Variables(variables.clone());
            variants.push((cause, Variant { variables, ..Variant::default() }));
        }
        if apart.len() > 1 {
            let cause = Cause::Variables(apart.clone());
            variants.push((cause, Variant { variables: apart.clone(), ..Variant::default() }));
        }
        let front = Variant { variables: apart.clone(), front: true, stage: false };
        variants.push((Cause::Front, front));
        variants.push((Cause::Stage, Variant { variables: apart, front: true, stage: true }));
        let applied = variants.into_iter();
        applied.map(|(cause, it)| (cause, Arc::new(it.of(first, second)))).collect()
    }

    fn of(&self, first: &Desired, second: &Desired) -> Desired {
        let mut desired = second.clone();
        for (scope, wanted) in &mut desired.scopes {
            let Some(other) = first.scopes.get(scope) else { continue };
            for name in &self.variables {
                // A variable that only one of two templates has is no cause, but an effect.
                if let (Some(own), Some(value)) =
                    (wanted.variables.get_mut(name), other.variables.get(name))
                {
                    *own = value.clone();
                }
            }
        }
        if self.front {
            desired.scopes.remove(&Scope::front());
            let front = first.scopes.get_key_value(&Scope::front());
            desired.scopes.extend(front.map(|(scope, it)| (scope.clone(), it.clone())));
        }
        if self.stage {
            desired.stage = first.stage.clone();
        }
        desired
    }
}

/// The variables of both environments, or of both fronts, that have different values.
fn variables_apart(first: &Desired, second: &Desired, scope: &Scope) -> BTreeSet<Arc<str>> {
    let mut apart = BTreeSet::new();
    for scope in [scope, &Scope::front()] {
        let (Some(one), Some(two)) = (first.scopes.get(scope), second.scopes.get(scope)) else {
            continue;
        };
        let differs = |name: &&Arc<str>| {
            two.variables.get(*name).is_some_and(|it| *it != one.variables[*name])
        };
        apart.extend(one.variables.keys().filter(differs).cloned());
    }
    apart
}
