//! Imports that are killed: the object is taken over once, or is still its owner's.

use super::calls::before_and_after;
use super::{APPLY, AT_A_TIME, DESTROY, Place, Site, beside_a_neighbour};
use crate::cloud::ids;
use crate::points::{About, IMPORT, Point, together};

/// Things that somebody made by other means.
struct ByHand {
    network: String,
    group: String,
    record: String,
}

impl ByHand {
    fn make(site: &Site, environment: &str) -> ByHand {
        let network = site.ask("ec2", "Action=CreateVpc&CidrBlock=10.0.0.0/16");
        let network = ids(&network, "vpcId").remove(0);
        let form = format!(
            "Action=CreateTargetGroup&Name=by-hand-{environment}&Protocol=HTTP&Port=81&VpcId={network}"
        );
        let group = ids(&site.ask("elasticloadbalancing", &form), "TargetGroupArn").remove(0);
        let name = format!("g1.{environment}.killed.example");
        let change = format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
             <ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet>\
             <Name>{name}</Name><Type>A</Type><TTL>300</TTL><ResourceRecords><ResourceRecord>\
             <Value>192.0.2.9</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>\
             </Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        );
        site.ask_route53(&format!("POST /hostedzone/{}/rrset", site.zone), &change);
        ByHand { network, group, record: format!("{}_{name}_A", site.zone) }
    }

    /// The imports that take it over: where it is to stand, and what it is.
    fn imports(&self) -> [[&str; 4]; 3] {
        let import = |address, id| ["import", "test", address, id];
        [
            import("aws_vpc.main", &self.network),
            import("aws_lb_target_group.web", &self.group),
            import("aws_route53_record.web", &self.record),
        ]
    }
}

/// Makes things by hand and imports each, first by an import that is killed at its place; then all
/// of it is one environment like any other.
fn import(site: &Site, environment: &str, places: [Option<&dyn Place>; 3]) {
    let _about = About((environment, places));
    let by_hand = ByHand::make(site, environment);
    for (import, place) in by_hand.imports().iter().zip(places) {
        if let Some(place) = place {
            place.kill(site, site.command(import, environment), environment);
        }
        let again = site.run(import, environment);
        let has_it = again.code == Some(0) || again.stderr.contains("has an object already");
        assert!(has_it, "{environment}: {again:?}");
    }
    site.expect(APPLY, environment);
    site.assert_whole(APPLY, environment);
    let found = site.of(environment);
    assert!(found["networks"].contains(&by_hand.network), "{environment}: {found:?}");
    assert!(found["groups"].contains(&by_hand.group), "{environment}: {found:?}");
    site.expect(DESTROY, environment);
    site.assert_gone(environment);
}

#[test]
fn an_import_killed_at_any_fail_point_converges() {
    beside_a_neighbour(|site| {
        together(IMPORT, AT_A_TIME, |number, name| {
            let place: &dyn Place = &Point::first(name);
            import(site, &format!("i{number}"), [Some(place); 3]);
        });
        println!("killed at {} fail points, aws, import", 3 * IMPORT.len());
    });
}

#[test]
fn an_import_killed_before_or_after_its_call_converges() {
    let marks = ["ec2:CreateTags", "elasticloadbalancing:AddTags"].map(before_and_after);
    for is_done in [0, 1] {
        let site = Site::new();
        let nothing = site.all();
        // A record cannot be marked, so that its import changes nothing.
        let [network, group] = [&marks[0][is_done], &marks[1][is_done]];
        import(&site, "i", [Some(network), Some(group), None]);
        assert_eq!(site.all(), nothing);
    }
    println!("killed before or after {} calls, aws, import", 2 * marks.len());
}
