//! A store that goes away after an effect: what is known of it is kept for the next session.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use greenroom_apply::{ApplyError, Event, Observer};
use greenroom_engine::format::journal::encode;
use greenroom_model::identity::Sequence;
use greenroom_model::journal::{Entry, Outcome};
use greenroom_sim::cloud::{CallKind, Cloud};
use greenroom_sim::disk::FaultyDisk;
use greenroom_sim::objects::Storage;
use greenroom_store::StoreError;

use crate::lab::{Lab, simulate};

const ONE: &str = "[resource.sim_machine.one]\nimage = \"a\"\n";

/// What became of outcomes that the store did not take.
#[derive(Default)]
struct Rescues {
    kept: Mutex<Vec<(usize, PathBuf)>>,
    taken: Mutex<Vec<(usize, PathBuf)>>,
}

impl Observer for Rescues {
    fn observe(&self, event: &Event) {
        match event {
            Event::Rescued { outcomes, kept } => {
                self.kept.lock().unwrap().push((*outcomes, kept.clone().unwrap()));
            }
            Event::RescueTaken { outcomes, path } => {
                self.taken.lock().unwrap().push((*outcomes, path.clone()));
            }
            _ => {}
        }
    }
}

#[test]
fn an_outcome_that_the_store_did_not_take_is_taken_in_by_the_next_session() {
    simulate(async {
        let (cloud, disk, storage) = (Cloud::new(), FaultyDisk::new(), Storage::new());
        let rescues = Arc::new(Rescues::default());
        // The lease, its state's name, the opening and the intent; then it is the outcome's turn.
        let mut nth = 1;
        let error = loop {
            let client = storage.client();
            let mut lab = Lab::on_objects(cloud.clone(), disk.clone(), &client);
            lab.workbench.observer = rescues.clone();
            client.stop_at(nth, false);
            let made = cloud.objects().len();
            let mut applying = std::pin::pin!(lab.up(ONE));
            tokio::select! {
                biased;
                () = client.stopped() => {}
                applied = &mut applying => panic!("{applied:?} before request {nth}"),
            }
            if cloud.objects().len() > made {
                break applying.await.unwrap_err();
            }
            Lab::on_objects(cloud.clone(), disk.clone(), &storage.client())
                .leaves_nothing("not made yet")
                .await;
            nth += 1;
        };
        assert!(matches!(error, ApplyError::Store(StoreError::Append { .. })), "{error:?}");
        let kept = rescues.kept.lock().unwrap().clone();
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(kept[0].0, 1);

        let mut next = Lab::on_objects(cloud.clone(), disk.clone(), &storage.client());
        next.workbench.observer = rescues.clone();
        cloud.forget_calls();
        let session = next.open().await.unwrap();
        assert!(session.state().open.is_empty());
        let calls = cloud.calls();
        let looks = calls.iter().filter(|it| it.kind == CallKind::Find).count();
        assert_eq!(looks, 0, "what is known need not be looked for: {calls:?}");
        session.close().await.unwrap();
        assert_eq!(*rescues.taken.lock().unwrap(), kept);
        next.converge(ONE, 1, "after the rescue").await;
        assert_eq!(rescues.taken.lock().unwrap().len(), 1, "it is taken in once");
        next.leaves_nothing("at the end").await;
    });
}

#[test]
fn an_outcome_that_was_found_out_meanwhile_is_forgotten() {
    simulate(async {
        let (cloud, disk, storage) = (Cloud::new(), FaultyDisk::new(), Storage::new());
        let lab = Lab::on_objects(cloud.clone(), disk.clone(), &storage.client());
        lab.up(ONE).await.unwrap();
        let session = lab.open().await.unwrap();
        let lineage = greenroom_store::Lineage(session.state().lineage.0.to_string());
        session.close().await.unwrap();
        let name = greenroom_sim::lab::Lab::state_name();
        let old = Entry::Outcome { intent: Sequence(2), outcome: Outcome::Deleted };
        let rescue = &lab.workbench.rescue;
        rescue.keep(&name, &lineage, &[encode(&old).into()]).unwrap();
        lab.converge(ONE, 1, "with an old rescue").await;
        assert_eq!(rescue.kept(&name, &lineage).unwrap(), []);
        lab.leaves_nothing("at the end").await;
    });
}
