//! `aws_route53_record`.

use crate::lab::Lab;
use crate::lifecycle::Life;

fn record(arguments: &str) -> String {
    format!(
        "[resource.aws_route53_zone.main]\nname = \"shop.example\"\n\
         [resource.aws_route53_record.www]\nzone_id = \"${{aws_route53_zone.main.zone_id}}\"\n\
         {arguments}\n"
    )
}

#[tokio::test]
async fn life_of_a_simple_record() {
    Life {
        address: "pr/aws_route53_record.www",
        base: record(
            "name = \"WWW\"\ntype = \"A\"\nttl = 60\nrecords = [\"192.0.2.2\", \"192.0.2.1\"]",
        ),
        changed: Some(record("name = \"www\"\ntype = \"A\"\nttl = 30\nrecords = [\"192.0.2.1\"]")),
        replaced: Some(record("name = \"*\"\ntype = \"TXT\"\nttl = 30\nrecords = [\"v=1 a\"]")),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_a_weighted_record() {
    let weighted = |set: &str, weight: u16| {
        record(&format!(
            "name = \"www.shop.example\"\ntype = \"CNAME\"\nttl = 5\nrecords = [\"a.example\"]\n\
             set_identifier = \"{set}\"\nweighted_routing_policy = {{ weight = {weight} }}"
        ))
    };
    Life {
        address: "pr/aws_route53_record.www",
        base: weighted("r1", 255),
        changed: Some(weighted("r1", 0)),
        replaced: Some(weighted("r2", 0)),
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_an_alias() {
    let alias = |evaluate: bool| {
        record(&format!(
            "name = \"\"\ntype = \"A\"\nalias = {{ name = \"Front.eu-central-1.elb.example\", \
             zone_id = \"Z215JYRZR1TBD5\", evaluate_target_health = {evaluate} }}"
        ))
    };
    Life {
        address: "pr/aws_route53_record.www",
        base: alias(false),
        changed: Some(alias(true)),
        replaced: None,
    }
    .live()
    .await;
}

#[tokio::test]
async fn life_of_records_by_failover_latency_and_many_values() {
    let base = "name = \"www\"\ntype = \"A\"\nttl = 5\nrecords = [\"192.0.2.1\"]\n";
    let by = |policy: &str| record(&format!("{base}set_identifier = \"one\"\n{policy}"));
    Life {
        address: "pr/aws_route53_record.www",
        base: by("failover_routing_policy = { type = \"PRIMARY\" }"),
        changed: Some(by("failover_routing_policy = { type = \"SECONDARY\" }")),
        replaced: None,
    }
    .live()
    .await;
    Life {
        address: "pr/aws_route53_record.www",
        base: by("latency_routing_policy = { region = \"eu-central-1\" }"),
        changed: Some(by("latency_routing_policy = { region = \"eu-west-1\" }")),
        replaced: None,
    }
    .live()
    .await;
    Life {
        address: "pr/aws_route53_record.www",
        base: by("multivalue_answer_routing_policy = true"),
        changed: None,
        replaced: None,
    }
    .live()
    .await;
}

#[tokio::test]
async fn records_of_a_zone_change_together() {
    let lab = Lab::start().await;
    let many = |weight: u16| {
        record(&format!(
            "count = 8\nname = \"www\"\ntype = \"A\"\nttl = 5\nrecords = [\"192.0.2.1\"]\n\
             set_identifier = \"r${{count.index}}\"\n\
             weighted_routing_policy = {{ weight = {weight} }}"
        ))
    };
    for weight in [0, 10] {
        lab.account.clear_log();
        let applied = lab.up(&many(weight)).await.expect("applied");
        assert!(applied.is_complete(), "{:#?}", applied.failed);
        assert!(lab.would_do(&many(weight)).await.is_empty());
        // How many come within a tick depends on the machine.
        let counts = lab.account.counts();
        let changes = counts.get("route53:ChangeResourceRecordSets").copied().unwrap_or_default();
        assert!((1..=4).contains(&changes), "{counts:#?}");
    }
}
