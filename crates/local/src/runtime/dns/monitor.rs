//! The health of what a record stands for, found out over and over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use http::Uri;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::config::HealthCheck;
use crate::runtime::balancer::{self, Checks, Health, TargetAddress};

/// A health check that runs until this is dropped.
pub(crate) struct Monitor {
    pub(crate) check: HealthCheck,
    healthy: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Monitor {
    /// Starts to check. As at Route 53, what was not checked yet counts as healthy.
    pub(crate) fn start(check: &HealthCheck) -> Result<Arc<Monitor>, String> {
        let (target, rule) = rule(check)?;
        let healthy = Arc::new(AtomicBool::new(true));
        let task = tokio::spawn(keep_checking(target, rule, Arc::clone(&healthy))).abort_handle();
        Ok(Arc::new(Monitor { check: check.clone(), healthy, task }))
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy.load(Relaxed)
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep_checking(
    target: TargetAddress,
    rule: balancer::HealthCheck,
    healthy: Arc<AtomicBool>,
) {
    let (_settings, unchanged) = watch::channel(rule.clone());
    let checks = Checks::of(target, unchanged);
    let mut health = Health::Healthy { failures: 0 };
    loop {
        health = health.observe(checks.succeeds(target, &rule).await, &rule);
        healthy.store(health.is_healthy(), Relaxed);
        sleep(Duration::from_millis(rule.interval_ms)).await;
    }
}

/// What is asked, and what counts, in the words of a load balancer's checks.
fn rule(check: &HealthCheck) -> Result<(TargetAddress, balancer::HealthCheck), String> {
    let (target, path) = target(&check.url)?;
    let rule = balancer::HealthCheck {
        enabled: true,
        path,
        matcher: "200-399".parse()?,
        interval_ms: check.interval_ms,
        timeout_ms: check.timeout_ms,
        healthy_threshold: check.failure_threshold,
        unhealthy_threshold: check.failure_threshold,
    };
    Ok((target, rule))
}

/// Where a URL points to, and the path there.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn target(url: &str) -> Result<(TargetAddress, String), String> {
    let wrong = || format!("`{url}` is not like `http://127.0.0.1:8080/health`");
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let address = uri.host().and_then(|host| host.parse().ok());
    let port = uri.port_u16().unwrap_or(80);
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    match (uri.scheme_str(), address) {
        (Some("http"), Some(address)) if port > 0 => Ok((TargetAddress { address, port }, path)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_an_address_and_a_path() {
        let parts = |url: &str| target(url).map(|(at, path)| format!("{at} {path}"));
        assert_eq!(
            parts("http://127.64.0.5:8080/up?x=1").as_deref(),
            Ok("127.64.0.5:8080 /up?x=1")
        );
        assert_eq!(parts("http://127.0.0.1").as_deref(), Ok("127.0.0.1:80 /"));
        for bad in ["127.0.0.1:80", "https://127.0.0.1/", "http://web.test/", "http://127.0.0.1:0/"]
        {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
