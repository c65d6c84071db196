//! Schemas: what a provider says about its types, as plain data.
//!
//! A schema decides how an argument is checked, compared and replaced; no rule about a single
//! type lives anywhere else than in its schema and its provider.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::value::Value;

/// What one provider offers.
#[derive(Clone, Debug)]
pub struct ProviderSchema {
    /// The provider's name, such as `aws`.
    pub name: Arc<str>,
    /// One paragraph for the documentation.
    pub doc: String,
    /// The keys of its `[provider.NAME]` table.
    pub settings: Attributes,
    /// Its resource types by name.
    pub resources: BTreeMap<Arc<str>, TypeSchema>,
    /// Its data sources by name.
    pub data: BTreeMap<Arc<str>, TypeSchema>,
}

/// Arguments and attributes by name.
pub type Attributes = BTreeMap<Arc<str>, Attribute>;

/// One resource type or data source.
#[derive(Clone, Debug)]
pub struct TypeSchema {
    /// The type's name, such as `aws_instance`.
    pub name: Arc<str>,
    /// One paragraph for the documentation.
    pub doc: String,
    /// Arguments and attributes.
    pub attributes: Attributes,
    /// How an object of this type is known to be ours.
    pub recognition: Recognition,
    /// How long after the last possible send of a create a look-up by handle may still miss it.
    pub grace: Duration,
    /// How long after its intent a create may still be sent, at most; `None` where the engine's
    /// own limit will do. Grace starts when this is over.
    pub send_limit: Option<Duration>,
    /// Whether the object is read right before each write, and the write refused if somebody
    /// else changed it.
    pub guarded: bool,
    /// Whether the provider checks what is planned of it beside what is planned of other objects.
    pub checked_together: bool,
    /// The arguments that objects have in common of which changes that begin together take effect
    /// together, or not at all; empty if each changes alone.
    pub changes_together: Vec<Arc<str>>,
    /// How many creates of it, or deletes, one call carries that are asked for at the same time;
    /// 1 if each is a call of its own.
    pub per_call: usize,
    /// Whether the provider counts what goes through an object of it.
    pub measures_traffic: bool,
    /// Whether the provider can say if an object of it serves.
    pub reports_health: bool,
    /// For a type that shares traffic out: whether a side with weight 0 gets none whatever becomes
    /// of the others, and has its health looked at all the same.
    pub admits_at_zero: bool,
}

/// How an object is recognised as one that a given state made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// Owner tags are part of the create call.
    Tagged,
    /// Identity is a parent's id with a natural key; ours if a parent is ours.
    Inside,
    /// No parent is ours; created only by a call that fails if it exists.
    Claimed,
}

/// One argument or attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// One sentence for the documentation.
    pub doc: String,
    /// The type of its value.
    pub ty: Type,
    /// Who gives the value.
    pub presence: Presence,
    /// What is used where a configuration leaves an optional argument out.
    pub default: Option<Value>,
    /// What a changed value asks for.
    pub on_change: OnChange,
    /// Whether its value is secret even if the configuration does not say so.
    pub sensitive: bool,
    /// What reading it back costs.
    pub read: ReadCost,
    /// For a name that must be unique: its greatest length, in characters. Left out, it is
    /// derived from environment, resource and uid.
    pub unique_name: Option<usize>,
    /// What an object referred to here must have reached before the referrer is made.
    pub needs: Strength,
    /// Whether an object that is referred to here cannot be deleted before the reference goes.
    pub holds: bool,
    /// For lists and sets of tables: how many entries are allowed at most.
    pub max_items: Option<usize>,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Anything, as it is.
    Any,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Text.
    String,
    /// Ordered values of one type.
    List(Box<Type>),
    /// Values of one type whose order has no meaning, each once.
    Set(Box<Type>),
    /// Values of one type by free names.
    Map(Box<Type>),
    /// Named fields, each with a schema of its own.
    Object(Arc<Attributes>),
}

/// Who gives an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The configuration must.
    Required,
    /// The configuration may; left out, it is the default or null.
    Optional,
    /// The configuration may; left out, the provider does.
    OptionalComputed,
    /// Only the provider does.
    Computed,
}

/// What a changed argument asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// The object is changed where it is.
    Update,
    /// A new object takes the old one's place.
    Replace,
}

/// What it costs to read an attribute back (design: bulk, single, write-only).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadCost {
    /// A list call that answers for many objects returns it.
    Bulk,
    /// It takes a call for each object.
    Single,
    /// It cannot be read; what was last written counts.
    WriteOnly,
}

/// How far an object must have come before another operation may start.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// A create has returned an id; a delete was accepted.
    Accepted,
    /// A create's object is ready for use; a delete's object is gone.
    Complete,
}

impl Attribute {
    /// An argument that a configuration must give; changes update in place.
    #[must_use]
    pub fn required(ty: Type, doc: &str) -> Attribute {
        Attribute::new(ty, Presence::Required, doc)
    }

    /// An argument that a configuration may give.
    #[must_use]
    pub fn optional(ty: Type, doc: &str) -> Attribute {
        Attribute::new(ty, Presence::Optional, doc)
    }

    /// An argument that the provider gives where the configuration does not.
    #[must_use]
    pub fn optional_computed(ty: Type, doc: &str) -> Attribute {
        Attribute::new(ty, Presence::OptionalComputed, doc)
    }

    /// An attribute that only the provider gives.
    #[must_use]
    pub fn computed(ty: Type, doc: &str) -> Attribute {
        Attribute::new(ty, Presence::Computed, doc)
    }

    fn new(ty: Type, presence: Presence, doc: &str) -> Attribute {
        Attribute {
            doc: doc.to_owned(),
            ty,
            presence,
            default: None,
            on_change: OnChange::Update,
            sensitive: false,
            read: ReadCost::Bulk,
            unique_name: None,
            needs: Strength::Complete,
            holds: false,
            max_items: None,
        }
    }

    /// With `value` where the configuration leaves it out.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Attribute {
        self.default = Some(value.into());
        self
    }

    /// A change takes a new object.
    #[must_use]
    pub fn replaces(mut self) -> Attribute {
        self.on_change = OnChange::Replace;
        self
    }

    /// Its value is never shown.
    #[must_use]
    pub fn sensitive(mut self) -> Attribute {
        self.sensitive = true;
        self
    }

    /// It takes a call for each object to read it.
    #[must_use]
    pub fn single(mut self) -> Attribute {
        self.read = ReadCost::Single;
        self
    }

    /// It cannot be read back.
    #[must_use]
    pub fn write_only(mut self) -> Attribute {
        self.read = ReadCost::WriteOnly;
        self
    }

    /// A name that must be unique, of at most `longest` characters.
    #[must_use]
    pub fn unique_name(mut self, longest: usize) -> Attribute {
        self.unique_name = Some(longest);
        self
    }

    /// What it refers to need only exist, not be ready.
    #[must_use]
    pub fn needs_exists(mut self) -> Attribute {
        self.needs = Strength::Accepted;
        self
    }

    /// What it refers to cannot be deleted while it refers to it.
    #[must_use]
    pub fn holds(mut self) -> Attribute {
        self.holds = true;
        self
    }

    /// At most `count` entries.
    #[must_use]
    pub fn at_most(mut self, count: usize) -> Attribute {
        self.max_items = Some(count);
        self
    }

    /// Whether a configuration may give it.
    #[must_use]
    pub fn is_argument(&self) -> bool {
        self.presence != Presence::Computed
    }
}

impl Type {
    /// A list of `element`.
    #[must_use]
    pub fn list(element: Type) -> Type {
        Type::List(Box::new(element))
    }

    /// A set of `element`.
    #[must_use]
    pub fn set(element: Type) -> Type {
        Type::Set(Box::new(element))
    }

    /// A map of `element`.
    #[must_use]
    pub fn map(element: Type) -> Type {
        Type::Map(Box::new(element))
    }

    /// An object of these fields.
    #[must_use]
    pub fn object<K: Into<Arc<str>>>(fields: impl IntoIterator<Item = (K, Attribute)>) -> Type {
        Type::Object(Arc::new(
            fields.into_iter().map(|(name, field)| (name.into(), field)).collect(),
        ))
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::Any => f.write_str("any value"),
            Type::Bool => f.write_str("bool"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::List(element) => write!(f, "list of {element}"),
            Type::Set(element) => write!(f, "set of {element}"),
            Type::Map(element) => write!(f, "map of {element}"),
            Type::Object(_) => f.write_str("table"),
        }
    }
}

impl TypeSchema {
    /// A tagged, unguarded type without grace, with these attributes.
    #[must_use]
    pub fn new<K: Into<Arc<str>>>(
        name: &str,
        doc: &str,
        attributes: impl IntoIterator<Item = (K, Attribute)>,
    ) -> TypeSchema {
        TypeSchema {
            name: name.into(),
            doc: doc.to_owned(),
            attributes: attributes.into_iter().map(|(name, it)| (name.into(), it)).collect(),
            recognition: Recognition::Tagged,
            grace: Duration::ZERO,
            send_limit: None,
            guarded: false,
            checked_together: false,
            changes_together: Vec::new(),
            per_call: 1,
            measures_traffic: false,
            reports_health: false,
            admits_at_zero: false,
        }
    }

    /// Read right before each write.
    #[must_use]
    pub fn guarded(mut self) -> TypeSchema {
        self.guarded = true;
        self
    }

    /// Changes that begin together, of objects that have these arguments in common, take effect
    /// together.
    #[must_use]
    pub fn changes_together(mut self, common: &[&str]) -> TypeSchema {
        self.changes_together = common.iter().map(|it| Arc::from(*it)).collect();
        self
    }

    /// What goes through its objects is counted.
    #[must_use]
    pub fn measures_traffic(mut self) -> TypeSchema {
        self.measures_traffic = true;
        self
    }

    /// Its objects can be asked whether they serve.
    #[must_use]
    pub fn reports_health(mut self) -> TypeSchema {
        self.reports_health = true;
        self
    }

    /// A side that it gives weight 0 gets nothing, and shows its health.
    #[must_use]
    pub fn admits_at_zero(mut self) -> TypeSchema {
        self.admits_at_zero = true;
        self
    }
}
