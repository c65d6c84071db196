//! Importing: an object that nobody here made becomes the state's, or stays as it was.

use std::sync::Arc;
use std::time::Duration;

use greenroom_apply::{ApplyError, Cancel};
use greenroom_engine::import::ImportError;
use greenroom_model::state::Status;
use greenroom_model::value::Value;
use greenroom_provider::FailureKind;
use greenroom_sim::cloud::{CallKind, Cloud, Fault, Weather};
use greenroom_sim::disk::FaultyDisk;
use greenroom_sim::life::Moment;

use crate::lab::{Lab, simulate};

const NET: &str = "pr/sim_network.net";

const TEMPLATE: &str = r#"
[resource.sim_network.net]
cidr = "10.0.0.0/16"
label = '${sensitive("hidden")}'
[resource.sim_machine.web]
image = "a"
network_id = "${sim_network.net.id}"
lifecycle = { prevent_destroy = true }
"#;

/// A network that somebody made by hand.
fn plant(lab: &Lab) -> String {
    let attributes = [("cidr".into(), Value::from("10.0.0.0/16")), ("label".into(), "old".into())];
    let hand = "hand/sim_network.old".parse().unwrap();
    lab.cloud.plant(&hand, attributes.into_iter().collect()).to_string()
}

async fn import(lab: &Lab, address: &str, id: &str) -> Result<(), ApplyError> {
    lab.import(TEMPLATE, address, id).await
}

fn refused(result: Result<(), ApplyError>) -> ImportError {
    match result {
        Err(ApplyError::Unimportable { source, .. }) => source,
        other => panic!("not refused: {other:?}"),
    }
}

fn failed(result: Result<(), ApplyError>) -> FailureKind {
    match result {
        Err(ApplyError::NotImported { source, .. }) => source.kind,
        other => panic!("not failed: {other:?}"),
    }
}

#[test]
fn an_imported_object_is_known_and_the_next_plan_changes_only_what_differs() {
    simulate(async {
        let lab = Lab::new();
        let id = plant(&lab);
        import(&lab, NET, &id).await.unwrap();
        lab.agrees("imported").await;
        let session = lab.open().await.unwrap();
        let net = session.state().instance(&NET.parse().unwrap()).unwrap().current.clone().unwrap();
        session.close().await.unwrap();
        assert_eq!((&*net.id, net.status), (&*id, Status::Ready));
        assert!(net.attributes.get("label").unwrap().has_sensitive(), "{net:?}");
        assert_eq!(
            lab.would_do(TEMPLATE).await,
            ["apply:update:pr/sim_network.net", "apply:create:pr/sim_machine.web"]
        );
        lab.converge(TEMPLATE, 1, "imported").await;
    });
}

#[test]
fn what_is_recorded_beside_the_attributes_is_what_a_create_records() {
    simulate(async {
        let lab = Lab::new();
        let net = plant(&lab);
        import(&lab, NET, &net).await.unwrap();
        let attributes =
            [("image".into(), Value::from("a")), ("network_id".into(), net.as_str().into())];
        let hand = "hand/sim_machine.old".parse().unwrap();
        let machine = lab.cloud.plant(&hand, attributes.into_iter().collect());
        import(&lab, "pr/sim_machine.web", &machine).await.unwrap();
        let session = lab.open().await.unwrap();
        let web = session.state().instance(&"pr/sim_machine.web".parse().unwrap()).unwrap();
        let web = web.current.clone().unwrap();
        session.close().await.unwrap();
        assert!(web.prevent_destroy);
        assert_eq!(web.reads.keys().map(ToString::to_string).collect::<Vec<_>>(), [NET]);
    });
}

#[test]
fn killed_anywhere_in_an_import_the_object_is_ours_or_as_it_was_and_importing_again_is_possible() {
    for after in [false, true] {
        simulate(async move {
            let lab = Lab::new();
            let id = plant(&lab);
            let before = lab.cloud.objects();
            let call = CallKind::Import;
            let moment = if after { Moment::After(call) } else { Moment::Before(call) };
            lab.cloud.life().end_at(1, Some(moment));
            tokio::select! {
                biased;
                () = lab.cloud.life().over() => {}
                result = import(&lab, NET, &id) => panic!("it was to die: {result:?}"),
            }
            let lab = lab.after_kill();
            let session = lab.open().await.unwrap();
            let known = session.state().instance(&NET.parse().unwrap()).unwrap().current.is_some();
            session.close().await.unwrap();
            assert_eq!(known, after);
            if !after {
                assert_eq!(lab.cloud.objects(), before);
                import(&lab, NET, &id).await.unwrap();
            }
            lab.agrees("settled").await;
            lab.converge(TEMPLATE, 1, "settled").await;
        });
    }
}

#[test]
fn stopped_at_any_effect_on_the_disk_an_import_is_settled() {
    let end = simulate(async {
        let lab = Lab::new();
        let id = plant(&lab);
        import(&lab, NET, &id).await.unwrap();
        lab.disk.effects().len()
    });
    assert!(end > 10, "{end}");
    for stop in 0..end {
        for cut in ["kill", "all lost", "all kept"] {
            simulate(async move {
                let context = format!("stopped after effect {stop} of {end}, {cut}");
                let lab = Lab::new();
                let id = plant(&lab);
                lab.disk.stop_after(stop as u64);
                // The last effects only tidy up, so that it may well succeed.
                let _ = import(&lab, NET, &id).await;
                let disk = match cut {
                    "kill" => lab.disk.after_kill(),
                    "all lost" => lab.disk.after_power_cut(0),
                    _ => lab.disk.after_power_cut(lab.disk.power_cuts() - 1),
                };
                let lab = Lab::of(lab.cloud.clone(), disk);
                let session = lab.open().await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
                let instance = session.state().instance(&NET.parse().unwrap());
                let known = instance.is_some_and(|it| it.current.is_some());
                session.close().await.unwrap();
                let owned = lab.cloud.objects().iter().any(|it| it.lineage.is_some());
                assert_eq!(known, owned, "{context}");
                if !known {
                    import(&lab, NET, &id).await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
                }
                lab.converge(TEMPLATE, 1, &context).await;
            });
        }
    }
}

#[test]
fn an_import_that_takes_effect_after_it_was_given_up_deletes_nothing_and_can_be_repeated() {
    simulate(async {
        let weather = Weather { grace: Duration::from_secs(120), ..Weather::default() };
        let lab = Lab::of(Cloud::with_weather(weather), FaultyDisk::new());
        let id = plant(&lab);
        lab.cloud.next(CallKind::Import, NET, Fault::Late(Duration::from_secs(60)));
        assert_eq!(failed(import(&lab, NET, &id).await), FailureKind::Unavailable);
        let given_up = tokio::time::Instant::now();
        lab.open().await.unwrap().close().await.unwrap();
        assert!(given_up.elapsed() < Duration::from_secs(5), "nothing is waited for");
        tokio::time::sleep(Duration::from_secs(600)).await;
        let session = lab.open().await.unwrap();
        assert_eq!(session.state().watch, []);
        session.close().await.unwrap();
        assert_eq!(lab.cloud.objects().len(), 1, "it is its owner's");
        import(&lab, NET, &id).await.unwrap();
        lab.agrees("imported again").await;
    });
}

#[test]
fn what_the_provider_refuses_leaves_state_and_world_as_they_were() {
    simulate(async {
        let lab = Lab::new();
        let id = plant(&lab);
        let before = lab.cloud.objects();
        assert_eq!(failed(import(&lab, NET, "network-99").await), FailureKind::NotFound);
        lab.cloud.next(CallKind::Import, NET, Fault::Refused);
        assert_eq!(failed(import(&lab, NET, &id).await), FailureKind::Unavailable);
        assert_eq!(lab.cloud.objects(), before);
        assert_eq!(lab.workbench.store.list().await.unwrap(), [], "there was no state before");
    });
}

#[test]
fn what_another_state_has_is_refused() {
    simulate(async {
        let lab = Lab::new();
        let id = plant(&lab);
        lab.cloud.give_away(&id, "ffffffffffffffffffffffffffffffff");
        let before = lab.cloud.objects();
        assert_eq!(failed(import(&lab, NET, &id).await), FailureKind::Stranger);
        assert_eq!(lab.cloud.objects(), before);
    });
}

#[test]
fn an_address_with_an_object_and_an_object_with_an_address_are_refused_without_a_call() {
    simulate(async {
        let lab = Lab::new();
        let first = plant(&lab);
        import(&lab, NET, &first).await.unwrap();
        let second = plant(&lab);
        lab.cloud.forget_calls();
        assert_eq!(
            refused(import(&lab, NET, &second).await),
            ImportError::Occupied { address: NET.parse().unwrap(), id: first.as_str().into() }
        );
        let template = TEMPLATE.replace("sim_network.net", "sim_network.other");
        let mut session = lab.open().await.unwrap();
        let plan = lab.plan(session.state(), &template).await;
        let other = "pr/sim_network.other".parse().unwrap();
        let result = session.import(&plan, &other, &first, &Cancel::new()).await;
        session.close().await.unwrap();
        assert_eq!(
            refused(result),
            ImportError::Known { id: first.as_str().into(), address: NET.parse().unwrap() }
        );
        assert!(lab.cloud.calls().iter().all(|it| it.kind != CallKind::Import));
    });
}

#[test]
fn an_address_that_the_specs_do_not_have_is_refused_with_the_near_one() {
    simulate(async {
        let lab = Lab::new();
        let id = plant(&lab);
        let address = "pr/sim_network.nett";
        assert_eq!(
            refused(import(&lab, address, &id).await),
            ImportError::Undeclared { address: address.parse().unwrap(), near: Some(NET.into()) }
        );
        assert_eq!(
            lab.workbench.view(&greenroom_sim::lab::Lab::state_name()).await.unwrap().state,
            None
        );
    });
}

#[test]
fn a_plan_that_was_interrupted_before_an_import_was_not_applied() {
    simulate(async {
        let lab = Lab::new();
        let id = plant(&lab);
        let session = lab.open().await.unwrap();
        let plan = lab.plan(session.state(), TEMPLATE).await;
        session.close().await.unwrap();
        lab.cloud.life().end_at(1, Some(Moment::Before(CallKind::Create)));
        let mut session = lab.open().await.unwrap();
        let cancel = Cancel::new();
        let apply = session.apply(Arc::new(plan.clone()), Default::default(), &cancel);
        tokio::select! {
            biased;
            () = lab.cloud.life().over() => {}
            applied = apply => panic!("it was to die: {applied:?}"),
        }
        let lab = lab.after_kill();
        import(&lab, NET, &id).await.unwrap();
        let mut session = lab.open().await.unwrap();
        assert!(!session.has_applied(&plan));
        let again = session.apply(Arc::new(plan), Default::default(), &Cancel::new()).await;
        assert!(matches!(again, Err(ApplyError::Refused(_))), "{again:?}");
        session.close().await.unwrap();
        lab.converge(TEMPLATE, 1, "imported").await;
    });
}
