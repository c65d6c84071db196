//! Calls are paid from buckets.

use greenroom_emulator::Limit;

use crate::client::Caller;

#[tokio::test]
async fn calls_beyond_the_bucket_are_throttled_per_region_and_paid_by_size() {
    let caller = Caller::new();
    let by_instance = Limit { by_instance: true, ..Limit::on("ec2:RunInstances", 3.0, 0.0) };
    caller.account.set_limits(vec![Limit::on("ec2:Describe*", 2.0, 0.0), by_instance]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(caller.ec2("DescribeVpcs", &[]).await.status);
    }
    assert_eq!(statuses, [200, 200, 503]);
    assert_eq!(caller.run("two", "2").await.status, 200);
    let refused = caller.run("more", "2").await;
    assert_eq!(refused.refusal(), (503, "RequestLimitExceeded".to_owned()));
    assert_eq!(caller.run("one", "1").await.status, 200);
}
