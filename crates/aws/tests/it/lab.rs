//! A laboratory on AWS: an emulated cloud, and the engine with the provider `aws` on it.

use std::ops::Deref;

use greenroom_aws::{AwsProvider, Pace};
use greenroom_emulator::{Account, Cloud};
use greenroom_model::value::{Object, Value};
use greenroom_sim::lab;
use tempfile::TempDir;

/// How long things take here: a hundredth of the real time.
const PACE: f64 = 0.01;

pub(crate) struct Lab {
    /// The account that it works in.
    pub(crate) account: Account<'static>,
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
    /// A laboratory in an account of its own.
    pub(crate) async fn start() -> Lab {
        Lab::on(Cloud::shared().account()).await
    }

    /// Another state in the same account.
    pub(crate) async fn on(account: Account<'static>) -> Lab {
        let folder = tempfile::tempdir().expect("a folder");
        let provider = connect(&account, &folder, Pace::new(PACE)).await;
        let lab = lab::Lab::in_folder(provider, &folder.path().join("state"));
        Lab { account, lab, folder }
    }

    /// The provider once more, to do what somebody else might do.
    pub(crate) async fn provider(&self) -> AwsProvider {
        connect(&self.account, &self.folder, Pace::new(PACE)).await
    }
}

async fn connect(account: &Account<'_>, folder: &TempDir, pace: Pace) -> AwsProvider {
    let credentials = folder.path().join("credentials");
    let key = account.id();
    let text = format!("[default]\naws_access_key_id = {key}\naws_secret_access_key = none\n");
    std::fs::write(&credentials, text).expect("a file");
    let files = Value::list([credentials.display().to_string()]);
    let settings: Object = [
        ("region", Value::from("eu-central-1")),
        ("profile", Value::from("default")),
        ("shared_credentials_files", files.clone()),
        ("shared_config_files", files),
        ("endpoint", Value::from(account.endpoint())),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value))
    .collect();
    AwsProvider::connect(&settings, pace).await.expect("sound settings")
}
