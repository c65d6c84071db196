//! When an instance counts as ready.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// How to find out that a program is ready, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// What to look at.
    pub probe: Probe,
    /// The longest time from start to ready, in milliseconds.
    pub timeout_ms: u64,
}

/// What shows that a program is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// It runs.
    None,
    /// Its port takes connections.
    Tcp,
    /// A GET of this path on its port is answered with a status from 200 to 399.
    Http(String),
}

/// How often a program is asked.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

impl Readiness {
    /// Waits until the program on `port` is ready; false if it takes too long.
    pub(crate) async fn wait(&self, port: u16) -> bool {
        let deadline = Instant::now() + Duration::from_millis(self.timeout_ms);
        loop {
            if self.probe.holds(port).await {
                return true;
            }
            if Instant::now() + PAUSE >= deadline {
                return false;
            }
            sleep(PAUSE).await;
        }
    }
}

impl Probe {
    async fn holds(&self, port: u16) -> bool {
        let asked = async {
            match self {
                Probe::None => true,
                Probe::Tcp => connect(port).await.is_ok(),
                Probe::Http(path) => get(port, path)
                    .await
                    .is_ok_and(|status| status.is_some_and(|status| (200..400).contains(&status))),
            }
        };
        timeout(ANSWER_LIMIT, asked).await.unwrap_or(false)
    }
}

async fn connect(port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// The status that a GET is answered with. One line of the answer is all that is wanted, so this
/// needs no HTTP client, and the supervisor stays small.
async fn get(port: u16, path: &str) -> std::io::Result<Option<u16>> {
    let mut stream = connect(port).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    // A program may answer with anything, also with a line that never ends.
    BufReader::new(stream.take(1024)).read_line(&mut line).await?;
    Ok(line.split(' ').nth(1).and_then(|status| status.trim().parse().ok()))
}
