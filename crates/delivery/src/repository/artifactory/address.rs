//! Where things are on a server: URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::repository::error::RepositoryError;
use crate::repository::upload::Upload;

/// A repository on a server, and a project in it.
pub(super) struct Address {
    /// The repository's URL, without a slash at its end.
    pub(super) url: String,
    /// The same place in the API that tells about files.
    storage: String,
    project: String,
}

/// What stands for itself in a part of a path, and in a value of a matrix parameter.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The part of a path after which repositories come.
const CONTEXT: &str = "/artifactory/";

impl Address {
    pub(super) fn parse(url: &str, project: &str) -> Result<Address, RepositoryError> {
        let wrong = |why: &str| RepositoryError::Url { why: why.to_owned() };
        let parsed = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(wrong("it holds credentials, which belong into environment variables"));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() || parsed.path().contains(';') {
            return Err(wrong("nothing may follow the repository's path"));
        }
        let url = parsed.as_str().trim_end_matches('/').to_owned();
        match url.split_once(CONTEXT) {
            Some((server, repository)) if !repository.is_empty() => Ok(Address {
                storage: format!("{server}{CONTEXT}api/storage/{repository}"),
                url,
                project: project.to_owned(),
            }),
            _ => Err(wrong("it must be https://HOST/artifactory/REPOSITORY")),
        }
    }

    /// The URL of a file, by artifact, version and name.
    pub(super) fn file(&self, parts: [&str; 3]) -> String {
        self.below(&self.url, &parts)
    }

    /// The URL that tells about what is at `parts`; about the repository if there are none.
    pub(super) fn storage(&self, parts: &[&str]) -> String {
        match parts {
            [] => self.storage.clone(),
            parts => self.below(&self.storage, parts),
        }
    }

    /// The URL to which `upload` is sent: that of its file, with properties.
    pub(super) fn deploy(&self, upload: &Upload) -> String {
        let Upload { artifact, version, file, publisher, .. } = upload;
        let mut url = self.file([artifact, version, file]);
        let properties = [
            ("greenroom.project", Some(&self.project)),
            ("greenroom.artifact", Some(artifact)),
            ("greenroom.version", Some(version)),
            ("build.url", publisher.build.as_ref()),
        ];
        for (name, value) in properties {
            if let Some(value) = value {
                url.push_str(&format!(";{name}={}", encoded(value)));
            }
        }
        url
    }

    fn below(&self, root: &str, parts: &[&str]) -> String {
        let parts = std::iter::once(&*self.project).chain(parts.iter().copied());
        parts.fold(root.to_owned(), |url, part| format!("{url}/{}", encoded(part)))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_what_is_told_about_them_have_urls() {
        let address = Address::parse("https://host:8443/artifactory/libs/team/", "shop").unwrap();
        assert_eq!(address.url, "https://host:8443/artifactory/libs/team");
        assert_eq!(
            address.file(["app", "1+2", "my app;x"]),
            "https://host:8443/artifactory/libs/team/shop/app/1%2B2/my%20app%3Bx"
        );
        let storage = "https://host:8443/artifactory/api/storage/libs/team";
        assert_eq!(address.storage(&[]), storage);
        assert_eq!(address.storage(&["app"]), format!("{storage}/shop/app"));
    }

    #[test]
    fn a_url_that_does_not_do_is_refused_and_not_shown() {
        let cases = [
            ("https://host/libs", "it must be https://HOST/artifactory/REPOSITORY"),
            ("https://host/artifactory/", "it must be https://HOST/artifactory/REPOSITORY"),
            ("https://ann:secret@host/artifactory/libs", "it holds credentials"),
            ("https://host/artifactory/libs?key=secret", "nothing may follow"),
            ("https://host/artifactory/libs;key=secret", "nothing may follow"),
            ("https://", "empty host"),
        ];
        for (url, why) in cases {
            let refused = Address::parse(url, "shop").err().expect(url).to_string();
            assert!(refused.contains(why) && !refused.contains("secret"), "{refused}");
        }
    }
}
