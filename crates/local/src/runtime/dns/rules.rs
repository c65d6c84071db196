//! Which records cannot stand beside each other.

use hickory_proto::rr::Name;

use super::value::RecordKind;

/// What of a record matters to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Face {
    /// The whole name.
    pub(crate) name: Name,
    pub(crate) kind: RecordKind,
    pub(crate) set_identifier: Option<String>,
}

/// Why `own` cannot stand beside `other`; the sentence ends with the other's name.
pub(crate) fn conflict(own: &Face, other: &Face) -> Option<&'static str> {
    if own.name != other.name {
        return None;
    }
    if own.kind != other.kind {
        let alias = own.kind == RecordKind::Cname || other.kind == RecordKind::Cname;
        return alias.then_some("a CNAME has its name to itself, but the same name has");
    }
    match (&own.set_identifier, &other.set_identifier) {
        (Some(own), Some(other)) if own != other => None,
        (Some(_), Some(_)) => Some("its name, type and `set_identifier` are also those of"),
        (None, None) => Some("its name and type are also those of"),
        _ => {
            Some("a weighted record and a simple one cannot share a name and type, as it does with")
        }
    }
}

/// Why a record cannot stand in its zone, whatever else does.
pub(crate) fn misplaced(own: &Face, zone: &Name) -> Option<&'static str> {
    let is_apex_alias = own.kind == RecordKind::Cname && own.name == *zone;
    is_apex_alias.then_some("the zone's own name cannot be a CNAME: it has SOA and NS records")
}

#[cfg(test)]
mod tests {
    use super::super::value;
    use super::*;

    fn face(name: &str, kind: RecordKind, set: Option<&str>) -> Face {
        let name = value::name(name).unwrap();
        Face { name, kind, set_identifier: set.map(str::to_owned) }
    }

    #[test]
    fn weighted_records_share_a_name_and_nobody_else_does() {
        use RecordKind::{A, Aaaa, Cname};
        let www = |kind, set| face("www.shop.test", kind, set);
        let apart = [
            (www(A, None), face("api.shop.test", A, None)),
            (www(A, None), www(Aaaa, None)),
            (www(A, Some("r1")), www(A, Some("r2"))),
            (www(Cname, Some("r1")), www(Cname, Some("r2"))),
            (www(A, Some("r1")), www(Aaaa, None)),
        ];
        for (one, other) in apart {
            assert_eq!(conflict(&one, &other), None, "{one:?} {other:?}");
        }
        let together = [
            (www(A, None), www(A, None)),
            (www(A, Some("r1")), www(A, Some("r1"))),
            (www(A, None), www(A, Some("r1"))),
            (www(Cname, None), www(A, None)),
            (www(A, Some("r1")), www(Cname, Some("r2"))),
        ];
        for (one, other) in together {
            assert!(conflict(&one, &other).is_some(), "{one:?} {other:?}");
            assert!(conflict(&other, &one).is_some(), "{other:?} {one:?}");
        }
    }

    #[test]
    fn the_zone_itself_is_no_alias() {
        let zone = value::name("shop.test").unwrap();
        assert!(misplaced(&face("shop.test", RecordKind::Cname, None), &zone).is_some());
        assert_eq!(misplaced(&face("shop.test", RecordKind::A, None), &zone), None);
    }
}
