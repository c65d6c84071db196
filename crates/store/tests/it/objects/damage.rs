//! Objects that are not what was written.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use greenroom_sim::objects::Storage;
use greenroom_store::{Sequence, Store, StoreError};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::objects::{Process, process, simulate};
use crate::session::{body, holder, payload, payloads, state};

/// A state with a snapshot and two slots after it, and the keys of its objects.
async fn written(storage: &Storage) -> Vec<Path> {
    let Process { client, states } = process(storage);
    let lease = states.acquire(&state(), holder("it")).await.unwrap();
    lease.append_all(payloads(1..=2)).await.unwrap();
    lease.fold(body(2), Sequence(2)).await.unwrap();
    lease.append_all(payloads(3..=4)).await.unwrap();
    lease.append(payload(5)).await.unwrap();
    lease.release().await.unwrap();
    let client: Arc<dyn ObjectStore> = Arc::new(client);
    let mut keys: Vec<_> = client.list(None).map_ok(|it| it.location).try_collect().await.unwrap();
    keys.sort();
    assert_eq!(keys.len(), 4, "{keys:?}");
    keys
}

async fn change(storage: &Storage, key: &Path, change: impl Fn(&mut Vec<u8>)) {
    let client = storage.client();
    let mut bytes = client.get(key).await.unwrap().bytes().await.unwrap().to_vec();
    change(&mut bytes);
    client.put(key, Bytes::from(bytes).into()).await.unwrap();
}

/// What reading and acquiring say, which must be the same and leave all as it is.
async fn refused(storage: &Storage, context: &str) -> StoreError {
    let states = process(storage).states;
    let read = states.read(&state()).await.err().unwrap_or_else(|| panic!("{context}: read"));
    let error = states.acquire(&state(), holder("next")).await.err();
    let error = error.unwrap_or_else(|| panic!("{context}: acquired"));
    assert_eq!(read.to_string(), error.to_string(), "{context}");
    let report = states.examine(&state()).await;
    assert!(report.refused.is_some(), "{context}: {report}");
    error
}

#[test]
fn changed_and_missing_bytes_are_noticed_and_named() {
    simulate(async {
        let storage = Storage::new();
        for key in written(&storage).await {
            let client = storage.client();
            let good = client.get(&key).await.unwrap().bytes().await.unwrap();
            for at in (0..good.len()).step_by(11) {
                for flip in [1_u8, 0x80] {
                    let context = format!("{key}, byte {at}");
                    change(&storage, &key, |bytes| bytes[at] ^= flip).await;
                    let error = refused(&storage, &context).await;
                    let StoreError::Corrupt(found) = &error else { panic!("{context}: {error:?}") };
                    assert_eq!(found.file, format!("s3://states/{key}"));
                    change(&storage, &key, |bytes| *bytes = good.to_vec()).await;
                }
                change(&storage, &key, |bytes| bytes.truncate(at)).await;
                let error = refused(&storage, &format!("{key}, cut at {at}")).await;
                assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
                change(&storage, &key, |bytes| *bytes = good.to_vec()).await;
            }
        }
        let states = process(&storage).states;
        assert_eq!(states.read(&state()).await.unwrap().unwrap().last(), Sequence(5));
    });
}

#[test]
fn a_missing_slot_is_noticed_and_named() {
    simulate(async {
        let storage = Storage::new();
        let keys = written(&storage).await;
        let slots = keys.iter().filter(|key| key.as_ref().contains("/journal/"));
        let first = slots.min().unwrap();
        storage.client().delete(first).await.unwrap();
        let error = refused(&storage, "the first slot is gone").await.to_string();
        assert!(error.contains("slot 1 before it is missing"), "{error}");
    });
}

#[test]
fn objects_of_a_newer_format_are_refused_with_what_wrote_them() {
    simulate(async {
        let storage = Storage::new();
        for key in written(&storage).await {
            let client = storage.client();
            let good = client.get(&key).await.unwrap().bytes().await.unwrap();
            let kind = good.split(|byte| *byte == b' ').next().unwrap();
            let json = br#"{"format":2,"written_by":"greenroom 7.1"}"#;
            let kind = String::from_utf8(kind.to_vec()).unwrap();
            let newer = format!("{kind} {:08x} ", crc32c::crc32c(json)).into_bytes();
            let newer = [&newer[..], json, b"\nwhatever"].concat();
            change(&storage, &key, |bytes| bytes.clone_from(&newer)).await;
            let error = refused(&storage, key.as_ref()).await;
            assert!(matches!(error, StoreError::Newer(_)), "{error:?}");
            assert!(error.to_string().contains("written by greenroom 7.1"), "{error}");
            change(&storage, &key, |bytes| *bytes = good.to_vec()).await;
        }
    });
}
