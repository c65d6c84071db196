//! A client that knows no AWS: it sends forms and reads tags.

use std::ops::Deref;
use std::time::Duration;

use bytes::Bytes;
use greenroom_emulator::{Account, Cloud};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

/// A caller in an account of its own.
pub(crate) struct Caller {
    pub(crate) account: Account<'static>,
    plain: Plain,
}

/// Someone who calls an endpoint with an access key.
pub(crate) struct Plain {
    endpoint: String,
    access_key: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Caller {
    pub(crate) fn new() -> Caller {
        let account = Cloud::shared().account();
        let plain = Plain::new(account.endpoint(), account.id());
        Caller { account, plain }
    }
}

impl Deref for Caller {
    type Target = Plain;

    fn deref(&self) -> &Plain {
        &self.plain
    }
}

impl Plain {
    pub(crate) fn new(endpoint: String, access_key: &str) -> Plain {
        let http =
            Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
        Plain { endpoint, access_key: access_key.to_owned(), http }
    }

    /// The answer of EC2.
    pub(crate) async fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.try_form("ec2", action, parameters).await.expect("EC2 answers")
    }

    /// The answer of Elastic Load Balancing.
    pub(crate) async fn elb(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let answer = self.try_form("elasticloadbalancing", action, parameters).await;
        answer.expect("Elastic Load Balancing answers")
    }

    /// The answer of a service that speaks in forms, or why there is no whole one.
    pub(crate) async fn try_form(
        &self,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Answer, String> {
        let version = if service == "ec2" { "2016-11-15" } else { "2015-12-01" };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", version);
        form.extend_pairs(parameters);
        let request = Request::post(&self.endpoint)
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(service, request, form.finish()).await
    }

    /// The answer of Route 53.
    pub(crate) async fn route53(&self, method: &str, path: &str, body: &str) -> Answer {
        let url = format!("{}/2013-04-01{path}", self.endpoint);
        let request = Request::builder().method(method).uri(url);
        self.send("route53", request, body.to_owned()).await.expect("Route 53 answers")
    }

    async fn send(
        &self,
        service: &str,
        request: http::request::Builder,
        body: String,
    ) -> Result<Answer, String> {
        let scope = format!("{}/20260101/eu-central-1/{service}/aws4_request", self.access_key);
        let signed =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let request = request.header("authorization", signed).body(Full::new(body.into()));
        let request = request.expect("the request is well formed");
        let answer = tokio::time::timeout(Duration::from_secs(60), self.http.request(request));
        let answer = answer.await.expect("the cloud answers in time");
        let answer = answer.map_err(|error| format!("{error:?}"))?;
        let status = answer.status().as_u16();
        let body = answer.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
        Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Two subnets of the default VPC, in two zones.
    pub(crate) async fn subnets(&self) -> (String, String) {
        let subnets = self.ec2("DescribeSubnets", &[]).await.all("subnetId");
        (subnets[0].clone(), subnets[1].clone())
    }

    /// Launches so many instances with this token into the default VPC.
    pub(crate) async fn run(&self, token: &str, count: &str) -> Answer {
        self.ec2("RunInstances", &launch(token, count)).await
    }

    /// The ids of all instances.
    pub(crate) async fn instances(&self) -> Vec<String> {
        self.ec2("DescribeInstances", &[]).await.all("instanceId")
    }
}

/// What a launch of so many instances with this token asks for.
pub(crate) fn launch<'a>(token: &'a str, count: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("ImageId", "ami-12c6146b"),
        ("InstanceType", "t3.micro"),
        ("MinCount", count),
        ("MaxCount", count),
        ("ClientToken", token),
    ]
}

impl Answer {
    /// The texts of all elements of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let found = self.body.split(&open).skip(1);
        found.filter_map(|rest| rest.split_once(&close)).map(|(text, _)| text.to_owned()).collect()
    }

    /// The text of the first element of this name.
    pub(crate) fn one(&self, name: &str) -> String {
        self.all(name).into_iter().next().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// The status and the code of an error.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.one("Code"))
    }
}
