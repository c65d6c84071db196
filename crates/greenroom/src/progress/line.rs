//! Lines for people who watch, and the words in them.

use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_model::plan::OperationKind;

use crate::palette::Tone;

/// Operations that are told together if they are many: of one kind, on one type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    kind: OperationKind,
    what: Option<Arc<str>>,
}

impl Group {
    /// The group of an operation.
    pub(crate) fn of(kind: OperationKind, address: Option<&Address>) -> Group {
        Group { kind, what: address.map(|address| address.block.kind.clone()) }
    }

    /// The group in words.
    pub(super) fn text(&self) -> String {
        let verb = verbs(self.kind).0;
        match &self.what {
            Some(what) => format!("{verb} {what}"),
            None => verb.to_owned(),
        }
    }
}

/// A line for people who watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) kind: LineKind,
    pub(super) text: String,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    /// An operation begins.
    Begin,
    /// An operation is done.
    Done,
    /// An operation failed, or something else deserves attention.
    Trouble,
    /// Something else.
    Remark,
    /// Nothing new, but it goes on.
    Pulse,
}

impl LineKind {
    pub(super) fn tone(self) -> Tone {
        match self {
            LineKind::Begin | LineKind::Remark => Tone::Plain,
            LineKind::Done => Tone::Good,
            LineKind::Trouble => Tone::Bad,
            LineKind::Pulse => Tone::Faint,
        }
    }
}

/// What an operation does, and what it has done.
pub(super) fn verbs(kind: OperationKind) -> (&'static str, &'static str) {
    match kind {
        OperationKind::Create => ("create", "created"),
        OperationKind::Update => ("update", "updated"),
        OperationKind::Delete => ("delete", "deleted"),
        OperationKind::DeleteDeposed => ("delete deposed", "deleted deposed"),
        OperationKind::Complete => ("wait for", "ready:"),
        OperationKind::Read => ("read", "read"),
        OperationKind::Gate => ("ask gate", "gate passed:"),
        OperationKind::Hook => ("run hook", "hook ran:"),
        OperationKind::Wait => ("wait", "waited:"),
        OperationKind::Verify => ("verify", "verified"),
        OperationKind::Mark => ("record", "recorded"),
    }
}

/// One line of a kind.
pub(super) fn line(kind: LineKind, text: String) -> Vec<Line> {
    vec![Line { kind, text }]
}

/// One line about something else.
pub(super) fn remark(text: String) -> Vec<Line> {
    line(LineKind::Remark, text)
}

/// One line that deserves attention.
pub(super) fn trouble(text: String) -> Vec<Line> {
    line(LineKind::Trouble, text)
}
