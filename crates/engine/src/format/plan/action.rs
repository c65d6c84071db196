//! Operations and what they do.

use greenroom_model::identity::{Sequence, Uid};
use greenroom_model::plan::{Action, Asked, Expectation, Need, Operation};
use greenroom_model::schema::Strength;
use serde::{Deserialize, Serialize};

use super::change::{ChangeForm, RemovalForm};
use super::gate::GateForm;
use super::mark::MarkForm;
use super::wait::WaitForm;
use crate::format::error::Misfit;
use crate::format::form::{Json, Mode, Reader, Text, is_default};

/// The form of [`Operation`].
#[derive(Serialize, Deserialize)]
pub(super) struct OperationForm<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    action: ActionForm<'a>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    needs: Vec<NeedForm>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    expects: Option<ExpectationForm<'a>>,
}

#[derive(Serialize, Deserialize)]
struct NeedForm {
    operation: u32,
    until: Strength,
}

/// The form of [`Expectation`]; left out for nothing.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExpectationForm<'a> {
    Version(u64),
    #[serde(borrow)]
    After(Text<'a>),
}

/// The form of [`Action`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActionForm<'a> {
    #[serde(borrow)]
    Create(Box<ChangeForm<'a>>),
    #[serde(borrow)]
    Update(Box<ChangeForm<'a>>),
    #[serde(borrow)]
    Delete(Box<RemovalForm<'a>>),
    Complete {
        #[serde(borrow)]
        address: Text<'a>,
        #[serde(borrow)]
        uid: Text<'a>,
    },
    Read {
        #[serde(borrow)]
        address: Text<'a>,
        #[serde(borrow)]
        provider: Text<'a>,
        #[serde(borrow)]
        config: Json<'a>,
    },
    Gate {
        #[serde(borrow)]
        scope: Text<'a>,
        #[serde(borrow)]
        name: Text<'a>,
        #[serde(borrow)]
        gate: Box<GateForm<'a>>,
        #[serde(default, skip_serializing_if = "is_default")]
        watches: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        hook: bool,
    },
    #[serde(borrow)]
    Wait(WaitForm<'a>),
    Verify {
        #[serde(borrow)]
        address: Text<'a>,
        #[serde(borrow)]
        expected: Json<'a>,
    },
    #[serde(borrow)]
    Mark(Box<MarkForm<'a>>),
}

impl<'a> OperationForm<'a> {
    pub(super) fn of(operation: &'a Operation) -> OperationForm<'a> {
        let Operation { id, action, needs, expects } = operation;
        let need = |need: &Need| NeedForm { operation: need.operation, until: need.until };
        OperationForm {
            id: Text::of(id),
            action: ActionForm::of(action),
            needs: needs.iter().map(need).collect(),
            expects: ExpectationForm::of(expects),
        }
    }

    pub(super) fn read(self, reader: &mut Reader) -> Result<Operation, Misfit> {
        let need = |form: NeedForm| Need { operation: form.operation, until: form.until };
        let expects = self.expects.map(|form| form.read(reader)).transpose()?;
        Ok(Operation {
            id: reader.operation(self.id.as_str())?,
            action: self.action.read(reader)?,
            needs: self.needs.into_iter().map(need).collect(),
            expects: expects.unwrap_or(Expectation::Nothing),
        })
    }
}

impl ExpectationForm<'_> {
    fn of(expects: &Expectation) -> Option<ExpectationForm<'static>> {
        match expects {
            Expectation::Nothing => None,
            Expectation::Version(version) => Some(ExpectationForm::Version(version.0)),
            Expectation::After(id) => Some(ExpectationForm::After(Text::of(id))),
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Expectation, Misfit> {
        Ok(match self {
            ExpectationForm::Version(version) => Expectation::Version(Sequence(version)),
            ExpectationForm::After(id) => Expectation::After(reader.operation(id.as_str())?),
        })
    }
}

impl<'a> ActionForm<'a> {
    fn of(action: &'a Action) -> ActionForm<'a> {
        let given = |value| Json::Given(value, Mode::Referred);
        match action {
            Action::Create(change) => ActionForm::Create(Box::new(ChangeForm::of(change))),
            Action::Update(change) => ActionForm::Update(Box::new(ChangeForm::of(change))),
            Action::Delete(removal) => ActionForm::Delete(Box::new(RemovalForm::of(removal))),
            Action::Complete { address, uid } => {
                ActionForm::Complete { address: Text::of(address), uid: Text::from(&uid.0) }
            }
            Action::Read { address, provider, config } => ActionForm::Read {
                address: Text::of(address),
                provider: provider.into(),
                config: given(config),
            },
            Action::Gate { scope, name, gate, asked } => ActionForm::Gate {
                scope: scope.as_str().into(),
                name: name.into(),
                gate: Box::new(GateForm::of(gate)),
                watches: *asked == Asked::Watching,
                hook: *asked == Asked::Hook,
            },
            Action::Wait(wait) => ActionForm::Wait(WaitForm::of(wait)),
            Action::Verify { address, expected } => {
                ActionForm::Verify { address: Text::of(address), expected: given(expected) }
            }
            Action::Mark(mark) => ActionForm::Mark(Box::new(MarkForm::of(mark))),
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Action, Misfit> {
        Ok(match self {
            ActionForm::Create(form) => Action::Create(Box::new(form.read(reader)?)),
            ActionForm::Update(form) => Action::Update(Box::new(form.read(reader)?)),
            ActionForm::Delete(form) => Action::Delete(Box::new(form.read(reader)?)),
            ActionForm::Complete { address, uid } => Action::Complete {
                address: reader.address(address.as_str())?,
                uid: Uid(uid.keep()),
            },
            ActionForm::Read { address, provider, config } => Action::Read {
                address: reader.address(address.as_str())?,
                provider: reader.share(provider.as_str()),
                config: reader.value(config)?,
            },
            ActionForm::Gate { scope, name, gate, watches, hook } => Action::Gate {
                scope: reader.scope(scope.as_str())?,
                name: reader.share(name.as_str()),
                gate: Box::new(gate.read(reader)?),
                asked: match (hook, watches) {
                    (true, _) => Asked::Hook,
                    (false, true) => Asked::Watching,
                    (false, false) => Asked::Once,
                },
            },
            ActionForm::Wait(wait) => Action::Wait(wait.read(reader)?),
            ActionForm::Verify { address, expected } => Action::Verify {
                address: reader.address(address.as_str())?,
                expected: reader.value(expected)?,
            },
            ActionForm::Mark(mark) => Action::Mark(Box::new(mark.read(reader)?)),
        })
    }
}
