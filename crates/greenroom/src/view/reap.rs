//! What may be reaped, and what became of it.

use greenroom_apply::{FailedOperation, Sighted};
use greenroom_delivery::environment::DownError;
use greenroom_delivery::reap::{Due, Expired, Fate, Lost, Reaped};
use serde_json::{Value as Json, json};

use super::error::ErrorView;
use super::words::counted;
use super::{Fields, Kind, Message, fields};
use crate::exit::Exit;
use crate::palette::{Palette, Tone};

/// What may go, and what may not yet.
pub(crate) struct DueView(pub(crate) Due);

impl Message for DueView {
    fn kind(&self) -> Kind {
        Kind::Reapable
    }

    fn fields(&self) -> Fields {
        let Due { expired, lost, early } = &self.0;
        fields(json!({
            "expired": expired.iter().map(expired_json).collect::<Vec<_>>(),
            "lost": lost.iter().map(lost_json).collect::<Vec<_>>(),
            "early": early.iter().map(lost_json).collect::<Vec<_>>(),
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let Due { expired, lost, early } = &self.0;
        let section = |title: &str, lines: Vec<String>| match lines.is_empty() {
            true => String::new(),
            false => format!("{}\n{}\n", palette.paint(Tone::Strong, title), lines.concat()),
        };
        let mut text = section("Expired:", expired.iter().map(expired_line).collect());
        text += &section(
            "Lost and expired, no state knows them:",
            lost.iter().map(lost_lines).collect(),
        );
        text += &section("Lost, and not to be reaped yet:", early.iter().map(lost_lines).collect());
        let held = expired.iter().filter(|it| it.holder.is_some()).count();
        text + &match expired.len() - held + lost.len() {
            0 => "Nothing to reap.\n".to_owned(),
            due => format!("{} to reap.\n", counted(due, "environment")),
        }
    }
}

fn expired_line(Expired { state, since, objects, made_by, holder, .. }: &Expired) -> String {
    let mut text = format!("  {state}: {}, since {since}", counted(*objects, "object"));
    if let Some(made_by) = made_by {
        text += &format!(", made by {made_by}");
    }
    if let Some(holder) = holder {
        text += &format!("; it lives, held by {holder}");
    }
    text + "\n"
}

fn expired_json(Expired { state, lineage, since, objects, made_by, holder }: &Expired) -> Json {
    json!({
        "state": state.to_string(),
        "lineage": lineage,
        "expires": since.to_string(),
        "objects": objects,
        "made_by": made_by,
        "holder": holder.as_ref().map(ToString::to_string),
    })
}

/// A lost state with its objects.
fn lost_lines(Lost { state, lineage, expires, objects }: &Lost) -> String {
    let count = counted(objects.len(), "object");
    let expires = match expires {
        Some(expires) => format!("expires {expires}"),
        None => "without an end".to_owned(),
    };
    let stage = &state.stage;
    let mut text = format!("  stage {stage}, lineage {lineage}: {count}, {expires}\n");
    text.extend(objects.iter().map(|it| format!("    {} {}\n", it.owned.kind, it.owned.id)));
    text
}

fn lost_json(Lost { state, lineage, expires, objects }: &Lost) -> Json {
    let object = |it: &Sighted| {
        json!({
            "type": it.owned.kind,
            "id": it.owned.id,
            "uid": it.owned.uid.to_string(),
            "scope": it.owned.owner.scope.as_str(),
        })
    };
    json!({
        "state": state.to_string(),
        "lineage": lineage,
        "expires": expires.map(|it| it.to_string()),
        "objects": objects.iter().map(object).collect::<Vec<_>>(),
    })
}

/// What became of one environment.
pub(crate) struct ReapedView<'a>(pub(crate) &'a Reaped);

impl Message for ReapedView<'_> {
    fn kind(&self) -> Kind {
        Kind::Reaped
    }

    fn fields(&self) -> Fields {
        let Reaped { state, fate } = self.0;
        let (fate, holder, failures) = match fate {
            Fate::Gone => ("gone", None, Vec::new()),
            Fate::Held(holder) => ("held", holder.as_ref().map(ToString::to_string), Vec::new()),
            Fate::NotDue => ("not_due", None, Vec::new()),
            Fate::Stays(error) => ("stays", None, failures(error)),
        };
        fields(json!({
            "state": state.to_string(),
            "fate": fate,
            "holder": holder,
            "failures": failures,
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let Reaped { state, fate } = self.0;
        match fate {
            Fate::Gone => format!("{state}: gone\n"),
            Fate::Held(Some(holder)) => format!("{state}: not touched, held by {holder}\n"),
            Fate::Held(None) => format!("{state}: not touched, somebody holds it\n"),
            Fate::NotDue => format!("{state}: not touched, it is not due any more\n"),
            Fate::Stays(error) => {
                let failures = failures(error);
                let lines: String = failures.iter().map(|it| format!("  {it}\n")).collect();
                let head = format!("{state}: it is not gone");
                format!("{}\n{lines}", palette.paint(Tone::Bad, &head))
            }
        }
    }
}

/// Why an environment is not gone: each operation that failed, or what kept it from being tried.
fn failures(error: &DownError) -> Vec<String> {
    match error {
        DownError::Failed(_, applied) => applied.failed.iter().map(failure).collect(),
        error => vec![in_one_line(error)],
    }
}

fn failure(FailedOperation { about, message, help, .. }: &FailedOperation) -> String {
    let address = about.address.as_ref().map(ToString::to_string);
    let subject = address.unwrap_or_else(|| about.id.to_string());
    let help: String = help.iter().map(|help| format!("; {help}")).collect();
    format!("{subject}: {message}{help}")
}

fn in_one_line(error: &DownError) -> String {
    let ErrorView { message, causes, .. } = ErrorView::of(error, None, Exit::Error.code());
    [vec![message], causes].concat().join(": ")
}

#[cfg(test)]
mod tests {
    use greenroom_apply::Applied;
    use greenroom_model::identity::{EnvironmentKind, Lineage, Owner, Uid};
    use greenroom_model::plan::{OperationId, OperationKind};
    use greenroom_model::value::{Object, Value};
    use greenroom_provider::{Owned, WorldEffect};
    use greenroom_store::Holder;

    use super::*;

    fn holder() -> Holder {
        Holder {
            host: "ci-4".to_owned(),
            pid: 42,
            user: "ann".to_owned(),
            command: "greenroom run it".to_owned(),
            build: None,
            since: "2026-01-02T03:04:05Z".parse().unwrap(),
            lease: "00".to_owned(),
        }
    }

    fn expired(name: &str, holder: Option<Holder>) -> Expired {
        Expired {
            state: name.parse().unwrap(),
            lineage: Lineage("0123".into()),
            since: "2026-01-02T04:00:00Z".parse().unwrap(),
            objects: 2,
            made_by: Some("ann on ci-4".into()),
            holder,
        }
    }

    fn lost(expires: Option<&str>) -> Lost {
        let owner = Owner {
            project: "shop".into(),
            stage: "it".into(),
            scope: "pr-7".parse().unwrap(),
            lineage: Lineage("0123456789abcdef".into()),
            kind: EnvironmentKind::Ephemeral,
            expires: expires.map(Into::into),
        };
        let owned = Owned {
            kind: "aws_vpc".into(),
            id: "vpc-1".into(),
            uid: Uid("u".into()),
            owner,
            attributes: Value::Null,
        };
        Lost {
            state: "shop/it/lost-01234567".parse().unwrap(),
            lineage: owned.owner.lineage.clone(),
            expires: expires.map(|it| it.parse().unwrap()),
            objects: vec![Sighted { owned, provider: "aws".into(), settings: Object::new() }],
        }
    }

    #[test]
    fn what_may_go_stands_apart_from_what_may_not() {
        let due = Due {
            expired: vec![expired("shop/it/a", None), expired("shop/it/b", Some(holder()))],
            lost: vec![lost(Some("2026-01-02T04:00:00Z"))],
            early: vec![lost(None)],
        };
        insta::assert_snapshot!(DueView(due).text(Palette::PLAIN), @r"
        Expired:
          shop/it/a: 2 objects, since 2026-01-02T04:00:00Z, made by ann on ci-4
          shop/it/b: 2 objects, since 2026-01-02T04:00:00Z, made by ann on ci-4; it lives, held by ann on ci-4, process 42, `greenroom run it`, since 2026-01-02T03:04:05Z

        Lost and expired, no state knows them:
          stage it, lineage 0123456789abcdef: 1 object, expires 2026-01-02T04:00:00Z
            aws_vpc vpc-1

        Lost, and not to be reaped yet:
          stage it, lineage 0123456789abcdef: 1 object, without an end
            aws_vpc vpc-1

        2 environments to reap.
        ");
        assert_eq!(DueView(Due::default()).text(Palette::PLAIN), "Nothing to reap.\n");
    }

    #[test]
    fn what_stays_says_what_holds_it() {
        let kind = OperationKind::Delete;
        let id = OperationId { phase: "destroy".into(), kind, subject: "front/a.b".into() };
        let failed = FailedOperation {
            about: greenroom_apply::About { id, kind, address: None },
            message: "it is in use".to_owned(),
            effect: WorldEffect::None,
            help: Some("it is held by eni-1".to_owned()),
        };
        let applied = Applied { failed: vec![failed], ..Applied::default() };
        let fate = Fate::Stays(DownError::Failed("shop/it/a".to_owned(), applied));
        let reaped = Reaped { state: "shop/it/a".parse().unwrap(), fate };
        insta::assert_snapshot!(ReapedView(&reaped).text(Palette::PLAIN), @r"
        shop/it/a: it is not gone
          destroy:delete:front/a.b: it is in use; it is held by eni-1
        ");
    }
}
