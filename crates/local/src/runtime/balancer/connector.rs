//! Connections to one target, counted.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use super::counters::{Counters, Gauge};

/// How long a connection on loopback may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Connects to one address, whatever the request's URI says.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) address: SocketAddr,
    pub(crate) counters: Arc<Counters>,
}

/// A connection that counts as open until it is dropped.
pub(crate) struct Counted {
    stream: TokioIo<TcpStream>,
    _open: Gauge,
}

impl Connector {
    async fn connect(self) -> io::Result<Counted> {
        let stream = timeout(CONNECT_LIMIT, TcpStream::connect(self.address)).await??;
        stream.set_nodelay(true)?;
        Ok(Counted { stream: TokioIo::new(stream), _open: self.counters.connection() })
    }
}

impl Service<Uri> for Connector {
    type Response = Counted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Counted>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}

impl Connection for Counted {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
