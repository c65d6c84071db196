//! What others do in the cloud while commands run.

use std::time::Duration;

use futures::future::join_all;
use greenroom_model::value::Value;
use tokio::time::sleep;

use super::lineages::OTHERS;
use crate::cloud::{Cloud, SimObject};
use crate::script::{Deed, What};

/// What others do while commands run.
pub(super) async fn deeds(cloud: &Cloud, deeds: &[Deed]) {
    join_all(deeds.iter().map(|deed| async {
        sleep(Duration::from_millis(deed.after)).await;
        self::deed(cloud, &deed.what);
    }))
    .await;
}

fn deed(cloud: &Cloud, what: &What) {
    match what {
        What::Kill(address) => _ = cloud.kill(address),
        What::BreakDown(address) => _ = cloud.break_down(address),
        What::Change(address, attribute) => {
            let value = if attribute == "port" { Value::from(99) } else { "odd".into() };
            cloud.change(address, attribute, value);
        }
        What::Take(address) => {
            for id in cloud.ids_at(address) {
                cloud.give_away(&id, OTHERS);
            }
        }
        What::Hold(address) => hold(cloud, address),
        What::Name(name) => squat(cloud, name),
    }
}

/// Others make something that holds an object.
fn hold(cloud: &Cloud, address: &str) {
    let is_network = address.contains("sim_network");
    let (holder, attribute) = match is_network {
        true => ("others/sim_machine.m", "network_id"),
        false => ("others/sim_listener.l", "group"),
    };
    for id in cloud.ids_at(address) {
        let attributes = [(attribute.into(), Value::from(id))].into();
        cloud.plant_of(&holder.parse().expect("an address"), attributes, OTHERS);
    }
}

/// Others make a group of this name, if they can.
fn squat(cloud: &Cloud, name: &str) {
    let value = Value::from(name);
    let is_taken = |it: &SimObject| it.attributes.get("name") == Some(&value);
    if !cloud.objects().iter().any(is_taken) {
        let attributes = [("name".into(), value.clone())].into();
        let address = "others/sim_group.g".parse().expect("an address");
        cloud.plant_of(&address, attributes, OTHERS);
    }
}
