//! `aws_lb_listener`.

use greenroom_model::value::Value;
use greenroom_provider::{FailureKind, Provider, UpdateRequest};

use crate::lab::Lab;
use crate::lifecycle::{Life, object_of};
use crate::outside::{Network, call, texts};

/// A listener with two target groups.
async fn listener(lab: &Lab, arguments: &str) -> String {
    let network = Network::of(lab).await;
    let parts = [
        network.load_balancer("internal = true"),
        network.target_group("blue", ""),
        network.target_group("green", ""),
        format!(
            "[resource.aws_lb_listener.http]\n\
             load_balancer_arn = \"${{aws_lb.front.arn}}\"\n{arguments}"
        ),
    ];
    parts.join("\n")
}

fn forward(blue: u16, green: u16) -> String {
    format!(
        "port = 80\n[resource.aws_lb_listener.http.default_action]\ntype = \"forward\"\n\
         [resource.aws_lb_listener.http.default_action.forward]\ntarget_group = [\n\
         {{ arn = \"${{aws_lb_target_group.blue.arn}}\", weight = {blue} }},\n\
         {{ arn = \"${{aws_lb_target_group.green.arn}}\", weight = {green} }},\n]"
    )
}

#[tokio::test]
async fn life_of_a_listener_that_shifts_weights() {
    let lab = Lab::start().await;
    Life {
        address: "pr/aws_lb_listener.http",
        base: listener(&lab, &forward(100, 0)).await,
        changed: Some(listener(&lab, &forward(75, 25)).await),
        replaced: None,
    }
    .live_in(&lab)
    .await;
}

#[tokio::test]
async fn life_of_a_listener_from_one_target_to_an_answer() {
    let lab = Lab::start().await;
    let short = "port = 80\ndefault_action = { type = \"forward\", target_group_arn = \
                 \"${aws_lb_target_group.blue.arn}\" }";
    let answer = "port = 80\ndefault_action = { type = \"fixed-response\", fixed_response = \
                  { content_type = \"text/plain\", status_code = \"503\" } }";
    Life {
        address: "pr/aws_lb_listener.http",
        base: listener(&lab, short).await,
        changed: Some(listener(&lab, answer).await),
        replaced: None,
    }
    .live_in(&lab)
    .await;
}

#[tokio::test]
async fn life_of_a_listener_that_redirects() {
    let lab = Lab::start().await;
    let redirect = |to: &str| {
        format!(
            "port = 80\ndefault_action = {{ type = \"redirect\", redirect = \
             {{ protocol = \"HTTPS\", port = \"{to}\", status_code = \"HTTP_301\" }} }}"
        )
    };
    Life {
        address: "pr/aws_lb_listener.http",
        base: listener(&lab, &redirect("443")).await,
        changed: Some(listener(&lab, &redirect("8443")).await),
        replaced: None,
    }
    .live_in(&lab)
    .await;
}

/// The weights that the cloud has, in the order of the target groups' ARNs.
async fn weights(lab: &Lab, load_balancer: &str) -> Vec<String> {
    let query = format!(
        "Action=DescribeListeners&Version=2015-12-01&LoadBalancerArn={}",
        load_balancer.replace(':', "%3A").replace('/', "%2F")
    );
    let answer = call(lab, "elasticloadbalancing", &query).await;
    let mut pairs: Vec<(String, String)> = texts(&answer, "TargetGroups")
        .iter()
        .flat_map(|it| texts(it, "member"))
        .map(|it| (texts(&it, "TargetGroupArn").concat(), texts(&it, "Weight").concat()))
        .collect();
    pairs.sort();
    pairs.into_iter().map(|(_, weight)| weight).collect()
}

#[tokio::test]
async fn every_weight_arrives_as_it_was_planned() {
    let lab = Lab::start().await;
    for (blue, green) in [(100, 0), (95, 5), (0, 100), (999, 1), (0, 0)] {
        let template = listener(&lab, &forward(blue, green)).await;
        let applied = lab.up(&template).await.expect("applied");
        assert!(applied.is_complete(), "{:#?}", applied.failed);
        assert!(lab.would_do(&template).await.is_empty());
        let state = lab.workbench.view(&greenroom_sim::lab::Lab::state_name()).await;
        let state = state.expect("readable").state.expect("a state");
        let of = |address: &str| object_of(&state, &address.parse().expect("an address"));
        let mut expected = vec![
            (of("pr/aws_lb_target_group.blue").id, blue.to_string()),
            (of("pr/aws_lb_target_group.green").id, green.to_string()),
        ];
        expected.sort();
        let expected: Vec<String> = expected.into_iter().map(|(_, weight)| weight).collect();
        assert_eq!(weights(&lab, &of("pr/aws_lb.front").id).await, expected);
    }
}

#[tokio::test]
async fn weights_that_somebody_else_changed_are_not_written_over() {
    let lab = Lab::start().await;
    let template = listener(&lab, &forward(100, 0)).await;
    assert!(lab.up(&template).await.expect("applied").is_complete());
    let life =
        Life { address: "pr/aws_lb_listener.http", base: template, changed: None, replaced: None };
    let known = life.object(&lab).await;
    assert!(lab.up(&listener(&lab, &forward(50, 50)).await).await.expect("applied").is_complete());
    let changed = vec!["default_action".parse().expect("a path")];
    let request =
        UpdateRequest { planned: known.attributes.clone(), object: known, changed, company: None };
    let failure = lab.provider().await.update(request).await.expect_err("it was changed");
    assert_eq!(failure.kind, FailureKind::Changed);
    let shown = "target_group[0].weight: ";
    assert!(failure.message.contains(shown), "{failure}");
    assert!(failure.message.contains(" expected, 50 found"), "{failure}");
    assert_ne!(life.object(&lab).await.attributes.get("arn"), Some(&Value::Null));
}

/// What was written while an ARN was not known yet is recorded as it is read back: otherwise the
/// next shift would look like somebody else's change.
#[tokio::test]
async fn a_target_group_of_the_same_apply_gets_its_weight_and_the_next_shift_is_not_refused() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let only_blue = [
        network.load_balancer("internal = true"),
        network.target_group("blue", ""),
        "[resource.aws_lb_listener.http]\nload_balancer_arn = \"${aws_lb.front.arn}\"\nport = 80\n\
         default_action = { type = \"forward\", target_group_arn = \
         \"${aws_lb_target_group.blue.arn}\" }"
            .to_owned(),
    ];
    let life = Life {
        address: "pr/aws_lb_listener.http",
        base: only_blue.join("\n"),
        changed: None,
        replaced: None,
    };
    assert!(lab.up(&life.base).await.expect("applied").is_complete());
    let with_green = listener(&lab, &forward(100, 0)).await;
    let applied = lab.up(&with_green).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
    // As a later phase of the same plan would: without a refresh in between.
    let object = life.object(&lab).await;
    let plan = lab.plan_now(&listener(&lab, &forward(0, 100)).await).await;
    let planned = plan.operations().find_map(|it| match &it.action {
        greenroom_model::plan::Action::Update(change) if change.uid == object.uid => {
            Some(change.planned.clone())
        }
        _ => None,
    });
    let changed = vec!["default_action".parse().expect("a path")];
    let planned = planned.expect("a shift of weights");
    let request = UpdateRequest { object, planned, changed, company: None };
    lab.provider().await.update(request).await.expect("nobody else changed it");
}
