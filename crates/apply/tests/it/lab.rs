//! The laboratory of these tests, and what they start from.

use std::ops::Range;

pub(crate) use greenroom_sim::rig::{Rig as Lab, simulate};

/// What the crash tests start from.
pub(crate) const BEFORE: &str = r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_machine.goes]
image = "a"
network_id = "${sim_network.a.id}"
[resource.sim_machine.grows]
image = "a"
[resource.sim_machine.swaps]
image = "a"
[resource.sim_machine.anew]
image = "a"
[resource.sim_group.web]
port = 80
targets = ["${sim_machine.anew.address}"]
[resource.sim_listener.http]
group = "${sim_group.web.id}"
[output.url]
value = "${sim_listener.http.url}"
"#;

/// What they go to: a create, an update, a delete, and a replacement each way.
pub(crate) const AFTER: &str = r#"
[resource.sim_network.a]
cidr = "10.0.0.0/16"
[resource.sim_machine.comes]
image = "a"
network_id = "${sim_network.a.id}"
[resource.sim_machine.grows]
image = "a"
size = "large"
[resource.sim_machine.swaps]
image = "b"
[resource.sim_machine.anew]
image = "b"
[resource.sim_group.web]
port = 81
targets = ["${sim_machine.anew.address}"]
[resource.sim_listener.http]
group = "${sim_group.web.id}"
[output.url]
value = "${sim_listener.http.url}"
"#;

/// The numbers of the effects on the disk that an apply has which goes from the one to the other.
pub(crate) fn effects_of_the_change() -> Range<usize> {
    simulate(async {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        let start = lab.disk.effects().len();
        lab.up(AFTER).await.unwrap();
        start..lab.disk.effects().len()
    })
}
