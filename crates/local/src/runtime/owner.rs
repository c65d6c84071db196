//! Who an object belongs to, as written into its folder.

use serde::{Deserialize, Serialize};

/// The content of `owner.json`: the owner tags of design and cloud, as a file.
///
/// With it alone, without any state, an object can be recognised and reaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner {
    /// The project's name.
    pub project: String,
    /// The stage's name.
    pub stage: String,
    /// `front`, or the environment's name.
    pub scope: String,
    /// The lineage of the state that holds the object.
    pub lineage: String,
    /// The object's identity for life; also the name of its folder.
    pub uid: Uid,
    /// Whether the object may be reaped.
    pub kind: Kind,
    /// When an ephemeral object may be reaped: RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The resource type, such as `local_instance`.
    pub r#type: String,
    /// The address when it was made, such as `production/local_instance.web[0]`.
    pub address: String,
}

/// Whether an object lives for a run or until it is retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Of an ephemeral stage: reaped when it has expired.
    Ephemeral,
    /// Of a promoted stage: never reaped.
    Promoted,
}

/// An object's identity, fit to be a folder's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uid(String);

/// The longest uid, in bytes.
const UID_MAX: usize = 64;

impl Uid {
    /// Takes 1 to 64 letters, digits, hyphens and underscores; `None` for anything else.
    ///
    /// Anything else could lead out of the root folder.
    pub fn new(text: impl Into<String>) -> Option<Uid> {
        let text = text.into();
        let fits = (1..=UID_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then_some(Uid(text))
    }

    /// The uid as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Uid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Uid {
    type Error = String;

    fn try_from(text: String) -> Result<Uid, String> {
        Uid::new(text.as_str()).ok_or_else(|| format!("`{text}` cannot be a uid"))
    }
}

impl From<Uid> for String {
    fn from(uid: Uid) -> String {
        uid.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_cannot_lead_out_of_the_root_folder() {
        assert!(Uid::new("0f3a-b_9").is_some());
        for bad in ["", ".", "..", "a/b", "../a", &"a".repeat(65)] {
            assert!(Uid::new(bad).is_none(), "{bad}");
        }
    }
}
