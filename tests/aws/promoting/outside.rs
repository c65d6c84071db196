//! Somebody else changes or deletes the listener while a promotion shifts its weights.

use std::process::Stdio;

use super::stage::{actions, await_weight, changes, id, shop};

const PROMOTE: &[&str] = &["promote", "production", "--yes"];

#[test]
fn a_listener_that_somebody_else_changed_is_left_alone_and_the_difference_is_shown() {
    let shop = shop("[{ weight = 25, pause = \"approval\" }, 100]");
    shop.expect(0, PROMOTE);
    let promotion = shop.command(PROMOTE).stderr(Stdio::piped()).spawn();
    let promotion = promotion.expect("greenroom starts");
    await_weight(&shop, "production", 1, 25);
    let of = |address: &str| encoded(&id(&shop, "production", address));
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

#[test]
fn a_listener_that_somebody_deleted_is_made_anew_for_the_side_that_had_the_traffic() {
    let shop = shop("[{ weight = 25, pause = \"approval\" }, 100]");
    shop.expect(0, PROMOTE);
    shop.expect(8, &["promote", "production", "--yes", "--no-wait"]);
    let listener = encoded(&id(&shop, "production", "front/aws_lb_listener.http"));
    shop.ask("elasticloadbalancing", &format!("Action=DeleteListener&ListenerArn={listener}"));
    shop.account.clear_log();
    shop.expect(7, &["abort", "production", "--yes"]);
    assert!(changes(&shop).is_empty());
    shop.expect(6, &["abort", "production", "--yes", "--replan"]);
    let made = changes(&shop);
    assert_eq!(actions(&made), ["CreateListener"]);
    assert_eq!(made[0].values(".Weight"), ["100", "0"]);
    shop.expect(0, &["plan", "production", "--detailed-exitcode"]);
}

fn encoded(id: &str) -> String {
    id.replace(':', "%3A").replace('/', "%2F")
}
