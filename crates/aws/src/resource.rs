//! What a resource type is to the provider: one file below `types` implements [`Resource`].
//!
//! A type says how its objects are looked at, made, changed and deleted, one call of the API at a
//! time. Gathering looks into batches, waiting, ownership, tags and what happens when an answer is
//! lost are the same for all types, and are the provider's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use greenroom_model::address::Address;
use greenroom_model::identity::{Lineage, Uid};
use greenroom_model::schema::{ReadCost, TypeSchema};
use greenroom_model::traffic::Traffic;
use greenroom_model::value::{Object as Attributes, Path, Step, Value};
use greenroom_provider::{
    CheckRequest, Company, Deleted, Draft, Failure, FailureKind, Health, Object, WrongArgument,
};
use serde::Serialize;

use crate::aws::Aws;
use crate::peers::Peers;
use crate::tags::Tags;
use crate::types::ec2;

/// One resource type.
#[async_trait]
pub(crate) trait Resource: Send + Sync {
    /// Its schema. `tags` and `tags_all` are added where [`tagging`](Resource::tagging) says so.
    fn schema(&self) -> TypeSchema;

    /// Whether its objects have tags, and how these are set after the object was made.
    fn tagging(&self) -> Tagging;

    /// Refines what the schema alone makes of the arguments: normalisation, what is known of
    /// computed attributes, what else forces replacement, and what cannot be right.
    fn propose(&self, _: &mut Draft) {}

    /// What of an object cannot be right beside what is planned of others.
    fn check(&self, _: &CheckRequest, _: &Peers<'_>) -> Vec<WrongArgument> {
        Vec::new()
    }

    /// Lists of arguments of which AWS allows only one object with the same values of all. A
    /// mistake is shown at the first, which must be given.
    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[]
    }

    /// How often to look while something is waited for.
    fn poll(&self) -> Duration {
        Duration::from_secs(3)
    }

    /// How long its objects may take to be ready or gone, where the configuration says nothing.
    fn patience(&self) -> Duration {
        Duration::from_secs(10 * 60)
    }

    /// How many objects one look may ask for: the most values of an EC2 filter.
    fn batch(&self) -> usize {
        ec2::VALUES
    }

    /// Looks at objects, in as few calls as it takes, following every page. What does not exist
    /// is left out, and must not make the look fail.
    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure>;

    /// Reads what takes calls of its own for each object: attributes whose read cost is single.
    async fn look_closer(&self, _: &Aws, _: &mut Seen) -> Result<(), Failure> {
        Ok(())
    }

    /// Puts what a look read into the form in which it was written, where AWS has one form for
    /// several. `prior` has the attributes as last known, null for an object that is imported.
    fn as_written(&self, _: &mut Attributes, _: &Value) {}

    /// How to look for an object whose create was not answered; `None` if nothing of it can exist.
    ///
    /// The default is by the uid in its tags.
    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        Some(Sought::Uids(vec![sent.uid.clone()]))
    }

    /// The attribute that is the id by another name, and so is known as soon as the id is.
    fn named_like_id(&self) -> Option<&'static str> {
        None
    }

    /// Whether what was found by the handle is what was sent, for objects without tags.
    fn is_it(&self, _: &Sent<'_>, _: &Seen) -> bool {
        true
    }

    /// The ids beside its own by which an object may be asked for, such as those that people
    /// import it by.
    fn aliases(&self, _: &Seen) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// Makes an object and returns its id, as soon as AWS has given one.
    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure>;

    /// Does what making an object takes beside the call that makes it. Comes after the id is
    /// durable, and may come twice; `object` has the attributes that were planned.
    async fn finish(&self, _: &Aws, _: &Object) -> Result<(), Failure> {
        Ok(())
    }

    /// Changes an object in place; tags are done already. Not called where nothing else changes.
    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure>;

    /// Deletes an object, which may be gone already.
    ///
    /// [`Deleted::Gone`] only where AWS answers when nothing of it is left.
    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure>;

    /// The same, together with others, for types whose changes go together.
    async fn delete_in(
        &self,
        aws: &Aws,
        object: &Object,
        _: Option<&Company>,
    ) -> Result<Deleted, Failure> {
        self.delete(aws, object).await
    }

    /// The arguments by which what is inside of an object, or attached to it, goes when it does.
    fn takes_along(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether an object that is on its way out still stands in others' way.
    fn lingers(&self, seen: &Seen) -> bool {
        seen.is_present()
    }

    /// Waits until what an object says holds for who asks from outside, where a look at AWS does not
    /// show that. The object is ready, and as `object` has it.
    async fn verify(&self, _: &Aws, _: &Object) -> Result<(), Failure> {
        Ok(())
    }

    /// What went through an object, of types that measure it.
    async fn traffic(&self, _: &Aws, _: &Object) -> Result<Traffic, Failure> {
        Err(not_offered(&self.schema(), "does not count what goes through it"))
    }

    /// Whether an object serves, of types that report it.
    async fn health(&self, _: &Aws, _: &Object) -> Result<Health, Failure> {
        Err(not_offered(&self.schema(), "does not say whether it serves"))
    }

    /// What holds an object that cannot be deleted, and whose that is; for people.
    async fn holders(&self, _: &Aws, _: &Object) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }
}

fn not_offered(schema: &TypeSchema, what: &str) -> Failure {
    Failure::new(FailureKind::Argument, format!("the type `{}` {what}", schema.name))
}

/// How the tags of a type's objects are changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tagging {
    /// Its objects have no tags.
    None,
    /// By the EC2 API, by id.
    Ec2,
    /// A key pair, by the EC2 API, by the id that belongs to its name.
    Ec2KeyPair,
    /// By the ELBv2 API, by ARN, which is the id.
    Elb,
    /// By the Route 53 API: the resource type there, by id.
    Route53(aws_sdk_route53::types::TagResourceType),
    /// A role, by the IAM API, by name, which is the id.
    IamRole,
    /// An instance profile, by the IAM API, by name, which is the id.
    IamInstanceProfile,
}

/// Which objects to look at.
#[derive(Clone, Debug)]
pub(crate) enum Sought {
    /// Those with these ids; the order does not count.
    Ids(Vec<Arc<str>>),
    /// Those whose tags have these uids.
    Uids(Vec<Uid>),
    /// All whose tags have this lineage.
    Lineage(Lineage),
    /// All whose tags have this project.
    Project(Arc<str>),
    /// Those with these names, where a name is unique.
    Names(Vec<String>),
}

/// An object as a look saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// AWS's name for it.
    pub(crate) id: Arc<str>,
    /// All its tags, for types that have some.
    pub(crate) tags: Tags,
    /// Its attributes, without tags.
    pub(crate) attributes: Attributes,
    /// How far it has come.
    pub(crate) condition: Condition,
}

/// How far an object has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It can be used.
    Ready,
    /// It is on its way; the word is AWS's.
    Pending(String),
    /// It will never be ready; why.
    Broken(String),
    /// It is on its way out, or AWS still speaks of it although it is gone.
    Going,
}

/// A create whose answer was lost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    /// The uid that the object was to have.
    pub(crate) uid: &'a Uid,
    /// Its arguments, with secrets hashed.
    pub(crate) arguments: &'a Value,
}

/// An object to make.
#[derive(Clone, Debug)]
pub(crate) struct New {
    /// Where it will stand.
    pub(crate) address: Address,
    /// Its client token, for APIs that take one.
    pub(crate) token: String,
    /// All attributes as planned; what only AWS gives is pending.
    pub(crate) planned: Value,
    /// All its tags, the owner's included.
    pub(crate) tags: Tags,
    /// What it goes together with, if anything.
    pub(crate) company: Option<Company>,
}

/// A change in place.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The object with its attributes now.
    pub(crate) object: Object,
    /// All attributes as planned.
    pub(crate) planned: Value,
    /// The attributes that differ.
    pub(crate) changed: Vec<Path>,
    /// What it goes together with, if anything.
    pub(crate) company: Option<Company>,
}

impl Seen {
    /// An object that can be used, with the attributes of `record`.
    pub(crate) fn ready<T: Serialize>(id: impl Into<Arc<str>>, tags: Tags, record: &T) -> Seen {
        let attributes = greenroom_provider::value(record);
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        Seen { id: id.into(), tags, attributes, condition: Condition::Ready }
    }

    /// Adds attributes that were read by calls of their own: those of `record` that `schema` has
    /// as single.
    pub(crate) fn add<T: Serialize>(&mut self, record: &T, schema: &TypeSchema) {
        let closer = greenroom_provider::value(record);
        let is_single = |name: &Arc<str>| {
            schema.attributes.get(name).is_some_and(|it| it.read == ReadCost::Single)
        };
        let closer = closer.as_object().cloned().unwrap_or_default();
        self.attributes.extend(closer.into_iter().filter(|(name, _)| is_single(name)));
    }

    /// With another condition.
    pub(crate) fn but(self, condition: Condition) -> Seen {
        Seen { condition, ..self }
    }

    /// Whether there is an object that can be used now or later.
    pub(crate) fn is_present(&self) -> bool {
        self.condition != Condition::Going
    }
}

impl Change {
    /// Whether the attribute `name`, or a part of it, differs.
    pub(crate) fn of(&self, name: &str) -> bool {
        let is_it = |path: &Path| matches!(path.0.first(), Some(Step::Key(key)) if &**key == name);
        self.changed.iter().any(is_it)
    }
}
