//! A disk that is full, or fails, at each of its effects.

use std::error::Error;

use greenroom_apply::ApplyError;
use greenroom_sim::disk::{Errno, Fault};

use crate::lab::{AFTER, BEFORE, Lab, effects_of_the_change, simulate};

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

#[test]
fn a_failing_write_ends_the_run_with_a_clear_error_and_loses_nothing() {
    let effects = effects_of_the_change();
    let mut errors = 0;
    for before in effects.clone() {
        for errno in [Errno::NoSpace, Errno::Io, Errno::ReadOnly] {
            simulate(async {
                let context = format!("the effect after {before} of {effects:?}, {errno:?}");
                let lab = Lab::new();
                lab.up(BEFORE).await.unwrap();
                lab.disk.fail_at(before as u64 + 1, Fault::Error(errno));
                match lab.up(AFTER).await {
                    Ok(applied) => assert!(applied.is_complete(), "{context}: {applied:?}"),
                    Err(error @ ApplyError::Store(_)) => {
                        let text = chain(&error);
                        assert!(
                            text.contains("/srv/state") || text.contains("shop/test/pr"),
                            "{text}"
                        );
                        errors += 1;
                    }
                    Err(other) => panic!("{context}: {other:?}"),
                }
                // The disk works again; the process may go on with the same store.
                let next = Lab::of(lab.cloud.clone(), lab.disk.after_kill());
                next.agrees(&context).await;
                next.converge(AFTER, 1, &context).await;
                next.leaves_nothing(&context).await;
            });
        }
    }
    assert!(errors > 20, "{errors} failures showed");
}
