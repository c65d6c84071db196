//! Somebody else changes the listener while a promotion shifts its weights.

use std::process::Stdio;

use super::stage::{await_weight, id, shop};

const PROMOTE: &[&str] = &["promote", "production", "--yes"];

#[test]
fn a_listener_that_somebody_else_changed_is_left_alone_and_the_difference_is_shown() {
    let shop = shop("[{ weight = 25, pause = \"approval\" }, 100]");
    shop.expect(0, PROMOTE);
    let promotion = shop.command(PROMOTE).stderr(Stdio::piped()).spawn();
    let promotion = promotion.expect("greenroom starts");
    await_weight(&shop, "production", 1, 25);
    let of = |address: &str| {
        let id = id(&shop, "production", address);
        id.replace(':', "%3A").replace('/', "%2F")
    };
    let forward = "DefaultActions.member.1.ForwardConfig.TargetGroups.member";
    let weights = format!(
        "Action=ModifyListener&ListenerArn={}&DefaultActions.member.1.Type=forward&\
         {forward}.1.TargetGroupArn={}&{forward}.1.Weight=40&\
         {forward}.2.TargetGroupArn={}&{forward}.2.Weight=60",
        of("front/aws_lb_listener.http"),
        of("r1/aws_lb_target_group.web"),
        of("r2/aws_lb_target_group.web"),
    );
    shop.ask("elasticloadbalancing", &weights);
    shop.account.clear_log();
    shop.expect(0, &["approve", "production", "--yes"]);
    let ended = promotion.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(7), "{said}");
    for shown in ["weight: 25 expected, 60 found", "weight: 75 expected, 40 found"] {
        assert!(said.contains(shown), "{said}");
    }
    assert_eq!(shop.account.counts().get("elasticloadbalancing:ModifyListener"), None);
}
