//! Outcomes that a store did not take: kept on the local disk, and taken in by the next session.
//!
//! Without them that session would look at the world, as after any crash. With them it knows the
//! ids at once, also of what the world does not show yet.

use bytes::Bytes;
use greenroom_engine::format;
use greenroom_model::journal::Entry;
use greenroom_store::Lineage;

use crate::error::ApplyError;
use crate::event::Event;
use crate::session::Session;

/// Keeps what is known of effects whose outcomes are not in the journal.
pub(crate) fn keep(session: &Session, entries: Vec<Entry>) {
    let outcomes = entries.iter().filter(|entry| matches!(entry, Entry::Outcome { .. }));
    let payloads: Vec<_> =
        outcomes.map(|entry| Bytes::from(format::journal::encode(entry))).collect();
    if payloads.is_empty() {
        return;
    }
    let kept = session.workbench.rescue.keep(&session.name, &lineage(session), &payloads);
    let kept = kept.map_err(|error| error.to_string());
    let outcomes = payloads.len();
    session.workbench.observer.observe(&Event::Rescued { outcomes, kept });
}

/// Takes in what an earlier session kept, as far as nobody has found it out meanwhile.
pub(crate) async fn take_in(session: &mut Session) -> Result<(), ApplyError> {
    let rescue = session.workbench.rescue.clone();
    for kept in rescue.kept(&session.name, &lineage(session))? {
        let mut entries = Vec::new();
        for payload in &kept.payloads {
            let entry = format::journal::decode(payload)
                .map_err(|source| ApplyError::Format { state: session.name.clone(), source })?;
            if matches!(&entry, Entry::Outcome { intent, .. } if session.state.open.contains_key(intent))
            {
                entries.push(entry);
            }
        }
        let outcomes = entries.len();
        session.record(entries).await?;
        rescue.forget(&kept)?;
        if outcomes > 0 {
            let path = kept.path;
            session.workbench.observer.observe(&Event::RescueTaken { outcomes, path });
        }
    }
    Ok(())
}

fn lineage(session: &Session) -> Lineage {
    Lineage(session.state.lineage.0.to_string())
}
