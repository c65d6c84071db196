//! What is published in the repository.

use greenroom_delivery::repository::{Publication, Published};
use indicatif::HumanBytes;
use serde_json::{Value as Json, json};

use super::table::{Cell, table};
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// What came of publishing an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicationView {
    /// What is there, and since when.
    pub(crate) publication: Publication,
    /// Where it is.
    pub(crate) place: String,
}

impl PublicationView {
    fn is_new(&self) -> bool {
        matches!(self.publication, Publication::New(_))
    }
}

impl Message for PublicationView {
    fn kind(&self) -> Kind {
        Kind::Published
    }

    fn fields(&self) -> Fields {
        let mut all = fields(describe(self.publication.published()));
        all.extend(fields(json!({ "new": self.is_new(), "place": self.place })));
        all
    }

    fn text(&self, palette: Palette) -> String {
        let Published { artifact, version, sha256, .. } = self.publication.published();
        let verb = match self.is_new() {
            true => palette.paint(Tone::Good, "published"),
            false => "published already:".to_owned(),
        };
        format!("{verb} {artifact} {version}\n  sha256 {sha256}\n  {}\n", self.place)
    }
}

/// The published versions of artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Artifacts {
    /// The repository.
    pub(crate) repository: String,
    /// What is published in it, by artifact, the newest first.
    pub(crate) published: Vec<Published>,
}

const HEAD: [&str; 6] = ["ARTIFACT", "VERSION", "PUBLISHED", "SIZE", "SHA256", "BY"];

impl Message for Artifacts {
    fn kind(&self) -> Kind {
        Kind::Artifacts
    }

    fn fields(&self) -> Fields {
        let all: Vec<Json> = self.published.iter().map(describe).collect();
        fields(json!({ "repository": self.repository, "artifacts": all }))
    }

    fn text(&self, palette: Palette) -> String {
        if self.published.is_empty() {
            return format!("nothing is published in {}\n", self.repository);
        }
        let rows: Vec<[Cell; 6]> = self.published.iter().map(cells).collect();
        table(HEAD, &rows, palette)
    }
}

fn describe(published: &Published) -> Json {
    let Published { artifact, version, file, bytes, sha256, published, by } = published;
    json!({
        "artifact": artifact,
        "version": version,
        "file": file,
        "bytes": bytes,
        "sha256": sha256,
        "published": published.to_string(),
        "by": by,
    })
}

fn cells(published: &Published) -> [Cell; 6] {
    [
        published.artifact.clone(),
        published.version.clone(),
        published.published.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        HumanBytes(published.bytes).to_string(),
        published.sha256.chars().take(12).collect(),
        published.by.clone(),
    ]
    .map(Cell::plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(version: &str, bytes: u64) -> Published {
        Published {
            artifact: "shop".to_owned(),
            version: version.to_owned(),
            file: "shop-server".to_owned(),
            bytes,
            sha256: "0123456789abcdef".repeat(4),
            published: "2026-01-02T03:04:05.678Z".parse().expect("a time"),
            by: "ann on ci-4".to_owned(),
        }
    }

    #[test]
    fn what_is_published_is_a_table() {
        let published = vec![published("1.4.2", 4_410_000), published("1.4", 12)];
        let view = Artifacts { repository: "/repo".to_owned(), published };
        insta::assert_snapshot!(view.text(Palette::PLAIN), @r"
        ARTIFACT  VERSION  PUBLISHED             SIZE      SHA256        BY
        shop      1.4.2    2026-01-02 03:04:05Z  4.21 MiB  0123456789ab  ann on ci-4
        shop      1.4      2026-01-02 03:04:05Z  12 B      0123456789ab  ann on ci-4
        ");
        let none = Artifacts { repository: "/repo".to_owned(), published: Vec::new() };
        assert_eq!(none.text(Palette::PLAIN), "nothing is published in /repo\n");
    }

    #[test]
    fn what_came_of_publishing_says_where_it_is() {
        let there = Publication::AlreadyThere(published("1.4", 12));
        let view = PublicationView { publication: there, place: "/repo/shop".to_owned() };
        insta::assert_snapshot!(view.text(Palette::PLAIN), @r"
        published already: shop 1.4
          sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
          /repo/shop
        ");
    }
}
