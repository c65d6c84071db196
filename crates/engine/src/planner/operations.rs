//! From decisions to operations.

mod edges;
mod lifecycle;

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_model::journal::Handle;
use greenroom_model::plan::{
    Action, Asked, Change, Expectation, Next, Operation, OperationKind, Phase, Plan, PlannedOutput,
    Purpose, Removal, RemovalReason, ReplaceOrder, Replacement,
};
use greenroom_model::state::{Remote, Status};
use greenroom_model::value::Value;
use greenroom_spec::diagnostic::Diagnostic;

use super::decide::{Decision, New};
use super::{AskGates, Planner, ReadSeen, is_left};
use crate::diff;
use crate::graph::{self, Draft};
use crate::world::{Frame, index};

/// The name of a plain plan's only phase with effects.
pub(crate) const APPLY_PHASE: &str = "apply";
/// The name of the phase that asks the gates.
pub(crate) const GATES_PHASE: &str = "gates";

/// Outputs by scope.
pub(super) type Outputs = BTreeMap<Scope, BTreeMap<Arc<str>, PlannedOutput>>;

impl Planner {
    /// Every scope's outputs, with what they were.
    pub(super) fn outputs(&mut self) -> Outputs {
        let mut outputs = Outputs::new();
        let mut diagnostics = Vec::new();
        for (number, scope) in self.world.scopes.iter().enumerate() {
            if self.is_left(&scope.scope) {
                continue;
            }
            let prior = self.input.state.as_deref().and_then(|it| it.scopes.get(&scope.scope));
            let template = &self.world.desired.scopes[&scope.scope].template;
            // A local that nothing reads may be wrong all the same.
            let locals =
                template.locals.keys().filter_map(|name| self.world.local(index(number), name));
            diagnostics.extend(locals.flat_map(|it| it.diagnostics));
            let names = template.outputs.keys();
            let planned = names.filter_map(|name| {
                let evaluated = self.world.output(index(number), name)?;
                diagnostics.extend(evaluated.diagnostics);
                let prior = prior.and_then(|it| it.outputs.get(name)).cloned();
                Some((name.clone(), PlannedOutput { value: evaluated.value.0, prior }))
            });
            let mut planned: BTreeMap<_, _> = planned.collect();
            // One that is wanted no longer goes; one that is null is not kept in the first place.
            for (name, value) in prior.into_iter().flat_map(|it| &it.outputs) {
                let gone = PlannedOutput { value: Value::Null, prior: Some(value.clone()) };
                planned.entry(name.clone()).or_insert(gone);
            }
            planned.retain(|_, it| it.prior.is_some() || !it.value.is_null());
            outputs.insert(scope.scope.clone(), planned);
        }
        self.diagnostics.extend(diagnostics);
        outputs
    }

    /// The plan, or `None` if building it found mistakes.
    pub(super) fn build(&mut self, outputs: Outputs) -> Option<Plan> {
        self.order_replacements();
        let operations = self.operations()?;
        let desired = self.world.desired.clone();
        let inputs =
            desired.scopes.iter().map(|(scope, it)| (scope.clone(), it.inputs())).collect();
        let mut plan = Plan {
            project: desired.project.clone(),
            stage: desired.stage.clone(),
            environment: desired.environment.clone(),
            lineage: self.input.lineage.clone(),
            purpose: Purpose::Apply,
            inputs,
            versions: self.versions(),
            drift: std::mem::take(&mut self.drift),
            lifecycles: self.lifecycles(),
            phases: Vec::new(),
            outputs,
        };
        if !operations.is_empty() || self.input.gates == AskGates::Always {
            let gates = self.gates();
            plan.phases = phases(operations, gates);
        }
        Some(plan)
    }

    /// The operations in an order that fits. Where replacements that destroy first wait for each
    /// other through something else, they are turned round.
    fn operations(&mut self) -> Option<Vec<Operation>> {
        loop {
            let mut drafts = self.desired_operations();
            drafts.extend(self.removals());
            if self.has_errors() {
                return None;
            }
            self.connect(&mut drafts);
            match graph::finish(drafts, APPLY_PHASE) {
                Ok(operations) => return Some(operations),
                Err(circle) if self.turn_round(&circle.deleted) => {}
                Err(circle) => {
                    let path = circle.names.join(" → ");
                    self.diagnostics.push(
                        Diagnostic::error("plan::order", format!("no order fits these operations: {path}"))
                            .help("apply part of the change first, for example with one of them left as it was"),
                    );
                    return None;
                }
            }
        }
    }

    fn versions(&self) -> BTreeMap<Address, greenroom_model::identity::Sequence> {
        let Some(state) = self.input.state.as_deref() else { return BTreeMap::new() };
        state
            .instances()
            .filter_map(|(address, it)| it.current.as_ref().map(|remote| (address, remote.version)))
            .collect()
    }

    /// Creates, updates, replacements and reads of what is wanted.
    fn desired_operations(&mut self) -> Vec<Draft> {
        let mut drafts = Vec::new();
        let mut protected = Vec::new();
        for (number, item) in (0u32..).zip(&self.items) {
            if item.decision.as_ref().is_none_or(Decision::is_idle) {
                continue;
            }
            let address = self.world.instances[number as usize].address.clone();
            if self.is_left(&address.scope) {
                continue;
            }
            let remote = self.remote(&address);
            match &item.decision {
                Some(Decision::Create(new)) => {
                    drafts.push(self.create(number, new, None));
                }
                Some(Decision::Update { planned, .. }) => {
                    // Who was not seen ready is waited for first: an update proves nothing.
                    let waited = remote.filter(|it| it.status == Status::Incomplete);
                    drafts.extend(waited.map(|it| completion(&address, it)));
                    drafts.push(self.update(number, planned.clone()));
                }
                Some(Decision::Replace { new, reason, order }) => {
                    let Some(old) = remote else { continue };
                    if self.is_protected(number) {
                        protected.push(address.clone());
                    }
                    let replacement =
                        Replacement { order: *order, reason: reason.clone(), old: old.uid.clone() };
                    let create = self.create(number, new, Some(replacement));
                    let config = Value::from(item.config.clone());
                    let why = RemovalReason::Replaced { reason: reason.clone(), config };
                    let kind = match order {
                        ReplaceOrder::DestroyFirst => OperationKind::Delete,
                        _ => OperationKind::DeleteDeposed,
                    };
                    drafts.push(self.delete(&address, old, kind, why));
                    drafts.push(create);
                }
                Some(Decision::Complete) => {
                    drafts.extend(remote.map(|it| completion(&address, it)));
                }
                Some(Decision::Read) => {
                    let block =
                        self.world.template_block(self.world.instances[number as usize].block);
                    let action = Action::Read {
                        address: address.clone(),
                        provider: block.provider.clone(),
                        config: Value::from(item.config.clone()),
                    };
                    drafts.push(Draft::new(
                        OperationKind::Read,
                        &address,
                        action,
                        Expectation::Nothing,
                    ));
                }
                Some(Decision::Keep | Decision::Answered | Decision::Wrong) | None => {}
            }
        }
        for address in protected {
            self.report_protected(&address, "replaced");
        }
        drafts
    }

    fn is_left(&self, scope: &Scope) -> bool {
        is_left(&self.world.desired, scope)
    }

    fn is_protected(&self, instance: u32) -> bool {
        let block = self.world.instances[instance as usize].block;
        self.world.template_block(block).lifecycle.prevent_destroy
    }

    fn report_protected(&mut self, address: &Address, what: &str) {
        self.diagnostics.push(
            Diagnostic::error(
                "plan::prevent_destroy",
                format!("{address} would be {what}, but `prevent_destroy` is set"),
            )
            .help("nothing was changed; remove `prevent_destroy` if it may go"),
        );
    }

    fn create(&self, instance: u32, new: &New, replaces: Option<Replacement>) -> Draft {
        let node = &self.world.instances[instance as usize];
        let block = self.world.template_block(node.block);
        let prior = replaces.as_ref().and_then(|_| self.remote(&node.address));
        let change = Change {
            address: node.address.clone(),
            uid: new.uid.clone(),
            incarnation: new.incarnation,
            provider: block.provider.clone(),
            config: Value::from(self.items[instance as usize].config.clone()),
            planned: new.planned.clone(),
            prior: prior.map(|it| self.attributes_now(it)),
            replaces,
            lifecycle: self.lifecycle(instance),
            handle: Handle { token: new.uid.0.clone(), natural_key: None },
            timeout: block.timeouts.get("create").copied(),
        };
        let action = Action::Create(Box::new(change));
        Draft::new(OperationKind::Create, &node.address, action, Expectation::Nothing)
    }

    fn update(&self, instance: u32, planned: Value) -> Draft {
        let node = &self.world.instances[instance as usize];
        let block = self.world.template_block(node.block);
        let remote = self.remote(&node.address).expect("an update has an object");
        let incarnation = self
            .input
            .state
            .as_deref()
            .and_then(|state| state.instance(&node.address))
            .map(|it| it.incarnation)
            .unwrap_or_default();
        let change = Change {
            address: node.address.clone(),
            uid: remote.uid.clone(),
            incarnation,
            provider: block.provider.clone(),
            config: Value::from(self.items[instance as usize].config.clone()),
            // What was found after an interruption came without marks.
            prior: Some(diff::marked_like(
                None,
                &node.address,
                &self.attributes_now(remote),
                &planned,
            )),
            planned,
            replaces: None,
            lifecycle: self.lifecycle(instance),
            handle: Handle { token: remote.uid.0.clone(), natural_key: None },
            timeout: block.timeouts.get("update").copied(),
        };
        let expects = Expectation::Version(remote.version);
        let action = Action::Update(Box::new(change));
        Draft::new(OperationKind::Update, &node.address, action, expects)
    }

    /// An object's attributes as the refresh saw them, else as recorded.
    fn attributes_now(&self, remote: &Remote) -> Value {
        match self.seen.get(&remote.uid) {
            Some(ReadSeen::Present(attributes) | ReadSeen::Broken { attributes, .. }) => {
                attributes.clone()
            }
            _ => remote.attributes.clone(),
        }
    }

    fn delete(
        &self,
        address: &Address,
        remote: &Remote,
        kind: OperationKind,
        reason: RemovalReason,
    ) -> Draft {
        let block = self
            .world
            .scopes
            .iter()
            .position(|it| it.scope == address.scope)
            .and_then(|scope| self.world.block_named(index(scope), &address.block));
        let timeout = block
            .and_then(|block| self.world.template_block(block).timeouts.get("delete").copied());
        removal_draft(address, remote, kind, reason, self.attributes_now(remote), timeout)
    }

    /// Deletes of what is no longer wanted, and of what was left behind.
    fn removals(&mut self) -> Vec<Draft> {
        let Some(state) = self.input.state.clone() else { return Vec::new() };
        let wanted: std::collections::HashSet<&Address> =
            self.world.instances.iter().map(|it| &it.address).collect();
        let mut drafts = Vec::new();
        let mut protected = Vec::new();
        for (address, instance) in state.instances().filter(|(it, _)| !self.is_left(&it.scope)) {
            for remote in &instance.deposed {
                let why = RemovalReason::Deposed;
                drafts.push(self.delete(&address, remote, OperationKind::DeleteDeposed, why));
            }
            let Some(remote) = &instance.current else { continue };
            if remote.status == Status::Deleting {
                let why = RemovalReason::NotConfigured;
                drafts.push(self.delete(&address, remote, OperationKind::DeleteDeposed, why));
            } else if !wanted.contains(&address)
                && self.seen.get(&remote.uid) != Some(&ReadSeen::Gone)
            {
                if remote.prevent_destroy {
                    protected.push(address.clone());
                }
                let why = RemovalReason::NotConfigured;
                drafts.push(self.delete(&address, remote, OperationKind::Delete, why));
            }
        }
        for address in protected {
            self.report_protected(&address, "deleted");
        }
        drafts
    }

    /// The gates of all environments. Only who always asks has traffic for those that need some,
    /// and promotes, which hooks are for.
    fn gates(&mut self) -> Vec<Draft> {
        let mut asks = Vec::new();
        let (mut drafts, mut diagnostics) = (Vec::new(), Vec::new());
        let all = self.input.gates == AskGates::Always;
        for (number, scope) in self.world.scopes.iter().enumerate() {
            let template = &self.world.desired.scopes[&scope.scope].template;
            for (name, block) in
                template.gates.iter().filter(|(_, it)| all || !it.gate.probe.needs_traffic())
            {
                asks.push((number, scope, name.clone(), block, Asked::Once));
            }
            let hooks = template.hooks.iter().filter(|_| all);
            for (hook, block) in hooks {
                asks.push((number, scope, hook.as_str().into(), block, Asked::Hook));
            }
        }
        for (number, scope, name, block, asked) in asks {
            let frame = Frame::new(&self.world, index(number), None);
            let gate = block.gate.map(|node| frame.evaluate_filled(node));
            diagnostics.extend(frame.finish().diagnostics);
            let kind = if asked == Asked::Hook { OperationKind::Hook } else { OperationKind::Gate };
            let action = Action::Gate {
                scope: scope.scope.clone(),
                name: name.clone(),
                gate: Box::new(gate),
                asked,
            };
            drafts.push(Draft::named(kind, &scope.scope, &name, action));
        }
        self.diagnostics.extend(diagnostics);
        drafts
    }
}

/// The operation that waits until an object is ready.
fn completion(address: &Address, remote: &Remote) -> Draft {
    let action = Action::Complete { address: address.clone(), uid: remote.uid.clone() };
    let expects = Expectation::Version(remote.version);
    Draft::new(OperationKind::Complete, address, action, expects)
}

/// The operation that deletes an object.
pub(crate) fn removal_draft(
    address: &Address,
    remote: &Remote,
    kind: OperationKind,
    reason: RemovalReason,
    prior: Value,
    timeout: Option<std::time::Duration>,
) -> Draft {
    let removal = Removal {
        address: address.clone(),
        uid: remote.uid.clone(),
        id: remote.id.clone(),
        provider: remote.provider.clone(),
        prior,
        status: remote.status,
        deposed: kind == OperationKind::DeleteDeposed,
        reason,
        timeout,
    };
    let expects = Expectation::Version(remote.version);
    Draft::new(kind, address, Action::Delete(Box::new(removal)), expects)
}

/// One phase for the effects, and one for the gates if there are any.
fn phases(operations: Vec<Operation>, gates: Vec<Draft>) -> Vec<Phase> {
    let gates = graph::finish(gates, GATES_PHASE).expect("gates need nothing");
    let after = if gates.is_empty() { Next::Done } else { Next::Phase(GATES_PHASE.into()) };
    let mut phases =
        vec![Phase { name: APPLY_PHASE.into(), operations, on_pass: after, on_fail: Next::Halt }];
    if !gates.is_empty() {
        phases.push(Phase {
            name: GATES_PHASE.into(),
            operations: gates,
            on_pass: Next::Done,
            on_fail: Next::Halt,
        });
    }
    phases
}
