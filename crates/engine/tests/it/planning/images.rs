//! What `image` means.

use insta::assert_snapshot;

use super::support::{World, check};

#[test]
fn an_image_has_the_id_that_it_has_where_the_resource_is() {
    let template = r#"
[resource.sim_machine.here]
image = "${image.web.id}"
size = "${image.web.digest}"
[resource.sim_machine.west]
provider = "sim.west"
image = "${image.web.id}"
[output.image]
value = "${image.web.id}"
"#;
    assert_snapshot!(check("", template, &World::default()), @r###"
    0 + pr/sim_machine.here image="ami-1" size="d1"
    1 + pr/sim_machine.west image="ami-2" size="small"
    output pr.image = "ami-1"
    "###);
}

#[test]
fn an_image_that_is_not_where_the_resource_is_is_a_mistake() {
    let template = r#"
[resource.sim_machine.north]
provider = "sim.north"
image = "${image.web.id}"
"#;
    assert_snapshot!(check("", template, &World::default()), @r###"
    plan::expression: image `web` is not where `sim.north` is
      environment.toml:4:12 in this expression
    "###);
}
