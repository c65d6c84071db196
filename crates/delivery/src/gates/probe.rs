//! One look: an HTTP request, a TCP connection, or a program.

use std::process::Stdio;

use bytes::Bytes;
use greenroom_model::gate::{GateResult, Probe};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpStream;
use tokio::process::Command;

use super::Look;
use crate::chain::chain;

/// As much of a body as is looked at: 1 MiB.
const LONGEST_BODY: usize = 1 << 20;
/// The exit status by which a program says that it cannot tell: EX_TEMPFAIL of sysexits.h.
const CANNOT_TELL: i32 = 75;

/// Looks once.
pub(super) async fn look(probe: &Probe<String>) -> Look {
    match probe {
        Probe::Http { url, status, body } => http(url, *status, body.as_deref()).await,
        Probe::Tcp { endpoint } => tcp(endpoint).await,
        Probe::Command { argv } => command(argv).await,
    }
}

async fn http(url: &str, expected: u16, text: Option<&str>) -> Look {
    let uri: hyper::Uri = match url.parse() {
        Ok(uri) => uri,
        Err(error) => return Look::error(format!("`{url}` is no address: {error}")),
    };
    if uri.scheme_str() != Some("http") {
        return Look::error(format!("`{url}`: this version asks http:// only"));
    }
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let answer = match client.get(uri).await {
        Ok(answer) => answer,
        Err(error) => return Look::fail(format!("GET {url}: {}", chain(&error))),
    };
    let status = answer.status();
    if status.as_u16() != expected {
        return Look::fail(format!("GET {url}: {status}, expected {expected}"));
    }
    let Some(text) = text else { return Look::pass(format!("GET {url}: {status}")) };
    let body = match Limited::new(answer.into_body(), LONGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Look::fail(format!("GET {url}: {error}")),
    };
    if String::from_utf8_lossy(&body).contains(text) {
        Look::pass(format!("GET {url}: {status}, with `{text}`"))
    } else {
        Look::fail(format!("GET {url}: {status}, without `{text}`"))
    }
}

async fn tcp(endpoint: &str) -> Look {
    match TcpStream::connect(endpoint).await {
        Ok(_) => Look::pass(format!("{endpoint} accepts connections")),
        Err(error) => Look::fail(format!("{endpoint}: {error}")),
    }
}

async fn command(argv: &[String]) -> Look {
    let Some((program, arguments)) = argv.split_first() else {
        return Look::error("the command is empty");
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    match output {
        Err(error) => Look::error(format!("cannot run `{program}`: {error}")),
        Ok(output) => {
            let evidence = format!("`{}`: {}{}", argv.join(" "), output.status, last_line(&output));
            match output.status.code() {
                Some(0) => Look::pass(evidence),
                Some(CANNOT_TELL) => Look { result: GateResult::Inconclusive, evidence },
                _ => Look::fail(evidence),
            }
        }
    }
}

fn last_line(output: &std::process::Output) -> String {
    let text = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let text = String::from_utf8_lossy(text);
    text.trim_end().lines().next_back().map(|line| format!(", {line}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Probe<String> {
        Probe::Command { argv: words.iter().map(|it| (*it).to_owned()).collect() }
    }

    #[tokio::test]
    async fn a_program_passes_fails_or_cannot_tell_by_its_exit_status() {
        assert_eq!(look(&argv(&["true"])).await.result, GateResult::Pass);
        let failed = look(&argv(&["sh", "-c", "echo not ready; exit 1"])).await;
        assert_eq!(failed.result, GateResult::Fail);
        assert!(failed.evidence.ends_with(", not ready"), "{}", failed.evidence);
        let unsure = look(&argv(&["sh", "-c", "exit 75"])).await;
        assert_eq!(unsure.result, GateResult::Inconclusive);
        assert_eq!(look(&argv(&["/nowhere/program"])).await.result, GateResult::Error);
    }

    #[tokio::test]
    async fn a_port_without_a_listener_fails() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = listener.local_addr().expect("it is bound").to_string();
        let open = Probe::Tcp { endpoint: endpoint.clone() };
        assert_eq!(look(&open).await.result, GateResult::Pass);
        drop(listener);
        assert_eq!(look(&open).await.result, GateResult::Fail);
        let http = Probe::Http { url: format!("http://{endpoint}/"), status: 200, body: None };
        assert_eq!(look(&http).await.result, GateResult::Fail);
    }
}
