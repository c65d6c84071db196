//! Each effect of a session fails in each way.

use greenroom_sim::disk::{Effect, EffectKind, Errno, Fault, FaultyDisk};
use greenroom_store::StoreError;

use crate::session::{Progress, block_on, recover, request_name, session, state, store};
use greenroom_store::Store;

const ERRNOS: [Errno; 4] = [Errno::NoSpace, Errno::ReadOnly, Errno::Io, Errno::Access];

fn faults() -> Vec<Fault> {
    let short = |bytes| ERRNOS.map(|errno| Fault::ShortWrite(bytes, errno)).to_vec();
    [ERRNOS.map(Fault::Error).to_vec(), short(1), short(17), short(60)].concat()
}

/// The effects of a session on a healthy disk.
fn script() -> Vec<Effect> {
    let disk = FaultyDisk::new();
    block_on(session(&store(&disk), &mut Progress::default(), true)).unwrap();
    disk.effects()
}

/// What may fail without a word: it tidies up and nothing stands on it, or it is not ours.
fn is_tidying(effect: &Effect, fault: Fault) -> bool {
    let of_another = matches!(fault, Fault::Error(Errno::Access | Errno::ReadOnly));
    let path = effect.path.to_str().unwrap();
    let aside = path.contains("/requests/.");
    match effect.kind {
        EffectKind::RemoveFile => aside || path.ends_with("holder.json"),
        EffectKind::RemoveDir => !path.ends_with(".removed"),
        EffectKind::SyncDir => matches!(path, "/" | "/srv") && of_another,
        _ => false,
    }
}

#[test]
fn every_failed_effect_is_told_clearly_and_loses_nothing() {
    let script = script();
    assert!(script.len() > 60, "the script shrank to {} effects", script.len());
    for (nth, effect) in (1..).zip(&script) {
        for fault in faults() {
            if matches!(fault, Fault::ShortWrite(..)) && effect.kind != EffectKind::Write {
                continue;
            }
            let context = format!("effect {nth} {effect:?} fails with {fault:?}");
            let disk = FaultyDisk::new();
            disk.fail_at(nth, fault);
            let mut progress = Progress::default();
            match block_on(session(&store(&disk), &mut progress, true)) {
                Ok(()) => assert!(is_tidying(effect, fault), "{context}: was not noticed"),
                Err(error) => is_clear(&error, &context),
            }
            recover(&disk.after_kill(), &progress, &context);
        }
    }
}

/// It names a file or the state, says what it did to the world, and has the system's reason.
fn is_clear(error: &StoreError, context: &str) {
    let text = error.to_string();
    assert!(["integration", "/srv", "`/`"].iter().any(|it| text.contains(it)), "{context}: {text}");
    let fates = ["nothing was written", "may be on disk", "snapshot is written", "is removed"];
    assert!(fates.iter().any(|fate| text.contains(fate)), "{context}: {text}");
    let source = std::error::Error::source(error).expect("a reason").to_string();
    let reasons = ["No space left", "Read-only file system", "Input/output", "Permission denied"];
    assert!(reasons.iter().any(|reason| source.contains(reason)), "{context}: {source}");
}

#[test]
fn after_a_failed_append_every_later_one_tells_the_same_story() {
    let disk = FaultyDisk::new();
    let lease = block_on(store(&disk).acquire(&state(), crate::session::holder("it"))).unwrap();
    block_on(lease.append(crate::session::payload(1))).unwrap();
    disk.fail_at(disk.effects().len() as u64 + 2, Fault::Error(Errno::Io));
    let first = block_on(lease.append(crate::session::payload(2))).unwrap_err();
    assert_eq!(
        first.to_string(),
        "cannot append records 2 to 2 to the journal of `shop/integration/pr-17`; they may be on \
         disk, reopening the state settles it"
    );
    let effects = disk.effects().len();
    for _ in 0..2 {
        let later = block_on(lease.append(crate::session::payload(3))).unwrap_err();
        assert_eq!(
            later.to_string(),
            "the journal of `shop/integration/pr-17` is broken since the append of record 2 \
             failed; what failed then may be on disk, nothing was written now, reopening the \
             state settles it"
        );
    }
    let fold = block_on(lease.fold(crate::session::body(1), greenroom_store::Sequence(1)));
    assert!(matches!(fold, Err(StoreError::Broken { .. })));
    assert!(matches!(block_on(lease.still_held()), Err(StoreError::Broken { .. })));
    assert_eq!(disk.effects().len(), effects, "something was written after the failure");
    block_on(lease.release()).unwrap();
}

#[test]
fn a_fold_that_finds_the_disk_full_leaves_a_good_lease() {
    let disk = FaultyDisk::new();
    let lease = block_on(store(&disk).acquire(&state(), crate::session::holder("it"))).unwrap();
    block_on(lease.append(crate::session::payload(1))).unwrap();
    disk.fail_at(disk.effects().len() as u64 + 3, Fault::ShortWrite(3, Errno::NoSpace));
    let full = block_on(lease.fold(crate::session::body(1), greenroom_store::Sequence(1)));
    assert!(full.unwrap_err().to_string().ends_with("nothing was written"));
    assert!(disk.files().iter().all(|(path, _)| !path.ends_with("snapshot.new")));
    block_on(lease.append(crate::session::payload(2))).unwrap();
    block_on(lease.fold(crate::session::body(2), greenroom_store::Sequence(2))).unwrap();
}

#[test]
fn a_failed_request_is_whole_or_absent() {
    let prepared = || {
        let disk = FaultyDisk::new();
        block_on(session(&store(&disk), &mut Progress::default(), false)).unwrap();
        disk.after_kill()
    };
    let name = greenroom_store::RequestName::new("approve", "p1").unwrap();
    let disk = prepared();
    block_on(store(&disk).request(&state(), &name, crate::session::payload(7))).unwrap();
    for nth in 1..=disk.effects().len() as u64 {
        let disk = prepared();
        disk.stop_after(nth - 1);
        let asked = block_on(store(&disk).request(&state(), &name, crate::session::payload(7)));
        for cut in 0..disk.power_cuts() {
            let after = disk.after_power_cut(cut);
            let requests = block_on(store(&after).requests(&state())).unwrap();
            assert!(requests.iter().any(|request| request.name == request_name()));
            let ours = requests.iter().find(|request| request.name == name);
            assert!(ours.is_none_or(|ours| ours.payload == crate::session::payload(7)));
            assert!(asked.is_err() || ours.is_some(), "effect {nth}, cut {cut}");
        }
    }
}
