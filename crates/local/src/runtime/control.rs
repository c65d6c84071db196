//! One request, one answer: a line of JSON each, over a Unix socket in the object's folder.
//!
//! The system limits a socket's path to about a hundred bytes, and root folders may lie deeper.
//! So the server binds a relative path from inside the folder, and the client goes through a
//! short alias of the folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// The socket's name in its folder.
pub(crate) const SOCKET: &str = "control.sock";

/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// Why a process of the runtime gave no answer.
#[derive(Debug, Error)]
pub enum ControlError {
    /// It cannot be reached: it does not run, or not yet.
    #[error("cannot reach the process of `{}`", folder.display())]
    Unreachable {
        /// The object's folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The request was sent and no proper answer came.
    #[error("the process of `{}` gave no proper answer", folder.display())]
    NoAnswer {
        /// The object's folder.
        folder: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}

/// Sends `request` to the process of `folder` and returns its answer.
pub(crate) async fn ask<Q: Serialize, A: DeserializeOwned>(
    folder: &Path,
    request: &Q,
) -> Result<A, ControlError> {
    let unreachable = |source| ControlError::Unreachable { folder: folder.to_owned(), source };
    let stream = connect(folder).await.map_err(unreachable)?;
    let no_answer = |source| ControlError::NoAnswer { folder: folder.to_owned(), source };
    match timeout(ANSWER_LIMIT, exchange(stream, request)).await {
        Ok(answer) => answer.map_err(no_answer),
        Err(elapsed) => Err(no_answer(elapsed.into())),
    }
}

/// Whether a process listens in `folder`.
pub(crate) async fn listens(folder: &Path) -> bool {
    connect(folder).await.is_ok()
}

async fn exchange<Q: Serialize, A: DeserializeOwned>(
    stream: UnixStream,
    request: &Q,
) -> io::Result<A> {
    let mut stream = BufReader::new(stream);
    write_line(stream.get_mut(), request).await?;
    read_line(&mut stream).await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Writes `message` as one line.
pub(crate) async fn write_line<T: Serialize>(
    stream: &mut UnixStream,
    message: &T,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    stream.write_all(&line).await
}

/// Reads a message of one line; `None` if the other side closed before it.
pub(crate) async fn read_line<T: DeserializeOwned>(
    stream: &mut BufReader<UnixStream>,
) -> io::Result<Option<T>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&line)?))
}

/// Through a descriptor of the folder, which has a short path of its own.
#[cfg(target_os = "linux")]
async fn connect(folder: &Path) -> io::Result<UnixStream> {
    use std::os::fd::AsRawFd;
    let open = std::fs::File::open(folder)?;
    UnixStream::connect(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd())).await
}

/// Through a symbolic link in a short folder.
#[cfg(not(target_os = "linux"))]
async fn connect(folder: &Path) -> io::Result<UnixStream> {
    let alias = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp")?;
    let link = alias.path().join("d");
    std::os::unix::fs::symlink(folder, &link)?;
    UnixStream::connect(link.join(SOCKET)).await
}
