//! A server with the rules of Artifactory, on the loopback interface, that fails as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is answered with this status, without an effect.
    Status(u16),
    /// The connection ends before anything is done.
    CloseBefore,
    /// The connection ends when all is done.
    CloseAfter,
    /// Other content is stored.
    StoreOther,
    /// It is never answered.
    Silence,
}

/// A file that the server holds.
#[derive(Clone, Debug)]
struct File {
    content: Bytes,
    created: String,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, File>,
    requests: Vec<String>,
    /// By the number of the request, from 0.
    faults: BTreeMap<usize, Fault>,
    /// The only header `Authorization` that is taken.
    authorization: Option<String>,
    /// Paths that may not be written.
    is_read_only: bool,
    /// The lengths of the pieces in which the last content came.
    pieces: Vec<usize>,
}

/// The server; it ends when this is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// What ends a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("as it was told")]
struct Closed;

type Answer = Response<Full<Bytes>>;

/// The one repository.
const REPOSITORY: &str = "libs";

impl Server {
    pub(crate) async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/artifactory/{REPOSITORY}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        Server { url, state, task }
    }

    /// Lets the request of this number fail.
    pub(crate) fn fail(&self, number: usize, fault: Fault) {
        self.state.lock().unwrap().faults.insert(number, fault);
    }

    pub(crate) fn only_with(&self, authorization: &str) {
        self.state.lock().unwrap().authorization = Some(authorization.to_owned());
    }

    pub(crate) fn make_read_only(&self) {
        self.state.lock().unwrap().is_read_only = true;
    }

    /// The requests so far, which are forgotten.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    /// The lengths of the pieces in which the last content came.
    pub(crate) fn pieces(&self) -> Vec<usize> {
        self.state.lock().unwrap().pieces.clone()
    }

    /// Puts a file there, behind everybody's back.
    pub(crate) fn put(&self, path: &str, content: &[u8]) {
        let content = Bytes::copy_from_slice(content);
        self.state.lock().unwrap().store(path, content);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(request, Arc::clone(&state)));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> Result<Answer, Closed> {
    let fault = {
        let mut state = state.lock().unwrap();
        let number = state.requests.len();
        let by_checksum = request.headers().contains_key("X-Checksum-Deploy");
        let note = if by_checksum { " by checksum" } else { "" };
        let path = request.uri().path().replace("/artifactory/", "");
        state.requests.push(format!("{} {path}{note}", request.method()));
        state.faults.remove(&number)
    };
    match fault {
        Some(Fault::Status(status)) => Ok(refusal(status, "as it was told")),
        Some(Fault::CloseBefore) => Err(Closed),
        Some(Fault::Silence) => std::future::pending().await,
        fault => {
            let answer = carry_out(request, &state, matches!(fault, Some(Fault::StoreOther))).await;
            match fault {
                Some(Fault::CloseAfter) => Err(Closed),
                _ => answer.ok_or(Closed),
            }
        }
    }
}

/// `None` if the request broke off.
async fn carry_out(
    request: Request<Incoming>,
    state: &Mutex<State>,
    store_other: bool,
) -> Option<Answer> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().strip_prefix("/artifactory/")?;
    // Properties are not kept, and only they may have a `;` that is not encoded.
    let path = percent_decode_str(path.split(';').next()?).decode_utf8().ok()?;
    if let Some(refused) = state.lock().unwrap().refuse(&head.headers, &head.method) {
        return Some(refused);
    }
    if head.method == Method::PUT {
        if head.headers.contains_key("X-Checksum-Deploy") {
            return Some(state.lock().unwrap().deploy_known(&path, &head.headers));
        }
        let content = receive(body, state).await?;
        return Some(state.lock().unwrap().deploy(&path, &head.headers, content, store_other));
    }
    let state = state.lock().unwrap();
    Some(match path.strip_prefix("api/storage/") {
        Some(path) => state.tell(path),
        None => match state.files.get(&*path) {
            Some(file) => Response::new(Full::new(file.content.clone())),
            None => refusal(404, "Not Found"),
        },
    })
}

async fn receive(mut body: Incoming, state: &Mutex<State>) -> Option<Bytes> {
    let (mut content, mut pieces) = (Vec::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let piece = frame.ok()?.into_data().ok()?;
        pieces.push(piece.len());
        content.extend_from_slice(&piece);
    }
    state.lock().unwrap().pieces = pieces;
    Some(content.into())
}

impl State {
    fn refuse(&self, headers: &HeaderMap, method: &Method) -> Option<Answer> {
        let given = headers.get("Authorization").and_then(|it| it.to_str().ok());
        match (&self.authorization, given) {
            (Some(_), None) => Some(refusal(401, "Authentication is required")),
            (Some(wanted), Some(given)) if wanted != given => Some(refusal(401, "Wrong")),
            _ if method == Method::PUT && self.is_read_only => Some(refusal(403, "Read only")),
            _ => None,
        }
    }

    fn deploy_known(&mut self, path: &str, headers: &HeaderMap) -> Answer {
        let known = self.files.values().find(|it| fits(&it.content, headers));
        match known.map(|it| it.content.clone()) {
            Some(content) if path.starts_with("libs/") => self.store(path, content),
            _ => refusal(404, "Unable to find artifact by checksum"),
        }
    }

    fn deploy(&mut self, path: &str, headers: &HeaderMap, content: Bytes, other: bool) -> Answer {
        if !path.starts_with("libs/") {
            return refusal(404, "Could not find a local repository");
        }
        if !fits(&content, headers) {
            return refusal(409, "Checksum error");
        }
        self.store(path, if other { Bytes::from_static(b"other") } else { content })
    }

    fn store(&mut self, path: &str, content: Bytes) -> Answer {
        // Later ones are newer, whatever the clock says.
        let created = format!("2026-01-02T03:04:{:02}.000Z", self.files.len());
        self.files.insert(path.to_owned(), File { content, created });
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::CREATED;
        answer
    }

    /// What the API tells about a path.
    fn tell(&self, path: &str) -> Answer {
        if let Some(file) = self.files.get(path) {
            return told(&json!({
                "created": file.created,
                "createdBy": "ci",
                "size": file.content.len().to_string(),
                "checksums": { "sha256": hex(&Sha256::digest(&file.content)) },
            }));
        }
        let folder = format!("{path}/");
        let below = self.files.keys().filter_map(|it| it.strip_prefix(&folder));
        let children: BTreeMap<&str, bool> = below
            .map(|below| match below.split_once('/') {
                Some((name, _)) => (name, true),
                None => (below, false),
            })
            .collect();
        if children.is_empty() && path != REPOSITORY {
            return refusal(404, "Unable to find item");
        }
        let child =
            |(name, folder): (&str, bool)| json!({ "uri": format!("/{name}"), "folder": folder });
        told(&json!({ "children": children.into_iter().map(child).collect::<Vec<Json>>() }))
    }
}

/// Whether content is what the headers say.
fn fits(content: &[u8], headers: &HeaderMap) -> bool {
    let is = |name: &str, digest: String| headers.get(name).is_some_and(|it| *it == digest);
    is("X-Checksum-Sha256", hex(&Sha256::digest(content)))
        && is("X-Checksum-Sha1", hex(&Sha1::digest(content)))
        && is("X-Checksum-Md5", hex(&md5::Md5::digest(content)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn told(what: &Json) -> Answer {
    Response::new(Full::new(what.to_string().into()))
}

fn refusal(status: u16, message: &str) -> Answer {
    let errors = json!({ "errors": [{ "status": status, "message": message }] });
    let mut answer = told(&errors);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}
