//! Environments on AWS that are let live longer: their tags say so.

use crate::cloud::{Shop, ids};

/// The values of one of our tags, of all objects of EC2.
fn tags(shop: &Shop, key: &str) -> Vec<String> {
    let filter = format!("Filter.1.Name=key&Filter.1.Value.1=greenroom%3A{key}");
    ids(&shop.ask("ec2", &format!("Action=DescribeTags&{filter}")), "value")
}

/// All tags of all load balancers, as the API tells them.
fn tags_of_balancers(shop: &Shop) -> String {
    let arns =
        ids(&shop.ask("elasticloadbalancing", "Action=DescribeLoadBalancers"), "LoadBalancerArn");
    let named = |(at, arn): (usize, &String)| {
        format!("&ResourceArns.member.{}={}", at + 1, arn.replace(':', "%3A").replace('/', "%2F"))
    };
    let arns: String = arns.iter().enumerate().map(named).collect();
    assert!(!arns.is_empty());
    shop.ask("elasticloadbalancing", &format!("Action=DescribeTags{arns}"))
}

#[test]
fn an_environment_that_is_extended_says_so_on_its_objects() {
    let shop = Shop::new();
    shop.expect(0, &["up", "integration", "--env", "pr"]);
    let objects = tags(&shop, "project").len();
    assert!(objects > 5, "{objects}");
    let extended =
        shop.expect(0, &["env", "extend", "integration", "--env", "pr", "--ttl", "9h", "--json"]);
    let told: Vec<serde_json::Value> =
        extended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told = told.iter().find(|it| it["type"] == "environments").expect("the environment");
    let expires = told["environments"][0]["expires"].as_str().expect("a time");
    assert_eq!(tags(&shop, "expires"), vec![expires; objects]);
    assert!(tags_of_balancers(&shop).contains(expires));
    shop.expect(0, &["plan", "integration", "--env", "pr", "--detailed-exitcode"]);
    shop.expect(0, &["down", "integration", "--env", "pr"]);
    assert!(shop.owned().is_empty());
}
