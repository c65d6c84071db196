//! Names and values of records: from text to what goes over the wire.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::rdata::{CNAME, SRV, TXT};
use hickory_proto::rr::{Name, RData, RecordType};
use serde::{Deserialize, Serialize};

/// The types of record that a zone can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordKind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Another name, which stands for the same.
    Cname,
    /// Text.
    Txt,
    /// Where a service is: priority, weight, port and name.
    Srv,
}

impl RecordKind {
    /// All of them.
    pub(crate) const ALL: [RecordKind; 5] =
        [Self::A, Self::Aaaa, Self::Cname, Self::Txt, Self::Srv];

    /// Its name, as zone files have it.
    pub fn name(self) -> &'static str {
        match self {
            RecordKind::A => "A",
            RecordKind::Aaaa => "AAAA",
            RecordKind::Cname => "CNAME",
            RecordKind::Txt => "TXT",
            RecordKind::Srv => "SRV",
        }
    }
}

impl From<RecordKind> for RecordType {
    fn from(kind: RecordKind) -> RecordType {
        match kind {
            RecordKind::A => RecordType::A,
            RecordKind::Aaaa => RecordType::AAAA,
            RecordKind::Cname => RecordType::CNAME,
            RecordKind::Txt => RecordType::TXT,
            RecordKind::Srv => RecordType::SRV,
        }
    }
}

/// The longest string of a TXT record, in bytes; a longer text is several.
const STRING_MAX: usize = 255;

/// The longest text of a TXT record, in bytes (Route 53 Developer Guide, "TXT record type").
const TEXT_MAX: usize = 4000;

/// A whole name; a dot at its end makes no difference.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn name(text: &str) -> Result<Name, String> {
    let refused = |why: &str| Err(format!("`{text}` is no name: {why}"));
    let bare = text.strip_suffix('.').unwrap_or(text);
    if bare.is_empty() || bare.split('.').any(str::is_empty) {
        return refused("a part between two dots is empty");
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte);
    if !bare.bytes().all(fits) {
        return refused("it has other characters than letters, digits, `-`, `_` and `*`");
    }
    match Name::from_ascii(bare.to_ascii_lowercase()) {
        Ok(mut name) => {
            name.set_fqdn(true);
            Ok(name)
        }
        Err(_) => refused("it is longer than 255 characters, or 63 between two dots"),
    }
}

/// The whole name of a record in a zone. What does not end with the zone's name is within it, and
/// nothing is the zone itself.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn name_in(zone: &Name, text: &str) -> Result<Name, String> {
    if text.is_empty() {
        return Ok(zone.clone());
    }
    let own = name(text)?;
    if zone.zone_of(&own) {
        return Ok(own);
    }
    name(&format!("{}.{zone}", text.strip_suffix('.').unwrap_or(text)))
}

/// A name for people: without the dot at its end.
pub(crate) fn shown(name: &Name) -> String {
    let text = name.to_ascii();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}

/// A value of a record.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn data(kind: RecordKind, text: &str) -> Result<RData, String> {
    let parsed = match kind {
        RecordKind::A => text.parse::<Ipv4Addr>().ok().map(|it| RData::A(it.into())),
        RecordKind::Aaaa => text.parse::<Ipv6Addr>().ok().map(|it| RData::AAAA(it.into())),
        RecordKind::Cname => name(text).ok().map(|it| RData::CNAME(CNAME(it))),
        RecordKind::Txt => txt(text).map(RData::TXT),
        RecordKind::Srv => srv(text).map(RData::SRV),
    };
    parsed.ok_or_else(|| format!("`{text}` is no {}", form(kind)))
}

fn form(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::A => "IPv4 address",
        RecordKind::Aaaa => "IPv6 address",
        RecordKind::Cname => "name",
        RecordKind::Txt => "text of 1 to 4000 bytes",
        RecordKind::Srv => "`PRIORITY WEIGHT PORT NAME`",
    }
}

fn txt(text: &str) -> Option<TXT> {
    let fits = (1..=TEXT_MAX).contains(&text.len());
    fits.then(|| TXT::from_bytes(text.as_bytes().chunks(STRING_MAX).collect()))
}

fn srv(text: &str) -> Option<SRV> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let [priority, weight, port, target] = fields.as_slice() else { return None };
    let number = |field: &str| field.parse().ok();
    Some(SRV::new(number(priority)?, number(weight)?, number(port)?, name(target).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_within_its_zone_however_it_is_written() {
        let zone = name("shop.test").unwrap();
        let whole = |text: &str| name_in(&zone, text).map(|it| shown(&it));
        for same in ["www", "WWW.Shop.test", "www.shop.test.", "www."] {
            assert_eq!(whole(same).as_deref(), Ok("www.shop.test"), "{same}");
        }
        assert_eq!(whole("").as_deref(), Ok("shop.test"));
        assert_eq!(whole("shop.test").as_deref(), Ok("shop.test"));
        assert_eq!(whole("workshop.test").as_deref(), Ok("workshop.test.shop.test"));
        assert_eq!(whole("*.a").as_deref(), Ok("*.a.shop.test"));
        assert_eq!(whole("_http._tcp").as_deref(), Ok("_http._tcp.shop.test"));
    }

    #[test]
    fn what_cannot_be_a_name_is_told() {
        for bad in ["a..b", ".", "a b", "ä", &"a".repeat(64), &"a.".repeat(130)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_have_the_form_of_their_type() {
        let good = [
            (RecordKind::A, "127.64.0.5"),
            (RecordKind::Aaaa, "::1"),
            (RecordKind::Cname, "green.shop.test."),
            (RecordKind::Txt, "v=1; any \"text\""),
            (RecordKind::Srv, "10 5 8080 web.shop.test"),
        ];
        for (kind, text) in good {
            let value = data(kind, text).unwrap();
            assert_eq!(value.record_type(), kind.into(), "{text}");
        }
        let bad = [
            (RecordKind::A, "127.0.0"),
            (RecordKind::A, "::1"),
            (RecordKind::Aaaa, "127.0.0.1"),
            (RecordKind::Cname, "a b"),
            (RecordKind::Txt, ""),
            (RecordKind::Srv, "10 5 web.shop.test"),
            (RecordKind::Srv, "10 5 70000 web.shop.test"),
        ];
        for (kind, text) in bad {
            assert!(data(kind, text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_long_text_is_several_strings() {
        let RData::TXT(text) = data(RecordKind::Txt, &"a".repeat(600)).unwrap() else {
            panic!("no text")
        };
        let lengths: Vec<usize> = text.txt_data.iter().map(|it| it.len()).collect();
        assert_eq!(lengths, [255, 255, 90]);
    }
}
