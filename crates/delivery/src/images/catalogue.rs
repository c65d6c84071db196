//! The catalogue: every baked image of a project by its key, and the sets that they form.

use std::collections::BTreeMap;

use greenroom_model::identity::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest;

/// The version of the catalogue that this build writes and reads.
const FORMAT: u32 = 1;

/// What an image is known by before it is baked: 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub String);

impl Key {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of it for people, and for names.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..self.0.len().min(16)]
    }

    /// Another key for the same content: of an image that is baked though there is one.
    pub(crate) fn salted(&self, salt: &str) -> Key {
        Key(digest::of_parts(["again", self.as_str(), salt]).0.to_string())
    }
}

/// Baked images and their sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    format: u32,
    /// Images by key: the hash of what each was made from, or, of one that was baked though there
    /// was one of that, a key of its own.
    pub images: BTreeMap<Key, Baked>,
    /// Sets, in the order in which they were recorded.
    pub sets: Vec<Recorded>,
}

/// A baked image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baked {
    /// Its name in the project.
    pub name: String,
    /// The hash of everything that it was made from.
    pub recipe: Key,
    /// What tells it from every other.
    pub digest: Digest,
    /// The builder, as `builder` names it.
    pub builder: String,
    /// Its id where it was made.
    pub id: String,
    /// Where it was made, and what it is there.
    pub origin: Origin,
    /// Where else it is, and that place itself, for images that are of one region.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// What it was made from: the base image, artifacts, files.
    pub materials: Vec<Material>,
    /// When its bake ended.
    pub baked: Timestamp,
    /// Who baked it.
    pub by: String,
}

/// Where an image was made, and what tells it from all others there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What it is: the digest of its content, or id, snapshots and time of creation.
    pub identity: String,
}

/// An image in one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The provider, such as `aws`.
    pub provider: String,
    /// The region.
    pub region: String,
    /// The id there.
    pub id: String,
}

/// Something that an image was made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Material {
    /// What it is: `base`, `artifact`, `file`.
    pub kind: String,
    /// Its name, with the version of an artifact.
    pub name: String,
    /// Its digest, or the id of a base image.
    pub digest: String,
}

/// An image set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its digest.
    pub digest: Digest,
    /// Its images by name.
    pub members: BTreeMap<String, Member>,
    /// When it was recorded, or asked for again.
    pub recorded: Timestamp,
    /// Who recorded it.
    pub by: String,
}

/// An image of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What tells the image from every other.
    pub digest: Digest,
    /// Its id where it was made.
    pub id: String,
    /// Under which the catalogue has it; none of an image that was not baked here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

impl Default for Catalogue {
    fn default() -> Catalogue {
        Catalogue { format: FORMAT, images: BTreeMap::new(), sets: Vec::new() }
    }
}

impl Baked {
    /// The image as a member of a set.
    #[must_use]
    pub fn member(&self, key: &Key) -> Member {
        Member { digest: self.digest.clone(), id: self.id.clone(), key: Some(key.clone()) }
    }

    /// The digest that an image of `key` and `origin` has.
    #[must_use]
    pub fn digest_of(key: &Key, origin: &Origin) -> Digest {
        digest::of_baked(key, origin)
    }
}

impl Recorded {
    /// The set of `members`; `None` of no image.
    #[must_use]
    pub fn of(members: BTreeMap<String, Member>, now: Timestamp, by: &str) -> Option<Recorded> {
        let digest = digest::of_set(members.iter().map(|(name, it)| (&**name, &it.digest)))?;
        Some(Recorded { digest, members, recorded: now, by: by.to_owned() })
    }
}

impl Catalogue {
    /// Reads what [`encode`](Catalogue::encode) wrote.
    ///
    /// # Errors
    ///
    /// It is no catalogue, or one of a newer version.
    pub fn decode(text: &[u8]) -> Result<Catalogue, serde_json::Error> {
        let catalogue: Catalogue = serde_json::from_slice(text)?;
        if catalogue.format != FORMAT {
            let message = format!("it has format {}, this build reads {FORMAT}", catalogue.format);
            return Err(serde::de::Error::custom(message));
        }
        Ok(catalogue)
    }

    /// The catalogue as text.
    ///
    /// # Panics
    ///
    /// Never: its keys are text.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("its keys are text")
    }

    /// Takes over what another catalogue of the project has; its sets are older than those here.
    pub fn merge(&mut self, other: &Catalogue) {
        for (key, baked) in &other.images {
            self.images.entry(key.clone()).or_insert_with(|| baked.clone());
        }
        let is_new = |set: &&Recorded| self.sets.iter().all(|it| it.digest != set.digest);
        let new: Vec<Recorded> = other.sets.iter().filter(is_new).cloned().collect();
        self.sets.splice(0..0, new);
    }

    /// Puts a set last. One that is there already is asked for again, and so the newest.
    pub fn record(&mut self, set: Recorded) {
        self.sets.retain(|it| it.digest != set.digest);
        self.sets.push(set);
    }

    /// The newest set that has these images and no others.
    #[must_use]
    pub fn newest<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&Recorded> {
        let names: Vec<&str> = names.into_iter().collect();
        let has_them = |set: &&Recorded| {
            set.members.len() == names.len() && names.iter().all(|it| set.members.contains_key(*it))
        };
        self.sets.iter().rev().find(has_them)
    }

    /// The sets whose digest starts with `prefix`.
    #[must_use]
    pub fn starting_with(&self, prefix: &str) -> Vec<&Recorded> {
        self.sets.iter().filter(|it| it.digest.0.starts_with(prefix)).collect()
    }

    /// Adds an image, or puts it in the place of one that is gone.
    pub fn keep(&mut self, key: Key, baked: Baked) {
        self.images.insert(key, baked);
    }

    /// The newest image that was made from what `recipe` stands for, with its own key.
    #[must_use]
    pub fn of_recipe(&self, recipe: &Key) -> Option<(&Key, &Baked)> {
        let made_from = self.images.iter().filter(|(_, baked)| baked.recipe == *recipe);
        made_from.max_by_key(|(_, baked)| baked.baked)
    }

    /// The baked image of a digest, with its key.
    #[must_use]
    pub fn of_digest(&self, digest: &Digest) -> Option<(&Key, &Baked)> {
        self.images.iter().find(|(_, baked)| baked.digest == *digest)
    }

    /// The baked image that a member stands for.
    #[must_use]
    pub fn baked(&self, member: &Member) -> Option<&Baked> {
        let baked = self.images.get(member.key.as_ref()?)?;
        (baked.digest == member.digest).then_some(baked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(id: &str) -> Recorded {
        let member = Member { digest: digest::of_id(id), id: id.to_owned(), key: None };
        let members = BTreeMap::from([("web".to_owned(), member)]);
        Recorded::of(members, Timestamp::UNIX_EPOCH, "ann").unwrap()
    }

    #[test]
    fn a_set_that_is_asked_for_again_is_the_newest() {
        let mut catalogue = Catalogue::default();
        for id in ["a", "b", "a"] {
            catalogue.record(set(id));
        }
        assert_eq!(catalogue.sets.len(), 2);
        assert_eq!(catalogue.newest(["web"]).unwrap().members["web"].id, "a");
        assert_eq!(catalogue.newest(["web", "db"]), None, "it lacks an image");
    }

    #[test]
    fn a_catalogue_that_takes_another_over_keeps_its_own_order() {
        let of = |ids: &[&str]| {
            let mut catalogue = Catalogue::default();
            ids.iter().for_each(|id| catalogue.record(set(id)));
            catalogue
        };
        let mut merged = of(&["b", "c"]);
        merged.merge(&of(&["a", "c"]));
        assert_eq!(merged, of(&["a", "b", "c"]));
    }

    #[test]
    fn a_catalogue_reads_back_and_a_newer_one_is_refused() {
        let mut catalogue = Catalogue::default();
        catalogue.record(set("a"));
        assert_eq!(Catalogue::decode(&catalogue.encode()).unwrap(), catalogue);
        catalogue.format = 2;
        let refused = Catalogue::decode(&catalogue.encode()).unwrap_err();
        assert_eq!(refused.to_string(), "it has format 2, this build reads 1");
    }
}
