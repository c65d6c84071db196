//! What is known of a target group at plan: defaults by protocol, and what cannot be right.

use greenroom_model::value::Value;
use greenroom_provider::Draft;

use super::elb;
use super::{DAY, HealthCheck, Stickiness, speaks_http};

const PROTOCOLS: [&str; 7] = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"];

/// The protocol of a group, as far as it is known.
#[derive(Default)]
struct Speaks {
    protocol: String,
    version: String,
    target: String,
}

pub(super) fn propose(draft: &mut Draft) {
    elb::check_name(draft);
    let speaks = protocol(draft);
    draft.set_if_unknown("ip_address_type", "ipv4");
    draft.normalise::<Vec<HealthCheck>>("health_check", |checks| {
        checks.into_iter().map(|it| complete(it, &speaks)).collect()
    });
    draft.normalise::<Vec<Stickiness>>("stickiness", |all| {
        all.into_iter().map(Stickiness::complete).collect()
    });
    check_health_check(draft);
    check_stickiness(draft, &speaks);
    check_settings(draft);
}

fn protocol(draft: &mut Draft) -> Speaks {
    let given = |draft: &Draft, name: &str| -> String {
        draft.given(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let target = given(draft, "target_type");
    let known = matches!(target.as_str(), "" | "instance" | "ip" | "lambda" | "alb");
    draft.expect(known, "target_type", "it is `instance`, `ip`, `lambda` or `alb`");
    let protocol = given(draft, "protocol");
    let known = protocol.is_empty() || PROTOCOLS.contains(&protocol.as_str());
    draft.expect(known, "protocol", format!("it is one of {}", PROTOCOLS.join(", ")));
    for name in ["port", "protocol", "vpc_id"] {
        let is_null = draft.planned(name).is_none_or(Value::is_null);
        match target.as_str() {
            "lambda" => draft.expect(is_null, name, "a target group of functions has none"),
            _ => draft.expect(!is_null, name, "it is needed unless the target type is `lambda`"),
        }
    }
    let port = draft.given("port").and_then(Value::as_i64);
    draft.expect(port.is_none_or(|it| (1..=65535).contains(&it)), "port", "a port is 1 to 65535");
    if speaks_http(&protocol) {
        draft.set_if_unknown("protocol_version", "HTTP1");
    } else if draft.known("protocol").is_some() {
        draft.set_if_unknown("protocol_version", Value::Null);
    }
    let version = given(draft, "protocol_version");
    let known = matches!(version.as_str(), "" | "HTTP1" | "HTTP2" | "GRPC");
    draft.expect(known, "protocol_version", "it is `HTTP1`, `HTTP2` or `GRPC`");
    Speaks { protocol, version, target }
}

/// Fills in what AWS chooses by protocol, so that a plan compares with what AWS then has (ELBv2
/// API Reference, "CreateTargetGroup").
fn complete(check: HealthCheck, speaks: &Speaks) -> HealthCheck {
    let protocol = check.protocol.clone().unwrap_or_default();
    let behind_network = !speaks_http(&speaks.protocol) && speaks.target != "lambda";
    let matcher = match speaks.version.as_str() {
        "GRPC" => "12",
        _ if behind_network => "200-399",
        _ => "200",
    };
    let path = if speaks.version == "GRPC" { "/AWS.ALB/healthcheck" } else { "/" };
    let timeout = match (protocol.as_str(), speaks.protocol.as_str()) {
        _ if speaks.target == "lambda" => 30,
        (_, "GENEVE") => 5,
        ("HTTP", _) if behind_network => 6,
        _ if behind_network => 10,
        _ => 5,
    };
    let if_http = |text: &str| speaks_http(&protocol).then(|| text.to_owned());
    HealthCheck {
        matcher: check.matcher.or_else(|| if_http(matcher)),
        path: check.path.or_else(|| if_http(path)),
        timeout: check.timeout.or(Some(timeout)),
        ..check
    }
}

fn check_health_check(draft: &mut Draft) {
    let Some(checks) = draft.typed::<Vec<HealthCheck>>("health_check") else { return };
    for check in checks {
        let mut within = |name: &str, value: Option<i32>, least: i32, most: i32| {
            let fits = value.is_none_or(|it| (least..=most).contains(&it));
            let message = format!("it is {least} to {most}");
            draft.expect(fits, &format!("health_check[0].{name}"), message);
        };
        within("healthy_threshold", check.healthy_threshold, 2, 10);
        within("unhealthy_threshold", check.unhealthy_threshold, 2, 10);
        within("interval", check.interval, 5, 300);
        within("timeout", check.timeout, 2, 120);
        let protocol = check.protocol.as_deref().unwrap_or("HTTP");
        let known = matches!(protocol, "HTTP" | "HTTPS" | "TCP");
        draft.expect(known, "health_check[0].protocol", "it is `HTTP`, `HTTPS` or `TCP`");
        let speaks = speaks_http(protocol);
        let path = check.path.as_deref();
        draft.expect(speaks || path.is_none(), "health_check[0].path", "TCP has no path");
        let absolute = path.is_none_or(|it| it.starts_with('/'));
        draft.expect(absolute, "health_check[0].path", "a path starts with `/`");
        let matcher = check.matcher.as_deref();
        draft.expect(speaks || matcher.is_none(), "health_check[0].matcher", "TCP has no status");
    }
}

fn check_stickiness(draft: &mut Draft, speaks: &Speaks) {
    let Some(all) = draft.typed::<Vec<Stickiness>>("stickiness") else { return };
    for it in all {
        let fits = match it.kind.as_str() {
            "lb_cookie" | "app_cookie" => !matches!(speaks.protocol.as_str(), "TCP" | "UDP"),
            "source_ip" => !speaks_http(&speaks.protocol),
            "source_ip_dest_ip" | "source_ip_dest_ip_proto" => {
                matches!(speaks.protocol.as_str(), "" | "GENEVE")
            }
            _ => false,
        };
        let fits = fits || it.enabled == Some(false);
        let message = format!("`{}` is no stickiness for {}", it.kind, speaks.protocol);
        draft.expect(fits, "stickiness[0].type", message);
        let needs_name = it.kind == "app_cookie" && it.cookie_name.is_none();
        draft.expect(!needs_name, "stickiness[0].cookie_name", "`app_cookie` needs it");
        let fits = it.cookie_duration.is_none_or(|it| (1..=604_800).contains(&it));
        draft.expect(fits, "stickiness[0].cookie_duration", "it is 1 to 604800 seconds");
    }
}

fn check_settings(draft: &mut Draft) {
    let number = |draft: &Draft, name: &str| draft.given(name).and_then(Value::as_i64);
    let delay = number(draft, "deregistration_delay");
    let fits = delay.is_none_or(|it| (0..=3600).contains(&it));
    draft.expect(fits, "deregistration_delay", "it is 0 to 3600 seconds");
    let slow = number(draft, "slow_start");
    let fits = slow.is_none_or(|it| it == 0 || (30..=900).contains(&it));
    draft.expect(fits, "slow_start", "it is 0, or 30 to 900 seconds");
}

impl Stickiness {
    /// Filled in and without what its kind does not have.
    fn complete(self) -> Stickiness {
        let duration = self.kind.ends_with("_cookie").then_some(DAY);
        Stickiness {
            cookie_duration: duration.map(|it| self.cookie_duration.unwrap_or(it)),
            cookie_name: self.cookie_name.filter(|_| self.kind == "app_cookie"),
            ..self
        }
    }
}
