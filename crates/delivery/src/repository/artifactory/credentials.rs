//! Who asks.

use reqwest::RequestBuilder;

const TOKEN: &str = "GREENROOM_REPOSITORY_TOKEN";
const USER: &str = "GREENROOM_REPOSITORY_USER";
const PASSWORD: &str = "GREENROOM_REPOSITORY_PASSWORD";

/// What to do where access is refused.
pub(super) const HELP: &str = "GREENROOM_REPOSITORY_TOKEN takes a token; \
     GREENROOM_REPOSITORY_USER and GREENROOM_REPOSITORY_PASSWORD a user's password or API key";

/// Credentials for a server. They are never shown, so this cannot be printed.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Anonymous,
    Token(String),
    Basic { user: String, password: String },
}

impl Credentials {
    /// None.
    #[must_use]
    pub fn anonymous() -> Credentials {
        Credentials(Kind::Anonymous)
    }

    /// Those in the environment: `GREENROOM_REPOSITORY_TOKEN`, else `GREENROOM_REPOSITORY_USER` with
    /// `GREENROOM_REPOSITORY_PASSWORD`, else none. White space around them is not theirs.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Credentials {
        let set = |name| {
            let value = variable(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        if let Some(token) = set(TOKEN) {
            return Credentials(Kind::Token(token));
        }
        match set(USER) {
            Some(user) => {
                let password = set(PASSWORD).unwrap_or_default();
                Credentials(Kind::Basic { user, password })
            }
            None => Credentials::anonymous(),
        }
    }

    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.0 {
            Kind::Anonymous => request,
            Kind::Token(token) => request.bearer_auth(token),
            Kind::Basic { user, password } => request.basic_auth(user, Some(password)),
        }
    }

    /// What was shown to the server.
    pub(super) fn shown(&self) -> &'static str {
        match self.0 {
            Kind::Anonymous => "no credentials were given",
            Kind::Token(_) => "the token of GREENROOM_REPOSITORY_TOKEN was given",
            Kind::Basic { .. } => "the user of GREENROOM_REPOSITORY_USER was given",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_before_a_user_and_empty_ones_do_not_count() {
        let shown = |set: &[(&str, &str)]| {
            let variable = |name: &str| {
                set.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
            };
            Credentials::of_environment(variable).shown()
        };
        assert!(shown(&[(TOKEN, " t\n"), (USER, "ann")]).contains(TOKEN));
        assert!(shown(&[(TOKEN, ""), (USER, "ann"), (PASSWORD, "p")]).contains(USER));
        assert!(shown(&[(PASSWORD, "p")]).contains("no credentials"));
    }
}
