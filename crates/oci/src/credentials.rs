//! Credentials for registries: from the environment, else from docker's `config.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oci_client::secrets::RegistryAuth;
use serde::Deserialize;
use thiserror::Error;

const USER: &str = "GREENROOM_REGISTRY_USER";
const PASSWORD: &str = "GREENROOM_REGISTRY_PASSWORD";

/// Why nobody knows who to be for a registry.
#[derive(Debug, Error)]
pub enum CredentialsError {
    /// One of the two variables is set and the other is not.
    #[error("of {USER} and {PASSWORD}, only {set} is set")]
    Half {
        /// The one that is.
        set: &'static str,
    },
    /// Docker's configuration cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Docker's configuration is not what docker writes.
    #[error("`{}` is no configuration of docker", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Another program keeps the credentials.
    #[error(
        "`{}` leaves the credentials for `{host}` to `docker-credential-{helper}`, which is not \
         asked; set {USER} and {PASSWORD}",
        path.display()
    )]
    Helper {
        /// The file.
        path: PathBuf,
        /// The registry.
        host: String,
        /// The program, as docker names it.
        helper: String,
    },
}

/// The part of docker's configuration that is about registries.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    /// `USER:PASSWORD` in base64.
    auth: Option<String>,
}

/// Who to be for the registry `host`.
///
/// What the environment says counts for the registry `own` alone: it is meant for where images
/// are pushed to and run from, and no other registry is to learn it.
pub(crate) fn find(
    host: &str,
    own: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<RegistryAuth, CredentialsError> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    match (set(USER), set(PASSWORD)) {
        (Some(user), Some(password)) if host == own => {
            return Ok(RegistryAuth::Basic(user, password));
        }
        (Some(_), None) => return Err(CredentialsError::Half { set: USER }),
        (None, Some(_)) => return Err(CredentialsError::Half { set: PASSWORD }),
        _ => {}
    }
    let home = || set("HOME").map(|home| Path::new(&home).join(".docker"));
    match set("DOCKER_CONFIG").map(PathBuf::from).or_else(home) {
        Some(folder) => in_file(&folder.join("config.json"), host),
        None => Ok(RegistryAuth::Anonymous),
    }
}

fn in_file(path: &Path, host: &str) -> Result<RegistryAuth, CredentialsError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(RegistryAuth::Anonymous);
        }
        Err(source) => return Err(CredentialsError::Read { path: path.to_owned(), source }),
    };
    // The parser's message would quote what stands in the file.
    let damaged = || CredentialsError::Damaged { path: path.to_owned() };
    let config: Config = serde_json::from_slice(&text).map_err(|_| damaged())?;
    let entry = keys(host).find_map(|key| config.auths.get(&key));
    if let Some(auth) = entry.and_then(|entry| entry.auth.as_ref()).filter(|it| !it.is_empty()) {
        return decode(auth).ok_or_else(damaged);
    }
    // An entry without content is a note of docker that the store has it.
    let store = config.creds_store.filter(|_| entry.is_some());
    let helper = keys(host).find_map(|key| config.cred_helpers.get(&key).cloned()).or(store);
    match helper {
        None => Ok(RegistryAuth::Anonymous),
        Some(helper) => {
            let (path, host) = (path.to_owned(), host.to_owned());
            Err(CredentialsError::Helper { path, host, helper })
        }
    }
}

/// What docker calls a registry in its file.
fn keys(host: &str) -> impl Iterator<Item = String> {
    ["", "https://"].into_iter().flat_map(move |scheme| {
        ["", "/", "/v1/", "/v2/"].into_iter().map(move |path| format!("{scheme}{host}{path}"))
    })
}

fn decode(auth: &str) -> Option<RegistryAuth> {
    let text = String::from_utf8(BASE64_STANDARD.decode(auth).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(RegistryAuth::Basic(user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds credentials for `host` with a configuration of docker and these variables.
    fn found(config: &str, variables: &[(&str, &str)], host: &str) -> Result<RegistryAuth, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.json"), config).unwrap();
        let variable = |name: &str| {
            let given = variables.iter().find(|(key, _)| *key == name);
            let docker = || (name == "DOCKER_CONFIG").then(|| folder.path().display().to_string());
            given.map(|(_, value)| (*value).to_owned()).or_else(docker)
        };
        let place = folder.path().display().to_string();
        find(host, "own.example", variable).map_err(|it| it.to_string().replace(&place, "DOCKER"))
    }

    fn basic(user: &str, password: &str) -> Result<RegistryAuth, String> {
        Ok(RegistryAuth::Basic(user.to_owned(), password.to_owned()))
    }

    // ann:secret
    const FILE: &str = r#"{"auths": {"https://own.example": {"auth": "YW5uOnNlY3JldA=="},
        "index.docker.io/v1/": {"auth": "YW5uOnNlY3JldA=="}}}"#;

    #[test]
    fn the_environment_goes_before_the_file_and_only_for_our_own_registry() {
        let variables = [(USER, "bob"), (PASSWORD, "word")];
        assert_eq!(found(FILE, &variables, "own.example"), basic("bob", "word"));
        assert_eq!(found(FILE, &[], "own.example"), basic("ann", "secret"));
        assert_eq!(found(FILE, &variables, "other.example"), Ok(RegistryAuth::Anonymous));
        assert_eq!(found(FILE, &variables, "index.docker.io"), basic("ann", "secret"));
    }

    #[test]
    fn half_of_it_is_a_mistake() {
        let expected = format!("of {USER} and {PASSWORD}, only {USER} is set");
        assert_eq!(found(FILE, &[(USER, "bob")], "own.example"), Err(expected));
    }

    #[test]
    fn a_helper_is_named_where_it_is_needed() {
        let helper = r#"{"credHelpers": {"own.example": "ecr-login"}}"#;
        let expected = "`DOCKER/config.json` leaves the credentials for `own.example` to \
            `docker-credential-ecr-login`, which is not asked; set GREENROOM_REGISTRY_USER and \
            GREENROOM_REGISTRY_PASSWORD";
        assert_eq!(found(helper, &[], "own.example"), Err(expected.to_owned()));
        let store = r#"{"auths": {"own.example": {}}, "credsStore": "ecr-login"}"#;
        assert_eq!(found(store, &[], "own.example"), Err(expected.to_owned()));
        assert_eq!(found(store, &[], "other.example"), Ok(RegistryAuth::Anonymous));
    }

    #[test]
    fn a_damaged_file_is_named_and_not_quoted() {
        let expected = Err("`DOCKER/config.json` is no configuration of docker".to_owned());
        for file in
            [r#"{"auths": "YW5uOnNlY3JldA=="}"#, r#"{"auths": {"own.example": {"auth": "!"}}}"#]
        {
            assert_eq!(found(file, &[], "own.example"), expected);
        }
    }
}
