//! Paths inside a value, and marks by path.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Object, Value};
use crate::expr::Expr;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into an attribute of an object.
    Key(Arc<str>),
    /// Into an element of a list, from 0.
    Index(usize),
}

/// The way from a value to a part of it: `tags.Name`, `ingress[0].port`,
/// `tags["a b"]`. The empty path is the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Step>);

/// A text is no [`Path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The text that was read.
    pub text: String,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a path such as `tags.Name` or `ingress[0].port`", self.text)
    }
}

impl std::error::Error for PathError {}

/// Lists the paths of all sensitive marks, in order; nothing below a mark.
pub fn sensitive_paths(value: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    collect(value, &mut Path::default(), &mut found);
    found
}

/// Marks the parts of `value` at `paths` as sensitive.
///
/// `base` is the reference that stands for the whole of `value`; the mark at a
/// path has that reference with the path behind it as its source. A path that
/// leads nowhere is passed over.
#[must_use]
pub fn mark_sensitive(mut value: Value, paths: &[Path], base: &Arc<Expr>) -> Value {
    for path in paths {
        let source = Arc::new(Expr::part(base, path));
        mark(&mut value, &path.0, &source);
    }
    value
}

impl Path {
    /// The part of `value` at this path, if there is one; looks through marks.
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.as_list()?.get(*index),
        })
    }
}

fn collect(value: &Value, path: &mut Path, found: &mut Vec<Path>) {
    match value {
        Value::Sensitive(_) => found.push(path.clone()),
        Value::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect_at(element, Step::Index(index), path, found);
            }
        }
        Value::Object(attributes) => {
            for (name, attribute) in attributes.iter() {
                collect_at(attribute, Step::Key(name.clone()), path, found);
            }
        }
        _ => {}
    }
}

fn collect_at(value: &Value, step: Step, path: &mut Path, found: &mut Vec<Path>) {
    path.0.push(step);
    collect(value, path, found);
    path.0.pop();
}

fn mark(value: &mut Value, path: &[Step], source: &Arc<Expr>) {
    match (path.split_first(), value) {
        (None, value) => *value = Value::sensitive(std::mem::take(value), source.clone()),
        (Some((Step::Key(key), rest)), Value::Object(attributes)) => {
            let attributes: &mut Object = Arc::make_mut(attributes);
            if let Some(attribute) = attributes.get_mut(key) {
                mark(attribute, rest, source);
            }
        }
        (Some((Step::Index(index), rest)), Value::List(elements)) => {
            if let Some(element) = Arc::make_mut(elements).get_mut(*index) {
                mark(element, rest, source);
            }
        }
        _ => {}
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if !is_plain(key) => write!(f, "[{}]", quote(key))?,
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    let mut characters = key.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn quote(key: &str) -> String {
    format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Path, PathError> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = read_step(rest, steps.is_empty())
                .ok_or_else(|| PathError { text: text.to_owned() })?;
            steps.push(step);
            rest = after;
        }
        Ok(Path(steps))
    }
}

fn read_step(text: &str, first: bool) -> Option<(Step, &str)> {
    if let Some(quoted) = text.strip_prefix("[\"") {
        return read_quoted(quoted);
    }
    if let Some(bracketed) = text.strip_prefix('[') {
        let (index, rest) = bracketed.split_once(']')?;
        return Some((Step::Index(index.parse().ok()?), rest));
    }
    let name = if first { text } else { text.strip_prefix('.')? };
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (key, rest) = name.split_at(end);
    is_plain(key).then(|| (Step::Key(key.into()), rest))
}

fn read_quoted(text: &str) -> Option<(Step, &str)> {
    let mut key = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => key.push(characters.next()?.1),
            '"' => return Some((Step::Key(key.into()), text[at + 1..].strip_prefix(']')?)),
            other => key.push(other),
        }
    }
    None
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        Value::object([
            ("name", Value::from("web")),
            (
                "keys",
                Value::list([
                    Value::from("a"),
                    Value::object([("a b\"\\", Value::from("s3cret"))]),
                ]),
            ),
        ])
    }

    #[test]
    fn a_path_survives_its_text() {
        for text in
            ["", "tags", "tags.Name", "a-b[0][12].c", "[0]", r#"["a b"].c["\"\\.[x"]"#, r#"a[""]"#]
        {
            let path: Path = text.parse().expect(text);
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn texts_that_are_no_paths_are_refused() {
        for text in [".", "a.", "a[", "a[x]", "a[-1]", "a[\"", "a[\"b\"", "1a", "a..b", "a b"] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
    }

    #[test]
    fn marks_come_back_from_their_paths() {
        let base = Arc::new(Expr::reference("db", ["main"]));
        let paths: Vec<Path> = vec![r#"keys[1]["a b\"\\"]"#.parse().expect("a path")];
        let marked = mark_sensitive(sample(), &paths, &base);
        assert_eq!(sensitive_paths(&marked), paths);
        assert_eq!(marked.reveal(), sample());
        let Value::Sensitive(secret) = paths[0].find(&marked).expect("the part is there") else {
            panic!("not marked: {marked:?}");
        };
        assert_eq!(secret.source.to_string(), r#"db.main.keys[1]["a b\"\\"]"#);
    }

    #[test]
    fn a_path_that_leads_nowhere_marks_nothing() {
        let base = Arc::new(Expr::reference("db", ["main"]));
        let paths: Vec<Path> =
            ["nothing", "keys[9]", "name.x"].map(|text| text.parse().expect("a path")).into();
        assert_eq!(mark_sensitive(sample(), &paths, &base), sample());
    }

    #[test]
    fn debug_never_prints_a_secret() {
        let base = Arc::new(Expr::reference("db", ["main"]));
        let marked = mark_sensitive(sample(), &["keys".parse().expect("a path")], &base);
        let text = format!("{marked:?} {marked:#?}");
        assert!(!text.contains("s3cret") && text.contains("sensitive(db.main.keys)"), "{text}");
    }
}
