//! Creates whose answer is lost: what was made is found again, once, by what each type is known by.

use greenroom_emulator::{Fault, Rule};

use crate::lab::Lab;
use crate::outside::Network;

/// Applies a template while the answer to `action` is lost once; then nothing is left to do.
async fn is_found_again(lab: &Lab, action: &str, template: &str) {
    lab.account.inject(Rule::on(action, Fault::ResetAfter));
    let applied = lab.up(template).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    assert!(lab.would_do(template).await.is_empty());
    let gone = lab.destroy().await.expect("destroyed");
    assert!(gone.is_complete(), "{:#?}", gone.failed);
}

#[tokio::test]
async fn a_load_balancer_by_its_name_and_tags() {
    let lab = Lab::start().await;
    let template = Network::of(&lab).await.load_balancer("internal = true");
    is_found_again(&lab, "elasticloadbalancing:CreateLoadBalancer", &template).await;
    let made = lab.account.counts().get("elasticloadbalancing:CreateLoadBalancer").copied();
    assert_eq!(made, Some(1));
}

#[tokio::test]
async fn a_listener_by_its_load_balancer_and_tags() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let template = format!(
        "{}\n[resource.aws_lb_listener.http]\nload_balancer_arn = \"${{aws_lb.front.arn}}\"\n\
         port = 80\ndefault_action = {{ type = \"fixed-response\", fixed_response = \
         {{ content_type = \"text/plain\", status_code = \"404\" }} }}\n",
        network.load_balancer("internal = true")
    );
    is_found_again(&lab, "elasticloadbalancing:CreateListener", &template).await;
}

#[tokio::test]
async fn a_zone_by_its_reference() {
    let lab = Lab::start().await;
    let template = "[resource.aws_route53_zone.main]\nname = \"shop.example\"\n";
    is_found_again(&lab, "route53:CreateHostedZone", template).await;
}

#[tokio::test]
async fn a_health_check_by_its_reference() {
    let lab = Lab::start().await;
    let template = "[resource.aws_route53_health_check.shop]\ntype = \"TCP\"\nport = 443\n\
                    ip_address = \"192.0.2.1\"\n";
    is_found_again(&lab, "route53:CreateHealthCheck", template).await;
}

#[tokio::test]
async fn a_record_by_saying_what_was_sent() {
    let lab = Lab::start().await;
    let template = "[resource.aws_route53_zone.main]\nname = \"shop.example\"\n\
                    [resource.aws_route53_record.www]\n\
                    zone_id = \"${aws_route53_zone.main.zone_id}\"\nname = \"www\"\n\
                    type = \"A\"\nttl = 60\nrecords = [\"192.0.2.1\"]\n";
    is_found_again(&lab, "route53:ChangeResourceRecordSets", template).await;
}

#[tokio::test]
async fn records_that_change_together_by_saying_what_was_sent() {
    let lab = Lab::start().await;
    let weighted = |records: &str| {
        format!(
            "[resource.aws_route53_zone.main]\nname = \"shop.example\"\n\
             [resource.aws_route53_record.www]\nfor_each = {records}\n\
             zone_id = \"${{aws_route53_zone.main.zone_id}}\"\nname = \"www\"\n\
             type = \"A\"\nttl = 5\nrecords = [\"192.0.2.1\"]\n\
             set_identifier = \"${{each.key}}\"\n\
             weighted_routing_policy = {{ weight = \"${{each.value}}\" }}\n"
        )
    };
    let change = "route53:ChangeResourceRecordSets";
    lab.up(&weighted("{ r1 = 100 }")).await.expect("applied");
    for records in ["{ r1 = 75, r2 = 25 }", "{ r1 = 50, r2 = 50 }", "{ r1 = 100 }"] {
        let template = weighted(records);
        lab.account.clear_log();
        lab.account.inject(Rule::on(change, Fault::ResetAfter));
        let applied = lab.up(&template).await.expect("applied");
        assert!(applied.is_complete(), "{records}: {:#?}", applied.failed);
        assert!(lab.would_do(&template).await.is_empty(), "{records}");
        let requests = lab.account.requests();
        let sent: Vec<_> = requests.iter().filter(|it| it.name() == change).collect();
        assert_eq!(sent.len(), 2, "{records}: {sent:#?}");
        // Only what changes nothing that is so already is sent again.
        let once = |it: &String| it == "CREATE" || it == "DELETE";
        assert!(!sent[1].parameters.values().any(once), "{records}: {sent:#?}");
    }
    assert!(lab.destroy().await.expect("destroyed").is_complete());
}
