//! Tags of several objects of Route 53, which the server tells of one at a time.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use xmltree::{Element, XMLNode};

use crate::call::Call;
use crate::proxy::Backend;
use crate::reply::Reply;
use crate::xml;

/// The answer to a call for the tags of several objects; `None` for any other call.
pub(crate) async fn answer(backend: &Backend, call: &Call) -> Option<Reply> {
    if !call.is("route53", "ListTagsForResources") {
        return None;
    }
    let mut sets = Element::new("ResourceTagSets");
    for id in call.parameters.iter().filter(|(key, _)| key.contains("ResourceId")) {
        let reply = backend.send(&of_one(call, id.1)).await;
        let set = reply.document().and_then(|mut it| it.take_child("ResourceTagSet"));
        match set.filter(|_| reply.status.is_success()) {
            Some(set) => sets.children.push(XMLNode::Element(set)),
            // One that is not there makes the call fail as a whole.
            None => return Some(reply),
        }
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    let body = xml::write(&xml::branch("ListTagsForResourcesResponse", [sets]));
    Some(Reply { status: StatusCode::OK, headers, body })
}

fn of_one(call: &Call, id: &str) -> Call {
    let mut one = call.clone();
    one.method = Method::GET;
    one.target = format!("{}/{id}", call.target);
    one.body = bytes::Bytes::new();
    "ListTagsForResource".clone_into(&mut one.action);
    one
}
