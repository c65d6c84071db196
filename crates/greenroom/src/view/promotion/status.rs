//! How a promoted stage stands: who has the traffic, and what its promotion waits for.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_delivery::promotion::{Asked, Outlook, Seen, Since, Waiting};
use greenroom_model::address::Scope;
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::plan::Wait;
use greenroom_model::roster::{Entry, Promotion, Role};
use greenroom_model::state::State;
use greenroom_provider::Health;
use greenroom_store::Holder;
use serde_json::{Value as Json, json};

use super::{time, verdict};
use crate::palette::{Palette, Tone};
use crate::view::event::result;
use crate::view::table::{Cell, table};
use crate::view::words::{elapsed, short, whole};
use crate::view::{Fields, Kind, Message, fields};

/// What stands where nothing can be told.
const UNKNOWN: &str = "?";

/// How a promoted stage stands.
pub(crate) struct StatusView {
    pub(super) stage: String,
    pub(super) environments: Vec<Standing>,
    pub(super) promotion: Option<Open>,
    /// Whether it says what came to the environments since the last look.
    pub(super) rates: bool,
    /// Seconds since the epoch.
    pub(super) now: i64,
}

/// What a status is made from.
pub(crate) struct Sight<'a> {
    pub(crate) stage: &'a str,
    pub(crate) state: Option<&'a State>,
    /// Who works on the state.
    pub(crate) holder: Option<&'a Holder>,
    /// What the promotion that is open waits for.
    pub(crate) outlook: Outlook,
    /// What the environments themselves say.
    pub(crate) seen: BTreeMap<Scope, Seen>,
    /// Whether there was a look before this one.
    pub(crate) rates: bool,
    /// Seconds since the epoch.
    pub(crate) now: i64,
}

/// One environment.
pub(super) struct Standing {
    pub(super) name: String,
    pub(super) entry: Entry,
    image_set: Option<String>,
    pub(super) seen: Seen,
}

/// The promotion that is open.
pub(super) struct Open {
    pub(super) promotion: Promotion,
    /// Who carries it out; nobody, if its process has ended.
    pub(super) holder: Option<String>,
    pub(super) outlook: Outlook,
    /// What was said last that did not pass.
    said: Option<Verdict>,
}

impl StatusView {
    /// The view of a state and its world.
    pub(crate) fn of(sight: Sight<'_>) -> StatusView {
        let Sight { stage, state, holder, outlook, mut seen, rates, now } = sight;
        let roster = state.and_then(|it| it.roster.as_ref());
        let entries = roster.into_iter().flat_map(|it| &it.entries);
        let environments = entries.map(|(scope, entry)| {
            let inputs = state.and_then(|it| it.scopes.get(scope)).map(|it| &it.inputs);
            let image_set = inputs.and_then(|it| it.image_set.as_ref()).map(ToString::to_string);
            let seen = seen.remove(scope).unwrap_or_default();
            Standing { name: scope.to_string(), entry: entry.clone(), image_set, seen }
        });
        let environments = environments.collect();
        let promotion = roster.and_then(|it| it.promotion.clone()).map(|promotion| Open {
            said: state.and_then(|it| refused(it, &promotion)),
            promotion,
            holder: holder.map(ToString::to_string),
            outlook,
        });
        StatusView { stage: stage.to_owned(), environments, promotion, rates, now }
    }

    /// How long ago something was.
    pub(super) fn since(&self, at: i64) -> String {
        let seconds = u64::try_from(self.now.saturating_sub(at)).unwrap_or_default();
        elapsed(Duration::from_secs(seconds))
    }

    fn table(&self, palette: Palette) -> String {
        let known = |it: &Standing| {
            let [name, role, weight] = self.place(it);
            let [set, kept] = self.terms(it);
            (name, role, weight, health(it.seen.health), set, kept)
        };
        if self.rates {
            let head = [
                "ENVIRONMENT",
                "ROLE",
                "WEIGHT",
                "HEALTHY",
                "REQUESTS/S",
                "ERRORS/S",
                "OPEN",
                "IMAGE SET",
                "KEPT",
            ];
            let rows = self.environments.iter().map(|it| {
                let (name, role, weight, health, set, kept) = known(it);
                let [requests, errors, open] = traffic(&it.seen);
                [name, role, weight, health, requests, errors, open, set, kept]
            });
            return table(head, &rows.collect::<Vec<_>>(), palette);
        }
        let head = ["ENVIRONMENT", "ROLE", "WEIGHT", "HEALTHY", "IMAGE SET", "KEPT"];
        let rows = self.environments.iter().map(|it| {
            let (name, role, weight, health, set, kept) = known(it);
            [name, role, weight, health, set, kept]
        });
        table(head, &rows.collect::<Vec<_>>(), palette)
    }

    fn place(&self, standing: &Standing) -> [Cell; 3] {
        let Standing { name, entry, .. } = standing;
        let (weight, verified) = (entry.weight.percent(), entry.verified.percent());
        let shown = match weight == verified {
            true => Cell::plain(format!("{weight} %")),
            false => Cell { tone: Tone::Changed, text: format!("{verified} → {weight} %") },
        };
        let tone = match entry.role {
            Role::Live => Tone::Good,
            Role::Failed => Tone::Bad,
            Role::Candidate | Role::Retained => Tone::Plain,
        };
        [Cell::plain(name.as_str()), Cell { tone, text: entry.role.as_str().to_owned() }, shown]
    }

    fn terms(&self, standing: &Standing) -> [Cell; 2] {
        let Standing { entry, image_set, .. } = standing;
        let until = match (entry.role, entry.retained_until) {
            (Role::Retained | Role::Failed, None) => "until it is retired".to_owned(),
            (_, None) => String::new(),
            (_, Some(until)) if until <= self.now => "may be retired".to_owned(),
            (_, Some(until)) => format!("for {} more", self.since(self.now - (until - self.now))),
        };
        let set = image_set.as_deref().map(short).unwrap_or_default();
        [Cell::plain(set), Cell { tone: Tone::Faint, text: until }]
    }

    fn promotion(&self, palette: Palette) -> String {
        let Some(open) = &self.promotion else {
            return "No promotion is open.\n".to_owned();
        };
        let Promotion { candidate, phase, phase_started, .. } = &open.promotion;
        let since = self.since(*phase_started);
        let mut text = format!("Promotion of {candidate}: {phase}, for {since}.\n");
        for waiting in &open.outlook.waits {
            text += &format!("  {}\n", self.waits(waiting));
        }
        for gate in &open.outlook.gates {
            text += &format!("  gate {}\n", asked(gate, palette));
        }
        let by_gate = open.outlook.gates.iter().any(|it| it.said == open.said);
        if let Some(Verdict { gate, result: verdict, evidence }) =
            open.said.as_ref().filter(|_| !by_gate)
        {
            let said = format!("{gate}: {}, {evidence}", result(*verdict));
            text += &format!("  {}\n", palette.paint(Tone::Bad, said));
        }
        text + &self.attended(open, palette)
    }

    fn waits(&self, waiting: &Waiting) -> String {
        let left = waiting.left.map(whole).unwrap_or_default();
        match &waiting.wait {
            Wait::For(_) => format!("waits {left} more"),
            Wait::Approval => {
                format!("waits for approval: greenroom approve {}", self.stage)
            }
            Wait::Drain(drain) => {
                format!("waits until {} serves nothing, {left} more at most", drain.scope)
            }
        }
    }

    fn attended(&self, open: &Open, palette: Palette) -> String {
        if let Some(holder) = &open.holder {
            return format!("Carried out by {holder}.\n");
        }
        let since = self.since(open.promotion.phase_started);
        let warning = format!("Unattended, for {since} at most: nobody asks its gates.");
        let stage = &self.stage;
        format!(
            "{}\nTo go on: greenroom promote {stage}. To give it up: greenroom abort {stage}.\n",
            palette.paint(Tone::Bad, warning)
        )
    }
}

/// What was said in the phase of a promotion that did not pass.
fn refused(state: &State, promotion: &Promotion) -> Option<Verdict> {
    let run = state.run.as_ref()?;
    let of_phase = run.verdicts.iter().filter(|(id, _)| id.phase == promotion.phase);
    of_phase.map(|(_, it)| it).find(|it| it.result != GateResult::Pass).cloned()
}

fn health(health: Option<Health>) -> Cell {
    let Some(Health { healthy, unhealthy, unknown }) = health else {
        return Cell { tone: Tone::Faint, text: UNKNOWN.to_owned() };
    };
    let all = healthy + unhealthy + unknown;
    let tone = match (unhealthy, unknown) {
        (0, 0) => Tone::Good,
        (0, _) => Tone::Changed,
        _ => Tone::Bad,
    };
    Cell { tone, text: format!("{healthy} of {all}") }
}

/// Requests and errors a second, and what is open.
fn traffic(seen: &Seen) -> [Cell; 3] {
    let known = |text: Option<String>| match text {
        Some(text) => Cell::plain(text),
        None => Cell { tone: Tone::Faint, text: UNKNOWN.to_owned() },
    };
    let requests = known(requests_a_second(seen).map(|it| format!("{it:.1}")));
    let mut errors = known(errors_a_second(seen).map(|it| format!("{it:.1}")));
    if errors_a_second(seen).is_some_and(|it| it > 0.0) {
        errors.tone = Tone::Bad;
    }
    [requests, errors, known(seen.open.map(|it| it.to_string()))]
}

pub(super) fn requests_a_second(seen: &Seen) -> Option<f64> {
    a_second(seen, |it| it.requests)
}

pub(super) fn errors_a_second(seen: &Seen) -> Option<f64> {
    a_second(seen, |it| it.errors)
}

fn a_second(seen: &Seen, count: impl Fn(&Since) -> Option<u64>) -> Option<f64> {
    let since = seen.since.as_ref().filter(|it| !it.time.is_zero())?;
    // Counts between two looks are far below what a float holds exactly.
    Some(count(since)? as f64 / since.time.as_secs_f64())
}

fn asked(gate: &Asked, palette: Palette) -> String {
    let Some(Verdict { result: said, evidence, .. }) = &gate.said else {
        return format!("{}: nothing said yet", gate.name);
    };
    let tone = if *said == GateResult::Pass { Tone::Good } else { Tone::Bad };
    format!("{}: {}, {evidence}", gate.name, palette.paint(tone, result(*said)))
}

impl Message for StatusView {
    fn kind(&self) -> Kind {
        Kind::Promotion
    }

    fn fields(&self) -> Fields {
        let environments = self.environments.iter().map(|it| environment(it, self.rates));
        fields(json!({
            "stage": self.stage,
            "environments": environments.collect::<Vec<_>>(),
            "promotion": self.promotion.as_ref().map(open),
        }))
    }

    fn text(&self, palette: Palette) -> String {
        if self.environments.is_empty() {
            let stage = &self.stage;
            return format!("Nothing is promoted in {stage} yet: greenroom promote {stage}\n");
        }
        format!("{}\n{}", self.table(palette), self.promotion(palette))
    }
}

fn environment(standing: &Standing, rates: bool) -> Json {
    let Standing { name, entry, image_set, seen } = standing;
    let mut environment = json!({
        "name": name,
        "role": entry.role.as_str(),
        "weight": entry.weight.percent(),
        "verified": entry.verified.percent(),
        "image_set": image_set,
        "retained_until": entry.retained_until.map(time),
        "health": seen.health.map(|Health { healthy, unhealthy, unknown }| json!({
            "healthy": healthy,
            "unhealthy": unhealthy,
            "unknown": unknown,
        })),
        "open": seen.open,
    });
    if rates {
        environment["requests_per_second"] = json!(requests_a_second(seen));
        environment["errors_per_second"] = json!(errors_a_second(seen));
    }
    environment
}

fn open(open: &Open) -> Json {
    let Open { promotion, holder, outlook, said } = open;
    let waits = outlook.waits.iter().map(|it| {
        let what = match it.wait {
            Wait::For(_) => "time",
            Wait::Approval => "approval",
            Wait::Drain(_) => "drain",
        };
        json!({ "for": what, "seconds_left": it.left.map(|it| it.as_secs_f64()) })
    });
    let gates = outlook
        .gates
        .iter()
        .map(|it| json!({ "name": &*it.name, "said": it.said.as_ref().map(verdict) }));
    json!({
        "candidate": promotion.candidate.to_string(),
        "phase": promotion.phase,
        "phase_started": time(promotion.phase_started),
        "waits": waits.collect::<Vec<_>>(),
        "gates": gates.collect::<Vec<_>>(),
        "holder": holder,
        "said": said.as_ref().map(verdict),
    })
}
