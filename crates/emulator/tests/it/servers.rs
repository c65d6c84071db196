//! The lives of the servers.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Caller, Plain};

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let (one, two) = (Caller::new(), Caller::new());
    one.run("token", "1").await;
    assert_eq!(one.instances().await.len(), 1);
    assert_eq!(two.instances().await.len(), 0);
    assert_eq!(two.account.counts().len(), 1);
}

#[tokio::test]
async fn whoever_assumes_a_role_is_in_its_account() {
    let caller = Caller::new();
    let role = "arn:aws:iam::210987654321:role/deploy";
    let parameters = [("RoleArn", role), ("RoleSessionName", "session")];
    let key = caller.try_form("sts", "AssumeRole", &parameters).await.unwrap().one("AccessKeyId");
    let other = Plain::new(caller.account.endpoint(), &key);
    let identity = other.try_form("sts", "GetCallerIdentity", &[]).await.unwrap();
    assert_eq!(identity.one("Account"), "210987654321");
}

#[tokio::test]
async fn servers_start_when_needed_and_end_with_a_cloud_that_is_killed() {
    let mut emulator =
        Command::new(env!("CARGO_BIN_EXE_aws-emulator")).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(emulator.stdout.take().unwrap()).lines();
    let said = lines.next().unwrap().unwrap();
    let endpoint = said.strip_prefix("export AWS_ENDPOINT_URL=").unwrap();
    assert_eq!(children(emulator.id()).len(), 1, "only what was asked for is started");
    let caller = Plain::new(endpoint.to_owned(), "123456789012");
    assert_eq!(caller.route53("GET", "/hostedzone", "").await.status, 200);
    let servers = children(emulator.id());
    assert_eq!(servers.len(), 2);
    emulator.kill().unwrap();
    emulator.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while servers.iter().any(|server| alive(*server)) {
        assert!(Instant::now() < deadline, "{servers:?} outlive their parent");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The children of a process, whichever of its threads started them.
fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let lists = tasks.flatten().map(|task| task.path().join("children"));
    let lists = lists.filter_map(|list| fs::read_to_string(list).ok()).collect::<String>();
    lists.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// Whether a process is there, and more than an entry that nobody has read yet.
fn alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}
