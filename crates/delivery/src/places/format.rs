//! The line as it stands in the ledger: JSON, with a version of its own.

use greenroom_store::{NameError, StateName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::line::{Entry, Line, Me, Standing};

/// The version that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// Why the content of a ledger is no line.
#[derive(Debug, Error)]
pub enum FormatError {
    /// A newer version wrote it.
    #[error("it has format {format}; this build reads up to format {FORMAT}")]
    Newer {
        /// Its format.
        format: u32,
    },
    /// It is not the JSON that it should be.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It names no state.
    #[error(transparent)]
    Name(#[from] NameError),
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct LineForm {
    format: u32,
    line: Vec<EntryForm>,
}

#[derive(Serialize, Deserialize)]
struct EntryForm {
    state: String,
    ticket: String,
    introduction: String,
    standing: StandingForm,
    since: Timestamp,
    renewed: Timestamp,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StandingForm {
    Waiting,
    Reserved,
    Taken,
}

pub(super) fn encode(line: &Line) -> Vec<u8> {
    let form = LineForm { format: FORMAT, line: line.entries.iter().map(EntryForm::of).collect() };
    serde_json::to_vec(&form).expect("a line is made of texts and times")
}

pub(super) fn decode(bytes: &[u8]) -> Result<Line, FormatError> {
    let Version { format } = serde_json::from_slice(bytes)?;
    if format > FORMAT {
        return Err(FormatError::Newer { format });
    }
    let LineForm { format: _, line } = serde_json::from_slice(bytes)?;
    let entries = line.into_iter().map(EntryForm::read).collect::<Result<_, _>>()?;
    Ok(Line { entries })
}

impl EntryForm {
    fn of(entry: &Entry) -> EntryForm {
        let Entry { who: Me { state, ticket, introduction }, standing, since, renewed } = entry;
        EntryForm {
            state: state.to_string(),
            ticket: ticket.clone(),
            introduction: introduction.clone(),
            standing: match standing {
                Standing::Waiting => StandingForm::Waiting,
                Standing::Reserved => StandingForm::Reserved,
                Standing::Taken => StandingForm::Taken,
            },
            since: *since,
            renewed: *renewed,
        }
    }

    fn read(self) -> Result<Entry, NameError> {
        let EntryForm { state, ticket, introduction, standing, since, renewed } = self;
        let who = Me { state: state.parse::<StateName>()?, ticket, introduction };
        let standing = match standing {
            StandingForm::Waiting => Standing::Waiting,
            StandingForm::Reserved => Standing::Reserved,
            StandingForm::Taken => Standing::Taken,
        };
        Ok(Entry { who, standing, since, renewed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let standings = [Standing::Waiting, Standing::Reserved, Standing::Taken];
        let entry = |(nth, standing): (i64, Standing)| Entry {
            who: Me {
                state: format!("shop/integration/pr-{nth}").parse().unwrap(),
                ticket: format!("ticket {nth}"),
                introduction: "ann on ci-4".to_owned(),
            },
            standing,
            since: Timestamp::from_second(nth).unwrap(),
            renewed: Timestamp::from_second(nth + 7).unwrap(),
        };
        let line = Line { entries: (1..).zip(standings).map(entry).collect() };
        assert_eq!(decode(&encode(&line)).unwrap(), line);
    }

    #[test]
    fn what_format_1_wrote_is_read_for_ever() {
        let written = br#"{"format":1,"line":[{"state":"shop/integration/pr-17","ticket":"t",
            "introduction":"ann on ci-4","standing":"reserved","since":"2026-03-01T12:00:00Z",
            "renewed":"2026-03-01T12:00:30Z"}]}"#;
        let line = decode(written).unwrap();
        let [Entry { who, standing, since, renewed }] = &line.entries[..] else {
            panic!("{line:?}")
        };
        assert_eq!(who.state.to_string(), "shop/integration/pr-17");
        assert_eq!((&*who.ticket, &*who.introduction), ("t", "ann on ci-4"));
        assert_eq!(*standing, Standing::Reserved);
        assert_eq!(renewed.duration_since(*since).as_secs(), 30);
    }

    #[test]
    fn a_newer_format_is_refused_whatever_else_it_holds() {
        let newer = decode(br#"{"format":2,"queues":{}}"#).unwrap_err();
        assert_eq!(newer.to_string(), "it has format 2; this build reads up to format 1");
        assert!(matches!(decode(b"[]"), Err(FormatError::Json(_))));
        let nameless = r#"{"format":1,"line":[{"state":"shop","ticket":"t","introduction":"",
            "standing":"taken","since":"2026-03-01T12:00:00Z","renewed":"2026-03-01T12:00:00Z"}]}"#;
        assert!(matches!(decode(nameless.as_bytes()), Err(FormatError::Name(_))));
    }
}
