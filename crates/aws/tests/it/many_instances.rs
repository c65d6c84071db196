//! Many instances of one state on a fake of EC2, and the provider that looks at them.

use std::path::Path;
use std::sync::Arc;

use greenroom_aws::{AwsProvider, Pace};
use greenroom_emulator::fake_ec2::{FakeEc2, FakeInstance};
use greenroom_model::identity::{EnvironmentKind, Lineage, Owner, Uid};
use greenroom_model::value::{Object as Attributes, Value};
use greenroom_provider::Object;

const LINEAGE: &str = "0123456789abcdef0123456789abcdef";

fn uid(index: usize) -> String {
    format!("{index:020x}")
}

/// An instance as EC2 has it.
pub(crate) fn instance(index: usize) -> FakeInstance {
    FakeInstance {
        instance_id: format!("i-{index:017x}"),
        volume_id: format!("vol-{index:017x}"),
        tags: vec![
            ("greenroom:lineage".to_owned(), LINEAGE.to_owned()),
            ("greenroom:uid".to_owned(), uid(index)),
        ],
    }
}

/// The same instance as the state has it.
pub(crate) fn object(index: usize) -> Object {
    let address = format!("pr/aws_instance.web[{index}]");
    let owner = Owner {
        project: "shop".into(),
        stage: "test".into(),
        scope: greenroom_model::address::Scope::environment("pr").expect("a name"),
        lineage: Lineage(LINEAGE.into()),
        kind: EnvironmentKind::Ephemeral,
        expires: None,
    };
    Object {
        kind: "aws_instance".into(),
        address: address.parse().expect("an address"),
        uid: Uid(uid(index).into()),
        id: instance(index).instance_id.into(),
        attributes: Value::object([("ami", Value::from("ami-12c6146b"))]),
        owner: Arc::new(owner),
        timeout: None,
    }
}

/// The provider on a fake of EC2, with credentials in `folder`.
pub(crate) async fn provider(fake: &FakeEc2, folder: &Path) -> AwsProvider {
    let credentials = folder.join("credentials");
    let text = "[default]\naws_access_key_id = 123456789012\naws_secret_access_key = none\n";
    std::fs::write(&credentials, text).expect("a file");
    let files = Value::list([credentials.display().to_string()]);
    let settings = [
        ("region", Value::from("eu-central-1")),
        ("profile", Value::from("default")),
        ("shared_credentials_files", files.clone()),
        ("shared_config_files", files),
        ("endpoint", Value::from(fake.endpoint())),
    ];
    let settings: Attributes =
        settings.into_iter().map(|(name, value)| (name.into(), value)).collect();
    AwsProvider::connect(&settings, Pace::default()).await.expect("sound settings")
}
