//! Values to typed arguments and back, and the mistakes that can be found in them.

use std::sync::Arc;

use greenroom_model::value::{Object, Path, Step, Value};
use greenroom_provider::{Failure, FailureKind, Proposal, ProposeRequest, WrongArgument};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The state of an object that is as it should be, by type.
pub(crate) const RUNNING: &str = "running";
pub(crate) const ACTIVE: &str = "active";

/// A time in whole or broken seconds, as people write it; milliseconds inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seconds(pub(crate) u64);

impl Seconds {
    pub(crate) const fn whole(seconds: u64) -> Seconds {
        Seconds(seconds * 1000)
    }
}

/// The longest time that can be asked for: a week, in seconds.
const LONGEST: f64 = 604_800.0;

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..=LONGEST).contains(&seconds) {
            let message = format!("{seconds} is not between 0 and {LONGEST} seconds");
            return Err(serde::de::Error::custom(message));
        }
        Ok(Seconds((seconds * 1000.0).round() as u64))
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            serializer.serialize_u64(self.0 / 1000)
        } else {
            serializer.serialize_f64(self.0 as f64 / 1000.0)
        }
    }
}

/// Reads an object's arguments. What is still pending counts as left out.
pub(crate) fn typed<T: DeserializeOwned>(planned: &Value) -> Result<T, Failure> {
    let known = planned.as_object().into_iter().flatten();
    let known = known.filter(|(_, value)| !value.has_pending());
    let known = Value::object(known.map(|(name, value)| (Arc::clone(name), value.clone())));
    parse(&known).map_err(|message| Failure::new(FailureKind::Argument, message))
}

/// A record as a value.
pub(crate) fn value<T: Serialize>(record: &T) -> Value {
    serde_json::to_value(record)
        .and_then(serde_json::from_value)
        .expect("arguments and attributes are JSON")
}

fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::to_value(value).and_then(serde_json::from_value).map_err(|error| error.to_string())
}

/// A proposal in the making: the planned attributes and the mistakes found so far.
pub(crate) struct Draft {
    planned: Object,
    wrong: Vec<WrongArgument>,
}

impl Draft {
    pub(crate) fn new(request: ProposeRequest) -> Draft {
        let planned = request.planned.as_object().cloned().unwrap_or_default();
        Draft { planned, wrong: Vec::new() }
    }

    /// The attribute, if it is known down to its last part.
    pub(crate) fn known(&self, name: &str) -> Option<&Value> {
        self.planned.get(name).filter(|value| !value.has_pending())
    }

    /// Reads a known argument; what is wrong with its form is noted.
    pub(crate) fn typed<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.known(name).filter(|value| !value.is_null())?;
        match parse(value) {
            Ok(typed) => Some(typed),
            Err(message) => {
                self.wrong(name, message, None);
                None
            }
        }
    }

    /// Reads a known argument, checks it and puts it back with all that was left out filled in.
    pub(crate) fn normalise<T: DeserializeOwned + Serialize>(
        &mut self,
        name: &str,
        complete: impl FnOnce(T) -> T,
    ) -> Option<T> {
        let sensitive = self.known(name).is_some_and(Value::has_sensitive);
        let typed = complete(self.typed(name)?);
        // A secret keeps its form, and with it the mark that hides it.
        if !sensitive {
            self.set(name, value(&typed));
        }
        Some(typed)
    }

    /// Gives an attribute its value.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.planned.insert(name.into(), value.into());
    }

    /// Gives an attribute its value unless the configuration or the object has one.
    pub(crate) fn set_if_unknown(&mut self, name: &str, value: impl Into<Value>) {
        if self.known(name).is_none_or(Value::is_null) {
            self.set(name, value);
        }
    }

    /// Notes that the argument `name` cannot be right.
    pub(crate) fn wrong(&mut self, name: &str, message: impl Into<String>, help: Option<&str>) {
        let path = Path(name.split('.').map(|key| Step::Key(key.into())).collect());
        let help = help.map(str::to_owned);
        self.wrong.push(WrongArgument { path, message: message.into(), help });
    }

    /// Notes it unless `holds`.
    pub(crate) fn expect(&mut self, holds: bool, name: &str, message: impl Into<String>) {
        if !holds {
            self.wrong(name, message, None);
        }
    }

    /// Checks a known port, and returns it.
    pub(crate) fn port(&mut self) -> Option<u16> {
        let number = self.known("port").filter(|port| !port.is_null())?.as_number()?;
        let port =
            number.as_i64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
        if port.is_none() {
            self.wrong("port", format!("{number} is no port"), Some("a port is from 1 to 65535"));
        }
        port
    }

    /// Makes the URL known where the port is.
    pub(crate) fn set_url(&mut self, port: Option<u16>) {
        if let Some(port) = port {
            self.set("url", url(port));
        }
    }

    pub(crate) fn finish(self) -> Proposal {
        Proposal { planned: Value::from(self.planned), replace: Vec::new(), wrong: self.wrong }
    }
}

/// Where a port on this machine is reached.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_stay_whole_numbers() {
        assert_eq!(value(&Seconds(30_000)), Value::from(30));
        assert_eq!(parse::<Seconds>(&Value::from(30)), Ok(Seconds(30_000)));
        assert_eq!(parse::<Seconds>(&value(&Seconds(250))), Ok(Seconds(250)));
    }

    #[test]
    fn times_out_of_bounds_are_refused() {
        assert!(parse::<Seconds>(&Value::from(-1)).is_err());
        assert!(parse::<Seconds>(&Value::from(604_801)).is_err());
    }
}
