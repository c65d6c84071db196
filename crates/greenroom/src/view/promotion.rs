//! Promotions: who has the traffic, and what became of each promotion.

mod history;
mod line;
mod status;
#[cfg(test)]
mod tests;

use greenroom_model::gate::Verdict;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::event::result;
pub(crate) use history::HistoryView;
pub(crate) use status::{Sight, StatusView};

fn verdict(verdict: &Verdict) -> Json {
    json!({ "gate": verdict.gate, "result": result(verdict.result), "evidence": verdict.evidence })
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map(|it| it.to_string()).unwrap_or_default()
}
