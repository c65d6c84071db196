//! Entries of a journal: one JSON document each, without a line break.
//!
//! An entry has no format number of its own: the first line of its journal holds it.

use std::collections::BTreeMap;

use greenroom_model::identity::{Digest, Sequence, Uid};
use greenroom_model::journal::{Entry, Made, Outcome, Seen};
use greenroom_model::state::{Lifetime, Status};
use serde::{Deserialize, Serialize};

use super::document;
use super::error::{Document, FormatError, Misfit};
use super::form::inputs::InputsForm;
use super::form::intent::IntentForm;
use super::form::lifecycle::LifecycleForm;
use super::form::roster::{DecisionForm, VerdictForm};
use super::form::{Json, Mode, Reader, Text, is_default, marks};

/// The bytes of `entry`, without a line break.
#[must_use]
pub fn encode(entry: &Entry) -> Vec<u8> {
    let form = EntryForm::of(entry);
    serde_json::to_vec(&form).expect("forms have text keys, and a vector takes every byte")
}

/// The entry in `bytes`.
///
/// The marks in an outcome refer to `self`, as the entry does not name its object; see
/// [`claim`](super::claim).
///
/// # Errors
///
/// [`FormatError::Malformed`] or [`FormatError::Senseless`].
pub fn decode(bytes: &[u8]) -> Result<Entry, FormatError> {
    let document = Document::JournalEntry;
    let form: EntryForm<'_> =
        document::parse(bytes).map_err(|source| FormatError::Malformed { document, source })?;
    form.read(&mut Reader::default()).map_err(|source| FormatError::Senseless { document, source })
}

/// The form of [`Entry`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EntryForm<'a> {
    RunStarted {
        #[serde(borrow)]
        plan: Text<'a>,
        #[serde(borrow)]
        holder: Text<'a>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        text: Option<Text<'a>>,
    },
    RunFinished {
        complete: bool,
    },
    ScopeInputs {
        #[serde(borrow)]
        scope: Text<'a>,
        #[serde(borrow)]
        inputs: Box<InputsForm<'a>>,
    },
    ScopeRemoved {
        #[serde(borrow)]
        scope: Text<'a>,
    },
    #[serde(borrow)]
    Intent(Box<IntentForm<'a>>),
    Outcome {
        intent: u64,
        #[serde(borrow)]
        result: OutcomeForm<'a>,
    },
    #[serde(borrow)]
    Settled(Box<SettledForm<'a>>),
    #[serde(borrow)]
    Gone(ObjectForm<'a>),
    Observed {
        #[serde(borrow)]
        address: Text<'a>,
        #[serde(borrow)]
        uid: Text<'a>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        seen: Option<SeenForm<'a>>,
    },
    #[serde(borrow)]
    Lifecycle(LifecycleForm<'a>),
    Answer {
        #[serde(borrow)]
        operation: Text<'a>,
        #[serde(borrow)]
        value: Json<'a>,
        #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
        sensitive: Vec<Text<'a>>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        verdict: Option<VerdictForm<'a>>,
        #[serde(default, skip_serializing_if = "is_default")]
        at: i64,
    },
    Mark {
        #[serde(borrow)]
        operation: Text<'a>,
        #[serde(borrow)]
        decision: Box<DecisionForm<'a>>,
    },
    Outputs {
        #[serde(borrow)]
        scope: Text<'a>,
        #[serde(borrow)]
        outputs: BTreeMap<Text<'a>, Json<'a>>,
        #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
        sensitive_outputs: Vec<Text<'a>>,
    },
    Unwatched {
        #[serde(borrow)]
        uid: Text<'a>,
    },
    Lifetime {
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        made: Option<Text<'a>>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        made_by: Option<Text<'a>>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        expires: Option<Text<'a>>,
    },
}

/// The form of [`Outcome`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeForm<'a> {
    #[serde(borrow)]
    Created(Vec<MadeForm<'a>>),
    Updated {
        #[serde(borrow)]
        attributes: Json<'a>,
        #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
        sensitive: Vec<Text<'a>>,
    },
    DeleteAccepted,
    Deleted,
    Failed {
        #[serde(borrow)]
        message: Text<'a>,
    },
    Abandoned {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        watch_until: Option<i64>,
    },
}

#[derive(Serialize, Deserialize)]
struct MadeForm<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    status: Status,
    #[serde(borrow)]
    attributes: Json<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    sensitive: Vec<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SettledForm<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    status: Status,
    #[serde(borrow)]
    attributes: Json<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    sensitive: Vec<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SeenForm<'a> {
    status: Status,
    #[serde(borrow)]
    attributes: Json<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    sensitive: Vec<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ObjectForm<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
}

impl<'a> EntryForm<'a> {
    fn of(entry: &'a Entry) -> EntryForm<'a> {
        match entry {
            Entry::RunStarted { plan, holder, text } => EntryForm::RunStarted {
                plan: Text::from(&plan.0),
                holder: holder.into(),
                text: text.as_ref().map(Text::from),
            },
            Entry::RunFinished { complete } => EntryForm::RunFinished { complete: *complete },
            Entry::ScopeInputs { scope, inputs } => EntryForm::ScopeInputs {
                scope: scope.as_str().into(),
                inputs: Box::new(InputsForm::of(inputs, Mode::Kept)),
            },
            Entry::ScopeRemoved { scope } => {
                EntryForm::ScopeRemoved { scope: scope.as_str().into() }
            }
            Entry::Intent(intent) => EntryForm::Intent(Box::new(IntentForm::of(intent))),
            Entry::Outcome { intent, outcome } => {
                EntryForm::Outcome { intent: intent.0, result: OutcomeForm::of(outcome) }
            }
            Entry::Settled { address, uid, status, attributes } => {
                EntryForm::Settled(Box::new(SettledForm {
                    address: Text::of(address),
                    uid: Text::from(&uid.0),
                    status: *status,
                    attributes: Json::Given(attributes, Mode::Kept),
                    sensitive: marks::of(attributes),
                }))
            }
            Entry::Gone { address, uid } => {
                EntryForm::Gone(ObjectForm { address: Text::of(address), uid: Text::from(&uid.0) })
            }
            Entry::Observed { address, uid, seen } => EntryForm::Observed {
                address: Text::of(address),
                uid: Text::from(&uid.0),
                seen: seen.as_ref().map(SeenForm::of),
            },
            Entry::Lifecycle { address, uid, lifecycle } => {
                EntryForm::Lifecycle(LifecycleForm::of(address, uid, lifecycle))
            }
            Entry::Answer { operation, value, verdict, at } => EntryForm::Answer {
                operation: Text::of(operation),
                value: Json::Given(value, Mode::Kept),
                sensitive: marks::of(value),
                verdict: verdict.as_ref().map(VerdictForm::of),
                at: *at,
            },
            Entry::Mark { operation, decision } => EntryForm::Mark {
                operation: Text::of(operation),
                decision: Box::new(DecisionForm::of(decision)),
            },
            Entry::Outputs { scope, outputs } => EntryForm::Outputs {
                scope: scope.as_str().into(),
                outputs: marks::values(outputs, Mode::Kept),
                sensitive_outputs: marks::of_map(outputs),
            },
            Entry::Unwatched { uid } => EntryForm::Unwatched { uid: Text::from(&uid.0) },
            Entry::Lifetime(Lifetime { made, made_by, expires }) => EntryForm::Lifetime {
                made: made.as_ref().map(Text::from),
                made_by: made_by.as_ref().map(Text::from),
                expires: expires.as_ref().map(Text::from),
            },
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Entry, Misfit> {
        Ok(match self {
            EntryForm::RunStarted { plan, holder, text } => Entry::RunStarted {
                plan: Digest(plan.keep()),
                holder: holder.keep(),
                text: text.map(|text| text.keep()),
            },
            EntryForm::RunFinished { complete } => Entry::RunFinished { complete },
            EntryForm::ScopeInputs { scope, inputs } => Entry::ScopeInputs {
                scope: reader.scope(scope.as_str())?,
                inputs: Box::new(inputs.read(reader)?),
            },
            EntryForm::ScopeRemoved { scope } => {
                Entry::ScopeRemoved { scope: reader.scope(scope.as_str())? }
            }
            EntryForm::Intent(intent) => Entry::Intent(Box::new(intent.read(reader)?)),
            EntryForm::Outcome { intent, result } => {
                Entry::Outcome { intent: Sequence(intent), outcome: result.read(reader)? }
            }
            EntryForm::Settled(form) => form.read(reader)?,
            EntryForm::Gone(ObjectForm { address, uid }) => {
                Entry::Gone { address: reader.address(address.as_str())?, uid: Uid(uid.keep()) }
            }
            EntryForm::Observed { address, uid, seen } => {
                let address = reader.address(address.as_str())?;
                let base = || marks::reference_to(&address.block, &address.key);
                let seen = seen.map(|seen| seen.read(reader, base)).transpose()?;
                Entry::Observed { address, uid: Uid(uid.keep()), seen }
            }
            EntryForm::Lifecycle(form) => {
                let (address, uid, lifecycle) = form.read(reader)?;
                Entry::Lifecycle { address, uid, lifecycle }
            }
            EntryForm::Answer { operation, value, sensitive, verdict, at } => Entry::Answer {
                operation: reader.operation(operation.as_str())?,
                value: reader.marked(value, &sensitive, || marks::root(marks::ANSWER))?,
                verdict: verdict.map(VerdictForm::read),
                at,
            },
            EntryForm::Mark { operation, decision } => Entry::Mark {
                operation: reader.operation(operation.as_str())?,
                decision: Box::new(decision.read(reader)?),
            },
            EntryForm::Outputs { scope, outputs, sensitive_outputs } => Entry::Outputs {
                scope: reader.scope(scope.as_str())?,
                outputs: marks::put_map(
                    reader.values(outputs)?,
                    &sensitive_outputs,
                    marks::OUTPUTS,
                )?,
            },
            EntryForm::Unwatched { uid } => Entry::Unwatched { uid: Uid(uid.keep()) },
            EntryForm::Lifetime { made, made_by, expires } => Entry::Lifetime(Lifetime {
                made: made.map(|text| text.keep()),
                made_by: made_by.map(|text| text.keep()),
                expires: expires.map(|text| text.keep()),
            }),
        })
    }
}

impl<'a> OutcomeForm<'a> {
    fn of(outcome: &'a Outcome) -> OutcomeForm<'a> {
        match outcome {
            Outcome::Created(made) => OutcomeForm::Created(made.iter().map(MadeForm::of).collect()),
            Outcome::Updated { attributes } => OutcomeForm::Updated {
                attributes: Json::Given(attributes, Mode::Kept),
                sensitive: marks::of(attributes),
            },
            Outcome::DeleteAccepted => OutcomeForm::DeleteAccepted,
            Outcome::Deleted => OutcomeForm::Deleted,
            Outcome::Failed { message } => OutcomeForm::Failed { message: message.into() },
            Outcome::Abandoned { watch_until } => {
                OutcomeForm::Abandoned { watch_until: *watch_until }
            }
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Outcome, Misfit> {
        Ok(match self {
            OutcomeForm::Created(made) => {
                let made = made.into_iter().map(|made| made.read(reader));
                Outcome::Created(made.collect::<Result<_, _>>()?)
            }
            OutcomeForm::Updated { attributes, sensitive } => Outcome::Updated {
                attributes: reader.marked(attributes, &sensitive, marks::unplaced)?,
            },
            OutcomeForm::DeleteAccepted => Outcome::DeleteAccepted,
            OutcomeForm::Deleted => Outcome::Deleted,
            OutcomeForm::Failed { message } => Outcome::Failed { message: message.keep() },
            OutcomeForm::Abandoned { watch_until } => Outcome::Abandoned { watch_until },
        })
    }
}

impl<'a> MadeForm<'a> {
    fn of(made: &'a Made) -> MadeForm<'a> {
        let Made { id, status, attributes } = made;
        MadeForm {
            id: id.into(),
            status: *status,
            attributes: Json::Given(attributes, Mode::Kept),
            sensitive: marks::of(attributes),
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Made, Misfit> {
        Ok(Made {
            id: self.id.keep(),
            status: self.status,
            attributes: reader.marked(self.attributes, &self.sensitive, marks::unplaced)?,
        })
    }
}

impl SettledForm<'_> {
    fn read(self, reader: &mut Reader) -> Result<Entry, Misfit> {
        let address = reader.address(self.address.as_str())?;
        let base = || marks::reference_to(&address.block, &address.key);
        let attributes = reader.marked(self.attributes, &self.sensitive, base)?;
        Ok(Entry::Settled { address, uid: Uid(self.uid.keep()), status: self.status, attributes })
    }
}

impl<'a> SeenForm<'a> {
    fn of(seen: &'a Seen) -> SeenForm<'a> {
        let Seen { attributes, status } = seen;
        SeenForm {
            status: *status,
            attributes: Json::Given(attributes, Mode::Kept),
            sensitive: marks::of(attributes),
        }
    }

    fn read(
        self,
        reader: &mut Reader,
        base: impl FnOnce() -> std::sync::Arc<greenroom_model::expr::Expr>,
    ) -> Result<Seen, Misfit> {
        let attributes = reader.marked(self.attributes, &self.sensitive, base)?;
        Ok(Seen { attributes, status: self.status })
    }
}
