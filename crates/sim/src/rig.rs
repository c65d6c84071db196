//! A laboratory over a simulated cloud and a faulty disk, and what must hold in it.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use greenroom_apply::{Clock, NoGates, Providers, Unobserved, Workbench};
use greenroom_model::state::State;
use greenroom_store::{FolderStore, Lineage, ObjectStates, RescueFolder, Store};
use object_store::path::Path;
use tokio::time::Instant;

use crate::cloud::{Cloud, SimObject, Weather};
use crate::disk::FaultyDisk;
use crate::lab::{Lab, OneProvider};
use crate::life::Life;
use crate::objects::{Client, TokioClock};

/// Runs a test on one thread, with time that passes only while everybody waits.
///
/// # Panics
///
/// If there is no runtime to be had.
pub fn simulate<F: Future>(test: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O").block_on(test)
}

/// Simulated time as the time of day. It goes on from one process to the next.
pub struct SimClock(Instant);

/// One cloud, one disk, and the workbench over both.
pub struct Rig {
    /// The cloud.
    pub cloud: Cloud,
    /// The disk.
    pub disk: FaultyDisk,
    lab: Lab,
}

impl Deref for Rig {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}

impl DerefMut for Rig {
    fn deref_mut(&mut self) -> &mut Lab {
        &mut self.lab
    }
}

impl Default for SimClock {
    fn default() -> SimClock {
        SimClock(Instant::now())
    }
}

impl Clock for SimClock {
    fn now(&self) -> i64 {
        1_700_000_000 + i64::try_from(self.0.elapsed().as_secs()).unwrap_or(i64::MAX)
    }
}

impl Default for Rig {
    fn default() -> Rig {
        Rig::new()
    }
}

impl Rig {
    /// An empty cloud on a quiet day, and an empty disk.
    #[must_use]
    pub fn new() -> Rig {
        Rig::of(Cloud::new(), FaultyDisk::new())
    }

    /// This cloud and this disk.
    #[must_use]
    pub fn of(cloud: Cloud, disk: FaultyDisk) -> Rig {
        let store = FolderStore::on(Arc::new(disk.clone()), "/srv/state")
            .inline()
            .with_lineages(|| Lineage("0123456789abcdef0123456789abcdef".into()));
        Rig::with_store(cloud, disk, Arc::new(store))
    }

    /// A process on a machine of its own, with states on object storage.
    #[must_use]
    pub fn on_objects(cloud: Cloud, disk: FaultyDisk, client: &Client) -> Rig {
        let states = ObjectStates::new(Arc::new(client.clone()), Path::from("team"), "s3://states")
            .with_clock(Arc::new(TokioClock::new()));
        Rig::with_store(cloud, disk, Arc::new(states))
    }

    fn with_store(cloud: Cloud, disk: FaultyDisk, store: Arc<dyn Store>) -> Rig {
        let providers = Providers::new([Arc::new(OneProvider::new(cloud.clone())) as Arc<_>]);
        let workbench = Workbench {
            store,
            rescue: RescueFolder::on(Arc::new(disk.clone()), "/home/ann/rescue"),
            schemas: Arc::new(providers.schemas()),
            providers,
            gates: Arc::new(NoGates),
            observer: Arc::new(Unobserved),
            clock: Arc::new(SimClock::default()),
            parallelism: 4,
        };
        Rig { cloud, disk, lab: Lab::new(workbench) }
    }

    /// The next process, after this one was killed: the same cloud, and what the disk holds.
    #[must_use]
    pub fn after_kill(&self) -> Rig {
        Rig::of(self.cloud.for_process(Life::new()), self.disk.after_kill())
    }

    /// Applies until everything is as it should be, on a quiet day, and checks that it is.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub async fn converge(&self, template: &str, rounds: usize, context: &str) {
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
    ///
    /// # Panics
    ///
    /// If they do not.
    pub async fn agrees(&self, context: &str) {
        let session = self.open().await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
        let state = session.state().clone();
        session.close().await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
        assert!(state.open.is_empty(), "{context}: {:?}", state.open);
        let there: BTreeSet<String> = self.cloud.objects().iter().map(line).collect();
        assert_eq!(known(&state), there, "{context}: state and cloud differ");
    }

    /// Takes everything down, and checks that nothing is left.
    ///
    /// # Panics
    ///
    /// If something is.
    pub async fn leaves_nothing(&self, context: &str) {
        self.cloud.set_weather(Weather::default());
        let applied = self.destroy().await.unwrap_or_else(|e| panic!("{context}: {e:?}"));
        assert!(applied.is_complete(), "{context}: {:#?}", applied.failed);
        assert_eq!(self.cloud.objects(), [], "{context}");
        let states = self.workbench.store.list().await;
        assert_eq!(states.unwrap_or_else(|e| panic!("{context}: {e:?}")), [], "{context}");
    }
}

/// The objects that a state has, deposed ones included: each with address, uid and id.
#[must_use]
pub fn known(state: &State) -> BTreeSet<String> {
    let instances = state.instances();
    let lines = instances.flat_map(|(address, it)| {
        let remotes = it.current.clone().into_iter().chain(it.deposed.clone());
        remotes.map(move |remote| format!("{address} {} {}", remote.uid, remote.id))
    });
    lines.collect()
}

/// An object of the cloud as [`known`] says it.
#[must_use]
pub fn line(object: &SimObject) -> String {
    format!("{} {} {}", object.address, object.uid, object.id)
}
