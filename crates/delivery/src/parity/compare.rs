//! What differs between two environments.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::value::{Difference, Path, Value, differences};

/// An environment as plain data: objects, outputs, gates and images by what people call them,
/// such as `local_instance.web[0]` and `output.url`.
pub type Seen = BTreeMap<String, Value>;

/// Something that two environments have not alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Apart {
    /// What.
    pub subject: String,
    /// Which part of it; empty for all of it.
    pub path: Path,
    /// What it is in the first environment; `None` if it is not there.
    pub first: Option<Value>,
    /// What it is in the second.
    pub second: Option<Value>,
}

impl Apart {
    /// What orders differences.
    pub(super) fn key(&self) -> (&str, &Path) {
        (&self.subject, &self.path)
    }

    /// Whether both are about the same, or about a part of it.
    fn overlaps(&self, other: &Apart) -> bool {
        let (one, two) = (&self.path.0, &other.path.0);
        let shared = one.len().min(two.len());
        self.subject == other.subject && one[..shared] == two[..shared]
    }
}

/// What differs, in order. What only one has, differs as a whole.
pub(super) fn compare(first: &Seen, second: &Seen) -> Vec<Apart> {
    let subjects: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let compared = subjects.into_iter().flat_map(|subject| {
        let apart = |Difference { path, before, after }| Apart {
            subject: subject.clone(),
            path,
            first: before,
            second: after,
        };
        match (first.get(subject), second.get(subject)) {
            (Some(one), Some(two)) => {
                differences(Some(one), Some(two)).into_iter().map(apart).collect::<Vec<_>>()
            }
            (one, two) => {
                let (before, after) = (one.cloned(), two.cloned());
                vec![apart(Difference { path: Path::default(), before, after })]
            }
        }
    });
    compared.collect()
}

/// Of some differences, those that are not among others any more, and those that are.
pub(super) fn vanished(all: Vec<Apart>, others: &[Apart]) -> (Vec<Apart>, Vec<Apart>) {
    all.into_iter().partition(|it| !others.iter().any(|other| other.overlaps(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen<const N: usize>(subjects: [(&str, Value); N]) -> Seen {
        subjects.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn object(size: i64, name: &str) -> Value {
        Value::object([("size", Value::from(size)), ("name", Value::from(name))])
    }

    fn keys(all: &[Apart]) -> Vec<String> {
        all.iter().map(|it| format!("{} {}", it.subject, it.path)).collect()
    }

    #[test]
    fn parts_differ_where_they_are_and_what_is_missing_as_a_whole() {
        let first = seen([("a", object(1, "x")), ("b", object(1, "x")), ("c", Value::from(1))]);
        let second = seen([("a", object(2, "x")), ("b", object(1, "x")), ("d", Value::from(1))]);
        let apart = compare(&first, &second);
        assert_eq!(keys(&apart), ["a size", "c ", "d "]);
        assert_eq!((&apart[0].first, &apart[0].second), (&Some(1.into()), &Some(2.into())));
        assert_eq!((&apart[1].first, &apart[1].second), (&Some(1.into()), &None));
        assert_eq!(compare(&first, &first), []);
    }

    #[test]
    fn a_difference_vanishes_only_if_no_part_of_it_is_left() {
        let first = seen([("a", object(1, "x"))]);
        let all = compare(&first, &seen([("a", object(2, "y"))]));
        let (gone, stays) = vanished(all, &compare(&first, &seen([("a", object(1, "y"))])));
        assert_eq!((keys(&gone), keys(&stays)), (vec!["a size".into()], vec!["a name".into()]));
        let whole = compare(&first, &Seen::new());
        let (gone, stays) = vanished(whole, &compare(&first, &seen([("a", object(2, "x"))])));
        assert_eq!((gone.len(), stays.len()), (0, 1));
    }
}
