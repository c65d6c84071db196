//! From a planned mark to a decision about the roster as it is.

use greenroom_model::gate::Verdict;
use greenroom_model::identity::Digest;
use greenroom_model::plan::PhaseName;
use greenroom_model::roster::{Course, Decision, Entry, Mark, Placing, Promotion, Roster, Weight};

/// When and why a mark is carried out.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// The phase that it belongs to.
    pub phase: PhaseName,
    /// The plan that it belongs to.
    pub plan: Digest,
    /// What led to the phase, if it is a fallback.
    pub verdict: Option<Verdict>,
    /// Seconds since the epoch.
    pub now: i64,
}

/// What `mark` makes of a roster.
#[must_use]
pub fn decide(mark: &Mark, roster: Option<&Roster>, occasion: Occasion) -> Decision {
    let Occasion { phase, plan, verdict, now } = occasion;
    let mut roster = roster.cloned().unwrap_or_default();
    for (scope, placing) in &mark.entries {
        match placing {
            None => {
                roster.entries.remove(scope);
            }
            Some(placing) => {
                let before = roster.entries.get(scope);
                roster.count += u32::from(before.is_none());
                let verified = before.map_or(Weight::ZERO, |it| it.verified);
                roster.entries.insert(scope.clone(), placed(*placing, verified, now));
            }
        }
    }
    if mark.verified {
        for entry in roster.entries.values_mut() {
            entry.verified = entry.weight;
        }
    }
    let candidate = match &mark.course {
        Course::Opens { candidate } => Some(candidate.clone()),
        Course::GoesOn => roster.promotion.map(|it| it.candidate),
        Course::Unconcerned | Course::Closes(_) => None,
    };
    roster.promotion = candidate.map(|candidate| Promotion {
        candidate,
        plan,
        phase: phase.clone(),
        phase_started: now,
    });
    let ending = match mark.course {
        Course::Closes(ending) => Some(ending),
        _ => None,
    };
    Decision { phase, at: now, verdict, ending, roster }
}

fn placed(placing: Placing, verified: Weight, now: i64) -> Entry {
    let Placing { role, weight, admitted, retain } = placing;
    let until = |time: std::time::Duration| {
        now.saturating_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
    };
    Entry { role, weight, verified, admitted, retained_until: retain.map(until) }
}
