//! The same client token is the same creation.

use futures::future::join_all;

use crate::client::{Caller, launch};

#[tokio::test]
async fn the_same_token_launches_once_even_when_asked_at_once() {
    let caller = Caller::new();
    let launches = join_all((0..6).map(|_| caller.run("same", "2"))).await;
    let first = launches[0].all("instanceId");
    assert_eq!(first.len(), 2);
    assert!(launches.iter().all(|launch| launch.all("instanceId") == first));
    assert_eq!(caller.instances().await, first);
    caller.account.assert_supported();
}

#[tokio::test]
async fn a_token_with_other_parameters_is_refused() {
    let caller = Caller::new();
    caller.run("once", "1").await;
    let again = caller.run("once", "2").await;
    assert_eq!(again.refusal(), (400, "IdempotentParameterMismatch".to_owned()));
    assert_eq!(caller.instances().await.len(), 1);
}

#[tokio::test]
async fn a_launch_that_failed_may_be_tried_again_with_its_token() {
    let caller = Caller::new();
    let mut bad = launch("again", "1");
    bad[0].1 = "ami-00000000";
    assert_eq!(caller.ec2("RunInstances", &bad).await.status, 400);
    assert_eq!(caller.run("again", "1").await.status, 200);
}

#[tokio::test]
async fn instances_are_found_by_their_token() {
    let caller = Caller::new();
    caller.run("other", "1").await;
    let wanted = caller.run("wanted", "1").await.all("instanceId");
    let by = |token| [("Filter.1.Name", "client-token"), ("Filter.1.Value.1", token)];
    let found = caller.ec2("DescribeInstances", &by("wanted")).await;
    assert_eq!(found.all("instanceId"), wanted);
    assert_eq!(caller.ec2("DescribeInstances", &by("none")).await.all("instanceId").len(), 0);
    caller.account.assert_supported();
}
