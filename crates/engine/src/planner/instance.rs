//! One instance: refresh, arguments, proposal, decision.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::{Address, Mode};
use greenroom_model::identity::{Incarnation, Uid};
use greenroom_model::plan::{Drift, DriftSeen, ReplaceOrder, ReplaceReason};
use greenroom_model::schema::{Strength, TypeSchema};
use greenroom_model::state::{Remote, Status};
use greenroom_model::value::{Object, Path, Step, Value};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::expr::references;
use greenroom_spec::node::{Node, NodeKind};
use greenroom_spec::template::{Block, IgnoreChanges};

use super::asks::{DataAsk, ProposeAsk, ReadAsk, ReadSeen, Refined};
use super::decide::{Decision, New, replacement};
use super::{Asks, Link, Look, Planner, Refresh, Work, readable};
use crate::convert::convert_arguments;
use crate::diff;
use crate::world::{Frame, NodeId, place_in, reference_text, unknown};

/// A proposal that is out.
pub(super) struct Asking {
    instance: u32,
    new: Option<(Uid, Incarnation)>,
    /// Why a new object is wanted although there is one.
    replace: Option<ReplaceReason>,
    prior: Option<Value>,
}

impl Planner {
    /// Asks for everything that the state has.
    pub(super) fn refresh(&mut self) -> Asks {
        let mut asks = Asks::default();
        let Some(state) = self.input.state.clone() else { return asks };
        if self.input.refresh == Refresh::Skip || self.input.look == Look::SpecsOnly {
            return asks;
        }
        let desired = self.input.desired.clone();
        asks.reads.extend(readable(&state, &desired).map(|(address, remote)| ReadAsk {
            provider: remote.provider.clone(),
            address,
            uid: remote.uid.clone(),
            id: remote.id.clone(),
            attributes: remote.attributes.clone(),
            full: self.input.refresh == Refresh::Full || remote.status == Status::Incomplete,
        }));
        self.asked.refresh = true;
        asks
    }

    pub(super) fn take_read(&mut self, address: &Address, remote: &Remote, seen: ReadSeen) {
        let seen = self.marked(address, remote, seen);
        let drift = match &seen {
            ReadSeen::Present(attributes) => (!self.same(address, &remote.attributes, attributes))
                .then(|| DriftSeen::Changed { attributes: attributes.clone() }),
            ReadSeen::Broken { attributes, reason } => {
                (remote.status != Status::Failed).then(|| DriftSeen::Failed {
                    reason: reason.as_str().into(),
                    attributes: attributes.clone(),
                })
            }
            ReadSeen::Gone => Some(DriftSeen::Gone),
            ReadSeen::Unreadable(_) => None,
        };
        self.drift.extend(drift.map(|seen| Drift {
            address: address.clone(),
            uid: remote.uid.clone(),
            recorded: remote.attributes.clone(),
            seen,
        }));
        self.seen.insert(remote.uid.clone(), seen);
    }

    /// What was seen with the marks that are recorded.
    fn marked(&self, address: &Address, remote: &Remote, seen: ReadSeen) -> ReadSeen {
        let schema = self.input.schemas.of_block(&address.block).map(|it| it.schema);
        let mark = |seen: &Value| diff::marked_like(schema, address, seen, &remote.attributes);
        match seen {
            ReadSeen::Present(attributes) => ReadSeen::Present(mark(&attributes)),
            ReadSeen::Broken { attributes, reason } => {
                ReadSeen::Broken { attributes: mark(&attributes), reason }
            }
            seen @ (ReadSeen::Gone | ReadSeen::Unreadable(_)) => seen,
        }
    }

    fn same(&self, address: &Address, recorded: &Value, seen: &Value) -> bool {
        match self.input.schemas.of_block(&address.block) {
            Some(known) => diff::difference(known.schema, recorded, seen).changed.is_empty(),
            None => recorded == seen,
        }
    }

    /// Evaluates an instance's arguments and asks for what they make.
    pub(super) fn configure(&mut self, instance: u32, asks: &mut Asks) {
        let node = &self.world.instances[instance as usize];
        let (block, address) = (node.block, node.address.clone());
        let desired = self.world.desired.clone();
        let template = self.world.block_in(&desired, block);
        let schemas = self.input.schemas.clone();
        let Some(known) = schemas.of_block(&address.block) else {
            return self.wrong(instance);
        };
        let schema = known.schema;
        let Some(arguments) = self.arguments(instance, template, schema, asks) else { return };
        let mut mismatches = Vec::new();
        let config = convert_arguments(&arguments, &schema.attributes, &mut mismatches);
        for mismatch in &mismatches {
            let place = place_in(&template.arguments, &mismatch.path.0);
            self.diagnostics.push(
                Diagnostic::error(
                    "plan::wrong_type",
                    format!("`{}` of {}: {}", mismatch.path, address.block, mismatch.message),
                )
                .at(place, "this value"),
            );
        }
        if !mismatches.is_empty() {
            return self.wrong(instance);
        }
        self.items[instance as usize].config = config;
        match address.block.mode {
            Mode::Data => self.ask_data(instance, template, asks),
            Mode::Managed => self.ask_proposal(instance, template, schema, asks),
        }
    }

    /// The evaluated arguments, or `None` if the work waits. Records reads and triggers.
    fn arguments(
        &mut self,
        instance: u32,
        template: &Block,
        schema: &TypeSchema,
        asks: &mut Asks,
    ) -> Option<Object> {
        let node = &self.world.instances[instance as usize];
        let scope = self.world.blocks[node.block as usize].scope;
        let frame =
            Frame::new(&self.world, scope, Some(&node.each)).of_provider(&template.provider);
        let mut links: BTreeMap<u32, Link> = BTreeMap::new();
        let mut arguments = Object::new();
        // The template's own node, as the frame keeps references to it.
        let own = self.world.template_block(node.block);
        if let NodeKind::Table(entries) = &own.arguments.kind {
            for (name, entry) in entries {
                arguments.insert(name.clone(), frame.evaluate_filled(&entry.value));
                let attribute = schema.attributes.get(name);
                let link = Link {
                    needs: attribute.map_or(Strength::Complete, |it| it.needs),
                    holds: attribute.is_some_and(|it| it.holds),
                };
                for read in frame.take_reads() {
                    strengthen(&mut links, read, link);
                }
            }
        }
        // A value that is known says no more where it comes from.
        for read in &self.world.blocks[node.block as usize].repetition_reads {
            strengthen(&mut links, *read, Link { needs: Strength::Complete, holds: false });
        }
        let mut missing = BTreeMap::new();
        for dependency in &template.depends_on {
            let Some(block) = self.world.block_named(scope, &dependency.value) else { continue };
            if self.world.blocks[block as usize].expansion.is_none() {
                missing.insert(NodeId::Block(block), dependency.at);
            }
            for read in self.world.instances_of(block) {
                if self.world.instances[read as usize].planned.is_none() {
                    missing.insert(NodeId::Instance(read), dependency.at);
                }
                strengthen(&mut links, read, Link { needs: Strength::Complete, holds: false });
            }
        }
        for trigger in &own.lifecycle.replace_triggered_by {
            frame.evaluate(trigger);
        }
        // Made anew because of a change, it is made after that change.
        for read in frame.take_reads() {
            strengthen(&mut links, read, Link { needs: Strength::Complete, holds: false });
        }
        let record = frame.finish();
        missing.extend(record.missing);
        if !missing.is_empty() {
            self.wait(Work::Configure(instance), missing, asks);
            return None;
        }
        let triggers = self.triggers(scope, &template.lifecycle.replace_triggered_by);
        links.remove(&instance);
        let item = &mut self.items[instance as usize];
        item.reads = links;
        item.triggers = triggers;
        self.diagnostics.extend(record.diagnostics);
        Some(arguments)
    }

    /// Which of the references in `replace_triggered_by` lead to something that changes.
    fn triggers(&self, scope: u32, nodes: &[Node]) -> Vec<String> {
        let expressions = nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Expression(expression) => Some(&expression.expr),
            _ => None,
        });
        expressions
            .flat_map(|expr| references(expr))
            .filter(|reference| self.changes(scope, &reference.root, &reference.path))
            .map(|reference| reference_text(&reference))
            .collect()
    }

    fn changes(&self, scope: u32, root: &Arc<str>, path: &[Step]) -> bool {
        let [Step::Key(name), rest @ ..] = path else { return false };
        let block = greenroom_model::address::BlockName::managed(root.clone(), name.clone());
        let Some(block) = self.world.block_named(scope, &block) else { return false };
        let attribute = rest.iter().find_map(|step| match step {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        });
        self.world.instances_of(block).into_iter().any(|instance| {
            let Some(decision) = &self.items[instance as usize].decision else { return false };
            match (decision.changed(), attribute) {
                (None, _) => true,
                (Some(paths), None) => !paths.is_empty(),
                (Some(paths), Some(attribute)) => {
                    paths.iter().any(|path| path.0.first() == Some(&Step::Key(attribute.clone())))
                }
            }
        })
    }

    fn ask_data(&mut self, instance: u32, template: &Block, asks: &mut Asks) {
        let item = &self.items[instance as usize];
        let config = Value::from(item.config.clone());
        let depends_on_change = item.reads.keys().any(|read| {
            self.items[*read as usize].decision.as_ref().is_some_and(Decision::is_change)
        });
        let wait = config.has_pending()
            || (depends_on_change && !template.depends_on.is_empty())
            || self.input.look == Look::SpecsOnly;
        let address = self.world.instances[instance as usize].address.clone();
        if !wait {
            asks.data.push(DataAsk { provider: template.provider.clone(), address, config });
            self.asked.data.push(instance);
            return;
        }
        let Some(known) = self.input.schemas.of_block(&address.block) else {
            return self.wrong(instance);
        };
        let attributes = known.schema.attributes.keys().map(|name| {
            let given = config.get(name).filter(|it| !it.is_null()).cloned();
            (name.clone(), given.unwrap_or_else(|| diff::pending_attribute(&address, name)))
        });
        let attributes = Value::from(attributes.collect::<Object>());
        self.items[instance as usize].decision = Some(Decision::Read);
        self.planned(instance, attributes);
    }

    pub(super) fn take_data(&mut self, instance: u32, answer: Result<Value, String>) {
        match answer {
            Ok(attributes) => {
                self.items[instance as usize].decision = Some(Decision::Answered);
                self.planned(instance, attributes);
            }
            Err(why) => {
                let node = &self.world.instances[instance as usize];
                let block = self.world.template_block(node.block);
                self.diagnostics.push(
                    Diagnostic::error("plan::data", format!("{}: {why}", node.address))
                        .at(block.at, "asked for here"),
                );
                self.wrong(instance);
            }
        }
    }

    fn ask_proposal(
        &mut self,
        instance: u32,
        template: &Block,
        schema: &TypeSchema,
        asks: &mut Asks,
    ) {
        let address = self.world.instances[instance as usize].address.clone();
        let prior = self
            .remote(&address)
            .map(|remote| (remote.uid.clone(), remote.status, remote.attributes.clone()));
        let Some((uid, status, recorded)) = prior else {
            return self.ask_new(instance, template, schema, None, asks);
        };
        let (prior, reason) = match self.seen.get(&uid) {
            Some(ReadSeen::Gone) => return self.ask_new(instance, template, schema, None, asks),
            Some(ReadSeen::Broken { attributes, reason }) => {
                (attributes.clone(), Some(ReplaceReason::Failed(reason.as_str().into())))
            }
            Some(ReadSeen::Present(attributes)) => (attributes.clone(), None),
            Some(ReadSeen::Unreadable(_)) | None => (recorded, None),
        };
        let failed =
            status == Status::Failed && !matches!(self.seen.get(&uid), Some(ReadSeen::Present(_)));
        let triggered = self.items[instance as usize].triggers.first();
        let reason = reason
            .or_else(|| failed.then(|| ReplaceReason::Failed("it failed while it was made".into())))
            .or_else(|| triggered.map(|by| ReplaceReason::Triggered(by.as_str().into())));
        if let Some(reason) = reason {
            return self.ask_new(instance, template, schema, Some((reason, prior)), asks);
        }
        let prior = match status {
            Status::Incomplete => diff::without_unknown(schema, &prior),
            _ => prior,
        };
        let config = &self.items[instance as usize].config;
        let config = match &template.lifecycle.ignore_changes {
            IgnoreChanges::None => config.clone(),
            IgnoreChanges::Paths(paths) => diff::ignoring(config, &prior, paths),
            IgnoreChanges::All => {
                let paths: Vec<Path> = schema
                    .attributes
                    .keys()
                    .map(|name| Path(vec![Step::Key(name.clone())]))
                    .collect();
                diff::ignoring(config, &prior, &paths)
            }
        };
        let planned = diff::propose(schema, &address, &uid, Some(&prior), &config);
        asks.proposals.push(ProposeAsk {
            provider: template.provider.clone(),
            address,
            uid,
            prior: Some(prior.clone()),
            config: Value::from(config),
            planned,
        });
        self.asked.proposals.push(Asking {
            instance,
            new: None,
            replace: None,
            prior: Some(prior),
        });
    }

    /// Asks what a new object would be, at an empty address or in place of another.
    fn ask_new(
        &mut self,
        instance: u32,
        template: &Block,
        schema: &TypeSchema,
        replace: Option<(ReplaceReason, Value)>,
        asks: &mut Asks,
    ) {
        let address = self.world.instances[instance as usize].address.clone();
        let spent = self
            .input
            .state
            .as_deref()
            .and_then(|state| state.instance(&address))
            .map_or(Incarnation(0), |it| it.incarnation);
        let incarnation = spent.next();
        let uid = Uid::derive(&self.input.lineage, &address, incarnation);
        let config = self.items[instance as usize].config.clone();
        let planned = diff::propose(schema, &address, &uid, None, &config);
        asks.proposals.push(ProposeAsk {
            provider: template.provider.clone(),
            address,
            uid: uid.clone(),
            prior: None,
            config: Value::from(config),
            planned,
        });
        let (replace, prior) = replace.unzip();
        self.asked.proposals.push(Asking {
            instance,
            new: Some((uid, incarnation)),
            replace,
            prior,
        });
    }

    pub(super) fn take_proposal(&mut self, asking: Asking, refined: Refined) {
        let Asking { instance, new, replace, prior } = asking;
        self.report_wrong(instance, &refined.wrong);
        let node = &self.world.instances[instance as usize];
        let template = self.world.template_block(node.block);
        if !refined.wrong.is_empty() {
            return self.wrong(instance);
        }
        let decision = match (new, replace) {
            (Some((uid, incarnation)), None) => {
                Decision::Create(New { uid, incarnation, planned: refined.planned.clone() })
            }
            (Some((uid, incarnation)), Some(reason)) => Decision::Replace {
                new: New { uid, incarnation, planned: refined.planned.clone() },
                reason,
                order: if template
                    .lifecycle
                    .create_before_destroy
                    .as_ref()
                    .is_some_and(|it| it.value)
                {
                    ReplaceOrder::CreateFirst
                } else {
                    ReplaceOrder::DestroyFirst
                },
            },
            (None, _) => {
                let prior = prior.unwrap_or_default();
                match self.change(instance, &prior, &refined) {
                    Some(decision) => decision,
                    None => return,
                }
            }
        };
        self.items[instance as usize].decision = Some(decision);
        self.planned(instance, refined.planned);
    }

    /// What a proposal for an object that is there means; `None` if a new one is asked for.
    fn change(&mut self, instance: u32, prior: &Value, refined: &Refined) -> Option<Decision> {
        let node = &self.world.instances[instance as usize];
        let address = node.address.clone();
        let schemas = self.input.schemas.clone();
        let schema = schemas.of_block(&address.block)?.schema;
        let incomplete = self.remote(&address).is_some_and(|it| it.status == Status::Incomplete);
        let found = diff::difference(schema, prior, &refined.planned);
        // What only the provider can still tell is no change that anybody asks for; a known value
        // is, also of an attribute that no configuration gives: so a provider plans repairs.
        let is_asked_for = |path: &Path| match path.0.first() {
            Some(Step::Key(name)) => {
                let is_open =
                    refined.planned.get(name) == Some(&diff::pending_attribute(&address, name));
                // What is missing of an object that nobody has seen ready is not known to differ:
                // it may be set in place, but it is no reason to replace the object.
                let is_unseen = incomplete && prior.get(name).is_none();
                !(is_open || (is_unseen && found.takes_a_new_object(path)))
            }
            _ => false,
        };
        if let Some(reason) = replacement(&found, &refined.replace, is_asked_for) {
            let desired = self.world.desired.clone();
            let template = self.world.block_in(&desired, node.block);
            let mut asks = Asks::default();
            self.ask_new(instance, template, schema, Some((reason, prior.clone())), &mut asks);
            self.later.proposals.append(&mut asks.proposals);
            return None;
        }
        Some(if found.changed.iter().any(is_asked_for) {
            Decision::Update { planned: refined.planned.clone(), changed: found.changed }
        } else if incomplete {
            Decision::Complete
        } else {
            Decision::Keep
        })
    }

    /// Takes an instance out of planning; whoever reads it goes on with something pending.
    fn wrong(&mut self, instance: u32) {
        self.items[instance as usize].decision = Some(Decision::Wrong);
        self.planned(instance, unknown());
    }
}

fn strengthen(links: &mut BTreeMap<u32, Link>, read: u32, link: Link) {
    links
        .entry(read)
        .and_modify(|it| {
            it.needs = it.needs.max(link.needs);
            it.holds |= link.holds;
        })
        .or_insert(link);
}
