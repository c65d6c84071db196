//! One phase of a promotion while it is put together.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::gate::Gate;
use greenroom_model::plan::{
    Action, Asked, Need, Next, Operation, OperationId, OperationKind, Phase, PhaseName, Plan, Wait,
};
use greenroom_model::roster::Mark;
use greenroom_model::schema::Strength;
use greenroom_model::value::Value;

/// A gate with the scope that declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct GateAsk {
    /// Front or environment.
    pub scope: Scope,
    /// Its name.
    pub name: Arc<str>,
    /// What it asks.
    pub gate: Box<Gate<Value>>,
}

/// A phase in the making; positions are those of its operations.
pub(super) struct PhaseDraft {
    name: PhaseName,
    operations: Vec<Operation>,
}

impl PhaseDraft {
    /// A phase that begins with a mark.
    pub(super) fn marked(name: impl Into<PhaseName>, mark: Mark) -> PhaseDraft {
        let mut draft = PhaseDraft { name: name.into(), operations: Vec::new() };
        draft.mark("begins", mark, &[]);
        draft
    }

    /// Adds a mark that waits for these operations.
    pub(super) fn mark(&mut self, subject: &str, mark: Mark, after: &[u32]) -> u32 {
        self.push(OperationKind::Mark, subject, Action::Mark(Box::new(mark)), after)
    }

    /// Adds the operations of another plan for which `wanted` says so, behind `after`, and returns
    /// their positions.
    pub(super) fn graft(
        &mut self,
        plan: &Plan,
        wanted: impl Fn(&Operation) -> bool,
        after: u32,
    ) -> Vec<u32> {
        let mut positions = Vec::new();
        for phase in plan.phases.iter().filter(|it| !it.asks_gates()) {
            let mut moved: Vec<Option<u32>> = vec![None; phase.operations.len()];
            for (number, operation) in phase.operations.iter().enumerate() {
                if wanted(operation) {
                    let position = self.next();
                    moved[number] = Some(position);
                    positions.push(position);
                    self.operations.push(operation.clone());
                }
            }
            for (number, operation) in phase.operations.iter().enumerate() {
                let Some(position) = moved[number] else { continue };
                let needs = operation.needs.iter().filter_map(|need| {
                    Some(Need { operation: moved[need.operation as usize]?, until: need.until })
                });
                let needs: Vec<Need> = needs.chain([complete(after)]).collect();
                let grafted = &mut self.operations[position as usize];
                grafted.needs = needs;
                grafted.id.phase = self.name.clone();
            }
        }
        positions
    }

    /// Lets what is removed for good wait for whatever those of its block wait for that stay: so they
    /// are ready at the same time, and can go together.
    pub(super) fn remove_with_others(&mut self, changes: &[u32]) {
        let action = |it: u32| &self.operations[it as usize].action;
        let (removed, made): (Vec<u32>, Vec<u32>) =
            changes.iter().partition(|it| matches!(action(**it), Action::Delete(_)));
        let is_made_anew =
            |removed: u32| made.iter().any(|it| action(*it).address() == action(removed).address());
        let block = |it: u32| action(it).address().map(|it| it.block.clone());
        let pairs = removed.iter().filter(|it| !is_made_anew(**it)).flat_map(|removed| {
            let others = made.iter().filter(|it| block(**it) == block(*removed));
            others.map(|other| (*removed, *other))
        });
        let pairs: Vec<(u32, u32)> = pairs.collect();
        for (removed, other) in pairs {
            for need in self.operations[other as usize].needs.clone() {
                let is_its = need.operation == removed || self.needs(need.operation, removed);
                let needs = &mut self.operations[removed as usize].needs;
                if !is_its && !needs.contains(&need) {
                    needs.push(need);
                }
            }
        }
    }

    /// Whether an operation waits for another one, however indirectly.
    fn needs(&self, operation: u32, needed: u32) -> bool {
        let (mut open, mut seen) = (vec![operation], BTreeSet::new());
        while let Some(at) = open.pop() {
            let needs = self.operations[at as usize].needs.iter().map(|it| it.operation);
            open.extend(needs.filter(|it| seen.insert(*it)));
        }
        seen.contains(&needed)
    }

    /// Adds a look, for each of these changes of the front, at whether it holds.
    pub(super) fn verify(&mut self, changes: &[u32]) -> Vec<u32> {
        let mut positions = Vec::new();
        for change in changes {
            let operation = &self.operations[*change as usize];
            let (Action::Create(it) | Action::Update(it)) = &operation.action else { continue };
            if !it.address.scope.is_front() {
                continue;
            }
            let (address, expected) = (it.address.clone(), it.planned.clone());
            positions.push(self.look(address, expected, *change));
        }
        positions
    }

    /// Adds a look at whether an object is so.
    pub(super) fn look(&mut self, address: Address, expected: Value, after: u32) -> u32 {
        let subject = address.to_string();
        self.push(OperationKind::Verify, &subject, Action::Verify { address, expected }, &[after])
    }

    /// Adds a wait.
    pub(super) fn wait(&mut self, subject: &str, wait: Wait, after: u32) {
        self.push(OperationKind::Wait, subject, Action::Wait(wait), &[after]);
    }

    /// Adds gates and returns their positions.
    pub(super) fn gates<'g>(
        &mut self,
        gates: impl IntoIterator<Item = &'g GateAsk>,
        asked: Asked,
        after: &[u32],
    ) -> Vec<u32> {
        let gates = gates.into_iter();
        gates.map(|it| self.ask(it, OperationKind::Gate, asked, after)).collect()
    }

    /// Adds hooks, each behind the one before, and returns the position of the last.
    pub(super) fn hooks<'g>(
        &mut self,
        hooks: impl IntoIterator<Item = &'g GateAsk>,
        after: &[u32],
    ) -> Option<u32> {
        let mut last = None;
        for hook in hooks {
            let before = last.map_or_else(|| after.to_vec(), |it| vec![it]);
            last = Some(self.ask(hook, OperationKind::Hook, Asked::Hook, &before));
        }
        last
    }

    fn ask(&mut self, ask: &GateAsk, kind: OperationKind, asked: Asked, after: &[u32]) -> u32 {
        let GateAsk { scope, name, gate } = ask.clone();
        let subject = format!("{scope}/{name}");
        self.push(kind, &subject, Action::Gate { scope, name, gate, asked }, after)
    }

    /// The position of the first operation.
    pub(super) const BEGIN: u32 = 0;

    /// The phase.
    pub(super) fn finish(self, on_pass: Next, on_fail: Next) -> Phase {
        Phase { name: self.name, operations: self.operations, on_pass, on_fail }
    }

    fn push(&mut self, kind: OperationKind, subject: &str, action: Action, after: &[u32]) -> u32 {
        let position = self.next();
        self.operations.push(Operation {
            id: OperationId { phase: self.name.clone(), kind, subject: subject.into() },
            action,
            needs: after.iter().map(|it| complete(*it)).collect(),
            expects: greenroom_model::plan::Expectation::Nothing,
        });
        position
    }

    fn next(&self) -> u32 {
        u32::try_from(self.operations.len()).expect("fewer operations than u32 can count")
    }
}

fn complete(operation: u32) -> Need {
    Need { operation, until: Strength::Complete }
}
