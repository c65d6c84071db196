//! Intents, and the parts of them that plans have too.

use std::sync::Arc;

use greenroom_model::expr::Expr;
use greenroom_model::identity::{Incarnation, Uid};
use greenroom_model::journal::{Effect, Handle, Intent, Lifecycle, Subject};
use serde::{Deserialize, Serialize};

use super::{Json, Mode, Reader, ReadsForm, Text, is_default, marks};
use crate::format::error::Misfit;

/// The form of [`Intent`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IntentForm<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    operation: Option<Text<'a>>,
    effect: Effect,
    #[serde(borrow)]
    subjects: Vec<SubjectForm<'a>>,
    #[serde(borrow)]
    provider: Text<'a>,
    #[serde(borrow)]
    handle: HandleForm<'a>,
    #[serde(borrow)]
    arguments: Json<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    sensitive: Vec<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "ReadsForm::is_empty")]
    reads: ReadsForm<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    create_before_destroy: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    prevent_destroy: bool,
    deadline: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct SubjectForm<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    incarnation: u32,
}

/// The form of [`Handle`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HandleForm<'a> {
    #[serde(borrow)]
    token: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    natural_key: Option<Text<'a>>,
}

impl<'a> IntentForm<'a> {
    pub(crate) fn of(intent: &'a Intent) -> IntentForm<'a> {
        let Intent {
            operation,
            effect,
            subjects,
            provider,
            handle,
            arguments,
            lifecycle: Lifecycle { reads, create_before_destroy, prevent_destroy },
            deadline,
        } = intent;
        IntentForm {
            operation: operation.as_ref().map(Text::of),
            effect: *effect,
            subjects: subjects.iter().map(SubjectForm::of).collect(),
            provider: provider.into(),
            handle: HandleForm::of(handle),
            arguments: Json::Given(arguments, Mode::Kept),
            sensitive: marks::of(arguments),
            reads: ReadsForm::Given(reads),
            create_before_destroy: *create_before_destroy,
            prevent_destroy: *prevent_destroy,
            deadline: *deadline,
        }
    }

    pub(crate) fn read(self, reader: &mut Reader) -> Result<Intent, Misfit> {
        let operation = self.operation.map(|text| reader.operation(text.as_str())).transpose()?;
        let subjects = self.subjects.iter().map(|subject| subject.read(reader));
        let subjects = subjects.collect::<Result<Vec<_>, _>>()?;
        let base = || base(&subjects);
        Ok(Intent {
            operation,
            effect: self.effect,
            provider: reader.share(self.provider.as_str()),
            handle: self.handle.read(),
            arguments: reader.marked(self.arguments, &self.sensitive, base)?,
            lifecycle: Lifecycle {
                reads: reader.reads(self.reads)?,
                create_before_destroy: self.create_before_destroy,
                prevent_destroy: self.prevent_destroy,
            },
            deadline: self.deadline,
            subjects,
        })
    }
}

/// The reference of a batch is its first object's: they have equal arguments.
fn base(subjects: &[Subject]) -> Arc<Expr> {
    match subjects.first() {
        Some(Subject { address, .. }) => marks::reference_to(&address.block, &address.key),
        None => marks::unplaced(),
    }
}

impl<'a> SubjectForm<'a> {
    fn of(subject: &'a Subject) -> SubjectForm<'a> {
        let Subject { address, uid, incarnation } = subject;
        SubjectForm {
            address: Text::of(address),
            uid: Text::from(&uid.0),
            incarnation: incarnation.0,
        }
    }

    fn read(&self, reader: &mut Reader) -> Result<Subject, Misfit> {
        Ok(Subject {
            address: reader.address(self.address.as_str())?,
            uid: Uid(self.uid.keep()),
            incarnation: Incarnation(self.incarnation),
        })
    }
}

impl<'a> HandleForm<'a> {
    pub(crate) fn of(handle: &'a Handle) -> HandleForm<'a> {
        let Handle { token, natural_key } = handle;
        HandleForm { token: token.into(), natural_key: natural_key.as_ref().map(Text::from) }
    }

    pub(crate) fn read(self) -> Handle {
        Handle { token: self.token.keep(), natural_key: self.natural_key.map(|key| key.keep()) }
    }
}
