//! A call of an AWS API, as its request names it.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;

/// A call with everything that matters of it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The account it works in.
    pub(crate) account: String,
    /// Its region.
    pub(crate) region: String,
    /// Its service, by the name in the signature's scope.
    pub(crate) service: String,
    /// Its action; for Route 53, whose requests name none, method and kind of path.
    pub(crate) action: String,
    /// The fields of its form.
    pub(crate) parameters: BTreeMap<String, String>,
    /// The request itself.
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The account of access keys that do not name one.
const DEFAULT_ACCOUNT: &str = "123456789012";

impl Call {
    pub(crate) fn read(parts: Parts, body: Bytes) -> Call {
        let scope = Scope::of(&parts.headers);
        let path = parts.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
        let form = parts.headers.get("content-type").is_some_and(|kind| {
            kind.to_str().is_ok_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
        });
        let mut parameters = BTreeMap::new();
        if form {
            parameters.extend(form_urlencoded::parse(&body).into_owned());
        }
        let target = parts.headers.get("x-amz-target").and_then(|it| it.to_str().ok());
        let action = match (parameters.get("Action"), target) {
            (Some(action), _) => action.clone(),
            (None, Some(target)) => target.rsplit('.').next().unwrap_or(target).to_owned(),
            (None, None) => action_of_path(&parts.method, &path),
        };
        Call {
            account: scope.account,
            region: scope.region,
            service: scope.service,
            action,
            parameters,
            method: parts.method,
            path,
            headers: parts.headers,
            body,
        }
    }

    /// Service and action, as permissions name them.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.service, self.action)
    }
}

/// The action of a REST call: the method, and the path without what names a single thing.
fn action_of_path(method: &http::Method, path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path);
    // Identifiers have digits or capitals; what the API names has neither, but for its version.
    let is_name = |part: &&str| part.chars().all(|c| c.is_ascii_lowercase());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("{method} {}", parts.into_iter().filter(is_name).collect::<Vec<_>>().join("/"))
}

/// What the signature says: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
struct Scope {
    account: String,
    region: String,
    service: String,
}

impl Scope {
    fn of(headers: &HeaderMap) -> Scope {
        let signature = headers.get("authorization").and_then(|it| it.to_str().ok());
        let scope = signature.and_then(|it| it.split_once("Credential="));
        let scope = scope.map_or("", |(_, rest)| rest.split(',').next().unwrap_or(rest));
        let mut parts = scope.split('/');
        let key = parts.next().unwrap_or_default();
        let is_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
        let account = if is_account { key } else { DEFAULT_ACCOUNT };
        let region = parts.nth(1).unwrap_or("us-east-1");
        let service = parts.next().unwrap_or("ec2");
        Scope { account: account.into(), region: region.into(), service: service.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(uri: &str, authorization: &str, body: &'static str) -> Call {
        let request = http::Request::post(uri)
            .header("authorization", authorization)
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(())
            .expect("a request");
        Call::read(request.into_parts().0, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn a_call_says_who_asks_what_where() {
        let signature = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-central-1/ec2/aws4_request, Signature=x";
        let call = call("/", signature, "Action=DescribeVpcs&VpcId.1=vpc-1");
        assert_eq!(call.name(), "ec2:DescribeVpcs");
        assert_eq!((&*call.account, &*call.region), ("111122223333", "eu-central-1"));
        assert_eq!(call.parameters["VpcId.1"], "vpc-1");
    }

    #[test]
    fn a_key_that_is_no_account_works_in_the_default_one() {
        let call = call("/", "Credential=AKIA/20260101/us-east-1/sts/aws4_request", "Action=X");
        assert_eq!(call.account, DEFAULT_ACCOUNT);
    }

    #[test]
    fn a_rest_call_is_named_by_method_and_path() {
        let name = |path| action_of_path(&http::Method::POST, path);
        assert_eq!(name("/2013-04-01/hostedzone/Z0ABC/rrset/"), "POST hostedzone/rrset");
        assert_eq!(name("/2013-04-01/hostedzone"), "POST hostedzone");
    }
}
