//! The fake of EC2, read to its end.

use greenroom_emulator::fake_ec2::{FakeEc2, FakeInstance};

use crate::client::Plain;

fn fake(number: usize) -> FakeEc2 {
    let instance = |index: usize| FakeInstance {
        instance_id: format!("i-{index:017x}"),
        volume_id: format!("vol-{index:017x}"),
        tags: vec![("half".to_owned(), (index % 2).to_string())],
    };
    FakeEc2::start((0..number).map(instance).collect()).expect("loopback has a free port")
}

async fn all(fake: &FakeEc2, action: &str, field: &str, asked: &[(&str, &str)]) -> Vec<String> {
    let caller = Plain::new(fake.endpoint(), "123456789012");
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let mut parameters = asked.to_vec();
        parameters.push(("NextToken", &token));
        let page = caller.ec2(action, &parameters).await;
        found.extend(page.all(field));
        match page.all("nextToken").pop() {
            Some(next) => token = next,
            None => return found,
        }
    }
}

#[tokio::test]
async fn ten_thousand_instances_are_ten_pages() {
    let fake = fake(10_000);
    let found = all(&fake, "DescribeInstances", "instanceId", &[]).await;
    assert_eq!(found.len(), 10_000);
    assert_eq!(fake.counts().get("ec2:DescribeInstances"), Some(&10));
}

#[tokio::test]
async fn filters_choose_before_pages_are_cut() {
    let fake = fake(2_400);
    let half = [("Filter.1.Name", "tag:half"), ("Filter.1.Value.1", "1")];
    let found = all(&fake, "DescribeInstances", "instanceId", &half).await;
    assert_eq!(found.len(), 1_200);
    assert_eq!(fake.counts().get("ec2:DescribeInstances"), Some(&2));
    let one = [("Filter.1.Name", "volume-id"), ("Filter.1.Value.1", "vol-00000000000000007")];
    let found = all(&fake, "DescribeVolumes", "instanceId", &one).await;
    assert_eq!(found, ["i-00000000000000007"]);
}
