//! Live traffic while weights move.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::http::Client;
use crate::shop::{PROJECT, TWO_SIDES};
use crate::world::World;

const CLIENTS: usize = 20;
const REQUESTS: usize = 10_000;

#[test]
fn no_request_fails_while_weights_move_from_one_group_to_the_other() {
    let project = PROJECT.replace("front    = \"front.toml\"", "");
    let world = World::new(&[("greenroom.toml", &project), ("environment.toml", TWO_SIDES)]);
    world.expect(0, &["apply", "test", "--yes"]);
    let url = world.output("test", "url");
    let (sent, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let moving = AtomicBool::new(true);
    let last = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (url, sent, failed, moving, last) = (&url, &sent, &failed, &moving, &last);
            scope.spawn(move || {
                // Half of them keep their connection, half open a new one each time.
                let mut http = Client::new(url, client % 2 == 0);
                // Traffic goes on until the last weight is set, and at least for all requests.
                while sent.fetch_add(1, Ordering::Relaxed) < REQUESTS
                    || moving.load(Ordering::Relaxed)
                {
                    match http.get("/") {
                        Ok(answer) if answer.status == 200 => {}
                        other => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            last.lock().expect("no panic").push(format!("{other:?}"));
                            http = Client::new(url, client % 2 == 0);
                        }
                    }
                }
            });
        }
        for blue in ["95", "50", "5", "0"] {
            world.expect(0, &["apply", "test", "--yes", "--var", &format!("blue={blue}")]);
        }
        moving.store(false, Ordering::Relaxed);
    });
    let failures = last.into_inner().expect("no panic");
    assert_eq!(failed.load(Ordering::Relaxed), 0, "{:?}", failures.first());
    assert!(sent.load(Ordering::Relaxed) >= REQUESTS);
    let mut http = Client::new(&url, false);
    for _ in 0..50 {
        let body = http.get("/").expect("it answers").body;
        assert!(body.contains("green"), "all traffic is on the other side: {body}");
    }
}
