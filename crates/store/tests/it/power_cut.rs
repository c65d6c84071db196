//! The machine stops after each effect, and comes up with each world a disk may then hold.

use greenroom_sim::disk::FaultyDisk;
use greenroom_store::Store;

use crate::session::{
    Progress, block_on, holder, judge, payload, recover, request_name, session, state, store,
};

/// A disk whose power cuts do not tear the word of who held the lease: it is never believed.
fn disk_that_stops_after(effects: usize) -> FaultyDisk {
    let disk = FaultyDisk::new();
    disk.never_tear("holder.new");
    disk.stop_after(effects as u64);
    disk
}

/// Runs `check` on each world after each prefix of the session's effects.
fn everywhere(check: impl Fn(&FaultyDisk, &Progress, &str)) -> usize {
    let whole = FaultyDisk::new();
    block_on(session(&store(&whole), &mut Progress::default(), true)).unwrap();
    let effects = whole.effects();
    let mut worlds = 0;
    for stop in 0..=effects.len() {
        let disk = disk_that_stops_after(stop);
        let mut progress = Progress::default();
        let ended = block_on(session(&store(&disk), &mut progress, true));
        assert!(ended.is_err() || stop + 6 > effects.len(), "stop {stop} was not noticed");
        for cut in 0..disk.power_cuts() {
            let context = format!("stopped before {:?}, cut {cut}", effects.get(stop));
            check(&disk.after_power_cut(cut), &progress, &context);
            worlds += 1;
        }
    }
    worlds
}

#[test]
fn a_power_cut_anywhere_keeps_what_was_acknowledged_and_nothing_by_halves() {
    let worlds = everywhere(|disk, progress, context| {
        recover(disk, progress, context);
    });
    assert!(worlds > 3_000, "only {worlds} worlds");
}

#[test]
fn an_acknowledged_request_survives_every_power_cut() {
    everywhere(|disk, progress, context| {
        let requests = block_on(store(disk).requests(&state())).unwrap();
        let there = requests.iter().any(|request| request.name == request_name());
        let may_be_gone = !progress.requested || progress.acknowledged == 8;
        assert!(there || may_be_gone, "{context}");
    });
}

#[test]
fn a_second_power_cut_during_the_recovery_loses_nothing_either() {
    let effects_of_recovery = 12;
    everywhere(|disk, progress, context| {
        // Only the effects of the recovery vary here; the tears of its writes are seen above.
        for stop in (0..effects_of_recovery).step_by(3) {
            let disk = disk.after_kill();
            disk.stop_after(stop);
            let lease = block_on(store(&disk).acquire(&state(), holder("recovery")));
            let acknowledged = lease.is_ok_and(|lease| {
                block_on(lease.append(payload(lease.loaded().last().next().0))).is_ok()
            });
            let last_cut = disk.power_cuts() - 1;
            for cut in [0, last_cut] {
                let context = format!("{context}; again after {stop}, cut {cut}");
                let mut progress = progress.clone();
                progress.asked += 1;
                let loaded = block_on(store(&disk.after_power_cut(cut)).read(&state())).unwrap();
                match loaded {
                    Some(loaded) if !progress.removal_asked => judge(&loaded, &progress, &context),
                    Some(_) => {}
                    None => assert!(
                        progress.removal_asked || (progress.acknowledged == 0 && !acknowledged),
                        "{context}"
                    ),
                }
            }
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_and_its_successor_makes_it_durable() {
    let whole = FaultyDisk::new();
    block_on(session(&store(&whole), &mut Progress::default(), true)).unwrap();
    for stop in 0..=whole.effects().len() {
        let disk = disk_that_stops_after(stop);
        let mut progress = Progress::default();
        let _ = block_on(session(&store(&disk), &mut progress, true));
        let successor = disk.after_kill();
        let context = format!("killed after {stop}");
        let after = recover(&successor, &progress, &context);
        // The append of the successor was acknowledged, so all before it is durable as well.
        for cut in 0..successor.power_cuts() {
            let context = format!("{context}, cut {cut}");
            let kept = block_on(store(&successor.after_power_cut(cut)).read(&state())).unwrap();
            let kept = kept.unwrap_or_else(|| panic!("{context}: the state is lost"));
            assert_eq!((kept.header, kept.records), (after.header.clone(), after.records.clone()));
        }
    }
}

#[test]
fn what_a_new_holder_has_loaded_is_durable_before_it_writes_anything() {
    let whole = FaultyDisk::new();
    block_on(session(&store(&whole), &mut Progress::default(), true)).unwrap();
    for stop in 0..=whole.effects().len() {
        let disk = disk_that_stops_after(stop);
        let _ = block_on(session(&store(&disk), &mut Progress::default(), true));
        let successor = disk.after_kill();
        let lease = block_on(store(&successor).acquire(&state(), holder("next"))).unwrap();
        let loaded = lease.loaded();
        for cut in 0..successor.power_cuts() {
            let context = format!("killed after {stop}, cut {cut}");
            let kept = block_on(store(&successor.after_power_cut(cut)).read(&state())).unwrap();
            assert!(kept.is_some() || loaded.is_new(), "{context}: the state is lost");
            if let Some(kept) = kept {
                let (kept, loaded) = ((kept.header, kept.records), loaded.clone());
                assert_eq!(kept, (loaded.header, loaded.records), "{context}");
            }
        }
    }
}

#[test]
fn a_removal_that_was_interrupted_is_finished_by_the_next() {
    let whole = FaultyDisk::new();
    block_on(session(&store(&whole), &mut Progress::default(), true)).unwrap();
    assert_eq!(whole.files(), [], "the removal left files");
    let effects = whole.effects().len();
    for stop in effects - 14..=effects {
        let disk = disk_that_stops_after(stop);
        let _ = block_on(session(&store(&disk), &mut Progress::default(), true));
        for cut in 0..disk.power_cuts() {
            let disk = disk.after_power_cut(cut);
            let store = store(&disk);
            let lease = block_on(store.acquire(&state(), holder("again"))).unwrap();
            block_on(lease.remove()).unwrap();
            assert_eq!(block_on(store.list()).unwrap(), []);
            assert_eq!(block_on(store.read(&state())).unwrap(), None);
            assert_eq!(disk.files(), [], "stop {stop}, cut {cut}");
        }
    }
}
