//! What a state will be: against it, what was planned is done.

use greenroom_engine::promotion::{forecast, refreshed};
use greenroom_model::plan::{Drift, DriftSeen};
use greenroom_model::roster::Weight;
use greenroom_model::state::Status;
use greenroom_model::value::Value;
use proptest::prelude::*;

use super::stage::{BALANCER, ENVIRONMENT, RECORDS, Stage, phases};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_front_at_a_weight_that_is_forecast_has_nothing_to_do(
        percents in proptest::collection::vec(0u8..=100, 1..4),
        records in any::<bool>(),
    ) {
        let stage = Stage::second(if records { RECORDS } else { BALANCER }, ENVIRONMENT, "");
        let mut state = stage.state.clone();
        for percent in percents {
            let standings = stage.route().at(Weight::new(percent).expect("a percentage"));
            let plan = stage.at(&standings, &state);
            state = forecast(&state, plan.operations());
            let again = stage.at(&standings, &state);
            prop_assert!(again.operations().next().is_none(), "{}", phases(&again));
        }
    }
}

#[test]
fn what_a_refresh_saw_is_known_to_what_is_planned_next() {
    let stage = Stage::second(BALANCER, ENVIRONMENT, "");
    let (address, remote) = stage
        .state
        .instances()
        .find_map(|(address, it)| Some((address, it.current.clone()?)))
        .expect("something is there");
    let (place, seen) = (address.clone(), Value::object([("seen", Value::from(true))]));
    let after = |seen: DriftSeen| {
        let (address, uid) = (address.clone(), remote.uid.clone());
        let drift = Drift { address, uid, recorded: remote.attributes.clone(), seen };
        let after = refreshed(&stage.state, &[drift]);
        after.instance(&place).and_then(|it| it.current.clone())
    };
    let changed = after(DriftSeen::Changed { attributes: seen.clone() }).expect("it is there");
    assert_eq!((&changed.attributes, changed.status), (&seen, Status::Ready));
    let failed = DriftSeen::Failed { reason: "it is down".into(), attributes: seen.clone() };
    let failed = after(failed).expect("it is there");
    assert_eq!((&failed.attributes, failed.status), (&seen, Status::Failed));
    assert_eq!(after(DriftSeen::Gone), None);
}
