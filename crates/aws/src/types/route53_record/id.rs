//! The id of a record: `ZONE_name_TYPE`, and `_identifier` where several share name and type.

use super::super::route53::{bare_id, normal_name};
use super::TYPES;
use super::record::{Key, whole_name};

/// An id in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) zone: String,
    /// As the configuration has it: with or without the zone's name.
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) set_identifier: Option<String>,
}

impl Id {
    pub(super) fn new(zone: &str, name: &str, kind: &str, set_identifier: Option<&str>) -> Id {
        Id {
            zone: bare_id(zone).to_owned(),
            name: normal_name(name),
            kind: kind.to_owned(),
            set_identifier: set_identifier.map(str::to_owned),
        }
    }

    /// The parts of an id. Names are in lower case and may have underscores: the type is the first
    /// part behind one that is a type's name.
    pub(super) fn parse(id: &str) -> Option<Id> {
        let (zone, rest) = id.split_once('_')?;
        rest.match_indices('_').find_map(|(at, _)| {
            let behind = &rest[at + 1..];
            let (kind, set) = match behind.split_once('_') {
                Some((kind, set)) => (kind, Some(set)),
                None => (behind, None),
            };
            TYPES.contains(&kind).then(|| Id::new(zone, &rest[..at], kind, set))
        })
    }

    /// The key of the record in a zone of this name.
    pub(super) fn within(&self, zone: &str) -> Key {
        Key {
            name: whole_name(&self.name, zone),
            kind: self.kind.clone(),
            set_identifier: self.set_identifier.clone(),
        }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}_{}", self.zone, self.name, self.kind)?;
        match &self.set_identifier {
            Some(set) => write!(f, "_{set}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for (name, kind, set) in [
            ("www.example.com", "A", None),
            ("_dmarc.example.com", "TXT", None),
            ("*.example.com", "CNAME", Some("r18")),
            ("", "A", Some("blue_A_green")),
        ] {
            let id = Id::new("Z1", name, kind, set);
            assert_eq!(Id::parse(&id.to_string()), Some(id));
        }
        assert_eq!(Id::parse("Z1_www"), None);
    }
}
