//! Who gets which weight, and when the front is told of a candidate.

use greenroom_engine::promotion::Admission;
use greenroom_model::roster::{Role, Weight};

use super::stage::{BALANCER, ENVIRONMENT, RECORDS, Stage, scope};

#[test]
fn a_front_knows_of_a_candidate_without_weight_if_weight_0_is_none() {
    let admission = |front: &str| Stage::second(front, ENVIRONMENT, "").route().admission;
    assert_eq!(admission(BALANCER), Admission::AtZero);
    assert_eq!(admission(RECORDS), Admission::WithFirstWeight);
    let both = format!("{BALANCER}{RECORDS}");
    assert_eq!(admission(&both), Admission::WithFirstWeight, "one that does not is enough");
    let nothing = "[resource.sim_network.net]\ncidr = \"10.0.0.0/16\"\n";
    assert_eq!(admission(nothing), Admission::WithFirstWeight, "nothing shares anything out");
    let by_local = "[local]\nshares = \"${[for e in environments : { group = e.outputs.group, \
                    weight = e.weight }]}\"\n[resource.sim_balancer.front]\ngroups = \"${local.shares}\"\n";
    assert_eq!(admission(by_local), Admission::AtZero, "what shares out may say so by a local");
}

#[test]
fn roles_change_with_the_last_weight() {
    let route = Stage::second(BALANCER, ENVIRONMENT, "").route();
    let roles = |weight: Weight| {
        let standings = route.at(weight);
        (standings[&scope("r1")].role, standings[&scope("r2")].role)
    };
    let half = Weight::new(50).expect("a weight");
    assert_eq!(roles(half), (Role::Live, Role::Candidate));
    assert_eq!(roles(Weight::FULL), (Role::Retained, Role::Live));
    assert_eq!(route.given_up()[&scope("r2")].role, Role::Failed);
    assert_eq!(route.given_up()[&scope("r1")].weight, Weight::FULL);
}
