//! Machines that provision themselves for an image.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::client::{Caller, launch};

/// Launches a machine with this script; its instance.
async fn launched(caller: &Caller, script: &str) -> String {
    let text = format!(
        "#!/bin/sh\n# greenroom-ami-builder u1\ncat >0 <<'END'\n{script}\nEND\n\
         step 'install.sh' sh -e ./0\n"
    );
    let data = STANDARD.encode(text);
    let launch = [&launch("token", "1")[..], &[("UserData", &*data)]].concat();
    caller.ec2("RunInstances", &launch).await.one("instanceId")
}

/// The state of the one instance.
async fn state(caller: &Caller) -> String {
    let found = caller.ec2("DescribeInstances", &[]).await;
    let states = found.body.split("<instanceState>").nth(1).expect("an instance");
    let name = states.split_once("<name>").and_then(|it| it.1.split_once("</name>"));
    name.expect("a name").0.to_owned()
}

async fn console(caller: &Caller, instance: &str) -> String {
    let output = caller.ec2("GetConsoleOutput", &[("InstanceId", instance)]).await.one("output");
    let bytes = STANDARD.decode(output.trim()).expect("Base64");
    String::from_utf8(bytes).expect("text")
}

#[tokio::test]
async fn a_machine_stops_by_itself_and_its_console_is_posted_later() {
    let caller = Caller::new();
    let instance = launched(&caller, "echo one").await;
    assert_eq!(state(&caller).await, "running");
    assert_eq!(state(&caller).await, "stopped");
    assert!(!console(&caller, &instance).await.contains("greenroom:"));
    assert!(console(&caller, &instance).await.contains("\ngreenroom: provisioned u1\n"));
    caller.account.assert_supported();
}

#[tokio::test]
async fn a_machine_fares_as_its_script_says() {
    for (script, end, said) in [
        ("exit 7", "stopped", "provisioning failed: install.sh exited with 7"),
        ("poweroff -f", "stopped", ""),
        ("# terminated", "terminated", ""),
        ("sleep infinity", "running", ""),
    ] {
        let caller = Caller::new();
        let instance = launched(&caller, script).await;
        assert_eq!(state(&caller).await, "running");
        assert_eq!(state(&caller).await, end, "{script}");
        console(&caller, &instance).await;
        let console = console(&caller, &instance).await;
        let told = console.lines().find_map(|line| line.strip_prefix("greenroom: "));
        assert_eq!(told.unwrap_or_default(), said, "{script}");
    }
}

#[tokio::test]
async fn a_machine_that_is_terminated_does_not_stop() {
    let caller = Caller::new();
    let instance = launched(&caller, "echo one").await;
    caller.ec2("TerminateInstances", &[("InstanceId.1", &instance)]).await;
    assert_eq!(state(&caller).await, "terminated");
    assert_eq!(state(&caller).await, "terminated");
}
