//! Copies of requests: which are made, who gets them, and what becomes of them.
//!
//! A copy has nothing of the request that it was made from: a task, a connection and limits of its
//! own, and its answer is thrown away. So whatever a group makes of its copies, no client notices.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::counters::is_fault;
use super::group::Group;
use super::headers::MIRRORED;
use super::target::Target;

/// How many copies a group is sent at the same time at most.
pub(crate) const COPIES_LIMIT: usize = 256;

/// How many bytes of a copy's answer are read.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// A group that gets copies of a part of the requests that other groups serve.
pub(crate) struct Mirror {
    pub(crate) group: Arc<Group>,
    share: Share,
}

/// So many of a hundred, evenly spread.
struct Share {
    percent: u32,
    /// What the choices so far are short of the share, in hundredths.
    owed: u32,
}

impl Mirror {
    pub(crate) fn new(group: Arc<Group>, percent: u32) -> Mirror {
        Mirror { group, share: Share { percent: percent.min(100), owed: 0 } }
    }

    /// Counts a request that could be copied; the group, if it is to be.
    pub(crate) fn next(&mut self) -> Option<Arc<Group>> {
        self.group.counters.copies.eligible();
        self.share.next().then(|| Arc::clone(&self.group))
    }
}

impl Share {
    fn next(&mut self) -> bool {
        self.owed += self.percent;
        let chosen = self.owed >= 100;
        if chosen {
            self.owed -= 100;
        }
        chosen
    }
}

/// Whether a request without a body does no harm if it is served twice, and is no copy itself.
pub(crate) fn can_be_copied(head: &Parts) -> bool {
    matches!(head.method, Method::GET | Method::HEAD) && !head.headers.contains_key(MIRRORED)
}

/// Sends `group` a copy of a request, unless it has too many already or nobody to take it.
///
/// Its answer may take `limit`, up to its head and from there to its end.
pub(crate) fn send(group: Arc<Group>, head: &Parts, path: &str, limit: Duration) {
    let Ok(permit) = Arc::clone(&group.copies).try_acquire_owned() else { return };
    let Some(target) = group.next_for_copy() else { return };
    let Some(request) = copy(head, path, &target) else { return };
    group.counters.copies.copied();
    tokio::spawn(async move {
        let well = tokio::select! {
            well = exchange(&target, request, limit) => well,
            () = target.leaves() => false,
        };
        drop(permit);
        group.counters.copies.ended(well);
    });
}

fn copy(head: &Parts, path: &str, target: &Target) -> Option<Request<Empty<Bytes>>> {
    let uri: Uri = format!("http://{}{path}", target.address).parse().ok()?;
    let mut request = Request::new(Empty::new());
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = head.headers.clone();
    request.headers_mut().remove(CONTENT_LENGTH);
    request.headers_mut().insert(MIRRORED, HeaderValue::from_static("true"));
    Some(request)
}

/// Whether the copy was answered as it should be.
async fn exchange(target: &Target, request: Request<Empty<Bytes>>, limit: Duration) -> bool {
    let Ok(Ok(answer)) = timeout(limit, target.copies.request(request)).await else {
        return false;
    };
    let well = !is_fault(answer.status().as_u16());
    // An answer that is only too long is none that went wrong.
    let broken = matches!(timeout(limit, discard(answer.into_body())).await, Ok(Err(_)));
    well && !broken
}

/// Reads a body to its end, or as far as it is allowed to go.
async fn discard(mut body: Incoming) -> hyper::Result<()> {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        read += frame?.data_ref().map_or(0, Bytes::len);
        if read > BODY_LIMIT {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_and_evenly_spread() {
        let chosen = |percent: u32, count: usize| -> Vec<usize> {
            let mut share = Share { percent, owed: 0 };
            (1..=count).filter(|_| share.next()).collect()
        };
        assert_eq!(chosen(25, 12), [4, 8, 12]);
        assert_eq!(chosen(100, 3), [1, 2, 3]);
        assert_eq!(chosen(0, 1000), [0; 0]);
        assert_eq!(chosen(37, 1000).len(), 370);
    }

    #[test]
    fn only_what_is_read_and_no_copy_itself_is_copied() {
        let head = |method: Method, headers: &[&'static str]| {
            let mut request = Request::new(());
            *request.method_mut() = method;
            for name in headers {
                request.headers_mut().insert(*name, HeaderValue::from_static("true"));
            }
            request.into_parts().0
        };
        assert!(can_be_copied(&head(Method::GET, &["accept"])));
        assert!(can_be_copied(&head(Method::HEAD, &[])));
        assert!(!can_be_copied(&head(Method::GET, &["greenroom-mirrored"])));
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert!(!can_be_copied(&head(method, &[])));
        }
    }
}
