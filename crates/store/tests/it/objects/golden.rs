//! Objects of every format that there has been, which must be readable for ever.

use std::path::{Path as FilePath, PathBuf};

use greenroom_sim::objects::Storage;
use greenroom_store::{Lineage, RequestName, Sequence, Serial, Store};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use crate::objects::{process, simulate};
use crate::session::{body, holder, payload, state};

/// Storage that holds what stands in a folder, each file as the object of its path.
async fn stored(folder: &FilePath) -> Storage {
    let storage = Storage::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let key = path.strip_prefix(folder).unwrap().to_str().unwrap();
            let bytes = PutPayload::from(std::fs::read(&path).unwrap());
            storage.client().put(&Path::from(key), bytes).await.unwrap();
        }
    }
    storage
}

fn golden(format: u32) -> PathBuf {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-objects");
    folder.join(format!("format-{format}"))
}

/// Written by two holders: the first appended records 1 and 2, folded through record 1 and was
/// passed over; the second appended record 3, and gave the lease back.
#[test]
fn what_format_1_wrote_is_read_and_written_on() {
    simulate(async {
        let storage = stored(&golden(1)).await;
        let states = process(&storage).states;
        let loaded = states.read(&state()).await.unwrap().unwrap();
        let header = &loaded.header;
        assert_eq!(header.lineage, Lineage("0123456789abcdef0123456789abcdef".into()));
        assert_eq!((header.serial, header.folded), (Serial(1), Sequence(1)));
        assert_eq!(loaded.body, Some(body(1)));
        let payloads: Vec<_> = loaded.records.iter().map(|it| it.payload.clone()).collect();
        assert_eq!(payloads, [payload(2), payload(3)]);
        let requests = states.requests(&state()).await.unwrap();
        assert_eq!(requests[0].name, RequestName::new("abort", "p1").unwrap());

        let lease = states.acquire(&state(), holder("next")).await.unwrap();
        assert_eq!(lease.append(payload(4)).await.unwrap(), Sequence(4));
        assert_eq!(lease.fold(body(4), Sequence(4)).await.unwrap(), Serial(2));
        lease.release().await.unwrap();
    });
}

#[test]
fn fields_of_a_lease_that_nobody_knows_are_kept() {
    simulate(async {
        let storage = stored(&golden(1)).await;
        let (client, key) =
            (storage.client(), Path::from("team/shop/integration/pr-17.state/lease"));
        let read = async || {
            let bytes = client.get(&key).await.unwrap().bytes().await.unwrap();
            String::from_utf8(bytes.to_vec()).unwrap()
        };
        let lease = read().await;
        let (_, json) = lease.trim_end().split_once(" {").unwrap();
        let json = format!("{{\"mood\":\"calm\",{json}");
        let lease = format!("greenroom-lease {:08x} {json}\n", crc32c::crc32c(json.as_bytes()));
        client.put(&key, PutPayload::from(lease)).await.unwrap();
        let held = process(&storage).states.acquire(&state(), holder("next")).await.unwrap();
        let now = read().await;
        assert!(now.contains("\"mood\":\"calm\"") && now.contains("\"epoch\":3"), "{now}");
        held.release().await.unwrap();
    });
}
