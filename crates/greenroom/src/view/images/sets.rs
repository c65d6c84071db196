//! Image sets: all of them, one, and two beside each other.

use std::collections::BTreeSet;

use greenroom_delivery::images::{
    Baked, Catalogue, Difference, Location, Material, Member, Recorded, Uses,
};
use serde_json::{Value as Json, json};

use super::super::table::{Cell, table};
use super::super::words::short;
use super::super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// The sets of a catalogue, and which states use them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SetsView {
    pub(crate) catalogue: Catalogue,
    pub(crate) uses: Uses,
}

const HEAD: [&str; 5] = ["IMAGE SET", "RECORDED", "IMAGES", "USED BY", "BY"];

impl Message for SetsView {
    fn kind(&self) -> Kind {
        Kind::ImageSets
    }

    fn fields(&self) -> Fields {
        let sets = self.catalogue.sets.iter().rev();
        let sets: Vec<Json> = sets
            .map(|set| {
                json!({
                    "digest": set.digest,
                    "images": set.members.keys().collect::<Vec<_>>(),
                    "recorded": set.recorded.to_string(),
                    "used_by": used_by(set, &self.uses),
                    "by": set.by,
                })
            })
            .collect();
        fields(json!({ "sets": sets }))
    }

    fn text(&self, palette: Palette) -> String {
        if self.catalogue.sets.is_empty() {
            return "there are no image sets\n".to_owned();
        }
        let sets = self.catalogue.sets.iter().rev();
        let rows: Vec<[Cell; 5]> = sets
            .map(|set| {
                let used = used_by(set, &self.uses).into_iter().collect::<Vec<_>>().join(", ");
                let names: Vec<&str> = set.members.keys().map(String::as_str).collect();
                [
                    short(&set.digest.0).to_owned(),
                    set.recorded.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
                    names.join(" "),
                    if used.is_empty() { "-".to_owned() } else { used },
                    set.by.clone(),
                ]
                .map(Cell::plain)
            })
            .collect();
        table(HEAD, &rows, palette)
    }
}

fn used_by(set: &Recorded, uses: &Uses) -> BTreeSet<String> {
    let used = set.members.values().filter_map(|member| uses.get(&member.digest));
    used.flatten().cloned().collect()
}

/// One set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SetView {
    set: Recorded,
    baked: Vec<(String, Option<Baked>)>,
    used_by: BTreeSet<String>,
}

impl SetView {
    /// A set with all that the catalogue tells of its images.
    pub(crate) fn of(set: &Recorded, catalogue: &Catalogue, uses: &Uses) -> SetView {
        let members = set.members.iter();
        SetView {
            set: set.clone(),
            baked: members.map(|(name, it)| (name.clone(), catalogue.baked(it).cloned())).collect(),
            used_by: used_by(set, uses),
        }
    }

    /// A set that was just recorded.
    pub(crate) fn new(set: &Recorded) -> SetView {
        SetView::of(set, &Catalogue::default(), &Uses::new())
    }
}

impl Message for SetView {
    fn kind(&self) -> Kind {
        Kind::ImageSet
    }

    fn fields(&self) -> Fields {
        let images = self.baked.iter().map(|(name, baked)| {
            let Member { digest, id, key } = &self.set.members[name];
            json!({
                "image": name,
                "digest": digest,
                "id": id,
                "key": key,
                "builder": baked.as_ref().map(|it| &it.builder),
                "baked": baked.as_ref().map(|it| it.baked.to_string()),
                "locations": baked.as_ref().map(|it| &it.locations),
                "materials": baked.as_ref().map(|it| &it.materials),
            })
        });
        fields(json!({
            "digest": self.set.digest,
            "recorded": self.set.recorded.to_string(),
            "by": self.set.by,
            "used_by": self.used_by,
            "images": images.collect::<Vec<Json>>(),
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let mut text = format!("image set {}\n", palette.paint(Tone::Strong, &self.set.digest.0));
        for (name, baked) in &self.baked {
            let Member { digest, id, .. } = &self.set.members[name];
            text += &format!("  {name}  {id}\n    digest {digest}\n");
            let Some(baked) = baked else { continue };
            for Location { region, id, .. } in &baked.locations {
                text += &format!("    {region} {id}\n");
            }
            for material in &baked.materials {
                text += &format!("    {}\n", line(material));
            }
        }
        if !self.used_by.is_empty() {
            let used: Vec<&str> = self.used_by.iter().map(String::as_str).collect();
            text += &format!("  used by {}\n", used.join(", "));
        }
        text
    }
}

fn line(material: &Material) -> String {
    let Material { kind, name, digest } = material;
    match &**kind {
        "base" => format!("base {digest}"),
        _ => format!("{kind} {name} {}", short(digest)),
    }
}

/// What differs between two sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DiffView {
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) differences: Vec<Difference>,
}

impl Message for DiffView {
    fn kind(&self) -> Kind {
        Kind::ImageSetDiff
    }

    fn fields(&self) -> Fields {
        let differences = self.differences.iter().map(|it| {
            json!({
                "image": it.name,
                "before": it.before.as_ref().map(|it| &it.digest),
                "after": it.after.as_ref().map(|it| &it.digest),
                "gone": it.gone,
                "new": it.new,
            })
        });
        fields(json!({
            "before": self.before,
            "after": self.after,
            "differences": differences.collect::<Vec<Json>>(),
        }))
    }

    fn text(&self, palette: Palette) -> String {
        let (before, after) = (short(&self.before), short(&self.after));
        if self.differences.is_empty() {
            return format!("{before} and {after} are the same images\n");
        }
        let mut text = format!("from {before} to {after}\n");
        for Difference { name, before, after, gone, new } in &self.differences {
            let id = |member: &Option<Member>| {
                member.as_ref().map_or_else(|| "none".to_owned(), |it| it.id.clone())
            };
            text += &format!("  {name}: {} -> {}\n", id(before), id(after));
            for (sign, tone, materials) in [("-", Tone::Bad, gone), ("+", Tone::Good, new)] {
                for material in materials {
                    text += &format!("    {} {}\n", palette.paint(tone, sign), line(material));
                }
            }
        }
        text
    }
}
