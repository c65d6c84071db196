//! What is shown. Each message has two faces: text for people, JSON for programs.
//!
//! Nothing here decides or writes; views are functions of data.

pub(crate) mod artifacts;
pub(crate) mod attestations;
pub(crate) mod diagnostics;
pub(crate) mod environments;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod files;
pub(crate) mod graph;
pub(crate) mod images;
pub(crate) mod imported;
pub(crate) mod key;
pub(crate) mod notice;
pub(crate) mod object;
pub(crate) mod outputs;
pub(crate) mod parity;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod promotion;
pub(crate) mod proof;
pub(crate) mod reap;
pub(crate) mod stage;
pub(crate) mod state;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod value;
pub(crate) mod verified;
pub(crate) mod words;

#[cfg(test)]
mod book;

use serde_json::{Map, Value as Json};

use crate::palette::Palette;

/// The version of the JSON event stream. A change that could break a reader raises it.
pub(crate) const VERSION: u32 = 1;

/// The fields of a JSON event, beside `v`, `type` and `at`.
pub(crate) type Fields = Map<String, Json>;

/// Something to show.
pub(crate) trait Message {
    /// Which type of event it is.
    fn kind(&self) -> Kind;

    /// Its JSON form.
    fn fields(&self) -> Fields;

    /// Its text, ending with a line end, or empty.
    fn text(&self, palette: Palette) -> String;
}

/// The types of events in the JSON stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Activity,
    Artifacts,
    Asked,
    Attestations,
    Awaited,
    Cancelling,
    Contradicted,
    Diagnostics,
    Environments,
    Error,
    Examined,
    FilesWritten,
    GateDecided,
    Graph,
    Heartbeat,
    History,
    ImageBake,
    ImagePruned,
    ImageSet,
    ImageSetDiff,
    ImageSets,
    ImagesPrunable,
    Imported,
    InFlight,
    JobChanged,
    Key,
    LeaseAwaited,
    Notice,
    Object,
    OperationAccepted,
    OperationCompleted,
    OperationFailed,
    OperationSkipped,
    OperationStarted,
    Outputs,
    Parity,
    PhaseStarted,
    PipelineResult,
    Plan,
    Promotion,
    Proof,
    ProviderGivenUp,
    Published,
    Reapable,
    Reaped,
    Refreshed,
    Refreshing,
    RescueTaken,
    Rescued,
    RunFinished,
    RunResult,
    RunStarted,
    Settled,
    Settling,
    StagePhase,
    State,
    States,
    Summary,
    TurnedBack,
    Verified,
    Waiting,
}

impl Kind {
    /// Every type.
    #[cfg(test)]
    pub(crate) const ALL: [Kind; 61] = [
        Kind::Activity,
        Kind::Artifacts,
        Kind::Asked,
        Kind::Attestations,
        Kind::Awaited,
        Kind::Cancelling,
        Kind::Contradicted,
        Kind::Diagnostics,
        Kind::Environments,
        Kind::Error,
        Kind::Examined,
        Kind::FilesWritten,
        Kind::GateDecided,
        Kind::Graph,
        Kind::Heartbeat,
        Kind::History,
        Kind::ImageBake,
        Kind::ImagePruned,
        Kind::ImageSet,
        Kind::ImageSetDiff,
        Kind::ImageSets,
        Kind::ImagesPrunable,
        Kind::Imported,
        Kind::InFlight,
        Kind::JobChanged,
        Kind::Key,
        Kind::LeaseAwaited,
        Kind::Notice,
        Kind::Object,
        Kind::OperationAccepted,
        Kind::OperationCompleted,
        Kind::OperationFailed,
        Kind::OperationSkipped,
        Kind::OperationStarted,
        Kind::Outputs,
        Kind::Parity,
        Kind::PhaseStarted,
        Kind::PipelineResult,
        Kind::Plan,
        Kind::Promotion,
        Kind::Proof,
        Kind::ProviderGivenUp,
        Kind::Published,
        Kind::Reapable,
        Kind::Reaped,
        Kind::Refreshed,
        Kind::Refreshing,
        Kind::RescueTaken,
        Kind::Rescued,
        Kind::RunFinished,
        Kind::RunResult,
        Kind::RunStarted,
        Kind::Settled,
        Kind::Settling,
        Kind::StagePhase,
        Kind::State,
        Kind::States,
        Kind::Summary,
        Kind::TurnedBack,
        Kind::Verified,
        Kind::Waiting,
    ];

    /// The value of `type`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Activity => "activity",
            Kind::Artifacts => "artifacts",
            Kind::Asked => "asked",
            Kind::Attestations => "attestations",
            Kind::Awaited => "awaited",
            Kind::Cancelling => "cancelling",
            Kind::Contradicted => "contradicted",
            Kind::Diagnostics => "diagnostics",
            Kind::Environments => "environments",
            Kind::Error => "error",
            Kind::Examined => "examined",
            Kind::FilesWritten => "files_written",
            Kind::GateDecided => "gate_decided",
            Kind::Graph => "graph",
            Kind::Heartbeat => "heartbeat",
            Kind::History => "history",
            Kind::ImageBake => "image_bake",
            Kind::ImagePruned => "image_pruned",
            Kind::ImageSet => "image_set",
            Kind::ImageSetDiff => "image_set_diff",
            Kind::ImageSets => "image_sets",
            Kind::ImagesPrunable => "images_prunable",
            Kind::Imported => "imported",
            Kind::InFlight => "in_flight",
            Kind::JobChanged => "job_changed",
            Kind::Key => "key",
            Kind::LeaseAwaited => "lease_awaited",
            Kind::Notice => "notice",
            Kind::Object => "object",
            Kind::OperationAccepted => "operation_accepted",
            Kind::OperationCompleted => "operation_completed",
            Kind::OperationFailed => "operation_failed",
            Kind::OperationSkipped => "operation_skipped",
            Kind::OperationStarted => "operation_started",
            Kind::Outputs => "outputs",
            Kind::Parity => "parity",
            Kind::PhaseStarted => "phase_started",
            Kind::PipelineResult => "pipeline_result",
            Kind::Plan => "plan",
            Kind::Promotion => "promotion",
            Kind::Proof => "proof",
            Kind::ProviderGivenUp => "provider_given_up",
            Kind::Published => "published",
            Kind::Reapable => "reapable",
            Kind::Reaped => "reaped",
            Kind::Refreshed => "refreshed",
            Kind::Refreshing => "refreshing",
            Kind::RescueTaken => "rescue_taken",
            Kind::Rescued => "rescued",
            Kind::RunFinished => "run_finished",
            Kind::RunResult => "run_result",
            Kind::RunStarted => "run_started",
            Kind::Settled => "settled",
            Kind::Settling => "settling",
            Kind::StagePhase => "stage_phase",
            Kind::State => "state",
            Kind::States => "states",
            Kind::Summary => "summary",
            Kind::TurnedBack => "turned_back",
            Kind::Verified => "verified",
            Kind::Waiting => "waiting",
        }
    }
}

/// One line of the stream, with its line end. `at` is the time in RFC 3339.
pub(crate) fn json_line(message: &dyn Message, at: &str) -> String {
    let opening = format!(r#"{{"v":{VERSION},"type":"{}","at":"{at}""#, message.kind().as_str());
    let fields = Json::Object(message.fields()).to_string();
    // Put together as text, so that version, type and time stand first for people who look.
    match fields.strip_prefix('{') {
        Some("}") | None => format!("{opening}}}\n"),
        Some(rest) => format!("{opening},{rest}\n"),
    }
}

/// Fields from a JSON object literal.
pub(crate) fn fields(json: Json) -> Fields {
    match json {
        Json::Object(fields) => fields,
        other => Fields::from_iter([("value".to_owned(), other)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Empty;

    impl Message for Empty {
        fn kind(&self) -> Kind {
            Kind::Notice
        }

        fn fields(&self) -> Fields {
            Fields::new()
        }

        fn text(&self, _: Palette) -> String {
            String::new()
        }
    }

    #[test]
    fn an_event_without_fields_is_an_object() {
        let line = json_line(&Empty, "2026-01-02T03:04:05Z");
        assert_eq!(line, "{\"v\":1,\"type\":\"notice\",\"at\":\"2026-01-02T03:04:05Z\"}\n");
    }

    #[test]
    fn types_are_listed_once_and_in_order() {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }
}
