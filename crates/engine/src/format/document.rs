//! JSON documents: parsing, their format number, and where lines break.

use std::io::{self, Write};

use serde::{Deserialize, Serialize, de};
use serde_json::ser::Formatter;

use super::FORMAT;
use super::error::{Document, FormatError, Misfit};

/// Parses `bytes`, which must hold one document and nothing else.
pub(super) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, serde_json::Error> {
    // Checked once as a whole, not again for each text in it.
    let text = std::str::from_utf8(bytes).map_err(de::Error::custom)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // The limit of serde_json is lower than ours. Values count their own depth, unknown fields are
    // skipped without recursion, and no other form nests without end.
    deserializer.disable_recursion_limit();
    let parsed = T::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(parsed)
}

/// What each document with a version starts with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Version {
    #[serde(default)]
    format: u32,
    #[serde(default = "nobody")]
    written_by: String,
}

fn nobody() -> String {
    "an unknown version".to_owned()
}

impl Version {
    pub(super) fn new(format: u32, written_by: &str) -> Version {
        Version { format, written_by: written_by.to_owned() }
    }

    /// Refuses every format but those that this version reads.
    pub(super) fn check(self, document: Document) -> Result<(), FormatError> {
        let Version { format, written_by } = self;
        match format {
            1..=FORMAT => Ok(()),
            0 => Err(FormatError::Senseless { document, source: Misfit::Format(format) }),
            _ => Err(FormatError::Newer { document, format, written_by }),
        }
    }
}

/// The error for `bytes` that did not parse: it may be that a newer version wrote them.
pub(super) fn refused(document: Document, bytes: &[u8], source: serde_json::Error) -> FormatError {
    match parse::<Version>(bytes).map(|version| version.check(document)) {
        Ok(Err(newer @ FormatError::Newer { .. })) => newer,
        _ => FormatError::Malformed { document, source },
    }
}

/// Appends `form` to `out`, with lines as [`Lines`] breaks them.
pub(super) fn write_lines(form: &impl Serialize, out: &mut Vec<u8>) {
    let mut serializer = serde_json::Serializer::with_formatter(out, Lines::default());
    form.serialize(&mut serializer).expect("forms have text keys, and a vector takes every byte");
}

/// Breaks lines so that a document can be compared and searched by line: before each field of the
/// two outermost objects, and before each element of a list down to the fourth level, which is
/// where instances and operations stand.
#[derive(Debug, Default)]
struct Lines {
    depth: u32,
}

impl Lines {
    const OBJECTS: u32 = 2;
    const LISTS: u32 = 4;

    fn next<W: ?Sized + Write>(&self, limit: u32, first: bool, out: &mut W) -> io::Result<()> {
        match (first, self.depth <= limit) {
            (true, true) => out.write_all(b"\n"),
            (true, false) => Ok(()),
            (false, true) => out.write_all(b",\n"),
            (false, false) => out.write_all(b","),
        }
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        out.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(Self::LISTS, first, out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        out.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        out.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(Self::OBJECTS, first, out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        out.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> FormatError {
        let source = parse::<u8>(bytes).expect_err("no number");
        refused(Document::Plan, bytes, source)
    }

    #[test]
    fn a_document_of_a_newer_format_is_called_newer_whatever_else_it_holds() {
        let error = refusal(br#"{"strange":[[]],"format":2,"written_by":"greenroom 9.1"}"#);
        assert_eq!(
            error.to_string(),
            "the plan file has format 2, written by greenroom 9.1; this version reads formats up to 1"
        );
    }

    #[test]
    fn a_document_that_is_cut_off_is_called_malformed() {
        let error = refusal(br#"{"format":2,"written_by":"#);
        assert!(matches!(error, FormatError::Malformed { .. }), "{error}");
    }

    #[test]
    fn unknown_fields_nested_without_end_are_passed_over() {
        let deep = format!(r#"{{"format":1,"x":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        let version: Version = parse(deep.as_bytes()).expect("a version");
        assert_eq!(version.format, 1);
    }
}
