//! The HTTP client of this room: TLS by what the operating system trusts.

use std::time::Duration;

use reqwest::{Client, ClientBuilder};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// A client to be.
pub(crate) fn client() -> ClientBuilder {
    // The HTTP client takes what the process has as its default; an earlier one will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().connect_timeout(CONNECT)
}
