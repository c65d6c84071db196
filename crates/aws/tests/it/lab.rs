//! A laboratory on AWS: an emulated cloud, and the engine with the provider `aws` on it.

use std::ops::Deref;
use std::sync::Arc;

use greenroom_apply::{NoGates, Providers, SystemClock, Unobserved, Workbench};
use greenroom_aws::{AwsProvider, Pace};
use greenroom_emulator::Cloud;
use greenroom_model::value::{Object, Value};
use greenroom_provider::{DataRequest, Provider};
use greenroom_sim::lab::{self, OneProvider};
use greenroom_store::FolderStore;
use tempfile::TempDir;

/// How long things take here: a hundredth of the real time.
const PACE: f64 = 0.01;

/// The account that tests work in, which is also the access key.
const ACCOUNT: &str = "111122223333";

pub(crate) struct Lab {
    pub(crate) cloud: Arc<Cloud>,
    lab: lab::Lab,
    folder: TempDir,
}

impl Deref for Lab {
    type Target = lab::Lab;

    fn deref(&self) -> &lab::Lab {
        &self.lab
    }
}

impl Lab {
    /// A laboratory on a cloud of its own.
    pub(crate) async fn start() -> Lab {
        let lab = Lab::on(Arc::new(Cloud::start().await)).await;
        lab.warm_up().await;
        lab
    }

    /// Asks each API something, without haste: a server starts with the first request, and loads
    /// an API with its first call. Both may take longer than a call does at the pace of tests.
    async fn warm_up(&self) {
        let provider = connect(&self.cloud, &self.folder, Pace::default()).await;
        for kind in ["aws_availability_zones", "aws_caller_identity"] {
            let request = DataRequest {
                kind: kind.into(),
                address: format!("pr/data.{kind}.it").parse().expect("an address"),
                config: Value::Null,
            };
            let answer = provider.read_data(vec![request]).await.pop().expect("one answer");
            answer.expect("the servers start");
        }
        self.cloud.clear_log();
    }

    /// Another state on the same cloud.
    pub(crate) async fn on(cloud: Arc<Cloud>) -> Lab {
        let folder = tempfile::tempdir().expect("a folder");
        let provider = connect(&cloud, &folder, Pace::new(PACE)).await;
        let providers = Providers::new([Arc::new(OneProvider::new(provider)) as Arc<_>]);
        let workbench = Workbench {
            store: Arc::new(FolderStore::new(folder.path().join("state"))),
            schemas: Arc::new(providers.schemas()),
            providers,
            gates: Arc::new(NoGates),
            observer: Arc::new(Unobserved),
            clock: Arc::new(SystemClock),
            parallelism: 10,
        };
        Lab { cloud, lab: lab::Lab::new(workbench), folder }
    }

    /// The provider once more, to do what somebody else might do.
    pub(crate) async fn provider(&self) -> AwsProvider {
        connect(&self.cloud, &self.folder, Pace::new(PACE)).await
    }
}

async fn connect(cloud: &Cloud, folder: &TempDir, pace: Pace) -> AwsProvider {
    let credentials = folder.path().join("credentials");
    let text = format!("[default]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = none\n");
    std::fs::write(&credentials, text).expect("a file");
    let files = Value::list([credentials.display().to_string()]);
    let settings: Object = [
        ("region", Value::from("eu-central-1")),
        ("profile", Value::from("default")),
        ("shared_credentials_files", files.clone()),
        ("shared_config_files", files),
        ("endpoint", Value::from(cloud.endpoint())),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value))
    .collect();
    AwsProvider::connect(&settings, pace).await.expect("sound settings")
}
