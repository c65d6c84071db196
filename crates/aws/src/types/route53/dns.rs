//! Asking name servers, as their users do.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;

use super::normal_name;

/// The port of name servers.
const PORT: u16 = 53;

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(2);

/// How often one server is asked: a datagram may be lost.
const ATTEMPTS: usize = 2;

/// What a name server says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Whether it knows the name, and knows it itself.
    pub(crate) is_known: bool,
    /// The values of the type that was asked for, in their one form, in order.
    pub(crate) values: Vec<String>,
}

/// Asks one server after the other until one answers; `None` if none does.
pub(crate) async fn ask_any(servers: &[String], name: &str, kind: &str) -> Option<Said> {
    let question = Question::new(name, kind)?;
    for server in servers {
        let addresses = lookup_host((server.as_str(), PORT)).await.into_iter().flatten();
        for address in addresses {
            match question.put(address).await {
                Ok(said) => return Some(said),
                Err(error) => tracing::debug!(server, %address, %error, "no answer"),
            }
        }
    }
    None
}

/// What a server is asked.
struct Question {
    name: Name,
    kind: RecordType,
}

impl Question {
    /// None if there is no such type or name.
    fn new(name: &str, kind: &str) -> Option<Question> {
        Some(Question {
            name: Name::from_ascii(format!("{name}.")).ok()?,
            kind: kind.parse().ok()?,
        })
    }

    async fn put(&self, server: SocketAddr) -> io::Result<Said> {
        let any: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(server).await?;
        let mut outcome = Err(io::ErrorKind::TimedOut.into());
        for _ in 0..ATTEMPTS {
            outcome = match timeout(ANSWER, self.once(&socket)).await {
                Ok(Ok(said)) => return Ok(said),
                Ok(Err(error)) => Err(error),
                Err(late) => Err(late.into()),
            };
        }
        outcome
    }

    async fn once(&self, socket: &UdpSocket) -> io::Result<Said> {
        let mut question = Message::query();
        question.add_query(Query::query(self.name.clone(), self.kind));
        socket.send(&question.to_vec().map_err(io::Error::other)?).await?;
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).await?;
            let answer = Message::from_vec(&buffer[..length]).map_err(io::Error::other)?;
            // An answer that came too late for the question before is none to this one.
            if answer.metadata.id == question.metadata.id {
                return Ok(self.said(&answer));
            }
        }
    }

    fn said(&self, answer: &Message) -> Said {
        let code = answer.metadata.response_code;
        let own = answer.answers.iter().filter(|it| it.record_type() == self.kind);
        let mut values: Vec<String> = own.map(|it| normal_name(&it.data.to_string())).collect();
        values.sort();
        Said { is_known: answer.metadata.authoritative && code == ResponseCode::NoError, values }
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::rdata::A;
    use hickory_proto::rr::{RData, Record};

    use super::*;

    /// A name server that knows one name, and what it says when it is asked for it.
    async fn server(values: &'static [[u8; 4]]) -> SocketAddr {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = socket.local_addr().expect("an address");
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).expect("a question");
                let answer = answer(&question, values).to_vec().expect("an answer");
                socket.send_to(&answer, client).await.expect("it is sent");
            }
        });
        address
    }

    fn answer(question: &Message, values: &[[u8; 4]]) -> Message {
        let query = question.queries[0].clone();
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata.authoritative = true;
        if values.is_empty() {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        for value in values {
            let data = RData::A(A(Ipv4Addr::from(*value)));
            answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
        answer.add_query(query);
        answer
    }

    #[tokio::test]
    async fn what_a_server_says_of_a_name_is_read() {
        let question = Question::new("www.shop.example", "A").expect("a question");
        let said = question.put(server(&[[10, 0, 0, 2], [10, 0, 0, 1]]).await).await;
        let values = vec!["10.0.0.1".to_owned(), "10.0.0.2".to_owned()];
        assert_eq!(said.expect("an answer"), Said { is_known: true, values });
    }

    #[tokio::test]
    async fn a_name_that_a_server_does_not_know_has_no_values() {
        let question = Question::new("www.shop.example", "A").expect("a question");
        let said = question.put(server(&[]).await).await.expect("an answer");
        assert_eq!(said, Said { is_known: false, values: Vec::new() });
    }
}
