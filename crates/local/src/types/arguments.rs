//! Arguments that several types have: times, ports, URLs.

use std::net::Ipv4Addr;

pub(crate) use greenroom_provider::{Draft, typed, value};
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

/// Checks a known port, and returns it.
pub(crate) fn port(draft: &mut Draft) -> Option<u16> {
    let number = draft.given("port")?.as_number()?;
    let port = number.as_i64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
    if port.is_none() {
        draft.wrong("port", format!("{number} is no port"), Some("a port is from 1 to 65535"));
    }
    port
}

/// Where a port on this machine is reached.
pub(crate) fn url(address: Ipv4Addr, port: u16) -> String {
    format!("http://{address}:{port}")
}

#[cfg(test)]
mod tests {
    use greenroom_model::value::Value;

    use super::*;

    fn seconds(number: impl Into<Value>) -> Option<Seconds> {
        let planned = Value::object([("timeout", number.into())]);
        let read: Result<std::collections::BTreeMap<String, Seconds>, _> = typed(&planned);
        read.ok().and_then(|it| it.get("timeout").copied())
    }

    #[test]
    fn whole_seconds_stay_whole_numbers() {
        assert_eq!(value(&Seconds(30_000)), Value::from(30));
        assert_eq!(seconds(30), Some(Seconds(30_000)));
        assert_eq!(seconds(value(&Seconds(250))), Some(Seconds(250)));
    }

    #[test]
    fn times_out_of_bounds_are_refused() {
        assert_eq!(seconds(-1), None);
        assert_eq!(seconds(604_801), None);
    }
}
