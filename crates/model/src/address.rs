//! Addresses: how a managed object is named inside a state.
//!
//! An address is text as well as data: `front/aws_lb.http`, `r18/aws_instance.web[0]`,
//! `r18/data.aws_ami.base`, `r18/aws_subnet.app["eu-central-1a"]`. [`Address`] and its parts
//! print that text and read it back without loss.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where an address lives inside a state: the front, or one environment by its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Arc<str>);

impl Scope {
    /// The name that stands for what environments stand behind.
    pub const FRONT: &'static str = "front";

    /// The scope of the front.
    #[must_use]
    pub fn front() -> Scope {
        Scope(Self::FRONT.into())
    }

    /// The scope of the environment `name`.
    ///
    /// # Errors
    ///
    /// [`AddressError::Scope`] if `name` is `front`, is empty, is longer than 63 characters, or
    /// holds anything but lower-case letters, digits, `-`, `_` and `.`.
    pub fn environment(name: &str) -> Result<Scope, AddressError> {
        let fits = (1..=63).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.')
            });
        if !fits || name == Self::FRONT {
            return Err(AddressError::Scope { name: name.to_owned() });
        }
        Ok(Scope(name.into()))
    }

    /// Whether this is the front's scope.
    #[must_use]
    pub fn is_front(&self) -> bool {
        &*self.0 == Self::FRONT
    }

    /// The scope as text: `front`, or the environment's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether Greenroom makes the object or only looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A `resource` block.
    Managed,
    /// A `data` block.
    Data,
}

/// A block of a template: `aws_instance.web`, `data.aws_ami.base`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockName {
    /// Resource or data source.
    pub mode: Mode,
    /// The type, such as `aws_instance`.
    pub kind: Arc<str>,
    /// The name given in the template.
    pub name: Arc<str>,
}

impl BlockName {
    /// The name of the `resource` block `kind.name`.
    #[must_use]
    pub fn managed(kind: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> BlockName {
        BlockName { mode: Mode::Managed, kind: kind.into(), name: name.into() }
    }

    /// The name of the `data` block `kind.name`.
    #[must_use]
    pub fn data(kind: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> BlockName {
        BlockName { mode: Mode::Data, kind: kind.into(), name: name.into() }
    }
}

/// Which instance of a block: the only one, by `count.index`, or by `each.key`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceKey {
    /// The block has neither `count` nor `for_each`.
    Only,
    /// The position under `count`.
    Index(u32),
    /// The key under `for_each`.
    Name(Arc<str>),
}

/// One managed object, or one data source, of one scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Front or environment.
    pub scope: Scope,
    /// The block that declares it.
    pub block: BlockName,
    /// Which of the block's instances.
    pub key: InstanceKey,
}

/// Text that is not an address, or a name that cannot be part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not of the form `scope/type.name` with an optional key.
    #[error("`{text}` is not an address such as `default/aws_instance.web[0]`")]
    Form {
        /// The text as given.
        text: String,
    },
    /// Not usable as an environment's name.
    #[error(
        "`{name}` cannot name an environment: use 1 to 63 of a-z, 0-9, `-`, `_` and `.`, starting with a letter or a digit, and not `front`"
    )]
    Scope {
        /// The name as given.
        name: String,
    },
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BlockName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mode == Mode::Data {
            f.write_str("data.")?;
        }
        f.write_str(&self.kind)?;
        f.write_str(".")?;
        f.write_str(&self.name)
    }
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::Only => Ok(()),
            InstanceKey::Index(index) => {
                f.write_str("[")?;
                fmt::Display::fmt(index, f)?;
                f.write_str("]")
            }
            InstanceKey::Name(name) => {
                write!(f, "[\"{}\"]", name.replace('\\', "\\\\").replace('"', "\\\""))
            }
        }
    }
}

// Piece by piece: addresses are printed for each line of a snapshot.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scope.0)?;
        f.write_str("/")?;
        self.block.fmt(f)?;
        self.key.fmt(f)
    }
}

impl FromStr for Scope {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Scope, AddressError> {
        if text == Self::FRONT { Ok(Scope::front()) } else { Scope::environment(text) }
    }
}

impl FromStr for BlockName {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<BlockName, AddressError> {
        let form = || AddressError::Form { text: text.to_owned() };
        let (mode, rest) = match text.strip_prefix("data.") {
            Some(rest) => (Mode::Data, rest),
            None => (Mode::Managed, text),
        };
        let (kind, name) = rest.split_once('.').ok_or_else(form)?;
        if !is_identifier(kind) || !is_identifier(name) {
            return Err(form());
        }
        Ok(BlockName { mode, kind: kind.into(), name: name.into() })
    }
}

impl FromStr for InstanceKey {
    type Err = AddressError;

    /// Reads what stands behind a block's name: nothing, `[0]` or `["name"]`.
    fn from_str(text: &str) -> Result<InstanceKey, AddressError> {
        if text.is_empty() {
            return Ok(InstanceKey::Only);
        }
        parse_key(text).ok_or_else(|| AddressError::Form { text: text.to_owned() })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let form = || AddressError::Form { text: text.to_owned() };
        let (scope, rest) = text.split_once('/').ok_or_else(form)?;
        let (block, key) = rest.split_at(rest.find('[').unwrap_or(rest.len()));
        let key = key.parse().map_err(|_| form())?;
        Ok(Address { scope: scope.parse()?, block: block.parse()?, key })
    }
}

/// Whether `text` can be a type's or a block's name: a letter or `_`, then letters, digits, `_`
/// and `-`.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Reads `[0]` or `["name"]`.
fn parse_key(text: &str) -> Option<InstanceKey> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let Some(quoted) = inner.strip_prefix('"') else {
        return inner.parse().ok().map(InstanceKey::Index);
    };
    let quoted = quoted.strip_suffix('"')?;
    let mut name = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.push(chars.next()?),
            '"' => return None,
            c => name.push(c),
        }
    }
    Some(InstanceKey::Name(name.into()))
}

/// Gives a type with `Display` and `FromStr` the serde form of its text.
macro_rules! serde_as_text {
    ($($name:ty),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

serde_as_text!(Scope, BlockName, Address);

impl fmt::Debug for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::Only => f.write_str("(only)"),
            key => write!(f, "{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_what_they_print() {
        for text in [
            "front/aws_lb.http",
            "r18/aws_instance.web[0]",
            "pr-17/data.aws_ami.base",
            r#"default/aws_subnet.app["eu-central-1a"]"#,
            r#"default/aws_subnet.app["a\"b\\c]"]"#,
        ] {
            let address: Address = text.parse().expect("an address");
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "aws_lb.http",
            "front/aws_lb",
            "front/aws_lb.http[",
            "front/a.b[x]",
            "A/b.c",
            "front/1.b",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_environment_cannot_be_called_front() {
        assert!(Scope::environment("front").is_err());
        assert!(Scope::environment("Pr-17").is_err());
        assert!(Scope::environment("").is_err());
    }
}
