//! A root folder for one test, with all its processes; they end with it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use greenroom_local::runtime::balancer::{
    self, Action, BalancerSpec, HealthCheck, TargetAddress, TargetGroupConfig, WeightedGroup,
};
use greenroom_local::runtime::instance::{self, Instance, InstanceSpec};
use greenroom_local::runtime::listener::{self, ListenerSpec};
use greenroom_local::runtime::{
    FOLDER_VARIABLE, Image, Kind, Launcher, ListenAddress, ObjectType, Owner, Probe, ProcessId,
    Readiness, Root, Uid, target_group,
};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_local-runtime");

pub(crate) struct Site {
    pub(crate) root: Root,
    pub(crate) launcher: Launcher,
    pub(crate) image: PathBuf,
    temp: TempDir,
}

impl Site {
    pub(crate) fn new() -> Site {
        Site::below("root")
    }

    /// With the root folder at a path below the temporary folder.
    pub(crate) fn below(path: &str) -> Site {
        let temp = tempfile::tempdir().unwrap();
        let image = temp.path().join("image");
        fs::create_dir(&image).unwrap();
        std::os::unix::fs::symlink(PROGRAM, image.join("server")).unwrap();
        Site {
            root: Root::at(temp.path().join(path)),
            launcher: Launcher { program: PROGRAM.into(), arguments: vec!["local-runtime".into()] },
            image,
            temp,
        }
    }

    /// An executable script in the image.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.image.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn folder(&self, object: ObjectType, uid: &str) -> PathBuf {
        self.root.folder(object, &self::uid(uid))
    }

    /// The spec of a server that answers with `name`.
    pub(crate) fn server(&self, name: &str) -> InstanceSpec {
        InstanceSpec {
            image: Image::Folder(self.image.clone()),
            command: vec!["server".into(), "test-server".into()],
            environment: BTreeMap::from([("NAME".to_owned(), name.to_owned())]),
            port: None,
            readiness: Readiness { probe: Probe::Http("/health".into()), timeout_ms: 20_000 },
            stop_timeout_ms: 2000,
        }
    }

    /// The spec of a script, ready as soon as it runs.
    pub(crate) fn command(&self, script: &str) -> InstanceSpec {
        self.script("script", script);
        InstanceSpec {
            command: vec!["script".into()],
            readiness: Readiness { probe: Probe::None, timeout_ms: 20_000 },
            ..self.server("")
        }
    }

    /// Starts a server as the instance `name` and waits until it is ready.
    pub(crate) async fn start_server(&self, name: &str) -> Instance {
        let (root, launcher) = (&self.root, &self.launcher);
        instance::create(root, launcher, &owner(name), &self.server(name)).await.unwrap();
        instance::wait_ready(root, launcher, &uid(name)).await.unwrap()
    }

    pub(crate) fn look(&self, name: &str) -> Option<Instance> {
        instance::look(&self.root, &uid(name)).unwrap()
    }

    /// A load balancer `lb` with one listener `front` over groups with weights; each group has
    /// the targets of the same name.
    pub(crate) async fn balance(&self, groups: &[(&str, u32, &[u16])]) -> u16 {
        for (group, _, ports) in groups {
            target_group::create(&self.root, &owner(group), &group_of(ports)).unwrap();
        }
        let spec = BalancerSpec { address: ListenAddress::default(), idle_timeout_ms: 10_000 };
        balancer::create(&self.root, &self.launcher, &owner("lb"), &spec).await.unwrap();
        let weights: Vec<_> = groups.iter().map(|(group, weight, _)| (*group, *weight)).collect();
        let port = listener::create(&self.root, &owner("front"), &forward(&weights)).await.unwrap();
        self.wait_for_health(groups.len()).await;
        port
    }

    /// Waits until all targets of so many groups are healthy.
    pub(crate) async fn wait_for_health(&self, groups: usize) {
        eventually("all targets are healthy", async || {
            let health = balancer::health(&self.root, &uid("lb")).await.unwrap();
            let mut targets = health.values().flatten();
            health.len() == groups && targets.all(|target| target.health == "healthy")
        })
        .await;
    }

    pub(crate) async fn set_weights(&self, weights: &[(&str, u32)]) {
        listener::update(&self.root, &uid("front"), &forward(weights)).await.unwrap();
    }

    /// The process that holds the lock of an object.
    pub(crate) fn process(&self, object: ObjectType, uid: &str) -> ProcessId {
        record(&self.folder(object, uid).join("process.json"), "process").unwrap()
    }

    /// All processes of an instance, by their environment.
    pub(crate) fn processes_of(&self, uid: &str) -> Vec<ProcessId> {
        processes_in(&self.folder(ObjectType::Instance, uid))
    }

    /// The program of an instance.
    pub(crate) fn program(&self, uid: &str) -> ProcessId {
        record(&self.folder(ObjectType::Instance, uid).join("status.json"), "program").unwrap()
    }

    /// Whatever is left in the root folder.
    pub(crate) fn contents(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.path()).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != ".limbo").collect()
    }

    /// How much killed commands have left behind that nobody has swept yet.
    pub(crate) fn rubbish(&self) -> usize {
        fs::read_dir(self.root.path().join(".limbo")).map_or(0, Iterator::count)
    }

    pub(crate) fn temp(&self) -> &Path {
        self.temp.path()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for object in [ObjectType::Balancer, ObjectType::Zone, ObjectType::Instance] {
            for owner in self.root.objects(object).unwrap_or_default() {
                let folder = self.root.folder(object, &owner.uid);
                let files = [("process.json", "process"), ("status.json", "program")];
                let processes = files.map(|(file, key)| record(&folder.join(file), key));
                processes
                    .iter()
                    .flatten()
                    .filter(|it| it.is_alive())
                    .for_each(|it| kill(it, "KILL"));
                processes_in(&folder).iter().for_each(|it| kill(it, "KILL"));
            }
        }
    }
}

pub(crate) fn uid(text: &str) -> Uid {
    Uid::new(text).unwrap()
}

pub(crate) fn owner(name: &str) -> Owner {
    Owner {
        project: "test".into(),
        stage: "test".into(),
        scope: "front".into(),
        lineage: "lineage".into(),
        uid: uid(name),
        kind: Kind::Ephemeral,
        expires: None,
        r#type: "test".into(),
        address: format!("front/test.{name}"),
    }
}

pub(crate) fn group_of(ports: &[u16]) -> TargetGroupConfig {
    let target = |port: &u16| TargetAddress { address: [127, 0, 0, 1].into(), port: *port };
    TargetGroupConfig {
        targets: ports.iter().map(target).collect(),
        health_check: HealthCheck {
            enabled: true,
            path: "/health".into(),
            matcher: "200".parse().unwrap(),
            interval_ms: 100,
            timeout_ms: 2000,
            healthy_threshold: 2,
            unhealthy_threshold: 2,
        },
        deregistration_delay_ms: 10_000,
    }
}

pub(crate) fn forward(weights: &[(&str, u32)]) -> ListenerSpec {
    let shares: Vec<_> = weights.iter().map(|(id, weight)| (*id, *weight, 0)).collect();
    mirror(&shares)
}

/// A listener over groups with their weights, and the percentages of which they get copies.
pub(crate) fn mirror(shares: &[(&str, u32, u32)]) -> ListenerSpec {
    let share = |(id, weight, mirror): &(&str, u32, u32)| WeightedGroup {
        id: (*id).to_owned(),
        weight: *weight,
        mirror: *mirror,
    };
    ListenerSpec {
        load_balancer: uid("lb"),
        port: None,
        action: Action::Forward(shares.iter().map(share).collect()),
    }
}

pub(crate) fn kill(process: &ProcessId, signal: &str) {
    let mut command = Command::new("kill");
    command.args(["-s", signal, &process.pid.to_string()]).stderr(Stdio::null());
    command.status().unwrap();
}

fn processes_in(folder: &Path) -> Vec<ProcessId> {
    let wanted = format!("{FOLDER_VARIABLE}={}", folder.display());
    let pids = fs::read_dir("/proc").into_iter().flatten();
    pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
        })
        .filter_map(ProcessId::of)
        .collect()
}

/// Waits until `holds`, at most 20 seconds.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(20), "not within 20 s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn record(path: &Path, key: &str) -> Option<ProcessId> {
    let json: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    serde_json::from_value(json.get(key)?.clone()).ok()
}
