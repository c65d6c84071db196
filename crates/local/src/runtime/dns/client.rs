//! Asking a name server as its users do.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::config::RecordConfig;
use super::value;

/// How long an answer on loopback may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// How often is asked for a record that is one of several: even of weight 1 beside 255 it comes up
/// within so many answers, but for one time in two thousand.
const MOST_QUESTIONS: usize = 2000;

/// How many questions are under way at most.
const MOST_AT_ONCE: usize = 32;

/// Asks over UDP until the answer is this record, and returns whether it ever was.
pub(crate) async fn comes_up(port: u16, name: &Name, record: &RecordConfig) -> io::Result<bool> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect((Ipv4Addr::LOCALHOST, port)).await?;
    let values = record.values.iter().map(|text| value::data(record.kind, text));
    let values: Vec<RData> = values.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let (mut asked, mut at_once) = (0, 1);
    while asked < MOST_QUESTIONS {
        let answers = ask(&socket, name, record.kind.into(), at_once).await?;
        if answers.iter().any(|answer| is_it(answer, record, &values)) {
            return Ok(true);
        }
        asked += at_once;
        // Most come up at once; for the others, it is the number of answers that counts.
        at_once = (2 * at_once).min(MOST_AT_ONCE);
    }
    Ok(false)
}

fn is_it(answer: &Message, record: &RecordConfig, values: &[RData]) -> bool {
    let mut said = answer.answers.iter().filter(|it| it.record_type() == record.kind.into());
    let first = said.clone().next();
    answer.metadata.authoritative
        && answer.metadata.response_code == ResponseCode::NoError
        && first.is_some_and(|first| first.ttl == record.ttl)
        // Of what does not fit a datagram, what does is enough.
        && said.all(|it| values.contains(&it.data))
}

/// Asks the same many times over, and returns the answers.
async fn ask(
    socket: &UdpSocket,
    name: &Name,
    kind: RecordType,
    times: usize,
) -> io::Result<Vec<Message>> {
    let mut waiting = BTreeSet::new();
    for _ in 0..times {
        let mut question = Message::query();
        question.add_query(Query::query(name.clone(), kind));
        socket.send(&question.to_vec().map_err(io::Error::other)?).await?;
        waiting.insert(question.metadata.id);
    }
    let mut answers = Vec::new();
    let mut buffer = [0; 4096];
    while !waiting.is_empty() {
        let length = timeout(ANSWER_LIMIT, socket.recv(&mut buffer)).await??;
        let answer = Message::from_vec(&buffer[..length]).map_err(io::Error::other)?;
        // An answer that came too late for a question before is none to these.
        if waiting.remove(&answer.metadata.id) {
            answers.push(answer);
        }
    }
    Ok(answers)
}
