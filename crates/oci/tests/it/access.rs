//! A registry that wants to know who asks.

use std::env;
use std::error::Error;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use greenroom_oci::{ImageId, Removal, exists, push, remove};

use crate::registry::{Kind, PASSWORD, Registry, USER};
use crate::shop::{Shop, Unpacked};

/// Where the part of a test that has credentials in its environment finds the registry.
const HOST: &str = "GREENROOM_TEST_REGISTRY";

/// Runs the test `name` again, in a process with these variables.
fn again(name: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).envs(variables.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn who_gives_no_credentials_is_refused_and_that_is_said() {
    let Some(registry) = Registry::of(Kind::WithUsers) else { return };
    let error =
        push(Shop::new().order(registry.repository("web"), &[("/a", "1")])).await.unwrap_err();
    let expected =
        format!("`{}` gives no access to `web`, and was given no credentials", registry.host());
    assert_eq!(error.source().unwrap().to_string(), expected);
    let id: ImageId =
        format!("oci://{}/web@sha256:{}", registry.host(), "0".repeat(64)).parse().unwrap();
    assert_eq!(exists(&id).await.unwrap_err().to_string(), expected);
}

#[tokio::test]
async fn credentials_of_the_environment_open_it() {
    if let Ok(host) = env::var(HOST) {
        return push_pull_and_remove(&host).await;
    }
    let Some(registry) = Registry::of(Kind::WithUsers) else { return };
    let variables = [
        (HOST, registry.host()),
        ("GREENROOM_REGISTRY_USER", USER.to_owned()),
        ("GREENROOM_REGISTRY_PASSWORD", PASSWORD.to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    again("access::credentials_of_the_environment_open_it", &variables);
}

#[tokio::test]
async fn credentials_of_docker_open_it() {
    if let Ok(host) = env::var(HOST) {
        return push_pull_and_remove(&host).await;
    }
    let Some(registry) = Registry::of(Kind::WithUsers) else { return };
    let folder = tempfile::tempdir().unwrap();
    let auth = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let config = serde_json::json!({ "auths": { registry.host(): { "auth": auth } } });
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let (host, folder) = (registry.host(), folder.path().display().to_string());
    again("access::credentials_of_docker_open_it", &[(HOST, &host), ("DOCKER_CONFIG", &folder)]);
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_never_shown() {
    if let Ok(host) = env::var(HOST) {
        let shop = Shop::new();
        let error = push(shop.order(format!("{host}/web"), &[("/a", "1")])).await.unwrap_err();
        let cause = error.source().unwrap().to_string();
        let expected = "gives no access to `web`, with the credentials that it was given";
        assert_eq!(cause, format!("`{host}` {expected}"));
        assert!(!format!("{error:?}").contains("not-the-password"), "{error:?}");
        return;
    }
    let Some(registry) = Registry::of(Kind::WithUsers) else { return };
    let host = registry.host();
    let variables = [
        (HOST, host.as_str()),
        ("GREENROOM_REGISTRY_USER", USER),
        ("GREENROOM_REGISTRY_PASSWORD", "not-the-password"),
    ];
    again("access::wrong_credentials_are_refused_and_never_shown", &variables);
}

async fn push_pull_and_remove(host: &str) {
    let id = push(Shop::new().order(format!("{host}/web"), &[("/a", "1")])).await.unwrap();
    assert_eq!(Unpacked::of(&id).await.read("a").as_deref(), Some("1"));
    assert_eq!(remove(&id).await.unwrap(), Removal::Removed);
    assert!(!exists(&id).await.unwrap());
}
