//! Looking at many instances.

use std::collections::BTreeMap;

use greenroom_emulator::fake_ec2::{FakeEc2, FakeInstance};
use greenroom_provider::{Provider, ReadAnswer, ReadDepth, ReadRequest};

use crate::many_instances::{self, instance, object};

async fn requests_for(number: usize) -> BTreeMap<String, usize> {
    let fake = FakeEc2::start((0..number).map(instance).collect::<Vec<FakeInstance>>());
    let fake = fake.expect("loopback has a free port");
    let folder = tempfile::tempdir().expect("a folder");
    let provider = many_instances::provider(&fake, folder.path()).await;
    let request = |index| ReadRequest { object: object(index), depth: ReadDepth::Bulk };
    let answers = provider.read((0..number).map(request).collect()).await;
    assert_eq!(answers.len(), number);
    for answer in answers {
        let ReadAnswer::Present(attributes) = answer.expect("readable") else { panic!("present") };
        let root = attributes.get("root_block_device").and_then(|it| it.as_list());
        assert_eq!(root.map(<[_]>::len), Some(1), "its volume is read too");
    }
    fake.counts()
}

#[tokio::test]
async fn a_look_at_many_instances_is_one_request_a_page() {
    for (number, instances, volumes) in [(1_000, 1, 2), (10_000, 10, 20)] {
        let counts = requests_for(number).await;
        let expected = [("ec2:DescribeInstances", instances), ("ec2:DescribeVolumes", volumes)];
        let expected = expected.map(|(name, count)| (name.to_owned(), count)).into();
        assert_eq!(counts, expected, "for {number} instances");
    }
}
