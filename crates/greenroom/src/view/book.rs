//! Holds the book's page about the JSON stream to what is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::{About, Asked, Asking, Event, Verified};
use greenroom_delivery::attest::keys::{PublicKey, SigningKey};
use greenroom_delivery::attest::verify::Report as AttestReport;
use greenroom_delivery::images::{Catalogue, Member, Pruning, Recorded, Uses, of_id};
use greenroom_delivery::parity::Parity;
use greenroom_delivery::promotion::Outlook;
use greenroom_delivery::reap::{self, Due, Reaped};
use greenroom_delivery::record::{Attested, FORMAT, Pipeline, Run, Standing};
use greenroom_delivery::repository::{Publication, Published};
use greenroom_model::address::Scope;
use greenroom_model::gate::{GateResult, Verdict};
use greenroom_model::plan::{AtLimit, Drain, OperationId, OperationKind, Wait};
use greenroom_model::state::Instance;
use greenroom_provider::WorldEffect;
use greenroom_spec::source::Sources;
use greenroom_store::{JournalReport, Report, SnapshotReport};
use jiff::Timestamp;
use serde_json::json;

use super::artifacts::{Artifacts, PublicationView};
use super::attestations::AttestationsView;
use super::diagnostics::Diagnostics;
use super::environments::Environments;
use super::error::ErrorView;
use super::event::{Activity, EventView, Heartbeat};
use super::files::FilesWritten;
use super::graph::Graph;
use super::images::{BakeView, DiffView, Fate, PrunedView, PruningView, SetView, SetsView};
use super::imported::Imported;
use super::key::KeyView;
use super::notice::{InFlight, Notice};
use super::object::ObjectView;
use super::outputs::Outputs;
use super::parity::ParityView;
use super::pipeline::{JobChanged, PipelineView};
use super::plan::PlanView;
use super::promotion::{HistoryView, Sight, StatusView};
use super::proof::ProofView;
use super::reap::{DueView, ReapedView};
use super::stage::{Phase, RunView, StagePhase};
use super::state::{Detail, Examined, StateView, States};
use super::summary::{Outcome, Summary};
use super::verified::VerifiedView;
use super::{Kind, Message};

const PAGE: &str = include_str!("../../../../docs/book/src/events.md");

/// The sections of the page by the type that they are about.
fn sections() -> BTreeMap<&'static str, &'static str> {
    PAGE.split("\n### `")
        .skip(1)
        .filter_map(|section| section.split_once('`'))
        .map(|(name, rest)| (name, rest.split("\n## ").next().unwrap_or(rest)))
        .collect()
}

#[test]
fn every_type_of_event_is_in_the_book_and_no_other() {
    let described: BTreeSet<&str> = sections().into_keys().collect();
    let printed: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(described, printed);
}

#[test]
fn every_field_of_every_event_is_in_the_book() {
    let sections = sections();
    let mut seen = BTreeSet::new();
    each_message(&mut |message| {
        let kind = message.kind().as_str();
        seen.insert(kind);
        let section = sections.get(kind).copied().unwrap_or_default();
        // What operations have in common stands before their types.
        let common = ["operation", "kind", "address"];
        let shared = kind.starts_with("operation_") || section.contains("those of operations");
        for field in message.fields().keys() {
            let described = section.contains(&format!("| `{field}` |"))
                || (shared && common.contains(&field.as_str()));
            assert!(described, "`{field}` of `{kind}` is not described");
        }
    });
    let printed: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(seen, printed, "a type has no sample here");
}

/// Calls `look` with a message of each type.
fn each_message(look: &mut dyn FnMut(&dyn Message)) {
    let text = || "text".to_owned();
    let state = "shop/it/default".parse().expect("a state's name");
    look(&Diagnostics { sources: &Sources::default(), diagnostics: &[] });
    look(&ErrorView { message: text(), causes: Vec::new(), help: None, exit: 1 });
    look(&Activity(text()));
    look(&Heartbeat { activity: None, running: Vec::new() });
    look(&FilesWritten { files: Vec::new(), hint: text() });
    look(&Graph::default());
    look(&Imported { address: "default/a.b".parse().expect("an address"), id: text() });
    look(&Notice(text()));
    look(&InFlight { holder: None, open: Vec::new() });
    look(&ObjectView {
        address: "default/a.b".parse().expect("an address"),
        instance: Arc::new(Instance::default()),
    });
    look(&Outputs::default());
    look(&PlanView::nothing_to_destroy(&state));
    look(&DueView(Due::default()));
    look(&ReapedView(&Reaped { state: state.clone(), fate: reap::Fate::Gone }));
    look(&StateView::of(&state, None, Detail::Environment));
    look(&States { names: Vec::new() });
    look(&Summary::nothing_done(Outcome::Unchanged));
    look(&Examined(Report {
        state,
        place: text(),
        snapshot: SnapshotReport::Absent,
        journal: JournalReport::Absent,
        requests: Vec::new(),
        holder: None,
        refused: None,
    }));
    look(&VerifiedView(Verified::default()));
    look(&Environments { environments: Vec::new(), now: Timestamp::UNIX_EPOCH });
    look(&Artifacts { repository: text(), published: Vec::new() });
    look(&PublicationView { publication: Publication::New(published()), place: text() });
    look(&BakeView { name: text(), fate: Fate::Gone { id: text() } });
    look(&SetView::new(&set()));
    look(&SetsView { catalogue: Catalogue::default(), uses: Uses::new() });
    look(&DiffView { before: text(), after: text(), differences: Vec::new() });
    look(&PruningView::of(&Pruning::default(), &Catalogue::default()));
    look(&PrunedView { name: text(), id: text(), key: text(), error: None });
    look(&StagePhase { name: text(), phase: Phase::Up, text: text() });
    look(&JobChanged { name: text(), standing: Standing::Waiting, phase: None, reason: None });
    let matrix = [("size".to_owned(), json!(2))].into();
    let attested = Some(Attested { key: public_key().id(), envelope: text() });
    let not_attested = Some(text());
    let run = Run { matrix, attested, not_attested, ..Run::not_started("it", text()) };
    look(&RunView(run));
    look(&PipelineView { record: pipeline(), report: text() });
    look(&KeyView { public: public_key(), files: Vec::new() });
    look(&AttestationsView { image_set: text(), attestations: Vec::new() });
    look(&ProofView {
        image_set: text(),
        stage: text(),
        report: AttestReport { stages: Vec::new(), unreadable: Vec::new() },
    });
    let parity = Parity { differences: Vec::new(), settings: Vec::new() };
    look(&ParityView { stages: [text(), text()], parity });
    look(&StatusView::of(Sight {
        stage: "production",
        state: None,
        holder: None,
        outlook: Outlook::default(),
        seen: BTreeMap::new(),
        rates: true,
        now: 0,
    }));
    look(&HistoryView { stage: text(), chapters: Vec::new() });
    for event in events() {
        look(&EventView(&event));
    }
}

fn set() -> Recorded {
    let member = Member { digest: of_id("i"), id: "i".to_owned(), key: None };
    let members = BTreeMap::from([("web".to_owned(), member)]);
    Recorded::of(members, Timestamp::UNIX_EPOCH, "ann").expect("it has an image")
}

fn published() -> Published {
    Published {
        artifact: "app".to_owned(),
        version: "1".to_owned(),
        file: "app".to_owned(),
        bytes: 1,
        sha256: String::new(),
        published: Timestamp::UNIX_EPOCH,
        by: String::new(),
    }
}

fn public_key() -> PublicKey {
    SigningKey::generate().expect("the system has randomness").public()
}

fn pipeline() -> Pipeline {
    Pipeline {
        format: FORMAT,
        written_by: "greenroom".to_owned(),
        project: "shop".to_owned(),
        name: "pipeline".to_owned(),
        started: Timestamp::UNIX_EPOCH,
        ended: None,
        jobs: Vec::new(),
    }
}

fn events() -> Vec<Event> {
    let id = OperationId {
        phase: "apply".into(),
        kind: OperationKind::Create,
        subject: "default/a.b".into(),
    };
    let about = || About { id: id.clone(), kind: OperationKind::Create, address: None };
    let address = || "default/a.b".parse().expect("an address");
    let (text, elapsed) = (String::new, Duration::from_secs(1));
    let drain = Drain {
        scope: Scope::front(),
        counted: Vec::new(),
        horizons: Vec::new(),
        not_before: elapsed,
        quiet: elapsed,
        limit: elapsed,
        at_limit: AtLimit::Halt,
    };
    let verdict = Verdict { gate: text(), result: GateResult::Pass, evidence: text() };
    vec![
        Event::LeaseAwaited { holder: None },
        Event::RescueTaken { outcomes: 1, path: "rescue".into() },
        Event::Rescued { outcomes: 1, kept: Ok("rescue".into()) },
        Event::Settling { intents: 1 },
        Event::Settled { address: address(), found: "made" },
        Event::Awaited { address: address(), longest: elapsed },
        Event::Refreshing { objects: 1 },
        Event::Refreshed { objects: 1, elapsed },
        Event::RunStarted { operations: 1 },
        Event::PhaseStarted { phase: "apply".into(), operations: 1, ahead: 1 },
        Event::Started(about()),
        Event::Accepted(about()),
        Event::Completed { about: about(), elapsed, unchanged: false },
        Event::Waiting(about(), Wait::For(elapsed)),
        Event::Waiting(about(), Wait::Approval),
        Event::Waiting(about(), Wait::Drain(Box::new(drain))),
        Event::Asked { asked: Asked::new(&Scope::front(), Asking::GiveUp, text()), heard: true },
        Event::TurnedBack { verdict: verdict.clone() },
        Event::GateDecided { about: about(), verdict, elapsed },
        Event::Failed {
            about: about(),
            message: text(),
            effect: WorldEffect::None,
            help: None,
            elapsed,
        },
        Event::Skipped { about: about(), because: id.clone() },
        Event::GivenUp {
            provider: "aws".into(),
            because: id.clone(),
            message: text(),
            skipped: Vec::new(),
        },
        Event::Contradicted { about: about(), attributes: Vec::new() },
        Event::Cancelling { running: 0 },
        Event::RunFinished { completed: 1, failed: 0, skipped: 0, elapsed },
    ]
}
