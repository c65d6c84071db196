//! Plans that were saved: applied as they are, refused, or gone on with.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_apply::{ApplyError, Cancel};
use greenroom_engine::format;
use greenroom_engine::run::Refusal;
use greenroom_model::plan::Plan;

use crate::lab::{AFTER, BEFORE, Lab, simulate};

async fn saved(lab: &Lab, template: &str) -> Plan {
    let session = lab.open().await.unwrap();
    let plan = lab.plan(session.state(), template).await;
    session.close().await.unwrap();
    format::plan::decode(&format::plan::encode(&plan)).unwrap()
}

async fn apply(lab: &Lab, plan: &Plan) -> Result<greenroom_apply::Applied, ApplyError> {
    let mut session = lab.open().await?;
    let plan = Arc::new(plan.clone());
    let applied = session.apply(plan, BTreeMap::new(), &Cancel::new()).await;
    session.close().await?;
    applied
}

#[test]
fn a_saved_plan_is_carried_out() {
    simulate(async {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        let plan = saved(&lab, AFTER).await;
        assert!(apply(&lab, &plan).await.unwrap().is_complete());
        lab.agrees("saved").await;
        assert_eq!(lab.would_do(AFTER).await, Vec::<String>::new());
    });
}

#[test]
fn a_plan_whose_state_has_changed_since_is_refused() {
    simulate(async {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        let plan = saved(&lab, AFTER).await;
        lab.up(&BEFORE.replace("grows]", "grows]\nsize = \"huge\"")).await.unwrap();
        lab.cloud.forget_calls();
        match apply(&lab, &plan).await {
            Err(ApplyError::Refused(Refusal::Changed(addresses))) => {
                let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                assert_eq!(names, ["pr/sim_machine.grows"]);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(lab.cloud.calls(), [], "nothing was called");
    });
}

#[test]
fn a_plan_that_was_carried_out_is_refused_the_second_time() {
    simulate(async {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        let plan = saved(&lab, AFTER).await;
        apply(&lab, &plan).await.unwrap();
        assert!(matches!(apply(&lab, &plan).await, Err(ApplyError::Refused(_))));
    });
}

#[test]
fn killed_at_any_call_the_same_plan_goes_on() {
    let mut nth = 1;
    loop {
        let died = simulate(async {
            let context = format!("moment {nth} of the calls");
            let lab = Lab::new();
            lab.up(BEFORE).await.unwrap();
            let plan = saved(&lab, AFTER).await;
            lab.cloud.life().end_at(nth, None);
            let died = tokio::select! {
                biased;
                () = lab.cloud.life().over() => true,
                applied = apply(&lab, &plan) => !applied.unwrap().is_complete(),
            };
            if died {
                let lab = lab.after_kill();
                let applied = apply(&lab, &plan).await;
                let applied = applied.unwrap_or_else(|error| panic!("{context}: {error:?}"));
                assert!(applied.is_complete(), "{context}: {:#?}", applied.failed);
                lab.agrees(&context).await;
                assert_eq!(lab.would_do(AFTER).await, Vec::<String>::new(), "{context}");
            }
            died
        });
        if !died {
            assert!(nth > 10, "there were calls to die at");
            break;
        }
        nth += 1;
    }
}
