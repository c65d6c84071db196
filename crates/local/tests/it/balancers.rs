//! Load balancers under traffic.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use bytes::Bytes;
use greenroom_local::runtime::balancer::{
    self, Action, BalancerError, BalancerSpec, ErrorClass, FixedResponse,
};
use greenroom_local::runtime::listener::{self, ListenerSpec};
use greenroom_local::runtime::target_group::{self, TargetGroupError};
use greenroom_local::runtime::{ListenAddress, ObjectType, check_free, instance};
use http_body_util::Full;
use hyper::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::{Site, eventually, forward, group_of, kill, owner, uid};
use crate::traffic::{burst, client, get, send};

async fn servers(site: &Site, names: &[&str]) -> Vec<u16> {
    let mut ports = Vec::new();
    for name in names {
        ports.push(site.start_server(name).await.port.unwrap());
    }
    ports
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_survive_moving_weights_and_are_shared_as_they_say() {
    const REQUESTS: usize = 3334;
    let site = Site::new();
    let ports = servers(&site, &["blue", "green"]).await;
    let port = site.balance(&[("old", 100, &ports[..1]), ("new", 0, &ports[1..])]).await;

    for (old, share) in [(100, 0.0), (50, 50.0), (0, 100.0)] {
        site.set_weights(&[("old", old), ("new", 100 - old)]).await;
        let tally = burst(port, 24, REQUESTS).await;
        assert_eq!(tally.failures, Vec::<String>::new());
        assert_eq!(tally.answers.values().sum::<usize>(), REQUESTS);
        let measured = tally.share("green");
        assert!((measured - share).abs() <= 2.0, "{measured} % instead of {share} %");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_weights_change_under_it() {
    let site = Site::new();
    let ports = servers(&site, &["blue", "green"]).await;
    let port = site.balance(&[("old", 100, &ports[..1]), ("new", 0, &ports[1..])]).await;
    let traffic = tokio::spawn(burst(port, 20, 4000));
    let mut step = 0_u32;
    while !traffic.is_finished() {
        step += 1;
        let weight = step * 10 % 110;
        site.set_weights(&[("old", 100 - weight), ("new", weight)]).await;
    }
    let tally = traffic.await.unwrap();
    assert_eq!(tally.failures, Vec::<String>::new());
    assert!(step > 3 && tally.answers.len() == 2, "{step} steps, {:?}", tally.answers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_target_is_killed_the_others_take_over() {
    let site = Site::new();
    let ports = servers(&site, &["one", "two", "three"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    let before = burst(port, 4, 300).await;
    assert_eq!(before.answers.len(), 3);
    kill(&site.program("two"), "KILL");
    eventually("it is found unhealthy", async || {
        let health = balancer::health(&site.root, &uid("lb")).await.unwrap();
        health["web"].iter().any(|target| target.health == "unhealthy")
    })
    .await;
    let after = burst(port, 20, 1000).await;
    assert_eq!(after.failures, Vec::<String>::new());
    assert!(!after.answers.contains_key("two") && after.answers.len() == 2, "{:?}", after.answers);

    let spec = site.server("two");
    instance::update(&site.root, &site.launcher, &uid("two"), &spec).await.unwrap();
    site.wait_for_health(1).await;
    assert_eq!(burst(port, 4, 300).await.answers.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_when_all_targets_are_others_at_once() {
    let site = Site::new();
    let ports = servers(&site, &["one", "two"]).await;
    let port = site.balance(&[("web", 1, &ports[..1])]).await;
    for (round, name) in ["two", "one"].repeat(5).into_iter().enumerate() {
        let others = &ports[(round + 1) % 2..][..1];
        target_group::update(&site.root, &uid("web"), &group_of(others)).await.unwrap();
        let tally = burst(port, 4, 8).await;
        assert_eq!(tally.failures, Vec::<String>::new());
        assert_eq!(tally.answers.keys().collect::<Vec<_>>(), [name]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_comes_up_serves_the_next_request() {
    let site = Site::new();
    let ports = servers(&site, &["one"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    let client = client(1);
    let status = async || get(&client, port, "/").await.unwrap().0;
    for _ in 0..5 {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = target.local_addr().unwrap();
        drop(target);
        let group = group_of(&[address.port()]);
        target_group::update(&site.root, &uid("web"), &group).await.unwrap();
        assert_eq!(status().await, StatusCode::SERVICE_UNAVAILABLE);
        let target = tokio::net::TcpListener::bind(address).await.unwrap();
        let answering = tokio::spawn(answer_all(target));
        assert_eq!(status().await, StatusCode::OK);
        answering.abort();
    }
}

/// Answers every connection's first request.
async fn answer_all(listener: tokio::net::TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_was_not_sent_goes_to_another_target() {
    let site = Site::new();
    let ports = servers(&site, &["one", "two"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    // Checked so rarely that nobody finds out before the requests do.
    let mut config = group_of(&ports);
    config.health_check.interval_ms = 3_600_000;
    target_group::update(&site.root, &uid("web"), &config).await.unwrap();
    site.wait_for_health(1).await;
    kill(&site.process(ObjectType::Instance, "one"), "TERM");
    eventually("it is gone", async || check_free(ports[0]).is_ok()).await;
    let tally = burst(port, 8, 200).await;
    assert_eq!(tally.failures, Vec::<String>::new());
    assert_eq!(tally.answers.keys().collect::<Vec<_>>(), ["two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unhealthy_group_gets_nothing_and_none_at_all_is_a_clear_503() {
    let site = Site::new();
    let ports = servers(&site, &["blue", "green"]).await;
    let port = site.balance(&[("old", 50, &ports[..1]), ("new", 50, &ports[1..])]).await;
    let sick = |name: &str| site.folder(ObjectType::Instance, name).join("work/unhealthy");
    fs::write(sick("blue"), "").unwrap();
    let unhealthy = async |group: &str| {
        let health = balancer::health(&site.root, &uid("lb")).await.unwrap();
        health[group][0].health == "unhealthy"
    };
    eventually("blue is unhealthy", async || unhealthy("old").await).await;
    let tally = burst(port, 4, 100).await;
    assert_eq!((tally.share("green"), tally.failures.len()), (100.0, 0));

    fs::write(sick("green"), "").unwrap();
    eventually("green is unhealthy", async || unhealthy("new").await).await;
    let (status, body) = get(&client(0), port, "/").await.unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body, "greenroom load balancer: no target of this listener is healthy\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_response_survives_the_deregistration_of_its_target() {
    let site = Site::new();
    let ports = servers(&site, &["one", "two"]).await;
    let port = site.balance(&[("web", 1, &ports[..1])]).await;
    let slow = tokio::spawn(async move { get(&client(0), port, "/slow?1500").await });
    let in_flight = async || {
        let counters = balancer::counters(&site.root, &uid("lb")).await.unwrap();
        counters.target_groups["web"].in_flight
    };
    eventually("it is in flight", async || in_flight().await == 1).await;
    target_group::update(&site.root, &uid("web"), &group_of(&ports[1..])).await.unwrap();
    site_drains(&site).await;
    eventually("the other is healthy", async || {
        get(&client(0), port, "/").await.unwrap().1 == "two"
    })
    .await;
    assert_eq!(slow.await.unwrap().unwrap(), (StatusCode::OK, "one".to_owned()));
    assert_eq!(in_flight().await, 0);
}

async fn site_drains(site: &Site) {
    let health = balancer::health(&site.root, &uid("lb")).await.unwrap();
    assert!(health["web"].iter().any(|target| target.health == "draining"), "{health:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_beyond_the_deregistration_delay_is_cut_and_counted() {
    let site = Site::new();
    let ports = servers(&site, &["one", "two"]).await;
    let port = site.balance(&[("web", 1, &ports[..1])]).await;
    let slow = tokio::spawn(async move { get(&client(0), port, "/slow?60000").await });
    let counters = async || {
        let counters = balancer::counters(&site.root, &uid("lb")).await.unwrap();
        counters.target_groups["web"].clone()
    };
    eventually("it is in flight", async || counters().await.in_flight == 1).await;
    let mut config = group_of(&ports[1..]);
    config.deregistration_delay_ms = 100;
    target_group::update(&site.root, &uid("web"), &config).await.unwrap();
    assert_eq!(slow.await.unwrap().unwrap().0, StatusCode::BAD_GATEWAY);
    assert_eq!(counters().await.errors.get(&ErrorClass::Deregistered), Some(&1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_add_up_and_stay_over_a_reconfiguration() {
    let site = Site::new();
    let ports = servers(&site, &["blue", "green"]).await;
    let port = site.balance(&[("old", 3, &ports[..1]), ("new", 1, &ports[1..])]).await;
    burst(port, 4, 400).await;
    let counters = async || balancer::counters(&site.root, &uid("lb")).await.unwrap();
    let first = counters().await;
    let requests = |name: &str| first.target_groups[name].requests;
    assert_eq!((requests("old"), requests("new")), (300, 100));
    let front = &first.listeners["front"];
    assert_eq!((front.requests, front.responses), (400, [0, 400, 0, 0, 0]));
    assert_eq!(front.latency_buckets.iter().sum::<u64>(), 400);

    // Out, and in again.
    site.set_weights(&[("old", 1)]).await;
    site.set_weights(&[("old", 1), ("new", 1)]).await;
    let second = counters().await;
    assert_eq!(second.started_ms, first.started_ms);
    assert_eq!(second.target_groups["new"].requests, 100);
    eventually("connections of clients that left are closed", async || {
        counters().await.listeners["front"].open_connections == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_targets_are_reused() {
    let site = Site::new();
    let ports = servers(&site, &["blue"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    let client = client(1);
    for _ in 0..50 {
        get(&client, port, "/").await.unwrap();
    }
    let counters = balancer::counters(&site.root, &uid("lb")).await.unwrap();
    assert_eq!(counters.target_groups["web"].open_connections, 1);
    assert_eq!(counters.listeners["front"].open_connections, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_pass_both_ways_and_headers_say_who_asked() {
    let site = Site::new();
    let ports = servers(&site, &["blue"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    let body = "0123456789abcdef".repeat(65_536);
    let request = Request::post(format!("http://127.0.0.1:{port}/echo"))
        .body(Full::new(Bytes::from(body.clone())))
        .unwrap();
    let (status, echoed) = send(&client(0), request).await.unwrap();
    assert_eq!((status, echoed.len()), (StatusCode::OK, body.len()));
    assert!(echoed == body);

    let (_, headers) = get(&client(0), port, "/headers").await.unwrap();
    for expected in [
        "\"x-forwarded-for\": \"127.0.0.1\"",
        "\"x-forwarded-proto\": \"http\"",
        &format!("\"x-forwarded-host\": \"127.0.0.1:{port}\""),
        &format!("\"host\": \"127.0.0.1:{port}\""),
    ] {
        assert!(headers.contains(expected), "{expected} in {headers}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunked_upload_streams_and_a_changed_protocol_passes() {
    let site = Site::new();
    let ports = servers(&site, &["blue"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"5\r\nfirst\r\n").await.unwrap();
    // The answer begins before the request has ended.
    read_until(&mut stream, "first").await;
    stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.unwrap();
    read_until(&mut stream, "last").await;

    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.contains("upgrade: echo"), "{answer}");
    stream.write_all(b"hello").await.unwrap();
    read_until(&mut stream, "hello").await;
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 1024];
    while !text.contains(end) {
        let read = stream.read(&mut buffer);
        let count = tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
        assert!(count > 0, "closed after {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fixed_response_needs_no_target() {
    let site = Site::new();
    site.balance(&[]).await;
    let action = Action::FixedResponse(FixedResponse {
        status_code: 418,
        content_type: "text/plain".into(),
        message_body: "short and stout".into(),
    });
    let spec = ListenerSpec { action, ..forward(&[]) };
    let port = listener::create(&site.root, &owner("second"), &spec).await.unwrap();
    let answer = get(&client(0), port, "/any").await.unwrap();
    assert_eq!(answer, (StatusCode::IM_A_TEAPOT, "short and stout".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_named_and_the_other_listeners_go_on() {
    let site = Site::new();
    let ports = servers(&site, &["blue"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().port();
    let spec = ListenerSpec { port: Some(taken), ..forward(&[("web", 1)]) };
    let error = listener::create(&site.root, &owner("second"), &spec).await.unwrap_err();
    let expected = format!("port {taken} is taken by process {} ", std::process::id());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(listener::look(&site.root, &uid("second")).unwrap().is_none());
    assert_eq!(get(&client(0), port, "/").await.unwrap().1, "blue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_balancer_is_seen_and_comes_back_as_it_was() {
    let site = Site::new();
    let ports = servers(&site, &["blue"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    kill(&site.process(ObjectType::Balancer, "lb"), "KILL");
    eventually("the kill is seen", async || {
        balancer::running(&site.root, &uid("lb")).await.unwrap().is_none()
    })
    .await;
    let error = balancer::counters(&site.root, &uid("lb")).await.unwrap_err();
    assert!(matches!(error, BalancerError::Control(_)), "{error}");
    // What changes meanwhile is taken at the start.
    site_changes_while_down(&site, &ports).await;
    let spec = BalancerSpec { address: ListenAddress::default(), idle_timeout_ms: 10_000 };
    balancer::update(&site.root, &site.launcher, &uid("lb"), &spec).await.unwrap();
    site.wait_for_health(1).await;
    assert_eq!(get(&client(0), port, "/").await.unwrap().1, "blue");
    let running = balancer::running(&site.root, &uid("lb")).await.unwrap().unwrap();
    assert_eq!(running.config.target_groups["web"].deregistration_delay_ms, 7000);
}

async fn site_changes_while_down(site: &Site, ports: &[u16]) {
    let mut config = group_of(ports);
    config.deregistration_delay_ms = 7000;
    target_group::update(&site.root, &uid("web"), &config).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_control_socket_works_however_deep_the_root_lies() {
    let deep = ["a-folder-with-a-rather-long-name"; 8].join("/");
    let site = Site::below(&deep);
    let ports = servers(&site, &["blue"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    assert!(site.folder(ObjectType::Balancer, "lb").as_os_str().len() > 250);
    assert_eq!(get(&client(0), port, "/").await.unwrap().1, "blue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_group_in_use_is_held_and_all_goes_without_a_trace() {
    let site = Site::new();
    let ports = servers(&site, &["blue"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    let balancer_process = site.process(ObjectType::Balancer, "lb");
    let error = target_group::delete(&site.root, &uid("web")).unwrap_err();
    assert!(matches!(error, TargetGroupError::Held { .. }));
    assert_eq!(
        error.to_string(),
        "the target group web is used by the listener `front/test.front`"
    );

    for _ in 0..2 {
        listener::delete(&site.root, &uid("front")).await.unwrap();
        target_group::delete(&site.root, &uid("web")).unwrap();
        balancer::delete(&site.root, &uid("lb")).await.unwrap();
        instance::delete(&site.root, &uid("blue")).await.unwrap();
    }
    check_free(port).unwrap();
    assert!(!balancer_process.is_alive());
    assert_eq!(site.contents(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balancer_that_goes_lets_its_requests_end() {
    let site = Site::new();
    let ports = servers(&site, &["blue"]).await;
    let port = site.balance(&[("web", 1, &ports)]).await;
    let slow = tokio::spawn(async move { get(&client(0), port, "/slow?700").await });
    eventually("it is in flight", async || {
        let counters = balancer::counters(&site.root, &uid("lb")).await.unwrap();
        counters.listeners["front"].in_flight == 1
    })
    .await;
    balancer::delete(&site.root, &uid("lb")).await.unwrap();
    assert_eq!(slow.await.unwrap().unwrap().1, "blue");
    check_free(port).unwrap();
}
