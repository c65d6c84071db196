//! The settings of a configuration: `[provider.aws]` and what the environment adds to it.
//!
//! Credentials are no settings: they come from where every AWS tool takes them, and a state never
//! sees them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::region::Region;
use aws_types::service_config::ServiceConfigKey;
use greenroom_model::schema::{Attribute, Attributes, Type};
use greenroom_model::value::{Object, Value};
use greenroom_provider::{Failure, FailureKind, typed};
use serde::Deserialize;

use crate::aws::{Aws, Origin, Pace};
use crate::tags::Tags;

/// `[provider.aws]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Settings {
    region: Option<String>,
    profile: Option<String>,
    shared_config_files: Option<Vec<String>>,
    shared_credentials_files: Option<Vec<String>>,
    assume_role: Option<RoleSetting>,
    assume_role_with_web_identity: Option<WebIdentity>,
    endpoint: Option<String>,
    endpoints: Option<BTreeMap<String, String>>,
    default_tags: Option<DefaultTags>,
    allowed_account_ids: Option<Vec<String>>,
}

/// A role: its ARN alone, or with what goes with it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RoleSetting {
    Arn(String),
    Role(Role),
}

#[derive(Debug, Deserialize)]
struct Role {
    role_arn: String,
    session_name: Option<String>,
    external_id: Option<String>,
    policy: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WebIdentity {
    role_arn: String,
    session_name: Option<String>,
    web_identity_token_file: String,
}

#[derive(Debug, Default, Deserialize)]
struct DefaultTags {
    tags: Option<Tags>,
}

/// Services with an endpoint of their own.
const SERVICES: [&str; 7] = ["cloudwatch", "ec2", "elbv2", "iam", "route53", "ssm", "sts"];

/// The keys of `[provider.aws]`.
pub(crate) fn schema() -> Attributes {
    let text = || Type::String;
    let texts = || Type::list(Type::String);
    let role = [
        ("role_arn", Attribute::required(text(), "The role's ARN.")),
        ("session_name", Attribute::optional(text(), "The session's name.")),
        ("web_identity_token_file", Attribute::required(text(), "The file with the token.")),
    ];
    let endpoints = SERVICES.map(|service| {
        (service, Attribute::optional(text(), "The URL of this service's API.").replaces())
    });
    let tags = Attribute::optional(Type::map(Type::String), "The tags.");
    [
        (
            "region",
            Attribute::optional(
                text(),
                "The region; else AWS_REGION, AWS_DEFAULT_REGION or the profile's.",
            )
            // Elsewhere, its objects would not be found.
            .replaces(),
        ),
        ("profile", Attribute::optional(text(), "The profile; else AWS_PROFILE, else `default`.")),
        (
            "shared_config_files",
            Attribute::optional(texts(), "Config files; else AWS_CONFIG_FILE, else ~/.aws/config."),
        ),
        (
            "shared_credentials_files",
            Attribute::optional(
                texts(),
                "Credentials files; else AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials.",
            ),
        ),
        (
            "assume_role",
            Attribute::optional(
                Type::Any,
                "A role to assume: its ARN, or a table with `role_arn`, `session_name`, \
                 `external_id` and `policy`.",
            ),
        ),
        (
            "assume_role_with_web_identity",
            Attribute::optional(Type::object(role), "A role to assume with a web identity token."),
        ),
        (
            "endpoint",
            Attribute::optional(text(), "The URL of all APIs; else AWS_ENDPOINT_URL.").replaces(),
        ),
        (
            "endpoints",
            Attribute::optional(Type::object(endpoints), "URLs of single services' APIs."),
        ),
        (
            "default_tags",
            Attribute::optional(
                Type::object([("tags", tags)]),
                "Tags for every object that can have some.",
            ),
        ),
        (
            "allowed_account_ids",
            Attribute::optional(texts(), "Accounts that may be worked in; left out, any."),
        ),
    ]
    .into_iter()
    .map(|(name, attribute)| (name.into(), attribute))
    .collect()
}

/// Settings with the region that the environment or the profile adds.
///
/// # Errors
///
/// The settings are wrong, or nothing says which region.
pub async fn resolve(settings: &Object) -> Result<Object, Failure> {
    let read = read(settings)?;
    let region = match read.region.clone() {
        Some(region) => Some(region),
        None => loader(&read).load().await.region().map(|region| region.as_ref().to_owned()),
    };
    let region = region.ok_or_else(|| {
        Failure::new(FailureKind::Argument, "nothing says which AWS region to work in")
            .help("write `region` into [provider.aws], or set AWS_REGION")
    })?;
    let mut settings = settings.clone();
    settings.insert("region".into(), Value::from(region));
    Ok(settings)
}

/// The clients that settings ask for. Reaches nobody.
///
/// # Errors
///
/// As [`resolve`].
pub(crate) async fn connect(settings: &Object, pace: Pace) -> Result<Aws, Failure> {
    let resolved = resolve(settings).await?;
    let read = read(&resolved)?;
    let region: Arc<str> = read.region.as_deref().unwrap_or_default().into();
    let config = load(&read).await;
    let named = read.endpoints.as_ref().is_some_and(|it| it.contains_key("route53"));
    let route53 = match named || endpoint(&resolved, &config, "Route 53").is_some() {
        true => Origin::Elsewhere,
        false => Origin::Aws,
    };
    Ok(Aws::new(
        &config,
        region,
        route53,
        &read.endpoints.unwrap_or_default(),
        read.default_tags.and_then(|it| it.tags).unwrap_or_default(),
        read.allowed_account_ids.unwrap_or_default(),
        pace,
    ))
}

/// What the settings, the environment and the profile say together.
///
/// # Errors
///
/// The settings are wrong.
pub(crate) async fn config(settings: &Object) -> Result<SdkConfig, Failure> {
    Ok(load(&read(settings)?).await)
}

/// The URL of a service's API, if it is not AWS's own: the settings' for all services, else the
/// environment's or the profile's for this one, else theirs for all. `service` is the service's id,
/// such as `Route 53`.
pub(crate) fn endpoint(settings: &Object, config: &SdkConfig, service: &str) -> Option<String> {
    let set = settings.get("endpoint").and_then(Value::as_str).map(str::to_owned);
    let for_service = || {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        config.service_config()?.load_config(key.ok()?)
    };
    set.or_else(for_service).or_else(|| config.endpoint_url().map(str::to_owned))
}

async fn load(settings: &Settings) -> SdkConfig {
    with_role(loader(settings).load().await, settings).await
}

fn read(settings: &Object) -> Result<Settings, Failure> {
    typed(&Value::from(settings.clone())).map_err(|failure| {
        let message = format!("the settings of the provider `aws`: {}", failure.message);
        Failure { message, ..failure }
    })
}

/// What providers of credentials work with.
fn provider_config(settings: &Settings) -> ProviderConfig {
    let region = settings.region.clone().map(Region::new);
    ProviderConfig::without_region().with_region(region).with_http_client(http_client())
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

fn loader(settings: &Settings) -> ConfigLoader {
    // Not the region of the machine that this runs on: where an environment is must not depend on
    // where it is looked at from.
    let region = RegionProviderChain::first_try(settings.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile_region(settings));
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).region(region);
    if let Some(profile) = &settings.profile {
        // A profile that is named goes before the environment's keys, as Terraform has it.
        let credentials = ProfileFileCredentialsProvider::builder()
            .configure(&provider_config(settings))
            .profile_name(profile);
        let credentials = match profile_files(settings) {
            Some(files) => credentials.profile_files(files),
            None => credentials,
        };
        loader = loader.profile_name(profile).credentials_provider(credentials.build());
    }
    if let Some(files) = profile_files(settings) {
        loader = loader.profile_files(files);
    }
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    loader
}

fn profile_region(settings: &Settings) -> ProfileFileRegionProvider {
    let mut provider = ProfileFileRegionProvider::builder().configure(&provider_config(settings));
    if let Some(profile) = &settings.profile {
        provider = provider.profile_name(profile);
    }
    if let Some(files) = profile_files(settings) {
        provider = provider.profile_files(files);
    }
    provider.build()
}

fn profile_files(settings: &Settings) -> Option<EnvConfigFiles> {
    let (config, credentials) = (&settings.shared_config_files, &settings.shared_credentials_files);
    if config.is_none() && credentials.is_none() {
        return None;
    }
    let mut files = EnvConfigFiles::builder();
    match config {
        Some(paths) => {
            for path in paths {
                files = files.with_file(EnvConfigFileKind::Config, path);
            }
        }
        None => files = files.include_default_config_file(true),
    }
    match credentials {
        Some(paths) => {
            for path in paths {
                files = files.with_file(EnvConfigFileKind::Credentials, path);
            }
        }
        None => files = files.include_default_credentials_file(true),
    }
    Some(files.build())
}

async fn with_role(config: SdkConfig, settings: &Settings) -> SdkConfig {
    if let Some(identity) = &settings.assume_role_with_web_identity {
        let credentials = WebIdentityTokenCredentialsProvider::builder()
            .configure(&provider_config(settings))
            .static_configuration(StaticConfiguration {
                web_identity_token_file: identity.web_identity_token_file.clone().into(),
                role_arn: identity.role_arn.clone(),
                session_name: session_name(identity.session_name.as_deref()),
            })
            .build();
        return with_credentials(config, credentials);
    }
    let role = match &settings.assume_role {
        None => return config,
        Some(RoleSetting::Arn(arn)) => AssumeRoleProvider::builder(arn).session_name(SESSION),
        Some(RoleSetting::Role(role)) => {
            let mut provider = AssumeRoleProvider::builder(&role.role_arn)
                .session_name(session_name(role.session_name.as_deref()));
            if let Some(id) = &role.external_id {
                provider = provider.external_id(id);
            }
            if let Some(policy) = &role.policy {
                provider = provider.policy(policy);
            }
            provider
        }
    };
    let credentials = role.configure(&config).build().await;
    with_credentials(config, credentials)
}

/// The name of sessions of a role, where the settings give none.
const SESSION: &str = "greenroom";

fn session_name(given: Option<&str>) -> String {
    given.unwrap_or(SESSION).to_owned()
}

fn with_credentials(
    config: SdkConfig,
    credentials: impl aws_credential_types::provider::ProvideCredentials + 'static,
) -> SdkConfig {
    let credentials = aws_credential_types::provider::SharedCredentialsProvider::new(credentials);
    config.into_builder().credentials_provider(credentials).build()
}
