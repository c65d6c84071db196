//! What a plan without a change asks of AWS.

use crate::cloud::Shop;

/// The most requests of a refresh, whatever the number of machines: of 15 types, some of which
/// take a second call for tags or volumes.
const MOST: usize = 20;

#[test]
fn a_plan_without_a_change_asks_per_type_and_not_per_machine() {
    let shop = Shop::new();
    let template = std::fs::read_to_string(shop.path().join("environment-dns.toml"));
    let template = template.expect("the template");
    // A record for each machine, in the front's zone.
    let records = "\n[resource.aws_route53_record.web]\ncount = \"${var.web_count}\"\n\
                   zone_id = \"${front.zone_id}\"\n\
                   name = \"web-${count.index}.shop.example\"\ntype = \"A\"\nttl = 60\n\
                   records = [\"${aws_instance.web[count.index].private_ip}\"]\n";
    std::fs::write(shop.path().join("environment-dns.toml"), template + records).expect("written");
    shop.expect(0, &["apply", "dns", "--yes", "--var", "web_count=100"]);
    shop.account.clear_log();
    shop.expect(0, &["plan", "dns", "--detailed-exitcode", "--var", "web_count=100"]);
    let counts = shop.account.counts();
    let requests: usize = counts.values().sum();
    assert!(requests <= MOST, "{requests} requests: {counts:#?}");
}
