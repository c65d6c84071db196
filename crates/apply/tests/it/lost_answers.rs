//! Calls whose answer was lost: the next session looks, and makes nothing twice.

use std::time::Duration;

use greenroom_sim::cloud::{CallKind, Cloud, Fault, Weather};
use greenroom_sim::disk::FaultyDisk;
use greenroom_sim::life::Moment;

use tokio::time::Instant;

use crate::lab::{AFTER, BEFORE, Lab, simulate};

fn lost(kind: CallKind, address: &'static str, fault: Fault) {
    simulate(async move {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        lab.cloud.next(kind, address, fault);
        let applied = lab.up(AFTER).await.unwrap();
        let context = format!("{kind:?} {address} {fault:?}");
        assert_eq!(applied.failed.len(), 1, "{context}: {applied:?}");
        lab.agrees(&context).await;
        lab.converge(AFTER, 1, &context).await;
        lab.leaves_nothing(&context).await;
    });
}

#[test]
fn a_create_whose_answer_was_lost_is_found_by_its_handle() {
    lost(CallKind::Create, "pr/sim_machine.comes", Fault::LostAfter);
    lost(CallKind::Create, "pr/sim_machine.anew", Fault::LostAfter);
    lost(CallKind::Create, "pr/sim_group.web", Fault::LostAfter);
}

#[test]
fn a_create_that_never_arrived_is_made_by_the_next_apply() {
    lost(CallKind::Create, "pr/sim_machine.comes", Fault::LostBefore);
    lost(CallKind::Create, "pr/sim_group.web", Fault::LostBefore);
}

#[test]
fn updates_and_deletes_whose_answer_was_lost_are_read_again() {
    for fault in [Fault::LostBefore, Fault::LostAfter] {
        lost(CallKind::Update, "pr/sim_machine.grows", fault);
        lost(CallKind::Update, "pr/sim_listener.http", fault);
        lost(CallKind::Delete, "pr/sim_machine.goes", fault);
        lost(CallKind::Delete, "pr/sim_machine.anew", fault);
        lost(CallKind::Delete, "pr/sim_group.web", fault);
    }
}

#[test]
fn what_turns_up_within_its_grace_is_waited_for() {
    simulate(async {
        let weather = Weather { grace: Duration::from_secs(120), ..Weather::default() };
        let lab = Lab::of(Cloud::with_weather(weather), FaultyDisk::new());
        let late = Fault::Late(Duration::from_secs(60));
        lab.cloud.next(CallKind::Create, "pr/sim_machine.grows", late);
        assert_eq!(lab.up(BEFORE).await.unwrap().failed.len(), 1);
        lab.agrees("found late").await;
        lab.converge(BEFORE, 1, "found late").await;
    });
}

#[test]
fn what_turns_up_after_its_grace_is_deleted_as_ours() {
    simulate(async {
        let weather = Weather { grace: Duration::from_secs(120), ..Weather::default() };
        let lab = Lab::of(Cloud::with_weather(weather), FaultyDisk::new());
        let late = Fault::Late(Duration::from_secs(5 * 60 * 60));
        lab.cloud.next(CallKind::Create, "pr/sim_machine.grows", late);
        assert_eq!(lab.up(BEFORE).await.unwrap().failed.len(), 1);
        lab.converge(BEFORE, 1, "given up").await;
        let made = |lab: &Lab| lab.cloud.objects().len();
        assert_eq!(made(&lab), 7);
        tokio::time::sleep(Duration::from_secs(6 * 60 * 60)).await;
        assert_eq!(made(&lab), 8, "it turned up");
        lab.converge(BEFORE, 1, "turned up").await;
        assert_eq!(made(&lab), 7);
    });
}

#[test]
fn a_secret_of_what_is_found_by_its_handle_is_marked() {
    for kind in [CallKind::Create, CallKind::Update] {
        simulate(async move {
            let lab = Lab::new();
            let text = |label: &str| {
                format!(
                    "[resource.sim_network.net]\ncidr = \"10.0.0.0/16\"\nlabel = '${{sensitive(\"{label}\")}}'\n"
                )
            };
            if kind == CallKind::Update {
                lab.up(&text("before")).await.unwrap();
            }
            lab.cloud.next(kind, "pr/sim_network.net", Fault::LostAfter);
            assert_eq!(lab.up(&text("hidden")).await.unwrap().failed.len(), 1);
            let session = lab.open().await.unwrap();
            let net = "pr/sim_network.net".parse().unwrap();
            let remote = session.state().instance(&net).and_then(|it| it.current.clone()).unwrap();
            session.close().await.unwrap();
            let label = remote.attributes.get("label").unwrap();
            assert_eq!(label.as_str(), Some("hidden"));
            assert!(label.has_sensitive(), "{kind:?}: {label:?}");
        });
    }
}

#[test]
fn what_many_killed_creates_may_still_bring_is_waited_for_together_and_not_until_their_deadlines() {
    simulate(async {
        let grace = Duration::from_secs(120);
        let lab = Lab::of(
            Cloud::with_weather(Weather { grace, ..Weather::default() }),
            FaultyDisk::new(),
        );
        let many = "[resource.sim_machine.m]\ncount = 45\nimage = \"a\"\n";
        lab.cloud.life().end_at(4, Some(Moment::Before(CallKind::Create)));
        tokio::select! {
            () = lab.cloud.life().over() => {}
            applied = lab.up(many) => panic!("it was to die: {applied:?}"),
        }
        let lab = lab.after_kill();
        let state = lab
            .workbench
            .view(&greenroom_sim::lab::Lab::state_name())
            .await
            .unwrap()
            .state
            .unwrap();
        assert!(state.open.len() > 10, "{} creates are open", state.open.len());
        let killed = Instant::now();
        lab.agrees("given up").await;
        let waited = killed.elapsed();
        assert!(waited >= grace, "{waited:?}");
        assert!(waited < grace + Duration::from_secs(10), "{waited:?}");
    });
}
