//! How the environments of two stages compare.

use greenroom_delivery::parity::{Apart, Cause, Judged, Parity, Setting};
use greenroom_model::value::{Path, Value};
use serde_json::{Value as Json, json};

use super::value::{Style, json as value_json, text as value_text};
use super::words::counted;
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// Whether two stages would make the same environment.
pub(crate) struct ParityView {
    pub(crate) stages: [String; 2],
    pub(crate) parity: Parity,
}

impl Message for ParityView {
    fn kind(&self) -> Kind {
        Kind::Parity
    }

    fn fields(&self) -> Fields {
        let Parity { differences, settings } = &self.parity;
        fields(json!({
            "stages": self.stages,
            "explained": self.parity.is_explained(),
            "differences": differences.iter().map(judged_json).collect::<Vec<_>>(),
            "settings": settings.iter().map(setting_json).collect::<Vec<_>>(),
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let Parity { differences, settings } = &self.parity;
        let section = |title: &str, lines: Vec<String>| match lines.is_empty() {
            true => String::new(),
            false => format!("{}\n{}\n", palette.paint(Tone::Strong, title), lines.concat()),
        };
        let of = |explained: bool| {
            let wanted = differences.iter().filter(move |it| it.because.is_some() == explained);
            wanted.map(|it| self.line(it)).collect::<Vec<_>>()
        };
        let unexplained = of(false);
        let (all, left) = (differences.len(), unexplained.len());
        let mut text = section("Not explained:", unexplained);
        text += &section("Explained:", of(true));
        text += &section(
            "Settings of providers, for information:",
            settings.iter().map(|it| self.setting(it)).collect(),
        );
        let [first, second] = &self.stages;
        let verdict = match (all, left) {
            (0, _) => palette.paint(Tone::Good, "the same environment"),
            (all, 0) => {
                palette.paint(Tone::Good, format!("{}, explained", counted(all, "difference")))
            }
            (all, left) => {
                let all = counted(all, "difference");
                palette.paint(Tone::Bad, format!("{all}, {left} of them not explained"))
            }
        };
        text + &format!("`{first}` and `{second}`: {verdict}.\n")
    }
}

impl ParityView {
    fn line(&self, Judged { apart, because }: &Judged) -> String {
        let Apart { subject, path, first, second } = apart;
        let because = because.as_ref().map(|it| format!(" ({})", in_words(it)));
        let because = because.unwrap_or_default();
        let [one, two] = &self.stages;
        // What only one has is named, and not shown in all its parts.
        let sides = match (first, second) {
            (Some(_), None) if path.0.is_empty() => format!("only in `{one}`"),
            (None, Some(_)) if path.0.is_empty() => format!("only in `{two}`"),
            _ => format!("{} in `{one}`, {} in `{two}`", side(first), side(second)),
        };
        format!("  {}: {sides}{because}\n", joined(subject, path))
    }

    fn setting(&self, Setting { provider, path, first, second }: &Setting) -> String {
        let [one, two] = &self.stages;
        let name = joined(provider, path);
        format!("  {name}: {} in `{one}`, {} in `{two}`\n", side(first), side(second))
    }
}

fn joined(name: &str, path: &Path) -> String {
    match path.0.is_empty() {
        true => name.to_owned(),
        false => format!("{name}.{path}"),
    }
}

fn side(value: &Option<Value>) -> String {
    value.as_ref().map_or("nothing".to_owned(), |it| value_text(it, Style::default()))
}

fn in_words(cause: &Cause) -> String {
    match cause {
        Cause::Variables(names) => {
            let names: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
            format!(
                "by {} {}",
                if names.len() == 1 { "variable" } else { "variables" },
                names.join(", ")
            )
        }
        Cause::Front => "by the front".to_owned(),
        Cause::Stage => "by the stage's name".to_owned(),
    }
}

fn judged_json(Judged { apart, because }: &Judged) -> Json {
    let because = because.as_ref().map(|it| match it {
        Cause::Variables(names) => json!({ "variables": names }),
        Cause::Front => json!("front"),
        Cause::Stage => json!("stage"),
    });
    json!({
        "subject": apart.subject,
        "path": apart.path.to_string(),
        "first": apart.first.as_ref().map(value_json),
        "second": apart.second.as_ref().map(value_json),
        "because": because,
    })
}

fn setting_json(Setting { provider, path, first, second }: &Setting) -> Json {
    json!({
        "provider": provider,
        "path": path.to_string(),
        "first": first.as_ref().map(value_json),
        "second": second.as_ref().map(value_json),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(subject: &str, path: &str, first: Option<Value>, second: Option<Value>) -> Apart {
        let path = if path.is_empty() { Path::default() } else { path.parse().unwrap() };
        Apart { subject: subject.to_owned(), path, first, second }
    }

    #[test]
    fn what_is_not_explained_comes_first() {
        let variables = Cause::Variables(["count".into()].into());
        let judged = |apart, because| Judged { apart, because };
        let differences = vec![
            judged(apart("a.web[1]", "", Some(Value::Null), None), Some(variables)),
            judged(apart("a.web[0]", "size", Some(1.into()), Some(2.into())), None),
            judged(apart("output.url", "", Some("a".into()), Some("b".into())), Some(Cause::Front)),
        ];
        let settings = vec![Setting {
            provider: "aws".into(),
            path: "region".parse().unwrap(),
            first: Some("east".into()),
            second: None,
        }];
        let parity = Parity { differences, settings };
        let view = ParityView { stages: ["it".to_owned(), "live".to_owned()], parity };
        insta::assert_snapshot!(view.text(Palette::PLAIN), @r#"
        Not explained:
          a.web[0].size: 1 in `it`, 2 in `live`

        Explained:
          a.web[1]: only in `it` (by variable `count`)
          output.url: "a" in `it`, "b" in `live` (by the front)

        Settings of providers, for information:
          aws.region: "east" in `it`, nothing in `live`

        `it` and `live`: 3 differences, 1 of them not explained.
        "#);
        assert_eq!(view.fields()["differences"][0]["because"]["variables"][0], "count");
    }
}
