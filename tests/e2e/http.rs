//! A small blocking HTTP/1.1 client: enough to be a user of the shop.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection that is kept.
pub(crate) struct Client {
    host: String,
    connection: Option<BufReader<TcpStream>>,
    keep: bool,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Client {
    /// A client of `http://host:port`; without `keep`, each request has a connection of its own.
    pub(crate) fn new(url: &str, keep: bool) -> Client {
        let host = url.strip_prefix("http://").expect("an http address");
        Client { host: host.trim_end_matches('/').to_owned(), connection: None, keep }
    }

    pub(crate) fn get(&mut self, path: &str) -> std::io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(&self.host)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(30)))?;
                BufReader::new(stream)
            }
        };
        let close = if self.keep { "keep-alive" } else { "close" };
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: {close}\r\n\r\n", self.host);
        connection.get_mut().write_all(request.as_bytes())?;
        let answer = read_answer(&mut connection)?;
        if self.keep {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}

/// One request on a connection of its own.
pub(crate) fn get(url: &str, path: &str) -> std::io::Result<Answer> {
    Client::new(url, false).get(path)
}

fn read_answer(connection: &mut impl BufRead) -> std::io::Result<Answer> {
    let invalid =
        |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
    let status = status.ok_or_else(|| invalid(&format!("no status in {line:?}")))?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        connection.read_line(&mut header)?;
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| invalid("a bad length"))?;
        }
        if header.starts_with("transfer-encoding:") {
            return Err(invalid("this client reads bodies of known length only"));
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}
