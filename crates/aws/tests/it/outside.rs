//! What is there before a test, and what others do: calls without the provider.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::lab::Lab;

/// Calls an API by its query protocol, and returns the body of the answer.
pub(crate) async fn call(lab: &Lab, service: &'static str, query: &str) -> String {
    let address = lab.account.endpoint().trim_start_matches("http://").to_owned();
    let body = query.to_owned();
    let credential = format!("{}/20260101/eu-central-1/{service}/aws4_request", lab.account.id());
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, \
         Signature=x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("the cloud listens");
        stream.write_all(request.as_bytes()).expect("it takes requests");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    });
    let answer = answer.await.expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

/// The texts of all elements `name` of an answer.
pub(crate) fn texts(answer: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = answer.split(&open).skip(1);
    parts.filter_map(|it| Some(it.split_once(&close)?.0.to_owned())).collect()
}

/// The network that every account has from the start.
pub(crate) struct Network {
    pub(crate) vpc: String,
    pub(crate) subnets: Vec<String>,
}

impl Network {
    pub(crate) async fn of(lab: &Lab) -> Network {
        let answer = call(lab, "ec2", "Action=DescribeSubnets&Version=2016-11-15").await;
        let vpc = texts(&answer, "vpcId").swap_remove(0);
        Network { vpc, subnets: texts(&answer, "subnetId") }
    }

    /// A load balancer of this type and name for a template, in two subnets.
    pub(crate) fn load_balancer(&self, arguments: &str) -> String {
        let (one, other) = (&self.subnets[0], &self.subnets[1]);
        format!("[resource.aws_lb.front]\nsubnets = [\"{one}\", \"{other}\"]\n{arguments}\n")
    }

    /// A target group for a template.
    pub(crate) fn target_group(&self, name: &str, arguments: &str) -> String {
        format!(
            "[resource.aws_lb_target_group.{name}]\nport = 80\nprotocol = \"HTTP\"\n\
             vpc_id = \"{}\"\n{arguments}\n",
            self.vpc
        )
    }
}
