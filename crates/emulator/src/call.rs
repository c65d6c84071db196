//! A call to AWS, read from its HTTP request.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};

use crate::actions;
use crate::flatten;
use crate::xml;

/// The parameters of a call by their names: form fields as they are, other bodies flattened.
pub type Parameters = BTreeMap<String, String>;

/// How a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Forms, answered in XML: EC2, whose lists and errors have a shape of their own.
    Ec2,
    /// Forms, answered in XML: Elastic Load Balancing, Auto Scaling, IAM, STS.
    Query,
    /// XML both ways: Route 53.
    RestXml,
    /// XML and raw bytes: S3.
    S3,
    /// JSON both ways.
    Json,
    /// CBOR both ways: CloudWatch.
    Cbor,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) protocol: Protocol,
    pub(crate) access_key: String,
    pub(crate) account: String,
    pub(crate) region: String,
    /// The name under which the service signs.
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) parameters: Parameters,
}

impl Call {
    /// Reads a request. Its account is not known yet: that depends on who assumed which role.
    pub(crate) fn read(parts: Parts, body: Bytes) -> Call {
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let scope = scope(&parts.headers, parts.uri.query().unwrap_or_default());
        let [access_key, region, service] = scope.unwrap_or_default();
        let protocol = protocol(&service, &target, &parts.headers);
        let mut call = Call {
            method: parts.method,
            target,
            headers: parts.headers,
            body,
            protocol,
            access_key,
            account: String::new(),
            region,
            service,
            action: String::new(),
            parameters: Parameters::new(),
        };
        call.understand();
        call
    }

    /// What it is called in logs and rules: `ec2:RunInstances`.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.service, self.action)
    }

    /// Whether it is one of this service's actions.
    pub(crate) fn is(&self, service: &str, action: &str) -> bool {
        self.service == service && self.action == action
    }

    /// The value of a parameter, if it is there and not empty.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The values of a list: those of `InstanceId` are `InstanceId.1`, `InstanceId.2` and so on.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let items = self.parameters.iter().filter(|(key, _)| is_item(key, name));
        items.map(|(_, value)| value.as_str()).collect()
    }

    /// A call of another action by the same caller, to a service that speaks in forms.
    pub(crate) fn ask(&self, service: &str, action: &str, parameters: &[(&str, &str)]) -> Call {
        let mut call = self.clone();
        call.method = Method::POST;
        "/".clone_into(&mut call.target);
        call.protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
        service.clone_into(&mut call.service);
        action.clone_into(&mut call.action);
        let pairs = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        call.parameters = pairs.collect();
        let version = if service == "ec2" { "2016-11-15" } else { "2015-12-01" };
        call.parameters.insert("Version".to_owned(), version.to_owned());
        call.sign_as(service);
        call.write_form();
        call
    }

    /// Whether it only asks how things are.
    pub(crate) fn is_look(&self) -> bool {
        self.method == Method::GET || self.action.starts_with("Describe")
    }

    /// Writes the parameters, which were changed, into the body.
    pub(crate) fn write_form(&mut self) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", &self.action);
        form.extend_pairs(self.parameters.iter().filter(|(name, _)| *name != "Action"));
        self.body = form.finish().into();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(CONTENT_TYPE, form);
    }

    /// Signatures are not checked, the scope decides who answers.
    fn sign_as(&mut self, service: &str) {
        let scope = format!("{}/20260101/{}/{service}/aws4_request", self.account, self.region);
        let header =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        if let Ok(header) = HeaderValue::from_str(&header) {
            self.headers.insert(AUTHORIZATION, header);
        }
    }

    fn understand(&mut self) {
        match self.protocol {
            Protocol::Ec2 | Protocol::Query => self.understand_form(),
            Protocol::RestXml | Protocol::S3 => self.understand_path(),
            Protocol::Json => {
                let target = self.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
                let action = target.and_then(|target| target.rsplit('.').next());
                self.action = action.unwrap_or_default().to_owned();
                self.parameters = flatten::json(&self.body);
            }
            Protocol::Cbor => {
                self.action = self.target.rsplit('/').next().unwrap_or_default().to_owned();
                self.parameters = flatten::cbor(&self.body);
            }
        }
    }

    fn understand_form(&mut self) {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let fields = [query.as_bytes(), &self.body];
        let pairs = fields.into_iter().flat_map(form_urlencoded::parse);
        self.parameters = pairs.map(|(name, value)| (name.into(), value.into())).collect();
        self.action = self.parameters.get("Action").cloned().unwrap_or_default();
    }

    fn understand_path(&mut self) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let query = form_urlencoded::parse(query.as_bytes());
        let query = query.map(|(name, value)| (name.into(), value.into())).collect();
        let understood = if self.protocol == Protocol::S3 {
            actions::s3(&self.method, path, query, &self.headers)
        } else {
            let mut understood = actions::route53(&self.method, path, query);
            if let Some(document) = xml::parse(&self.body) {
                understood.1.extend(flatten::xml(&document));
            }
            understood
        };
        (self.action, self.parameters) = understood;
    }
}

/// Whether `key` names an item of the list `name`: a number follows, perhaps after `member`.
fn is_item(key: &str, name: &str) -> bool {
    let Some(rest) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else {
        return false;
    };
    let number = rest.strip_prefix("member.").unwrap_or(rest);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn protocol(service: &str, target: &str, headers: &HeaderMap) -> Protocol {
    match service {
        _ if target.starts_with("/service/") => Protocol::Cbor,
        _ if headers.contains_key("x-amz-target") => Protocol::Json,
        "ec2" => Protocol::Ec2,
        "s3" => Protocol::S3,
        "route53" => Protocol::RestXml,
        _ => Protocol::Query,
    }
}

/// Access key, region and service from `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn scope(headers: &HeaderMap, query: &str) -> Option<[String; 3]> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let signed = header
        .and_then(|header| header.split_once("Credential="))
        .map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or_default().to_owned());
    let presigned = || {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == "X-Amz-Credential").map(|(_, value)| value.into_owned())
    };
    let credential = signed.or_else(presigned)?;
    let mut parts = credential.split('/');
    let access_key = parts.next()?.to_owned();
    let _date = parts.next()?;
    Some([access_key, parts.next()?.to_owned(), parts.next()?.to_owned()])
}
