//! Reaping environments whose states are there, in a simulated cloud.

use std::sync::Mutex;
use std::time::Duration;

use greenroom_delivery::environment::DownError;
use greenroom_delivery::lifetime::Tenure;
use greenroom_delivery::reap::{Due, Fate, Moment, Reaped, Reaper};
use greenroom_delivery::run::Stop;
use greenroom_sim::rig::{Rig, simulate};
use greenroom_store::Holder;
use jiff::Timestamp;
use tokio::time::sleep;

const TEMPLATE: &str = r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_machine.web]
image = "a"
network_id = "${sim_network.a.id}"
"#;

const MINUTE: Duration = Duration::from_secs(60);

fn reaper(rig: &Rig) -> Reaper {
    Reaper {
        project: "shop".into(),
        stage: None,
        desired: Vec::new(),
        workbench: rig.workbench.clone(),
        holder: Holder::this_process("greenroom reap", None, Timestamp::UNIX_EPOCH),
    }
}

/// Lets the environment live for a minute from now on.
async fn renew(rig: &Rig) {
    let now = Timestamp::from_second(rig.workbench.clock.now()).unwrap();
    let tenure = Tenure { by: "ann".to_owned(), ttl: Some(MINUTE) };
    let mut session = rig.open().await.unwrap();
    let lifetime = tenure.due(session.state(), now).expect("it is due");
    session.set_lifetime(lifetime).await.unwrap();
    session.close().await.unwrap();
}

/// An environment whose time is over.
async fn expired() -> Rig {
    let rig = Rig::new();
    renew(&rig).await;
    rig.up(TEMPLATE).await.unwrap();
    sleep(2 * MINUTE).await;
    rig
}

async fn look(rig: &Rig) -> Due {
    reaper(rig).look().await.unwrap()
}

async fn reap(rig: &Rig, due: Due) -> Vec<Reaped> {
    reaper(rig).reap(due, &Stop::default(), &|_| {}).await.unwrap()
}

#[test]
fn what_is_due_goes_with_its_state() {
    simulate(async {
        let rig = Rig::new();
        renew(&rig).await;
        rig.up(TEMPLATE).await.unwrap();
        assert!(look(&rig).await.is_empty());
        sleep(2 * MINUTE).await;
        let due = look(&rig).await;
        assert_eq!((due.expired.len(), due.expired[0].objects), (1, 2));
        assert_eq!(due.expired[0].made_by.as_deref(), Some("ann"));
        let reaped = reap(&rig, due).await;
        assert!(matches!(reaped[..], [Reaped { fate: Fate::Gone, .. }]), "{reaped:?}");
        assert_eq!(rig.cloud.objects(), []);
        assert_eq!(rig.workbench.store.list().await.unwrap(), []);
    });
}

#[test]
fn what_was_renewed_since_it_was_looked_at_stays() {
    simulate(async {
        let rig = expired().await;
        let due = look(&rig).await;
        renew(&rig).await;
        let reaped = reap(&rig, due).await;
        assert!(matches!(reaped[..], [Reaped { fate: Fate::NotDue, .. }]), "{reaped:?}");
        assert_eq!(rig.cloud.objects().len(), 2);
        rig.agrees("renewed").await;
    });
}

#[test]
fn what_was_removed_since_it_was_looked_at_leaves_no_state() {
    simulate(async {
        let rig = expired().await;
        let due = look(&rig).await;
        rig.destroy().await.unwrap();
        let reaped = reap(&rig, due).await;
        assert!(matches!(reaped[..], [Reaped { fate: Fate::NotDue | Fate::Gone, .. }]));
        assert_eq!(rig.workbench.store.list().await.unwrap(), []);
    });
}

#[test]
fn what_somebody_is_at_work_on_stays() {
    simulate(async {
        let rig = expired().await;
        let due = look(&rig).await;
        assert!(!due.is_empty());
        let session = rig.open().await.unwrap();
        assert!(look(&rig).await.is_empty());
        let reaped = reap(&rig, due).await;
        let [Reaped { fate: Fate::Held(Some(holder)), .. }] = &reaped[..] else {
            panic!("{reaped:?}");
        };
        assert_eq!(holder.command, "greenroom apply test");
        assert_eq!(rig.cloud.objects().len(), 2);
        session.close().await.unwrap();
    });
}

#[test]
fn a_reaper_that_is_told_to_stop_begins_with_no_further_environment() {
    simulate(async {
        let rig = expired().await;
        let (due, stop) = (look(&rig).await, Stop::default());
        stop.work.cancel();
        let moments = Mutex::new(0);
        let count = |_: Moment<'_>| *moments.lock().unwrap() += 1;
        let reaped = reaper(&rig).reap(due, &stop, &count).await.unwrap();
        assert!(reaped.is_empty());
        assert_eq!(moments.into_inner().unwrap(), 0);
        assert_eq!(rig.cloud.objects().len(), 2);
    });
}

#[test]
fn what_cannot_go_stays_and_says_why() {
    simulate(async {
        let rig = Rig::new();
        renew(&rig).await;
        rig.up(&format!("{TEMPLATE}lifecycle = {{ prevent_destroy = true }}\n")).await.unwrap();
        sleep(2 * MINUTE).await;
        let reaped = reap(&rig, look(&rig).await).await;
        let [Reaped { fate: Fate::Stays(DownError::Destroy(error)), .. }] = &reaped[..] else {
            panic!("{reaped:?}");
        };
        assert_eq!(error.to_string(), "`prevent_destroy` is set on pr/sim_machine.web");
        assert!(!look(&rig).await.is_empty());
    });
}
