//! The actions of services that say them by method and path.

use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use crate::call::Parameters;

/// The action of a call to Route 53, and its parameters so far; the body holds more.
pub(crate) fn route53(method: &Method, path: &str, mut query: Parameters) -> (String, Parameters) {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).skip(1).collect();
    let action = match (method.as_str(), segments.as_slice()) {
        ("POST", ["hostedzone"]) => "CreateHostedZone",
        ("GET", ["hostedzone"]) => "ListHostedZones",
        ("GET", ["hostedzonesbyname"]) => "ListHostedZonesByName",
        ("GET", ["hostedzone", _]) => "GetHostedZone",
        ("POST", ["hostedzone", _]) => "UpdateHostedZoneComment",
        ("DELETE", ["hostedzone", _]) => "DeleteHostedZone",
        ("POST", ["hostedzone", _, "rrset"]) => "ChangeResourceRecordSets",
        ("GET", ["hostedzone", _, "rrset"]) => "ListResourceRecordSets",
        ("POST", ["hostedzone", _, "associatevpc"]) => "AssociateVPCWithHostedZone",
        ("POST", ["hostedzone", _, "disassociatevpc"]) => "DisassociateVPCFromHostedZone",
        ("GET", ["change", _]) => "GetChange",
        ("POST", ["healthcheck"]) => "CreateHealthCheck",
        ("GET", ["healthcheck"]) => "ListHealthChecks",
        ("GET", ["healthcheck", _]) => "GetHealthCheck",
        ("POST", ["healthcheck", _]) => "UpdateHealthCheck",
        ("DELETE", ["healthcheck", _]) => "DeleteHealthCheck",
        ("GET", ["healthcheck", _, "status"]) => "GetHealthCheckStatus",
        ("POST", ["tags", _]) => "ListTagsForResources",
        ("GET", ["tags", ..]) => "ListTagsForResource",
        ("POST", ["tags", ..]) => "ChangeTagsForResource",
        _ => "",
    };
    if let Some(id) = segments.get(if segments.first() == Some(&"tags") { 2 } else { 1 }) {
        query.insert("Id".to_owned(), (*id).to_owned());
    }
    if action.is_empty() {
        return (format!("{method} /{}", segments.join("/")), query);
    }
    (action.to_owned(), query)
}

/// The action of a call to S3 in path style, and its parameters.
pub(crate) fn s3(
    method: &Method,
    path: &str,
    mut query: Parameters,
    headers: &HeaderMap,
) -> (String, Parameters) {
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    let action = match (bucket, key) {
        ("", _) => "ListBuckets",
        (_, "") => bucket_action(method, &query),
        _ => object_action(method, &query, headers),
    };
    let action = action.to_owned();
    query.insert("Bucket".to_owned(), bucket.to_owned());
    query.insert("Key".to_owned(), key.to_owned());
    for name in ["if-match", "if-none-match"] {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            query.insert(name.to_owned(), value.to_owned());
        }
    }
    query.retain(|_, value| !value.is_empty());
    (action, query)
}

fn bucket_action(method: &Method, query: &Parameters) -> &'static str {
    let asks = |name: &str| query.contains_key(name);
    match method.as_str() {
        "GET" if asks("list-type") => "ListObjectsV2",
        "GET" if asks("uploads") => "ListMultipartUploads",
        "GET" if asks("versions") => "ListObjectVersions",
        "GET" if asks("versioning") => "GetBucketVersioning",
        "GET" if asks("location") => "GetBucketLocation",
        "GET" => "ListObjects",
        "PUT" if asks("versioning") => "PutBucketVersioning",
        "PUT" => "CreateBucket",
        "POST" if asks("delete") => "DeleteObjects",
        "DELETE" => "DeleteBucket",
        "HEAD" => "HeadBucket",
        _ => "Bucket",
    }
}

fn object_action(method: &Method, query: &Parameters, headers: &HeaderMap) -> &'static str {
    let asks = |name: &str| query.contains_key(name);
    match method.as_str() {
        "GET" if asks("uploadId") => "ListParts",
        "GET" => "GetObject",
        "HEAD" => "HeadObject",
        "PUT" if asks("uploadId") => "UploadPart",
        "PUT" if headers.contains_key("x-amz-copy-source") => "CopyObject",
        "PUT" => "PutObject",
        "POST" if asks("uploads") => "CreateMultipartUpload",
        "POST" if asks("uploadId") => "CompleteMultipartUpload",
        "DELETE" if asks("uploadId") => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        _ => "Object",
    }
}
