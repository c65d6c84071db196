//! What objects say of themselves beside their attributes: health, traffic, metrics, alarms.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use greenroom_model::metric::{AlarmState, MetricAnswer, MetricQuery, Series};
use greenroom_provider::{FailureKind, Health, Object, Provider};

use crate::lab::Lab;
use crate::lifecycle::object;
use crate::outside::{Network, call};

/// A target group with two machines in it.
fn group(network: &Network) -> String {
    format!(
        "{}\n[resource.aws_instance.web]\ncount = 2\nami = \"ami-12c6146b\"\n\
         instance_type = \"t3.micro\"\n\
         [resource.aws_lb_target_group_attachment.web]\ncount = 2\n\
         target_group_arn = \"${{aws_lb_target_group.web.arn}}\"\n\
         target_id = \"${{aws_instance.web[count.index].id}}\"\n",
        network.target_group("web", "")
    )
}

/// The same behind a load balancer.
fn served(network: &Network) -> String {
    format!(
        "{}{}\n[resource.aws_lb_listener.http]\nload_balancer_arn = \"${{aws_lb.front.arn}}\"\n\
         port = 80\nprotocol = \"HTTP\"\n\
         default_action = [{{ type = \"forward\", target_group_arn = \
         \"${{aws_lb_target_group.web.arn}}\" }}]\n",
        group(network),
        network.load_balancer("")
    )
}

async fn up(lab: &Lab, template: &str) {
    let applied = lab.up(template).await.expect("applied");
    assert!(applied.is_complete(), "{:#?}", applied.failed);
}

async fn health(provider: &impl Provider, group: &Object) -> Health {
    let mut answers = provider.health(vec![group.clone()]).await;
    answers.remove(0).expect("an answer")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Reports a value of a metric, some time ago, as AWS does.
async fn report(lab: &Lab, metric: &str, dimensions: &[(&str, &str)], value: u64, ago: u64) {
    let (namespace, name) = metric.rsplit_once('/').expect("a namespace and a name");
    let at = now() - ago;
    let mut query = format!(
        "Action=PutMetricData&Version=2010-08-01&Namespace={namespace}&\
         MetricData.member.1.MetricName={name}&MetricData.member.1.Value={value}&\
         MetricData.member.1.Timestamp={at}"
    );
    for (place, (name, value)) in (1..).zip(dimensions) {
        let member = format!("MetricData.member.1.Dimensions.member.{place}");
        query.push_str(&format!("&{member}.Name={name}&{member}.Value={value}"));
    }
    call(lab, "monitoring", &query).await;
}

#[tokio::test]
async fn targets_are_healthy_when_a_load_balancer_says_so() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    up(&lab, &group(&network)).await;
    let provider = lab.provider().await;
    let group = object(&lab, "pr/aws_lb_target_group.web").await;
    let unknown = Health { unknown: 2, ..Health::default() };
    assert_eq!(health(&provider, &group).await, unknown, "nobody checks them");
    up(&lab, &served(&network)).await;
    let healthy = Health { healthy: 2, ..Health::default() };
    assert_eq!(health(&provider, &group).await, healthy);
    let machine = object(&lab, "pr/aws_instance.web[0]").await.id;
    let stop = format!("Action=StopInstances&Version=2016-11-15&InstanceId.1={machine}");
    call(&lab, "ec2", &stop).await;
    let half = Health { healthy: 1, unhealthy: 1, unknown: 0 };
    assert_eq!(health(&provider, &group).await, half);
    lab.account.assert_supported();
}

#[tokio::test]
async fn many_who_ask_for_the_health_of_a_group_ask_once() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    up(&lab, &served(&network)).await;
    let group = object(&lab, "pr/aws_lb_target_group.web").await;
    lab.account.clear_log();
    let answers = lab.provider().await.health(vec![group; 10]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:#?}");
    let counts = lab.account.counts();
    assert_eq!(counts.get("elasticloadbalancing:DescribeTargetHealth"), Some(&1), "{counts:#?}");
}

#[tokio::test]
async fn traffic_is_counted_from_the_beginning_of_the_process() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    up(&lab, &served(&network)).await;
    let (group, balancer) =
        (object(&lab, "pr/aws_lb_target_group.web").await, object(&lab, "pr/aws_lb.front").await);
    let suffix = |it: &Object| {
        let suffix = it.attributes.get("arn_suffix").and_then(|it| it.as_str());
        suffix.expect("a suffix").to_owned()
    };
    let (of_group, of_balancer) = (suffix(&group), suffix(&balancer));
    let both = [("LoadBalancer", &*of_balancer), ("TargetGroup", &*of_group)];
    let one = [("LoadBalancer", &*of_balancer)];
    report(&lab, "AWS/ApplicationELB/RequestCount", &both, 999, 600).await;
    let provider = lab.provider().await;
    let nothing = provider.traffic(vec![group.clone(), balancer.clone()]).await;
    let [Ok(requests), Ok(connections)] = &nothing[..] else { panic!("{nothing:#?}") };
    assert_eq!((requests.requests, requests.errors), (Some(0), Some(0)));
    assert_eq!((requests.connections, connections.connections), (None, Some(0)));
    assert_eq!(connections.requests, None, "its groups count them");

    for (name, value) in
        [("RequestCount", 40), ("HTTPCode_Target_5XX_Count", 2), ("TargetConnectionErrorCount", 1)]
    {
        report(&lab, &format!("AWS/ApplicationELB/{name}"), &both, value, 0).await;
    }
    report(&lab, "AWS/ApplicationELB/ActiveConnectionCount", &one, 7, 120).await;
    report(&lab, "AWS/ApplicationELB/ActiveConnectionCount", &one, 3, 60).await;
    lab.account.clear_log();
    let some = provider.traffic(vec![group.clone(), balancer]).await;
    let [Ok(now), Ok(open)] = &some[..] else { panic!("{some:#?}") };
    assert_eq!((now.requests, now.errors), (Some(40), Some(3)));
    assert_eq!(now.since(requests).requests, Some(40), "{now:#?} {requests:#?}");
    assert_eq!(open.connections, Some(7), "the most of late");
    // One for each of the two windows: since the beginning, and of late.
    let counts = lab.account.counts();
    assert_eq!(counts.get("monitoring:GetMetricData"), Some(&2), "{counts:#?}");
    lab.account.assert_supported();
}

#[tokio::test]
async fn nothing_goes_through_a_group_that_no_load_balancer_uses() {
    let lab = Lab::start().await;
    let network = Network::of(&lab).await;
    up(&lab, &group(&network)).await;
    let group = object(&lab, "pr/aws_lb_target_group.web").await;
    let provider = lab.provider().await;
    let traffic = provider.traffic(vec![group.clone()]).await.remove(0).expect("an answer");
    assert_eq!((traffic.requests, &*traffic.epoch), (Some(0), "nobody"));
    lab.destroy().await.expect("destroyed");
    let gone = provider.traffic(vec![group]).await.remove(0).expect_err("it is gone");
    assert_eq!(gone.kind, FailureKind::NotFound);
}

fn series(period: u64) -> MetricQuery<String> {
    MetricQuery::Value(Series {
        namespace: "Shop".to_owned(),
        metric: "Orders".to_owned(),
        dimensions: [("Stage".into(), "production".to_owned())].into_iter().collect(),
        statistic: "Sum".into(),
        period: Duration::from_secs(period),
    })
}

#[tokio::test]
async fn a_metric_is_of_the_newest_period_whose_numbers_are_in() {
    let lab = Lab::start().await;
    let provider = lab.provider().await;
    let value = async |period| provider.metric(series(period)).await.expect("an answer");
    assert_eq!(value(60).await, MetricAnswer::Value(None));
    let dimensions = [("Stage", "production")];
    report(&lab, "Shop/Orders", &dimensions, 5, 0).await;
    assert_eq!(value(60).await, MetricAnswer::Value(None), "too new to be all");
    // Whatever the second is, a period of one hour that ended two minutes ago has one of these.
    for ago in [1800, 3600, 5400] {
        report(&lab, "Shop/Orders", &dimensions, 8, ago).await;
    }
    let MetricAnswer::Value(Some(orders)) = value(3600).await else { panic!("no value") };
    assert!(orders >= 8.0, "{orders}");
    let other = provider.metric(series(90)).await.expect_err("no such period");
    assert_eq!(other.kind, FailureKind::Argument);
    lab.account.assert_supported();
}

#[tokio::test]
async fn an_alarm_says_how_it_stands_and_why() {
    let lab = Lab::start().await;
    let provider = lab.provider().await;
    let alarm = MetricQuery::Alarm { name: "orders".to_owned() };
    let missing = provider.metric(alarm.clone()).await.expect_err("no alarm");
    assert_eq!(missing.kind, FailureKind::NotFound);
    let make = "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=orders&Namespace=Shop&\
                MetricName=Orders&Statistic=Sum&Period=60&EvaluationPeriods=1&Threshold=1&\
                ComparisonOperator=LessThanThreshold";
    call(&lab, "monitoring", make).await;
    for (said, state) in [
        ("ALARM", AlarmState::Raised),
        ("OK", AlarmState::Quiet),
        ("INSUFFICIENT_DATA", AlarmState::Unknown),
    ] {
        let set = format!(
            "Action=SetAlarmState&Version=2010-08-01&AlarmName=orders&StateValue={said}&\
             StateReason=because"
        );
        call(&lab, "monitoring", &set).await;
        let answer = provider.metric(alarm.clone()).await.expect("an answer");
        assert_eq!(answer, MetricAnswer::Alarm { state, reason: "because".to_owned() });
    }
    lab.account.assert_supported();
}
