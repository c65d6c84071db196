//! The roster, decisions about it, and the verdicts that they rest on.

use std::collections::BTreeMap;

use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::identity::Digest;
use greenroom_model::roster::{Decision, Ending, Entry, Promotion, Role, Roster, Weight};
use serde::{Deserialize, Serialize};

use super::{Reader, Text, is_default};
use crate::format::error::Misfit;

/// The form of [`Roster`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RosterForm<'a> {
    #[serde(borrow)]
    entries: BTreeMap<Text<'a>, EntryForm>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    promotion: Option<PromotionForm<'a>>,
    #[serde(default, skip_serializing_if = "is_default")]
    count: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct EntryForm {
    role: Role,
    weight: u8,
    verified: u8,
    #[serde(default, skip_serializing_if = "is_default")]
    admitted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retained_until: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PromotionForm<'a> {
    #[serde(borrow)]
    candidate: Text<'a>,
    #[serde(borrow)]
    plan: Text<'a>,
    #[serde(borrow)]
    phase: Text<'a>,
    phase_started: i64,
}

/// The form of [`Decision`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DecisionForm<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictForm<'a>>,
    #[serde(default, skip_serializing_if = "is_default")]
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ending: Option<Ending>,
    #[serde(borrow)]
    roster: RosterForm<'a>,
}

/// The form of [`Verdict`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerdictForm<'a> {
    #[serde(borrow)]
    gate: Text<'a>,
    result: GateResult,
    #[serde(borrow)]
    evidence: Text<'a>,
}

impl<'a> RosterForm<'a> {
    pub(crate) fn of(roster: &'a Roster) -> RosterForm<'a> {
        let Roster { entries, promotion, count } = roster;
        RosterForm {
            entries: entries
                .iter()
                .map(|(scope, entry)| (scope.as_str().into(), EntryForm::of(entry)))
                .collect(),
            promotion: promotion.as_ref().map(PromotionForm::of),
            count: *count,
        }
    }

    pub(crate) fn read(self, reader: &mut Reader) -> Result<Roster, Misfit> {
        let entries = self.entries.into_iter();
        let entries =
            entries.map(|(name, entry)| Ok((reader.scope(name.as_str())?, entry.read()?)));
        let entries = entries.collect::<Result<_, Misfit>>()?;
        let promotion = self.promotion.map(|form| form.read(reader)).transpose()?;
        Ok(Roster { entries, promotion, count: self.count })
    }
}

impl EntryForm {
    fn of(entry: &Entry) -> EntryForm {
        let Entry { role, weight, verified, admitted, retained_until } = *entry;
        EntryForm {
            role,
            weight: weight.percent(),
            verified: verified.percent(),
            admitted,
            retained_until,
        }
    }

    fn read(self) -> Result<Entry, Misfit> {
        let weight = |percent| Weight::new(percent).ok_or(Misfit::Weight(percent));
        Ok(Entry {
            role: self.role,
            weight: weight(self.weight)?,
            verified: weight(self.verified)?,
            admitted: self.admitted,
            retained_until: self.retained_until,
        })
    }
}

impl<'a> PromotionForm<'a> {
    fn of(promotion: &'a Promotion) -> PromotionForm<'a> {
        let Promotion { candidate, plan, phase, phase_started } = promotion;
        PromotionForm {
            candidate: candidate.as_str().into(),
            plan: Text::from(&plan.0),
            phase: phase.into(),
            phase_started: *phase_started,
        }
    }

    fn read(self, reader: &mut Reader) -> Result<Promotion, Misfit> {
        Ok(Promotion {
            candidate: reader.scope(self.candidate.as_str())?,
            plan: Digest(self.plan.keep()),
            phase: reader.share(self.phase.as_str()),
            phase_started: self.phase_started,
        })
    }
}

impl<'a> DecisionForm<'a> {
    pub(crate) fn of(decision: &'a Decision) -> DecisionForm<'a> {
        let Decision { phase, at, verdict, ending, roster } = decision;
        DecisionForm {
            phase: phase.into(),
            at: *at,
            ending: *ending,
            verdict: verdict.as_ref().map(VerdictForm::of),
            roster: RosterForm::of(roster),
        }
    }

    pub(crate) fn read(self, reader: &mut Reader) -> Result<Decision, Misfit> {
        Ok(Decision {
            phase: reader.share(self.phase.as_str()),
            at: self.at,
            verdict: self.verdict.map(VerdictForm::read),
            ending: self.ending,
            roster: self.roster.read(reader)?,
        })
    }
}

impl<'a> VerdictForm<'a> {
    pub(crate) fn of(verdict: &'a Verdict) -> VerdictForm<'a> {
        let Verdict { gate, result, evidence } = verdict;
        VerdictForm {
            gate: gate.as_str().into(),
            result: *result,
            evidence: evidence.as_str().into(),
        }
    }

    pub(crate) fn read(self) -> Verdict {
        Verdict {
            gate: self.gate.as_str().to_owned(),
            result: self.result,
            evidence: self.evidence.as_str().to_owned(),
        }
    }
}
