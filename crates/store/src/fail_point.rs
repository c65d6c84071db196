//! Points at which a test kills this process.
//!
//! Without the feature `fail-points` a point compiles to nothing. With it, each hit has a line: how
//! often this process has come to just this point, the point's name, and what it is about, if
//! anything: `2 store: after append`, `1 apply: effect done @ create:front/aws_vpc.main`.
//! `GREENROOM_FAIL_LOG` names a file to which the lines are appended. The hit whose line
//! `GREENROOM_FAIL_AT` holds is the last: the process kills itself with SIGKILL, so that no
//! destructor and no buffer softens the crash. At the hit that `GREENROOM_STOP_AT` holds it stops
//! itself with SIGSTOP, until somebody lets it go on. So the log of one run says where another can be
//! killed, in whatever order threads and answers come.

use std::fmt::Display;

/// Marks a point between two effects.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn fail_point(_name: &str) {}

/// Marks a point between two effects.
#[cfg(feature = "fail-points")]
pub fn fail_point(name: &str) {
    armed::hit(name.to_owned());
}

/// Marks a point between two effects that is passed for many things, with the one it is about.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn fail_point_of(_name: &str, _about: &dyn Display) {}

/// Marks a point between two effects that is passed for many things, with the one it is about.
#[cfg(feature = "fail-points")]
pub fn fail_point_of(name: &str, about: &dyn Display) {
    armed::hit(format!("{name} @ {about}"));
}

#[cfg(feature = "fail-points")]
mod armed {
    use std::collections::BTreeMap;
    use std::fs::{File, OpenOptions};
    use std::io::Write;
    use std::sync::{Mutex, OnceLock, PoisonError};

    use rustix::process::{Signal, getpid, kill_process};

    struct Points {
        hits: BTreeMap<String, u64>,
        fail_at: Option<String>,
        stop_at: Option<String>,
        log: Option<File>,
    }

    static POINTS: OnceLock<Mutex<Points>> = OnceLock::new();

    pub(super) fn hit(point: String) {
        // Held over the kill, so that no other thread passes a later point meanwhile.
        let mut points = POINTS
            .get_or_init(|| Mutex::new(Points::from_environment()))
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let line = points.count(point);
        points.note(&line);
        if points.fail_at.as_ref() == Some(&line) {
            let _ = kill_process(getpid(), Signal::KILL);
            // The signal may take a moment to arrive; nothing more may happen until then.
            loop {
                std::thread::park();
            }
        }
        if points.stop_at.as_ref() == Some(&line) {
            let _ = kill_process(getpid(), Signal::STOP);
        }
    }

    impl Points {
        fn from_environment() -> Points {
            let log = std::env::var_os("GREENROOM_FAIL_LOG");
            Points {
                hits: BTreeMap::new(),
                fail_at: std::env::var("GREENROOM_FAIL_AT").ok(),
                stop_at: std::env::var("GREENROOM_STOP_AT").ok(),
                log: log
                    .and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok()),
            }
        }

        /// Counts a hit, and returns its line.
        fn count(&mut self, point: String) -> String {
            let hits = self.hits.entry(point.clone()).or_default();
            *hits += 1;
            format!("{hits} {point}")
        }

        fn note(&mut self, line: &str) {
            if let Some(log) = &mut self.log {
                // A log that cannot be written must not change what the process does.
                let _ = log.write_all(format!("{line}\n").as_bytes());
            }
        }
    }
}
