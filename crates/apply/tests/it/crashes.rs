//! The process dies: at every call to the cloud, and at every effect on the disk.

use greenroom_sim::disk::{Effect, EffectKind};

use crate::lab::{AFTER, BEFORE, Lab, effects_of_the_change, simulate};

/// Applies `template` until the process dies at the `nth` moment of its calls; whether it died.
async fn die_at(lab: &Lab, nth: u64, template: Option<&str>) -> bool {
    lab.cloud.life().end_at(nth, None);
    let work = async {
        match template {
            Some(template) => lab.up(template).await,
            None => lab.destroy().await,
        }
    };
    tokio::select! {
        biased;
        () = lab.cloud.life().over() => true,
        applied = work => {
            assert!(applied.unwrap().is_complete());
            false
        }
    }
}

fn at_every_call(from: Option<&str>, to: Option<&str>) {
    let mut nth = 1;
    loop {
        let context = format!("moment {nth} of the calls");
        let died = simulate(async {
            let lab = Lab::new();
            if let Some(from) = from {
                lab.up(from).await.unwrap();
            }
            let died = die_at(&lab, nth, to).await;
            let lab = lab.after_kill();
            lab.agrees(&context).await;
            if let Some(to) = to {
                lab.converge(to, 1, &context).await;
            }
            lab.leaves_nothing(&context).await;
            died
        });
        if !died {
            assert!(nth > 10, "there were calls to die at");
            break;
        }
        nth += 1;
    }
}

#[test]
fn killed_at_any_call_of_a_first_apply_the_next_one_converges() {
    at_every_call(None, Some(BEFORE));
}

#[test]
fn killed_at_any_call_of_a_change_the_next_apply_converges() {
    at_every_call(Some(BEFORE), Some(AFTER));
}

#[test]
fn killed_at_any_call_of_a_destroy_the_next_one_leaves_nothing() {
    at_every_call(Some(BEFORE), None);
}

#[test]
fn stopped_at_any_effect_on_the_disk_the_next_apply_converges() {
    let effects = effects_of_the_change();
    assert!(effects.len() > 20, "{effects:?}");
    for stop in effects.clone() {
        for cut in ["kill", "all lost", "all kept"] {
            simulate(async {
                let context = format!("stopped after effect {stop} of {effects:?}, {cut}");
                let lab = Lab::new();
                lab.up(BEFORE).await.unwrap();
                lab.disk.stop_after(stop as u64);
                // The last effects only tidy up, so that it may well succeed.
                let _ = lab.up(AFTER).await;
                let disk = match cut {
                    "kill" => lab.disk.after_kill(),
                    "all lost" => lab.disk.after_power_cut(0),
                    _ => lab.disk.after_power_cut(lab.disk.power_cuts() - 1),
                };
                let lab = Lab::of(lab.cloud.clone(), disk);
                lab.agrees(&context).await;
                lab.converge(AFTER, 1, &context).await;
                lab.leaves_nothing(&context).await;
            });
        }
    }
}

/// What a power cut may keep of the entries that open a run: the first of them, without the rest.
#[test]
fn whatever_a_power_cut_keeps_of_what_opens_a_run_the_next_apply_converges() {
    let without = BEFORE.replace("[resource.sim_machine.goes]", "[resource.sim_machine.stays]");
    let before = |lab: Lab| {
        let without = without.clone();
        async move {
            lab.up(BEFORE).await.unwrap();
            lab.cloud.kill("pr/sim_machine.goes");
            lab.cloud.change("pr/sim_machine.grows", "size", "odd");
            (lab, without)
        }
    };
    let syncs = |lab: &Lab| {
        let path = |it: &Effect| it.path.ends_with("journal") && it.kind == EffectKind::Sync;
        let effects = lab.disk.effects();
        (1u64..).zip(effects).filter(|it| path(&it.1)).map(|it| it.0).collect::<Vec<_>>()
    };
    // The one when the lease is taken, and then the one of what opens the run.
    let (start, sync) = simulate(async {
        let (lab, without) = before(Lab::new()).await;
        let start = lab.disk.effects().len() as u64;
        lab.up(&without).await.unwrap();
        (start, syncs(&lab).into_iter().filter(|it| *it > start).nth(1).unwrap())
    });
    assert!(sync > start);
    let mut cut = 0;
    loop {
        let more = simulate(async {
            let (lab, without) = before(Lab::new()).await;
            lab.disk.stop_after(sync - 1);
            lab.up(&without).await.unwrap_err();
            let worlds = lab.disk.power_cuts();
            let lab = Lab::of(lab.cloud.clone(), lab.disk.after_power_cut(cut));
            lab.converge(&without, 1, &format!("cut {cut} of {worlds}")).await;
            cut + 1 < worlds
        });
        if !more {
            break;
        }
        cut += 1;
    }
    assert!(cut > 100, "{cut} cuts");
}
