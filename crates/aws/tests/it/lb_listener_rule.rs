//! `aws_lb_listener_rule`.

use crate::lab::Lab;
use crate::lifecycle::Life;
use crate::outside::Network;

#[tokio::test]
async fn life_of_a_rule() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    let base = [
        network.load_balancer("internal = true"),
        network.target_group("blue", ""),
        network.target_group("green", ""),
        "[resource.aws_lb_listener.http]\nload_balancer_arn = \"${aws_lb.front.arn}\"\nport = 80\n\
         default_action = { type = \"fixed-response\", fixed_response = \
         { content_type = \"text/plain\", status_code = \"404\" } }\n"
            .to_owned(),
    ];
    let with = |priority: u16, weights: (u16, u16), condition: &str| {
        let (blue, green) = weights;
        format!(
            "{}\n[resource.aws_lb_listener_rule.api]\n\
             listener_arn = \"${{aws_lb_listener.http.arn}}\"\npriority = {priority}\n\
             {condition}\n[resource.aws_lb_listener_rule.api.action]\ntype = \"forward\"\n\
             [resource.aws_lb_listener_rule.api.action.forward]\n\
             stickiness = {{ enabled = true, duration = 60 }}\ntarget_group = [\n\
             {{ arn = \"${{aws_lb_target_group.blue.arn}}\", weight = {blue} }},\n\
             {{ arn = \"${{aws_lb_target_group.green.arn}}\", weight = {green} }},\n]",
            base.join("\n")
        )
    };
    let paths = "condition = [{ path_pattern = { values = [\"/b\", \"/a/*\"] } }]";
    let several = "condition = [\n\
                   { host_header = { values = [\"shop.example\"] } },\n\
                   { http_header = { http_header_name = \"X-Canary\", values = [\"yes\"] } },\n\
                   { http_request_method = { values = [\"GET\"] } },\n\
                   { query_string = [{ key = \"v\", value = \"2\" }] },\n\
                   { source_ip = { values = [\"10.0.0.0/8\"] } },\n]";
    Life {
        address: "pr/aws_lb_listener_rule.api",
        base: with(10, (100, 0), paths),
        changed: Some(with(20, (40, 60), several)),
        replaced: None,
    }
    .live_in(&lab)
    .await;
}
