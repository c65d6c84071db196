//! Plan files.
//!
//! A plan file is one JSON document in three parts: a first line that says what it is and holds the
//! checksum of the second, the plan, and a last line that closes the document. The checksum covers
//! bytes, so a file that a tool has printed anew is refused like one that somebody has edited.

mod action;
mod change;
mod content;
mod gate;
mod mark;
mod operations;
mod probe;
mod secret;
mod wait;

use greenroom_model::identity::Digest;
use greenroom_model::plan::Plan;
use serde::{Deserialize, Serialize};

use super::document::{self, Version};
use super::error::{Document, FormatError};
use super::form::{Reader, Text};
use super::{FORMAT, WRITTEN_BY};
use content::PlanForm;

pub use secret::seal;

/// What closes the document behind the plan.
const END: &[u8] = b"\n}\n";

/// The plan file of `plan`.
///
/// Nothing secret is in it: in the place of a sensitive value stands the reference that gives it,
/// and for a sensitive variable its digest (see [`seal`]), so that apply can check that it is given
/// the same value again.
#[must_use]
pub fn encode(plan: &Plan) -> Vec<u8> {
    // About the length of a small operation, so that the vector seldom moves.
    let mut file = Vec::with_capacity(1024 + 512 * plan.operations().count());
    // All checksums are of one length: the place of this one is filled when the plan is written.
    file.extend(opening(&Digest::of(&[])));
    let start = file.len();
    document::write_lines(&PlanForm::of(plan), &mut file);
    let opening = opening(&Digest::of(&file[start..]));
    file[..start].copy_from_slice(&opening);
    file.extend_from_slice(END);
    file
}

/// The first line, up to where the plan starts.
fn opening(checksum: &Digest) -> Vec<u8> {
    let header = Header {
        format: FORMAT,
        written_by: WRITTEN_BY.into(),
        checksum: Text::of(checksum),
        plan: (),
    };
    let mut header = serde_json::to_vec(&header).expect("a header has text keys");
    let unit = header.len() - b"null}".len();
    header.truncate(unit);
    header.push(b'\n');
    header
}

/// The plan in a plan file. Sensitive parts come back as pending, with their reference; sensitive
/// variables as their sealed values.
///
/// # Errors
///
/// [`FormatError::Newer`] if a newer version wrote it, [`FormatError::Altered`] if it is not what
/// was written; otherwise [`FormatError::Malformed`] or [`FormatError::Senseless`].
pub fn decode(file: &[u8]) -> Result<Plan, FormatError> {
    let document = Document::Plan;
    let (checksum, content) = open(file)?;
    if Digest::of(content).0 != checksum {
        return Err(FormatError::Altered { document });
    }
    let form: PlanForm<'_> =
        document::parse(content).map_err(|source| FormatError::Malformed { document, source })?;
    form.read(&mut Reader::default()).map_err(|source| FormatError::Senseless { document, source })
}

/// The first line, closed.
#[derive(Serialize, Deserialize)]
struct Header<'a> {
    format: u32,
    #[serde(borrow)]
    written_by: Text<'a>,
    #[serde(borrow)]
    checksum: Text<'a>,
    plan: (),
}

/// The checksum in the first line, and the bytes that it covers.
fn open(file: &[u8]) -> Result<(std::sync::Arc<str>, &[u8]), FormatError> {
    let document = Document::Plan;
    let end = file.iter().position(|byte| *byte == b'\n').unwrap_or(file.len());
    let (first, rest) = file.split_at(end);
    let first = [first, b"null}"].concat();
    let header: Header<'_> =
        document::parse(&first).map_err(|error| document::refused(document, file, error))?;
    Version::new(header.format, header.written_by.as_str()).check(document)?;
    let content = rest.strip_prefix(b"\n").and_then(|rest| rest.strip_suffix(END));
    match content {
        Some(content) => Ok((header.checksum.keep(), content)),
        None => Err(FormatError::Altered { document }),
    }
}
