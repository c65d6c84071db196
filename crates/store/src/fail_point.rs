//! Numbered points at which a test kills this process.
//!
//! Without the feature `fail-points` a point compiles to nothing. With it, each
//! hit counts up from 1 in the process. The hit that equals `GREENROOM_FAIL_AT`
//! is the last: the process kills itself with SIGKILL, so that no destructor
//! and no buffer softens the crash. `GREENROOM_FAIL_LOG` names a file to which
//! the number and name of each hit are appended.

/// Marks a point between two effects.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn fail_point(_name: &str) {}

/// Marks a point between two effects.
#[cfg(feature = "fail-points")]
pub fn fail_point(name: &str) {
    armed::hit(name);
}

#[cfg(feature = "fail-points")]
mod armed {
    use std::fs::{File, OpenOptions};
    use std::io::Write;
    use std::sync::{Mutex, OnceLock, PoisonError};

    use rustix::process::{Signal, getpid, kill_process};

    struct Points {
        hits: u64,
        fail_at: Option<u64>,
        log: Option<File>,
    }

    static POINTS: OnceLock<Mutex<Points>> = OnceLock::new();

    pub(super) fn hit(name: &str) {
        // Held over the kill, so that no other thread passes a later point meanwhile.
        let mut points = POINTS
            .get_or_init(|| Mutex::new(Points::from_environment()))
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        points.hits += 1;
        points.note(name);
        if points.fail_at == Some(points.hits) {
            let _ = kill_process(getpid(), Signal::KILL);
            // The signal may take a moment to arrive; nothing more may happen until then.
            loop {
                std::thread::park();
            }
        }
    }

    impl Points {
        fn from_environment() -> Points {
            let log = std::env::var_os("GREENROOM_FAIL_LOG");
            Points {
                hits: 0,
                fail_at: std::env::var("GREENROOM_FAIL_AT").ok().and_then(|n| n.parse().ok()),
                log: log
                    .and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok()),
            }
        }

        fn note(&mut self, name: &str) {
            let hits = self.hits;
            if let Some(log) = &mut self.log {
                // A log that cannot be written must not change what the process does.
                let _ = log.write_all(format!("{hits} {name}\n").as_bytes());
            }
        }
    }
}
