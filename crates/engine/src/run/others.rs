//! What somebody else did to an object of a plan that is under way.

use greenroom_model::address::Address;
use greenroom_model::plan::{Action, Change};
use greenroom_model::schema::TypeSchema;
use greenroom_model::value::{Difference, Value, differences};

use super::{Run, Work};
use crate::diff::{part, unlike};

impl Run {
    /// Refuses to write over a guarded object that is neither as the plan found it, nor as its
    /// operations make it: the answer of one may have been lost, and it took effect all the same.
    pub(super) fn changed_by_others(
        &self,
        change: &Change,
        found: &Value,
        planned: &Value,
    ) -> Option<Work> {
        let known = self.schemas.of_block(&change.address.block)?;
        if !known.schema.guarded {
            return None;
        }
        let own = self.own(&change.address);
        let differences = foreign(known.schema, &own, found, planned);
        if differences.is_empty() {
            return None;
        }
        let parts: Vec<String> = differences.iter().map(ToString::to_string).collect();
        Some(Work::Impossible {
            message: format!("somebody else changed `{}`: {}", change.address, parts.join(", ")),
            help: Some("nothing was written to it; put it back as expected, and go on".into()),
        })
    }

    /// An object as the plan found it, and as the operations made it that were done so far.
    fn own(&self, address: &Address) -> Vec<Value> {
        let changes = self.plan.operations().filter_map(|operation| match &operation.action {
            Action::Create(it) | Action::Update(it) if it.address == *address => {
                Some((operation, it))
            }
            _ => None,
        });
        let changes: Vec<_> = changes.collect();
        let found = changes.first().and_then(|(_, it)| it.prior.clone());
        let made = changes.iter().filter(|(operation, _)| self.was_done(operation));
        found.into_iter().chain(made.filter_map(|(_, it)| self.planned(it).ok())).collect()
    }
}

/// The arguments that nothing of the plan explains, beside what was last made of them. They are
/// taken one by one: a change that takes several calls may be half done.
fn foreign(schema: &TypeSchema, own: &[Value], found: &Value, planned: &Value) -> Vec<Difference> {
    let Some(last) = own.last() else { return Vec::new() };
    let foreign = schema.attributes.keys().filter(|name| {
        let mut explained = own.iter().chain([planned]);
        let is_so = |it: &Value| unlike(schema, &part(it, name), &part(found, name)).is_empty();
        !explained.any(is_so)
    });
    foreign
        .flat_map(|name| differences(Some(&part(last, name)), Some(&part(found, name))))
        .collect()
}
