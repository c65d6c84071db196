//! The clients of one configuration: an account and a region, with the time things take there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use greenroom_provider::{Failure, FailureKind};
use tokio::sync::OnceCell;

use crate::batches::Batches;
use crate::error::at;
use crate::reads::Reads;

/// One configuration of the provider.
pub(crate) struct Aws {
    /// Clients that repeat what AWS could not answer: for reads, for what has a client token, and
    /// for what has the same effect the second time.
    pub(crate) again: Clients,
    /// Clients that send each call once: for creates without a client token.
    pub(crate) once: Clients,
    /// Changes that one call makes for many objects.
    pub(crate) batches: Batches,
    /// Reads that several types share.
    pub(crate) reads: Reads,
    /// Tags that every taggable object gets.
    pub(crate) default_tags: BTreeMap<String, String>,
    /// How long things take.
    pub(crate) pace: Pace,
    /// Whose zones Route 53's are.
    pub(crate) route53: Origin,
    region: Arc<str>,
    allowed_accounts: Vec<String>,
    identity: OnceCell<Identity>,
}

/// The services' clients.
pub(crate) struct Clients {
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) route53: aws_sdk_route53::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) ssm: aws_sdk_ssm::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
}

/// Whose an API is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// AWS's own: what it says, others see.
    Aws,
    /// Another one's, at an endpoint that the settings name.
    Elsewhere,
}

/// Who the credentials belong to.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user: String,
}

/// How long things take at AWS, as a share of what they take there in earnest: tests against an
/// emulator wait for a fraction of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(f64);

impl Default for Pace {
    fn default() -> Pace {
        Pace(1.0)
    }
}

impl Pace {
    /// `share` of the real time, from 0.001 to 1.
    #[must_use]
    pub fn new(share: f64) -> Pace {
        Pace(share.clamp(0.001, 1.0))
    }

    /// The share of a time that stands for all of it.
    pub(crate) fn scaled(self, time: Duration) -> Duration {
        time.mul_f64(self.0)
    }

    /// How long AWS may not find what it has just made: two minutes. The EC2 API Reference
    /// ("Eventual consistency") gives no bound; waiting longer is what its users found to help. At
    /// least two attempts, or one that stalled would use all of it up.
    pub(crate) fn consistency(self) -> Duration {
        self.scaled(Duration::from_secs(120)).max(self.attempt() * 2)
    }

    /// How long what was just made and is missing is looked for before it is believed to be gone.
    pub(crate) fn doubt(self) -> Duration {
        self.scaled(Duration::from_secs(20))
    }

    /// How long what was seen before and is missing now is looked for. Long enough for AWS to
    /// tell of it everywhere, short enough to wait for at a plan of what is really gone.
    pub(crate) fn second_look(self) -> Duration {
        self.scaled(Duration::from_secs(5))
    }

    /// How long a throttled call is repeated.
    pub(crate) fn throttled(self) -> Duration {
        self.scaled(Duration::from_secs(300))
    }

    /// How long after the last possible send a create may still turn up.
    pub(crate) fn grace(self) -> Duration {
        self.scaled(Duration::from_secs(120))
    }

    /// How long one attempt at a call may take; at least two seconds, as a machine of tests may
    /// be busy.
    fn attempt(self) -> Duration {
        self.scaled(Duration::from_secs(30)).max(Duration::from_secs(2))
    }

    /// How long what is asked is gathered before it is sent.
    pub(crate) fn tick() -> Duration {
        Duration::from_millis(10)
    }
}

impl Aws {
    /// The clients of a configuration. Reaches nobody.
    pub(crate) fn new(
        config: &SdkConfig,
        region: Arc<str>,
        route53: Origin,
        endpoints: &BTreeMap<String, String>,
        default_tags: BTreeMap<String, String>,
        allowed_accounts: Vec<String>,
        pace: Pace,
    ) -> Aws {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(pace.attempt().min(Duration::from_secs(5)))
            .operation_attempt_timeout(pace.attempt())
            .build();
        let again = RetryConfig::adaptive()
            .with_max_attempts(6)
            .with_initial_backoff(pace.scaled(Duration::from_secs(1)))
            .with_max_backoff(pace.scaled(Duration::from_secs(20)));
        let with = |retries: RetryConfig| {
            let config = config.clone().into_builder();
            let config = config.retry_config(retries).timeout_config(timeouts.clone()).build();
            Clients::new(&config, endpoints)
        };
        let (again, once) = (with(again), with(RetryConfig::disabled()));
        Aws {
            batches: Batches::new(&again, &once, pace),
            reads: Reads::new(&again),
            again,
            once,
            default_tags,
            pace,
            route53,
            region,
            allowed_accounts,
            identity: OnceCell::new(),
        }
    }

    /// The region.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The part of AWS that the region is in, as ARNs name it (AWS General Reference, "ARNs").
    pub(crate) fn partition(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// Who the credentials belong to; asked once.
    ///
    /// # Errors
    ///
    /// AWS does not say, or the account is not one of those that the settings allow.
    pub(crate) async fn identity(&self) -> Result<&Identity, Failure> {
        self.identity.get_or_try_init(|| self.ask_identity()).await
    }

    /// Refuses an account that the settings do not allow; asks nobody where they allow any.
    ///
    /// # Errors
    ///
    /// As [`identity`](Aws::identity).
    pub(crate) async fn check_account(&self) -> Result<(), Failure> {
        if !self.allowed_accounts.is_empty() {
            self.identity().await?;
        }
        Ok(())
    }

    async fn ask_identity(&self) -> Result<Identity, Failure> {
        let answer = self.again.sts.get_caller_identity().send().await;
        let answer = answer.map_err(at("sts:GetCallerIdentity"))?;
        let identity = Identity {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
            user: answer.user_id.unwrap_or_default(),
        };
        let allowed = &self.allowed_accounts;
        if allowed.is_empty() || allowed.contains(&identity.account) {
            return Ok(identity);
        }
        let message = format!("the credentials are of the account {}", identity.account);
        let help = format!("`allowed_account_ids` allows {}", allowed.join(", "));
        Err(Failure::new(FailureKind::Denied, message).help(help))
    }
}

impl Clients {
    fn new(config: &SdkConfig, endpoints: &BTreeMap<String, String>) -> Clients {
        let endpoint = |service: &str| endpoints.get(service).cloned();
        macro_rules! client {
            ($sdk:ident, $service:literal) => {{
                let mut builder = $sdk::config::Builder::from(config);
                if let Some(url) = endpoint($service) {
                    builder = builder.endpoint_url(url);
                }
                $sdk::Client::from_conf(builder.build())
            }};
        }
        Clients {
            ec2: client!(aws_sdk_ec2, "ec2"),
            elb: client!(aws_sdk_elasticloadbalancingv2, "elbv2"),
            route53: client!(aws_sdk_route53, "route53"),
            iam: client!(aws_sdk_iam, "iam"),
            sts: client!(aws_sdk_sts, "sts"),
            ssm: client!(aws_sdk_ssm, "ssm"),
            cloudwatch: client!(aws_sdk_cloudwatch, "cloudwatch"),
        }
    }
}
