//! A server that answers each path and query as it is told.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// Status and body by path and query; everything else is 404.
type Answers = BTreeMap<String, (u16, String)>;

/// The server; it ends when this is dropped.
pub(super) struct Server {
    pub(super) url: String,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start<P: Into<String>, B: Into<String>>(
        answers: impl IntoIterator<Item = (P, u16, B)>,
    ) -> Server {
        let answers = answers.into_iter();
        let answers: Answers =
            answers.map(|(path, status, body)| (path.into(), (status, body.into()))).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let task = tokio::spawn(serve(listener, Arc::new(answers)));
        Server { url, task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, answers: Arc<Answers>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let answers = answers.clone();
        connections.spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&answers, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            // A client that goes away is none of its business.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(answers: &Answers, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let asked = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let (status, body) = answers.get(asked).cloned().unwrap_or((404, String::new()));
    let response = Response::builder().status(status).header("location", "/moved");
    response.body(Full::from(body)).expect("status and headers are valid")
}
