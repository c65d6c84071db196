//! Answering the planner: its questions, batched by provider.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use greenroom_engine::desired::Desired;
use greenroom_engine::planner::{
    Answers, Asks, CheckAsk, DataAsk, ProposeAsk, ReadAsk, ReadSeen, Refined, WrongArgument,
};
use greenroom_model::address::{Address, Scope};
use greenroom_model::identity::Owner;
use greenroom_model::state::State;
use greenroom_model::value::{Object as Settings, Value};
use greenroom_provider::{
    CheckRequest, DataRequest, Failure, Object, Proposal, ProposeRequest, Provider, ReadAnswer,
    ReadDepth, ReadRequest,
};

use crate::event::{Event, Observer};
use crate::files::ProjectFiles;
use crate::providers::Providers;
use crate::session::owner;

/// Where answers come from.
pub(crate) struct Answerer<'a> {
    pub(crate) providers: &'a Providers,
    pub(crate) desired: &'a Desired,
    pub(crate) state: Option<&'a State>,
    pub(crate) files: &'a ProjectFiles,
    pub(crate) observer: &'a dyn Observer,
}

/// Positions of the questions that one provider answers.
type Group = (Scope, Arc<str>);

impl Answerer<'_> {
    pub(crate) async fn answer(&self, asks: Asks) -> Answers {
        let Asks { reads, data, proposals, checks, files, file_list } = asks;
        Answers {
            reads: self.reads(reads).await,
            data: self.data(data).await,
            proposals: self.proposals(proposals).await,
            checks: self.checks(checks).await,
            files: files
                .into_iter()
                .map(|path| {
                    let content = self.files.read(&path);
                    (path, content)
                })
                .collect(),
            file_list: file_list.then(|| self.files.list()),
        }
    }

    /// Settings of a provider configuration: as wanted now, else as the state remembers them.
    fn settings(&self, group: &Group) -> Option<&Settings> {
        let (scope, configuration) = group;
        let wanted = self.desired.scopes.get(scope).and_then(|it| it.providers.get(configuration));
        let recorded = || self.state?.scopes.get(scope)?.inputs.providers.get(configuration);
        wanted.or_else(recorded)
    }

    async fn provider(&self, group: &Group) -> Result<Arc<dyn Provider>, Failure> {
        self.providers.get(&group.1, self.settings(group)).await
    }

    async fn reads(&self, asks: Vec<ReadAsk>) -> Vec<ReadSeen> {
        let Some(state) = self.state.filter(|_| !asks.is_empty()) else { return Vec::new() };
        let (objects, started) = (asks.len(), Instant::now());
        self.observer.observe(&Event::Refreshing { objects });
        let mut seen: Vec<Option<ReadSeen>> = vec![None; objects];
        let groups = grouped(&asks, |ask| (&ask.address, &ask.provider));
        let mut asks: Vec<Option<ReadAsk>> = asks.into_iter().map(Some).collect();
        for (group, positions) in groups {
            let owner = owner(state, &group.0);
            let requests = positions
                .iter()
                .filter_map(|at| asks[*at].take())
                .map(|ask| read_request(ask, &owner))
                .collect();
            let answers = match self.provider(&group).await {
                Ok(provider) => provider.read(requests).await,
                Err(failure) => positions.iter().map(|_| Err(failure.clone())).collect(),
            };
            for (at, answer) in positions.into_iter().zip(answers) {
                seen[at] = Some(read_seen(answer));
            }
        }
        self.observer.observe(&Event::Refreshed { objects, elapsed: started.elapsed() });
        let missing = || ReadSeen::Unreadable("the provider gave no answer".to_owned());
        seen.into_iter().map(|it| it.unwrap_or_else(missing)).collect()
    }

    async fn data(&self, asks: Vec<DataAsk>) -> Vec<Result<Value, String>> {
        let mut answers: Vec<Result<Value, String>> =
            vec![Err("the provider gave no answer".to_owned()); asks.len()];
        for (group, positions) in grouped(&asks, |ask| (&ask.address, &ask.provider)) {
            let requests = positions
                .iter()
                .map(|at| DataRequest {
                    kind: asks[*at].address.block.kind.clone(),
                    address: asks[*at].address.clone(),
                    config: asks[*at].config.clone(),
                })
                .collect();
            let found = match self.provider(&group).await {
                Ok(provider) => provider.read_data(requests).await,
                Err(failure) => positions.iter().map(|_| Err(failure.clone())).collect(),
            };
            for (at, answer) in positions.into_iter().zip(found) {
                answers[at] = answer.map_err(|failure| explain(&failure));
            }
        }
        answers
    }

    async fn proposals(&self, asks: Vec<ProposeAsk>) -> Vec<Refined> {
        let groups = grouped(&asks, |ask| (&ask.address, &ask.provider));
        let mut refined: Vec<Option<Refined>> = asks.iter().map(|_| None).collect();
        let mut asks: Vec<Option<ProposeAsk>> = asks.into_iter().map(Some).collect();
        for (group, positions) in groups {
            let requests: Vec<ProposeRequest> =
                positions.iter().filter_map(|at| asks[*at].take()).map(propose_request).collect();
            let answers = match self.provider(&group).await {
                Ok(provider) => provider.propose(requests),
                Err(failure) => requests.into_iter().map(|it| refused(it, &failure)).collect(),
            };
            for (at, answer) in positions.into_iter().zip(answers) {
                refined[at] = Some(refined_of(answer));
            }
        }
        refined.into_iter().map(|it| it.unwrap_or_else(no_answer)).collect()
    }

    async fn checks(&self, asks: Vec<CheckAsk>) -> Vec<Vec<WrongArgument>> {
        let mut wrong: Vec<Vec<WrongArgument>> = asks.iter().map(|_| Vec::new()).collect();
        for (group, positions) in grouped(&asks, |ask| (&ask.address, &ask.provider)) {
            // A provider that cannot be set up says so when it is asked for proposals.
            let Ok(provider) = self.provider(&group).await else { continue };
            let request = |at: &usize| CheckRequest {
                kind: asks[*at].address.block.kind.clone(),
                address: asks[*at].address.clone(),
                planned: asks[*at].planned.clone(),
            };
            let requests: Vec<CheckRequest> = positions.iter().map(request).collect();
            for (at, found) in positions.into_iter().zip(provider.check(&requests)) {
                wrong[at] = found.into_iter().map(wrong_argument).collect();
            }
        }
        wrong
    }
}

/// The positions of questions by who answers them.
fn grouped<'a, T>(
    asks: &'a [T],
    key: impl Fn(&'a T) -> (&'a Address, &'a Arc<str>),
) -> BTreeMap<Group, Vec<usize>> {
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    let mut last: Option<(Group, Vec<usize>)> = None;
    for (at, ask) in asks.iter().enumerate() {
        let (address, provider) = key(ask);
        match &mut last {
            // Neighbours mostly share their provider.
            Some(((scope, name), positions)) if *scope == address.scope && name == provider => {
                positions.push(at);
            }
            _ => {
                if let Some((group, positions)) = last.take() {
                    groups.entry(group).or_default().extend(positions);
                }
                last = Some(((address.scope.clone(), provider.clone()), vec![at]));
            }
        }
    }
    if let Some((group, positions)) = last {
        groups.entry(group).or_default().extend(positions);
    }
    groups
}

fn read_request(ask: ReadAsk, owner: &Arc<Owner>) -> ReadRequest {
    ReadRequest {
        depth: if ask.full { ReadDepth::Full } else { ReadDepth::Bulk },
        object: Object {
            kind: ask.address.block.kind.clone(),
            address: ask.address,
            uid: ask.uid,
            id: ask.id,
            attributes: ask.attributes,
            owner: owner.clone(),
            timeout: None,
        },
    }
}

fn read_seen(answer: Result<ReadAnswer, Failure>) -> ReadSeen {
    match answer {
        Ok(ReadAnswer::Present(attributes)) => ReadSeen::Present(attributes),
        Ok(ReadAnswer::Broken { attributes, reason }) => ReadSeen::Broken { attributes, reason },
        Ok(ReadAnswer::Gone) => ReadSeen::Gone,
        Err(failure) => ReadSeen::Unreadable(explain(&failure)),
    }
}

fn propose_request(ask: ProposeAsk) -> ProposeRequest {
    ProposeRequest {
        kind: ask.address.block.kind.clone(),
        address: ask.address,
        uid: ask.uid,
        prior: ask.prior,
        config: ask.config,
        planned: ask.planned,
    }
}

fn refined_of(proposal: Proposal) -> Refined {
    let wrong = proposal.wrong.into_iter().map(wrong_argument).collect();
    Refined { planned: proposal.planned, replace: proposal.replace, wrong }
}

fn wrong_argument(it: greenroom_provider::WrongArgument) -> WrongArgument {
    WrongArgument { path: it.path, message: it.message, help: it.help }
}

/// A proposal that nobody could refine is wrong as a whole.
fn refused(request: ProposeRequest, failure: &Failure) -> Proposal {
    let wrong = greenroom_provider::WrongArgument {
        path: greenroom_model::value::Path(Vec::new()),
        message: failure.message.clone(),
        help: failure.help.clone(),
    };
    Proposal { wrong: vec![wrong], ..Proposal::unchanged(request) }
}

fn no_answer() -> Refined {
    Refined {
        planned: Value::Null,
        replace: Vec::new(),
        wrong: vec![WrongArgument {
            path: greenroom_model::value::Path(Vec::new()),
            message: "the provider gave no answer".to_owned(),
            help: None,
        }],
    }
}

/// A failure in one sentence.
pub(crate) fn explain(failure: &Failure) -> String {
    match &failure.help {
        Some(help) => format!("{} ({help})", failure.message),
        None => failure.message.clone(),
    }
}
