//! A client of name servers.

use std::collections::BTreeMap;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// Questions over UDP, of one socket.
pub(crate) struct Asker(UdpSocket);

impl Asker {
    pub(crate) async fn of(port: u16) -> Asker {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(("127.0.0.1", port)).await.unwrap();
        Asker(socket)
    }

    pub(crate) async fn ask(&self, name: &str, kind: RecordType) -> Message {
        self.send(&question(name, kind)).await
    }

    pub(crate) async fn send(&self, question: &Message) -> Message {
        self.0.send(&question.to_vec().unwrap()).await.unwrap();
        let answer = self.receive().await;
        assert_eq!(answer.metadata.id, question.metadata.id);
        answer
    }

    /// The values of a name, which is to be there.
    pub(crate) async fn values(&self, name: &str, kind: RecordType) -> Vec<String> {
        let answer = self.ask(name, kind).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NoError, "{name}");
        values(&answer)
    }

    /// How often each value was the only one of `count` answers.
    pub(crate) async fn tally(&self, name: &str, count: usize) -> BTreeMap<String, usize> {
        let mut tally = BTreeMap::new();
        let mut left = count;
        while left > 0 {
            // Several at once, because each turn of a busy machine takes its time.
            let at_once = left.min(20);
            for _ in 0..at_once {
                self.0.send(&question(name, RecordType::A).to_vec().unwrap()).await.unwrap();
            }
            for _ in 0..at_once {
                let answer = self.receive().await;
                assert_eq!(answer.metadata.response_code, ResponseCode::NoError, "{name}");
                *tally.entry(values(&answer).join(" ")).or_default() += 1;
            }
            left -= at_once;
        }
        tally
    }

    async fn receive(&self) -> Message {
        let mut buffer = [0; 65_535];
        let length = self.0.recv(&mut buffer).await.unwrap();
        Message::from_vec(&buffer[..length]).unwrap()
    }
}

pub(crate) fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

/// With the size of answers that the client takes.
pub(crate) fn with_edns(mut message: Message, version: u8, size: u16) -> Message {
    let mut edns = Edns::new();
    edns.set_version(version).set_max_payload(size);
    message.set_edns(edns);
    message
}

/// Asks over TCP.
pub(crate) async fn ask_tcp(port: u16, name: &str, kind: RecordType) -> Message {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let bytes = question(name, kind).to_vec().unwrap();
    stream.write_u16(u16::try_from(bytes.len()).unwrap()).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let length = stream.read_u16().await.unwrap();
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.unwrap();
    Message::from_vec(&answer).unwrap()
}

pub(crate) fn values(answer: &Message) -> Vec<String> {
    answer.answers.iter().map(|record: &Record| record.data.to_string()).collect()
}
