//! Requests: one object each, created without the lease.
//!
//! A request whose answer was lost may be stored, taken by the holder and stored again. So it may
//! be seen twice, and means the same the second time.

use crate::error::StoreError;
use crate::fail_point::fail_point;
use crate::format::object::{self, RequestMark};
use crate::object::claim::ClaimPlace;
use crate::object::objects::{Condition, Refused};
use crate::position::Lineage;
use crate::request::{Request, RequestName, Requested};

/// Stores a request unless one of that name is there.
pub(crate) async fn store(
    place: &ClaimPlace,
    lineage: &Lineage,
    name: &RequestName,
    payload: &[u8],
) -> Result<Requested, StoreError> {
    let key = place.keys.of(lineage).request(name);
    let bytes = object::encode(RequestMark {}, &[payload]);
    let patience = place.objects.look;
    fail_point("store: before request");
    match place.objects.write(&key, &Condition::Absent, &bytes, patience).await {
        Ok(_) => {
            fail_point("store: after request");
            Ok(Requested::Stored)
        }
        Err(Refused::Failed(error)) => Err(error),
        Err(Refused::Other(found)) => {
            let found = found.map(|it| place.judge().decode::<RequestMark>(&key, &it.bytes));
            let existing = found.transpose()?.map(|(_, payload)| payload);
            // Gone again means that the holder has just taken it.
            Ok(Requested::AlreadyThere(existing.unwrap_or_default()))
        }
    }
}

/// The requests that wait, ordered by name.
pub(crate) async fn read(
    place: &ClaimPlace,
    lineage: &Lineage,
) -> Result<Vec<Request>, StoreError> {
    let keys = place.objects.list(&place.keys.of(lineage).requests(), None).await?;
    let mut requests = Vec::new();
    for (key, found) in place.objects.get_all(keys).await? {
        let name = key.filename().and_then(RequestName::from_file_name);
        if let (Some(name), Some(found)) = (name, found) {
            let (_, payload) = place.judge().decode::<RequestMark>(&key, &found.bytes)?;
            requests.push(Request { name, payload });
        }
    }
    requests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(requests)
}

/// Removes a request; one that is gone already is no error.
pub(crate) async fn remove(
    place: &ClaimPlace,
    lineage: &Lineage,
    name: &RequestName,
) -> Result<(), StoreError> {
    place.objects.delete(vec![place.keys.of(lineage).request(name)]).await?;
    fail_point("store: after request removed");
    Ok(())
}
