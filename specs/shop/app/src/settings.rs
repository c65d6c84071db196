//! What the service is told by its environment variables.

use thiserror::Error;

/// The port when `PORT` is not set.
const DEFAULT_PORT: u16 = 8080;

/// How this instance of the shop is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `PORT`: the loopback port; 0 takes a free one.
    pub port: u16,
    /// `SHOP_GREETING`: what a visitor reads first.
    pub greeting: String,
    /// `SHOP_INSTANCE`: the name of this process among its like.
    pub instance: String,
    /// `SHOP_ENVIRONMENT`: the environment that the process belongs to.
    pub environment: String,
    /// `SHOP_FAIL_HEALTH`: whether `/health` says that the service is unwell.
    pub fail_health: bool,
}

/// A variable whose value cannot be used. The service did not start.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{variable} is `{value}`, but must be {expected}")]
pub(crate) struct WrongSetting {
    variable: &'static str,
    value: String,
    expected: &'static str,
}

impl Settings {
    /// Reads the settings with `variable`, which returns the value of an environment variable.
    pub(crate) fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, WrongSetting> {
        let or = |name, default: &str| variable(name).unwrap_or_else(|| default.to_owned());
        Ok(Settings {
            port: port(variable("PORT"))?,
            greeting: or("SHOP_GREETING", "Welcome to the shop"),
            instance: or("SHOP_INSTANCE", "shop"),
            environment: or("SHOP_ENVIRONMENT", "none"),
            fail_health: switch("SHOP_FAIL_HEALTH", variable("SHOP_FAIL_HEALTH"))?,
        })
    }
}

fn port(value: Option<String>) -> Result<u16, WrongSetting> {
    let Some(value) = value else { return Ok(DEFAULT_PORT) };
    value.parse().map_err(|_| WrongSetting {
        variable: "PORT",
        value,
        expected: "a number from 0 to 65535",
    })
}

fn switch(variable: &'static str, value: Option<String>) -> Result<bool, WrongSetting> {
    match value.as_deref() {
        None | Some("" | "0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(other) => Err(WrongSetting {
            variable,
            value: other.to_owned(),
            expected: "one of 1, true, 0, false or empty",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, WrongSetting> {
        Settings::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_gives_a_healthy_shop_on_the_default_port() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.port, DEFAULT_PORT);
        assert!(!settings.fail_health);
    }

    #[test]
    fn each_variable_is_honoured() {
        let settings = read(&[
            ("PORT", "9001"),
            ("SHOP_GREETING", "Hi"),
            ("SHOP_INSTANCE", "web-0"),
            ("SHOP_ENVIRONMENT", "integration"),
            ("SHOP_FAIL_HEALTH", "1"),
        ]);
        let expected = Settings {
            port: 9001,
            greeting: "Hi".into(),
            instance: "web-0".into(),
            environment: "integration".into(),
            fail_health: true,
        };
        assert_eq!(settings, Ok(expected));
    }

    #[test]
    fn a_wrong_value_is_refused_by_name() {
        let port = read(&[("PORT", "65536")]).unwrap_err();
        assert_eq!(port.to_string(), "PORT is `65536`, but must be a number from 0 to 65535");
        let switch = read(&[("SHOP_FAIL_HEALTH", "maybe")]).unwrap_err();
        assert!(switch.to_string().starts_with("SHOP_FAIL_HEALTH is `maybe`"), "{switch}");
    }
}
