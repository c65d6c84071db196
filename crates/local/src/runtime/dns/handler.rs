//! From what comes over the wire to the zone, and back.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use hickory_proto::op::{Edns, Header, HeaderCounts, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, RecordType};
use hickory_server::net::runtime::Time;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;

use super::zone::{Answer, Zone};

/// What is served now. A question sees one zone from its beginning to its end.
#[derive(Default)]
pub(crate) struct Served(RwLock<Option<Arc<Zone>>>);

/// Answers questions with what is served.
pub(crate) struct Handler(pub(crate) Arc<Served>);

/// The only version of EDNS that there is.
const EDNS_VERSION: u8 = 0;

/// The largest answer over UDP, in bytes: what passes everywhere unbroken (DNS flag day 2020).
const UDP_MAX: u16 = 1232;

/// What every client takes, in bytes.
const UDP_LEAST: u16 = 512;

impl Served {
    /// Takes the place of what was served before, all at once.
    pub(crate) fn set(&self, zone: Zone) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(zone));
    }

    fn zone(&self) -> Option<Arc<Zone>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, request: &Request) -> Answer {
        let refused = |code| Answer { code, records: Vec::new(), soa: None };
        if request.edns.as_ref().is_some_and(|edns| edns.version() > EDNS_VERSION) {
            return refused(ResponseCode::BADVERS);
        }
        if request.metadata.op_code != OpCode::Query {
            return refused(ResponseCode::NotImp);
        }
        let [query] = request.queries.queries() else { return refused(ResponseCode::FormErr) };
        let transfer = matches!(query.query_type(), RecordType::AXFR | RecordType::IXFR);
        match self.zone() {
            Some(zone) if query.query_class() == DNSClass::IN && !transfer => {
                zone.answer(query.original().name(), query.query_type(), rand::random)
            }
            _ => refused(ResponseCode::Refused),
        }
    }
}

#[async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response: R,
    ) -> ResponseInfo {
        let answer = self.0.answer(request);
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.response_code = answer.code;
        metadata.authoritative =
            matches!(answer.code, ResponseCode::NoError | ResponseCode::NXDomain);
        let edns = request.edns.as_ref().map(edns_for);
        let mut builder = MessageResponseBuilder::from_message_request(request);
        if let Some(edns) = &edns {
            builder.edns(edns);
        }
        let message = builder.build(metadata, &answer.records, [], &answer.soa, []);
        response.send_response(message).await.unwrap_or_else(|_| {
            // Who asked has gone; what is returned is for statistics alone.
            Header { metadata, counts: HeaderCounts::default() }.into()
        })
    }
}

/// The EDNS of the answer to a question that has one.
fn edns_for(question: &Edns) -> Edns {
    let mut edns = Edns::new();
    edns.set_version(EDNS_VERSION);
    edns.set_max_payload(question.max_payload().clamp(UDP_LEAST, UDP_MAX));
    edns
}
