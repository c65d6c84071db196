//! Requests to the server: every one with a limit of time, repeated where that can help.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, RequestBuilder, Response, StatusCode};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::credentials::{Credentials, HELP};
use super::lost::{Lost, settled, stored, unanswered, within};
use super::wire;
use crate::http;
use crate::repository::Watch;
use crate::repository::error::{Effect, RepositoryError};
use crate::repository::source::pieces;
use crate::repository::upload::Upload;

/// How long answers are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Before a request is sent for the second time; twice as long before the third, and so on.
    pub pause: Duration,
    /// How often a request is sent again.
    pub again: usize,
    /// How long nothing may move while content is sent or received.
    pub still: Duration,
    /// How long the answer may take when all is sent: servers hash what they were sent.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            pause: Duration::from_millis(500),
            again: 5,
            still: Duration::from_secs(60),
            answer: Duration::from_secs(300),
        }
    }
}

/// Sends requests to a server.
pub(super) struct Client {
    http: reqwest::Client,
    credentials: Credentials,
    pub(super) patience: Patience,
}

impl Client {
    pub(super) fn new(credentials: Credentials) -> Result<Client, RepositoryError> {
        let http = http::client().build();
        let http = http.map_err(|error| RepositoryError::Url { why: error.to_string() })?;
        Ok(Client { http, credentials, patience: Patience::default() })
    }

    /// Attempts it again, after longer and longer pauses, as long as there is no answer.
    pub(super) async fn repeat<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, RepositoryError>
    where
        F: Future<Output = Result<T, RepositoryError>>,
    {
        let Patience { pause, again, .. } = self.patience;
        let policy =
            ExponentialBuilder::default().with_min_delay(pause).with_max_times(again).with_jitter();
        let is_unknown = AtomicBool::new(false);
        let attempted = (|| attempt()).retry(policy).when(|error| {
            is_unknown.fetch_or(error.effect() == Some(Effect::Unknown), Ordering::Relaxed);
            matches!(error, RepositoryError::Unanswered { .. })
        });
        match attempted.await {
            // What an earlier attempt may have done, a later one does not undo.
            Err(error) if is_unknown.into_inner() => Err(error.with_effect(Effect::Unknown)),
            done => done,
        }
    }

    /// Gets what is at `url`, once. The answer may be a refusal.
    pub(super) async fn get(&self, url: &str, effect: Effect) -> Result<Response, RepositoryError> {
        let request = self.credentials.sign(self.http.get(url));
        let answer = within(self.patience.still, request.send()).await;
        settled(answer.map_err(unanswered(url, effect))?, url, effect)
    }

    /// Stores a file whose content the server knows, once; `url` has its properties, `shown` has
    /// not. The answer may be a refusal.
    pub(super) async fn deploy_by_checksum(
        &self,
        url: &str,
        shown: &str,
        upload: &Upload,
    ) -> Result<Response, RepositoryError> {
        let request = self.deploy(url, upload).header("X-Checksum-Deploy", "true");
        let request = request.header(CONTENT_LENGTH, 0);
        stored(within(self.patience.answer, request.send()).await, shown)
    }

    /// Stores a file with its content, once.
    pub(super) async fn deploy_content(
        &self,
        url: &str,
        shown: &str,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<Response, RepositoryError> {
        let (send, mut receive) = mpsc::channel::<Bytes>(1);
        let body = stream::poll_fn(move |cx| receive.poll_recv(cx)).map(Ok::<_, Infallible>);
        let request = self.deploy(url, upload).header(CONTENT_LENGTH, upload.bytes);
        let mut request = pin!(request.body(Body::wrap_stream(body)).send());
        let fed = tokio::select! {
            biased;
            // If the file has changed, the request ends here, without its last piece.
            fed = self.feed(send, upload, watch) => fed?,
            answer = &mut request => return stored(answer.map_err(Lost::from), shown),
        };
        let answer = match fed {
            Fed::All => within(self.patience.answer, request).await,
            Fed::Still => Err(Lost::Still(self.patience.still)),
        };
        stored(answer, shown)
    }

    fn deploy(&self, url: &str, upload: &Upload) -> RequestBuilder {
        let digests = &upload.digests;
        self.credentials
            .sign(self.http.put(url))
            .header("X-Checksum-Sha256", &digests.sha256)
            .header("X-Checksum-Sha1", &digests.sha1)
            .header("X-Checksum-Md5", &digests.md5)
    }

    /// Hands out the content of `upload` as it is taken.
    async fn feed(
        &self,
        send: mpsc::Sender<Bytes>,
        upload: &Upload,
        watch: &dyn Watch,
    ) -> Result<Fed, RepositoryError> {
        let mut pieces = pin!(pieces(upload, watch));
        while let Some(piece) = pieces.try_next().await? {
            match timeout(self.patience.still, send.send(piece)).await {
                Ok(Ok(())) => {}
                // Nothing more is wanted: the server has answered, or the connection is gone.
                Ok(Err(_)) => break,
                Err(_) => return Ok(Fed::Still),
            }
        }
        Ok(Fed::All)
    }

    /// The answer if it is a success.
    pub(super) async fn success(
        &self,
        answer: Response,
        place: &str,
    ) -> Result<Response, RepositoryError> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let (place, effect) = (place.to_owned(), Effect::None);
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let why = format!("{}; {}", status.as_u16(), self.credentials.shown());
            return Err(RepositoryError::Denied { place, why, help: HELP, effect });
        }
        let text = within(self.patience.still, answer.bytes()).await;
        let said = match text.ok().and_then(|text| wire::message(&text)) {
            Some(said) => format!("{status}, {said}"),
            None => status.to_string(),
        };
        Err(RepositoryError::Refused { place, said, effect })
    }

    /// The content of an answer.
    pub(super) async fn text(
        &self,
        answer: Response,
        place: &str,
        effect: Effect,
    ) -> Result<Bytes, RepositoryError> {
        within(self.patience.still, answer.bytes()).await.map_err(unanswered(place, effect))
    }

    /// The content of an answer, piece by piece.
    pub(super) fn pieces<'a>(
        &'a self,
        answer: Response,
        place: &'a str,
    ) -> impl Stream<Item = Result<Bytes, RepositoryError>> + Send + 'a {
        stream::try_unfold(answer, move |mut answer| async move {
            let piece = within(self.patience.still, answer.chunk()).await;
            let piece = piece.map_err(unanswered(place, Effect::None))?;
            Ok(piece.map(|piece| (piece, answer)))
        })
    }
}

/// How far a body was handed out.
enum Fed {
    /// As far as it was wanted.
    All,
    /// Nothing was taken for too long.
    Still,
}
