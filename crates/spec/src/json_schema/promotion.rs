//! The schema of `[stage.NAME.promotion]`.

use serde_json::{Value, json};

use super::{described, table, texts};

pub(super) fn promotion() -> Value {
    table(
        "How the stage promotes.",
        &[],
        [
            ("soak", soak()),
            ("steps", steps()),
            ("pause", pause()),
            ("gates", texts("the gates that must pass")),
            ("watch", described("duration", "how long gates go on at 100 % before the drain")),
            ("drain", drain()),
            ("retain", described("duration", "how long the old environment stays")),
            ("require", texts("the stages that an image set must have passed")),
            ("max_age", described("duration", "how old an attestation may be")),
        ],
    )
}

fn soak() -> Value {
    let form = table(
        "How the candidate shows itself before it gets traffic.",
        &["time"],
        [
            ("time", described("duration", "for how long")),
            ("mirror", percent(0, "how much of the live traffic it gets copies of")),
            ("coverage", percent(0, "how much of it must have been copied to prove anything")),
        ],
    );
    json!({ "anyOf": [described("duration", "how long the candidate runs beside the live one"), form] })
}

fn steps() -> Value {
    let step = table(
        "A weight and what comes after it.",
        &["weight"],
        [("weight", percent(1, "the candidate's share")), ("pause", pause())],
    );
    let weight = percent(1, "the candidate's share");
    let list = json!({
        "type": "array",
        "items": { "anyOf": [weight, step] },
        "description": "weights, rising to 100",
    });
    let made = |key: &'static str, doc: &str| table(doc, &[key], [(key, percent(1, doc))]);
    json!({ "anyOf": [
        list,
        made("linear", "as much more with each step"),
        made("canary", "so much first, then all"),
    ] })
}

fn pause() -> Value {
    json!({ "anyOf": [
        { "const": "approval", "description": "until somebody approves" },
        described("duration", "how long to stay at each weight"),
    ] })
}

fn drain() -> Value {
    let form = table(
        "When the old side counts as drained.",
        &[],
        [
            ("quiet", described("duration", "how long nothing new may have come to it")),
            ("limit", described("duration", "how long to wait for that")),
            ("at_limit", json!({ "enum": ["halt", "proceed", "roll_back"] })),
        ],
    );
    json!({ "anyOf": [described("duration", "how long to wait for the drain"), form] })
}

fn percent(least: u8, doc: &str) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": 100, "description": doc })
}
