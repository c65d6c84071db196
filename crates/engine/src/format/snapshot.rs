//! The body of a snapshot: a whole state, one instance a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use greenroom_model::address::{BlockName, InstanceKey, Scope};
use greenroom_model::identity::{Digest, EnvironmentKind, Lineage, Sequence};
use greenroom_model::journal::Intent;
use greenroom_model::state::{Instance, Lifetime, Run, ScopeState, State, Watch};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::document::{self, Version};
use super::error::{Document, FormatError, Misfit};
use super::form::history::ChapterForm;
use super::form::inputs::InputsForm;
use super::form::intent::IntentForm;
use super::form::remote::InstanceForm;
use super::form::roster::{RosterForm, VerdictForm};
use super::form::{Json, Mode, Reader, Text, WithExtra, marks};
use super::{FORMAT, WRITTEN_BY};

/// The body of the snapshot of `state`.
#[must_use]
pub fn encode(state: &State) -> Vec<u8> {
    // About the length of a small instance, so that the vector seldom moves.
    let mut out = Vec::with_capacity(1024 + 384 * state.objects());
    document::write_lines(&WithExtra::new(StateForm::of(state), &state.extra), &mut out);
    out.push(b'\n');
    out
}

/// The state in the body of a snapshot.
///
/// # Errors
///
/// [`FormatError::Newer`] if a newer version wrote it in a format that this one does not read;
/// otherwise [`FormatError::Malformed`] or [`FormatError::Senseless`].
pub fn decode(body: &[u8]) -> Result<State, FormatError> {
    let document = Document::Snapshot;
    let WithExtra { known, extra } =
        document::parse::<WithExtra<'_, StateForm<'_, ReadScopes>>>(body)
            .map_err(|error| document::refused(document, body, error))?;
    Version::new(known.format, known.written_by.as_str()).check(document)?;
    let mut reader = Reader::default();
    let extra = reader.extra(extra);
    let state =
        known.read(&mut reader).map_err(|source| FormatError::Senseless { document, source })?;
    Ok(State { extra, ..state })
}

/// The form of [`State`]; `S` are its scopes, which are written and read one instance at a time.
#[derive(Serialize, Deserialize)]
struct StateForm<'a, S> {
    format: u32,
    #[serde(borrow)]
    written_by: Text<'a>,
    #[serde(borrow)]
    lineage: Text<'a>,
    #[serde(borrow)]
    project: Text<'a>,
    #[serde(borrow)]
    stage: Text<'a>,
    kind: EnvironmentKind,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    made: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    made_by: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    expires: Option<Text<'a>>,
    sequence: u64,
    scopes: S,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    roster: Option<RosterForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    open: Vec<OpenForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    watch: Vec<WatchForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    run: Option<RunForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    finished: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<ChapterForm<'a>>,
}

#[derive(Serialize, Deserialize)]
struct OpenForm<'a> {
    sequence: u64,
    #[serde(borrow)]
    intent: IntentForm<'a>,
}

#[derive(Serialize, Deserialize)]
struct WatchForm<'a> {
    until: i64,
    #[serde(borrow)]
    intent: IntentForm<'a>,
}

/// The form of [`Run`].
#[derive(Serialize, Deserialize)]
struct RunForm<'a> {
    #[serde(borrow)]
    plan: Text<'a>,
    #[serde(borrow)]
    holder: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    done: Vec<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    answers: Vec<AnswerForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    verdicts: Vec<SaidForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
}

/// What was last said of an operation.
#[derive(Serialize, Deserialize)]
struct SaidForm<'a> {
    #[serde(borrow)]
    operation: Text<'a>,
    #[serde(borrow)]
    verdict: VerdictForm<'a>,
}

#[derive(Serialize, Deserialize)]
struct AnswerForm<'a> {
    #[serde(borrow)]
    operation: Text<'a>,
    #[serde(borrow)]
    value: Json<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    sensitive: Vec<Text<'a>>,
}

/// The form of [`ScopeState`]; `R` are its instances.
#[derive(Serialize, Deserialize)]
struct ScopeForm<'a, R> {
    #[serde(borrow)]
    scope: Text<'a>,
    #[serde(borrow)]
    inputs: InputsForm<'a>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    outputs: BTreeMap<Text<'a>, Json<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    sensitive_outputs: Vec<Text<'a>>,
    resources: R,
}

impl<'a> StateForm<'a, WrittenScopes<'a>> {
    fn of(state: &'a State) -> Self {
        StateForm {
            format: FORMAT,
            written_by: WRITTEN_BY.into(),
            lineage: Text::from(&state.lineage.0),
            project: Text::from(&state.project),
            stage: Text::from(&state.stage),
            kind: state.kind,
            made: state.lifetime.made.as_ref().map(Text::from),
            made_by: state.lifetime.made_by.as_ref().map(Text::from),
            expires: state.lifetime.expires.as_ref().map(Text::from),
            sequence: state.sequence.0,
            scopes: WrittenScopes(&state.scopes),
            roster: state.roster.as_ref().map(RosterForm::of),
            open: state.open.iter().map(OpenForm::of).collect(),
            watch: state.watch.iter().map(WatchForm::of).collect(),
            run: state.run.as_ref().map(RunForm::of),
            finished: state.finished.as_ref().map(|plan| Text::from(&plan.0)),
            history: state.history.iter().map(ChapterForm::of).collect(),
        }
    }
}

impl StateForm<'_, ReadScopes> {
    fn read(self, reader: &mut Reader) -> Result<State, Misfit> {
        let open = self.open.into_iter();
        let open = open.map(|it| Ok((Sequence(it.sequence), it.intent.read(reader)?)));
        let open = open.collect::<Result<_, Misfit>>()?;
        let watch = self.watch.into_iter();
        let watch = watch.map(|it| Ok(Watch { intent: it.intent.read(reader)?, until: it.until }));
        let watch = watch.collect::<Result<_, Misfit>>()?;
        let history = self.history.into_iter().map(|it| it.read(reader));
        let history = history.collect::<Result<_, _>>()?;
        Ok(State {
            lineage: Lineage(self.lineage.keep()),
            project: self.project.keep(),
            stage: self.stage.keep(),
            kind: self.kind,
            lifetime: Lifetime {
                made: self.made.map(|text| text.keep()),
                made_by: self.made_by.map(|text| text.keep()),
                expires: self.expires.map(|text| text.keep()),
            },
            scopes: self.scopes.0,
            roster: self.roster.map(|roster| roster.read(reader)).transpose()?,
            open,
            watch,
            run: self.run.map(|run| run.read(reader)).transpose()?,
            finished: self.finished.map(|plan| Digest(plan.keep())),
            history,
            sequence: Sequence(self.sequence),
            extra: None,
        })
    }
}

impl<'a> OpenForm<'a> {
    fn of((sequence, intent): (&Sequence, &'a Intent)) -> OpenForm<'a> {
        OpenForm { sequence: sequence.0, intent: IntentForm::of(intent) }
    }
}

impl<'a> WatchForm<'a> {
    fn of(watch: &'a Watch) -> WatchForm<'a> {
        WatchForm { until: watch.until, intent: IntentForm::of(&watch.intent) }
    }
}

impl<'a> RunForm<'a> {
    fn of(run: &'a Run) -> RunForm<'a> {
        let Run { plan, holder, done, answers, verdicts, text } = run;
        let said = |(operation, verdict)| SaidForm {
            operation: Text::of(operation),
            verdict: VerdictForm::of(verdict),
        };
        let answer = |(operation, value)| AnswerForm {
            operation: Text::of(operation),
            value: Json::Given(value, Mode::Kept),
            sensitive: marks::of(value),
        };
        RunForm {
            plan: Text::from(&plan.0),
            holder: holder.into(),
            done: done.iter().map(Text::of).collect(),
            answers: answers.iter().map(answer).collect(),
            verdicts: verdicts.iter().map(said).collect(),
            text: text.as_ref().map(Text::from),
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Run, Misfit> {
        let done = self.done.iter().map(|text| reader.operation(text.as_str()));
        let done = done.collect::<Result<BTreeSet<_>, _>>()?;
        let answers = self.answers.into_iter().map(|it| {
            let value = reader.marked(it.value, &it.sensitive, || marks::root(marks::ANSWER))?;
            Ok((reader.operation(it.operation.as_str())?, value))
        });
        let answers = answers.collect::<Result<_, Misfit>>()?;
        let verdicts = self.verdicts.into_iter();
        let verdicts = verdicts
            .map(|it| Ok((reader.operation(it.operation.as_str())?, it.verdict.read())))
            .collect::<Result<_, Misfit>>()?;
        Ok(Run {
            plan: Digest(self.plan.keep()),
            holder: self.holder.keep(),
            done,
            answers,
            verdicts,
            text: self.text.map(|text| text.keep()),
        })
    }
}

struct WrittenScopes<'a>(&'a BTreeMap<Scope, ScopeState>);

impl Serialize for WrittenScopes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(scope, state)| {
            let form = ScopeForm {
                scope: scope.as_str().into(),
                inputs: InputsForm::of(&state.inputs, Mode::Kept),
                outputs: marks::values(&state.outputs, Mode::Kept),
                sensitive_outputs: marks::of_map(&state.outputs),
                resources: WrittenResources(&state.resources),
            };
            WithExtra::new(form, &state.extra)
        }))
    }
}

type Resources = BTreeMap<BlockName, BTreeMap<InstanceKey, Instance>>;

struct WrittenResources<'a>(&'a Resources);

impl Serialize for WrittenResources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let instances = self.0.iter().flat_map(|(block, instances)| {
            instances.iter().map(move |(key, instance)| (block, key, instance))
        });
        serializer.collect_seq(instances.map(|(block, key, instance)| {
            WithExtra::new(InstanceForm::of(block, key, instance), &instance.extra)
        }))
    }
}

struct ReadScopes(BTreeMap<Scope, ScopeState>);

impl<'de> Deserialize<'de> for ReadScopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ReadScopes, D::Error> {
        deserializer.deserialize_seq(ScopesVisitor)
    }
}

struct ScopesVisitor;

impl<'de> Visitor<'de> for ScopesVisitor {
    type Value = ReadScopes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of scopes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<ReadScopes, A::Error> {
        let mut scopes = BTreeMap::new();
        while let Some(form) =
            elements.next_element::<WithExtra<'_, ScopeForm<'_, ReadResources>>>()?
        {
            let (scope, state) = read_scope(form).map_err(A::Error::custom)?;
            if scopes.contains_key(&scope) {
                return Err(A::Error::custom(Misfit::Twice(scope.to_string())));
            }
            scopes.insert(scope, state);
        }
        Ok(ReadScopes(scopes))
    }
}

fn read_scope(
    form: WithExtra<'_, ScopeForm<'_, ReadResources>>,
) -> Result<(Scope, ScopeState), Misfit> {
    let WithExtra { known, extra } = form;
    let mut reader = Reader::default();
    let outputs = reader.values(known.outputs)?;
    let state = ScopeState {
        inputs: known.inputs.read(&mut reader)?,
        outputs: marks::put_map(outputs, &known.sensitive_outputs, marks::OUTPUTS)?,
        resources: known.resources.0,
        extra: reader.extra(extra),
    };
    Ok((reader.scope(known.scope.as_str())?, state))
}

/// Instances, made as they are read, so that their forms never are in memory all at once.
struct ReadResources(Resources);

impl<'de> Deserialize<'de> for ReadResources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ReadResources, D::Error> {
        deserializer.deserialize_seq(ResourcesVisitor)
    }
}

struct ResourcesVisitor;

impl<'de> Visitor<'de> for ResourcesVisitor {
    type Value = ReadResources;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of instances")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<ReadResources, A::Error> {
        let mut reader = Reader::default();
        let mut blocks: BTreeMap<BlockName, Vec<(InstanceKey, Instance)>> = BTreeMap::new();
        while let Some(form) = elements.next_element::<WithExtra<'_, InstanceForm<'_>>>()? {
            let extra = reader.extra(form.extra);
            let ((block, key), instance) =
                form.known.read(extra, &mut reader).map_err(A::Error::custom)?;
            blocks.entry(block).or_default().push((key, instance));
        }
        let blocks = blocks.into_iter().map(|(block, instances)| {
            let instances = each_once(&block, instances)?;
            Ok((block, instances))
        });
        blocks.collect::<Result<_, Misfit>>().map(ReadResources).map_err(A::Error::custom)
    }
}

/// A map of the instances of one block, made in one go, which is faster than one by one.
fn each_once(
    block: &BlockName,
    mut instances: Vec<(InstanceKey, Instance)>,
) -> Result<BTreeMap<InstanceKey, Instance>, Misfit> {
    instances.sort_by(|(left, _), (right, _)| left.cmp(right));
    let twice = instances.windows(2).find(|pair| pair[0].0 == pair[1].0);
    match twice {
        Some(pair) => Err(Misfit::Twice(format!("{block}{}", pair[0].0))),
        None => Ok(instances.into_iter().collect()),
    }
}
