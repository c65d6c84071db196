//! How a stage stands while one environment takes over from another.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_delivery::promotion::{Asked, Outlook, Seen, Since, Waiting};
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::identity::{Digest, EnvironmentKind, Lineage};
use greenroom_model::plan::Wait;
use greenroom_model::roster::{Entry, Promotion, Role, Roster, Weight};
use greenroom_model::state::State;
use greenroom_provider::Health;
use insta::assert_snapshot;

use super::*;
use crate::palette::Palette;
use crate::view::Message;

const NOW: i64 = 1_000;

fn entry(role: Role, weight: u8, verified: u8, retained_until: Option<i64>) -> Entry {
    let of = |percent| Weight::new(percent).unwrap();
    let (weight, verified) = (of(weight), of(verified));
    Entry { role, weight, verified, admitted: true, retained_until }
}

fn state() -> State {
    let mut state =
        State::new("shop", "production", EnvironmentKind::Promoted, Lineage("00".into()));
    let promotion = Promotion {
        candidate: "r3".parse().unwrap(),
        plan: Digest::of(b"plan"),
        phase: "weight-50".into(),
        phase_started: NOW - 20,
    };
    let entries = [
        ("r1", entry(Role::Retained, 0, 0, Some(NOW + 90))),
        ("r2", entry(Role::Live, 50, 95, None)),
        ("r3", entry(Role::Candidate, 50, 5, None)),
    ];
    let entries = entries.map(|(name, it)| (name.parse().unwrap(), it)).into();
    state.roster = Some(Roster { entries, promotion: Some(promotion), count: 3 });
    state
}

fn seen(healthy: u32, unhealthy: u32, requests: u64, errors: u64) -> Seen {
    Seen {
        health: Some(Health { healthy, unhealthy, unknown: 0 }),
        open: Some(4),
        since: Some(Since {
            time: Duration::from_secs(2),
            requests: Some(requests),
            errors: Some(errors),
        }),
    }
}

fn view(rates: bool) -> StatusView {
    let verdict = Verdict {
        gate: "sound".to_owned(),
        result: GateResult::Pass,
        evidence: "3 of 3 looks passed".to_owned(),
    };
    let left = Some(Duration::from_secs(40));
    let outlook = Outlook {
        waits: vec![Waiting { wait: Wait::For(Duration::from_secs(60)), left }],
        gates: vec![
            Asked { name: "r3/sound".into(), said: Some(verdict) },
            Asked { name: "r3/errors".into(), said: None },
        ],
    };
    let seen: BTreeMap<_, _> = [("r2", seen(2, 0, 190, 0)), ("r3", seen(1, 1, 10, 3))]
        .map(|(name, it)| (name.parse().unwrap(), it))
        .into();
    let (state, stage) = (state(), "production");
    let state = Some(&state);
    StatusView::of(Sight { stage, state, holder: None, outlook, seen, rates, now: NOW })
}

/// The text without the spaces at the ends of its lines.
fn shown(view: &StatusView) -> String {
    view.text(Palette::PLAIN).lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[test]
fn a_status_says_who_has_what_and_what_is_waited_for() {
    assert_snapshot!(shown(&view(false)), @r#"
    ENVIRONMENT  ROLE       WEIGHT     HEALTHY  IMAGE SET  KEPT
    r1           retained   0 %        ?                   for 1m 30s more
    r2           live       95 → 50 %  2 of 2
    r3           candidate  5 → 50 %   1 of 2

    Promotion of r3: weight-50, for 20s.
      waits 40s more
      gate r3/sound: pass, 3 of 3 looks passed
      gate r3/errors: nothing said yet
    Unattended, for 20s at most: nobody asks its gates.
    To go on: greenroom promote production. To give it up: greenroom abort production.
    "#);
}

#[test]
fn who_watches_sees_what_came_since_the_last_look() {
    let text = shown(&view(true));
    let table = text.lines().take(4).collect::<Vec<_>>().join("\n");
    assert_snapshot!(table, @r#"
    ENVIRONMENT  ROLE       WEIGHT     HEALTHY  REQUESTS/S  ERRORS/S  OPEN  IMAGE SET  KEPT
    r1           retained   0 %        ?        ?           ?         ?                for 1m 30s more
    r2           live       95 → 50 %  2 of 2   95.0        0.0       4
    r3           candidate  5 → 50 %   1 of 2   5.0         1.5       4
    "#);
}

#[test]
fn a_line_says_the_same_without_a_terminal() {
    assert_snapshot!(view(true).line(), @"1970-01-01T00:16:40Z  r1 retained 0 %, ? healthy; r2 live 50 % (has 95 %), 2 healthy; r3 candidate 50 % (has 5 %), 1 healthy; weight-50, unattended (40s left; r2 95.0 requests/s, 0.0 errors/s; r3 5.0 requests/s, 1.5 errors/s)");
    assert_eq!(view(true).course(), view(false).course(), "rates are no news");
}

#[test]
fn as_json_what_cannot_be_told_is_null() {
    let fields = view(true).fields();
    let environments = &fields["environments"];
    assert!(
        environments[0]["health"].is_null() && environments[0]["requests_per_second"].is_null()
    );
    assert_eq!(environments[2]["errors_per_second"], 1.5);
    assert_eq!(fields["promotion"]["waits"][0]["seconds_left"], 40.0);
    assert!(fields["promotion"]["gates"][1]["said"].is_null());
    assert!(view(false).fields()["environments"][2].get("errors_per_second").is_none());
}
