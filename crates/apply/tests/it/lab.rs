//! A laboratory: one cloud, one disk, and the workbench over both.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use greenroom_apply::{Clock, NoGates, Providers, Unobserved, Workbench};
use greenroom_sim::cloud::{Cloud, Weather};
use greenroom_sim::disk::FaultyDisk;
use greenroom_sim::lab::{self, OneProvider};
use greenroom_sim::objects::{Client, TokioClock};
use greenroom_store::{FolderStore, Lineage, ObjectStates, RescueFolder, Store};
use object_store::path::Path;
use tokio::time::Instant;

/// Runs a test on one thread, with time that passes only while everybody waits.
pub(crate) fn simulate<F: Future>(test: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(test)
}

pub(crate) struct Lab {
    pub(crate) cloud: Cloud,
    pub(crate) disk: FaultyDisk,
    lab: lab::Lab,
}

impl Deref for Lab {
    type Target = lab::Lab;

    fn deref(&self) -> &lab::Lab {
        &self.lab
    }
}

impl DerefMut for Lab {
    fn deref_mut(&mut self) -> &mut lab::Lab {
        &mut self.lab
    }
}

struct SimClock(Instant);

impl Clock for SimClock {
    fn now(&self) -> i64 {
        1_700_000_000 + i64::try_from(self.0.elapsed().as_secs()).unwrap()
    }
}

impl Lab {
    pub(crate) fn new() -> Lab {
        Lab::of(Cloud::new(), FaultyDisk::new())
    }

    pub(crate) fn of(cloud: Cloud, disk: FaultyDisk) -> Lab {
        let store = FolderStore::on(Arc::new(disk.clone()), "/srv/state")
            .inline()
            .with_lineages(|| Lineage("0123456789abcdef0123456789abcdef".into()));
        Lab::with_store(cloud, disk, Arc::new(store))
    }

    /// A process on a machine of its own, with states on object storage.
    pub(crate) fn on_objects(cloud: Cloud, disk: FaultyDisk, client: &Client) -> Lab {
        let states = ObjectStates::new(Arc::new(client.clone()), Path::from("team"), "s3://states")
            .with_clock(Arc::new(TokioClock::new()));
        Lab::with_store(cloud, disk, Arc::new(states))
    }

    fn with_store(cloud: Cloud, disk: FaultyDisk, store: Arc<dyn Store>) -> Lab {
        let providers = Providers::new([Arc::new(OneProvider::new(cloud.clone())) as Arc<_>]);
        let workbench = Workbench {
            store,
            rescue: RescueFolder::on(Arc::new(disk.clone()), "/home/ann/rescue"),
            schemas: Arc::new(providers.schemas()),
            providers,
            gates: Arc::new(NoGates),
            observer: Arc::new(Unobserved),
            clock: Arc::new(SimClock(Instant::now())),
            parallelism: 4,
        };
        Lab { cloud, disk, lab: lab::Lab::new(workbench) }
    }

    /// The next process, after this one was killed: the same cloud, and what the disk holds.
    pub(crate) fn after_kill(&self) -> Lab {
        self.cloud.never_stop();
        Lab::of(self.cloud.clone(), self.disk.after_kill())
    }

    /// Applies until everything is as it should be, on a quiet day, and checks that it is.
    pub(crate) async fn converge(&self, template: &str, rounds: usize, context: &str) {
        self.cloud.set_weather(Weather::default());
        let mut failures = Vec::new();
        for _ in 0..rounds {
            let applied = self.up(template).await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
            if applied.is_complete() {
                failures.clear();
                break;
            }
            failures = applied.failed;
        }
        assert!(failures.is_empty(), "{context}: {failures:#?}\n{template}");
        self.agrees(context).await;
        let objects = self.cloud.objects();
        let addresses: BTreeSet<_> = objects.iter().map(|it| it.address.to_string()).collect();
        assert_eq!(addresses.len(), objects.len(), "{context}: something exists twice");
        let rest = self.would_do(template).await;
        assert!(rest.is_empty(), "{context}: a second plan has {rest:?}\n{template}");
    }

    /// Cloud and state know the same objects.
    pub(crate) async fn agrees(&self, context: &str) {
        let (known, there) = self.known_and_there(context).await;
        assert_eq!(known, there, "{context}: state and cloud differ");
    }

    /// The state knows all that the cloud has. What is deleted slowly may go before we know.
    pub(crate) async fn knows_all(&self, context: &str) {
        let (known, there) = self.known_and_there(context).await;
        let orphans: Vec<_> = there.difference(&known).collect();
        assert!(orphans.is_empty(), "{context}: {orphans:?}");
    }

    async fn known_and_there(&self, context: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let session = self.open().await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
        let state = session.state().clone();
        session.close().await.unwrap();
        assert!(state.open.is_empty(), "{context}: {:?}", state.open);
        let known: BTreeSet<String> = state
            .instances()
            .flat_map(|(address, it)| {
                let remotes = it.current.clone().into_iter().chain(it.deposed.clone());
                remotes.map(move |remote| format!("{address} {} {}", remote.uid, remote.id))
            })
            .collect();
        let real = self.cloud.objects();
        let there = real.iter().map(|it| format!("{} {} {}", it.address, it.uid, it.id)).collect();
        (known, there)
    }

    /// Takes everything down, and checks that nothing is left.
    pub(crate) async fn leaves_nothing(&self, context: &str) {
        self.cloud.set_weather(Weather::default());
        let applied = self.destroy().await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
        assert!(applied.is_complete(), "{context}: {:#?}", applied.failed);
        assert_eq!(self.cloud.objects(), [], "{context}");
        assert_eq!(self.workbench.store.list().await.unwrap(), [], "{context}");
    }
}

/// What the crash tests start from.
pub(crate) const BEFORE: &str = r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_machine.goes]
image = "a"
network_id = "${sim_network.a.id}"
[resource.sim_machine.grows]
image = "a"
[resource.sim_machine.swaps]
image = "a"
[resource.sim_machine.anew]
image = "a"
[resource.sim_group.web]
port = 80
targets = ["${sim_machine.anew.address}"]
[resource.sim_listener.http]
group = "${sim_group.web.id}"
[output.url]
value = "${sim_listener.http.url}"
"#;

/// What they go to: a create, an update, a delete, and a replacement each way.
pub(crate) const AFTER: &str = r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_machine.comes]
image = "a"
network_id = "${sim_network.a.id}"
[resource.sim_machine.grows]
image = "a"
size = "large"
[resource.sim_machine.swaps]
image = "b"
[resource.sim_machine.anew]
image = "b"
[resource.sim_group.web]
port = 81
targets = ["${sim_machine.anew.address}"]
[resource.sim_listener.http]
group = "${sim_group.web.id}"
[output.url]
value = "${sim_listener.http.url}"
"#;
