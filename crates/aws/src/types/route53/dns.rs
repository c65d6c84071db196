//! Asking name servers, as their users do.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_net::NetError;
use hickory_net::client::ClientHandle;
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_net::udp::UdpClientStream;
use hickory_proto::op::{DnsResponse, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RecordType};
use tokio::net::lookup_host;

use super::normal_name;

/// The port of name servers.
const PORT: u16 = 53;

/// How long a server may take to answer, a question that was lost and asked again included.
const ANSWER: Duration = Duration::from_secs(4);

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

    async fn put(&self, server: SocketAddr) -> Result<Said, NetError> {
        let datagrams = UdpClientStream::builder(server, TokioRuntimeProvider::default());
        let mut server = datagrams.with_timeout(Some(ANSWER)).exchange();
        let answer = server.query(self.name.clone(), DNSClass::IN, self.kind).await?;
        Ok(self.said(&answer))
    }

    fn said(&self, answer: &DnsResponse) -> Said {
        let code = answer.metadata.response_code;
        let own = answer.answers.iter().filter(|it| it.record_type() == self.kind);
        let mut values: Vec<String> = own.map(|it| normal_name(&it.data.to_string())).collect();
        values.sort();
        Said { is_known: answer.metadata.authoritative && code == ResponseCode::NoError, values }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use hickory_proto::op::Message;
    use hickory_proto::rr::rdata::A;
    use hickory_proto::rr::{RData, Record};
    use tokio::net::UdpSocket;

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
