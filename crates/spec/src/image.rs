//! Images: what `[image.NAME]` says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::source::{Located, Place};

/// How long a bake may take where the image says nothing.
pub const BAKE_TIMEOUT: Duration = Duration::from_mins(30);

/// A pre-baked image.
#[derive(Clone, Debug)]
pub struct Image {
    /// Where it is declared.
    pub at: Place,
    /// An image that exists already: its id (for local ones a folder relative to the project's).
    pub id: Option<Located<Arc<str>>>,
    /// What bakes it, if it is not there already.
    pub builder: Option<Builder>,
    /// The artifacts that go into it.
    pub artifacts: Vec<Located<Arc<str>>>,
    /// Further files that go into it: paths relative to the project's folder, or patterns of such.
    pub files: Vec<Located<Arc<str>>>,
    /// How long one bake may take.
    pub timeout: Duration,
}

/// What bakes an image, with its settings.
#[derive(Clone, Debug)]
pub enum Builder {
    /// A folder that the instances of this machine run from.
    Local,
    /// A machine image of AWS.
    Ami(Box<AmiBuilder>),
    /// An image as containers have them, in a registry.
    Oci(OciBuilder),
    /// Any program.
    Command(CommandBuilder),
}

impl Builder {
    /// The word for it in `builder`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Builder::Local => "local",
            Builder::Ami(_) => "ami",
            Builder::Oci(_) => "oci",
            Builder::Command(_) => "command",
        }
    }
}

/// A machine image of AWS, made of an instance that has provisioned itself.
#[derive(Clone, Debug)]
pub struct AmiBuilder {
    /// The provider configuration that makes it: `aws`, or `aws.NAME`.
    pub provider: Located<Arc<str>>,
    /// What it starts from.
    pub base: AmiBase,
    /// Scripts that provision the instance, in order: files relative to the project's folder.
    pub provision: Vec<Located<Arc<str>>>,
    /// The type of the instance.
    pub instance_type: Located<Arc<str>>,
    /// Where the instance stands; the default network of the region if left out.
    pub subnet_id: Option<Located<Arc<str>>>,
    /// Its security groups; the network's default one if there are none.
    pub security_group_ids: Vec<Located<Arc<str>>>,
    /// What it may do in AWS.
    pub iam_instance_profile: Option<Located<Arc<str>>>,
    /// The size of its root volume in GiB; that of the base image if left out.
    pub root_volume_size: Option<Located<u32>>,
    /// Tags of the image, its snapshots and the instance, beside our own.
    pub tags: BTreeMap<Arc<str>, Arc<str>>,
    /// Further regions that the image is copied to.
    pub regions: Vec<Located<Arc<str>>>,
    /// Accounts that may launch it.
    pub accounts: Vec<Located<Arc<str>>>,
}

/// Which image of AWS a machine image starts from: `id`, or a choice.
#[derive(Clone, Debug)]
pub struct AmiBase {
    /// Where it is said.
    pub at: Place,
    /// One by its id.
    pub id: Option<Located<Arc<str>>>,
    /// Whose images are looked at: account ids, `self`, `amazon` …
    pub owners: Vec<Located<Arc<str>>>,
    /// Of several, the one that was made last; without it, several are a mistake.
    pub most_recent: bool,
    /// Filters of `ec2:DescribeImages` with their values.
    pub filters: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

/// An image as containers have them.
#[derive(Clone, Debug)]
pub struct OciBuilder {
    /// Where it is pushed: `HOST/NAME`, without a tag.
    pub repository: Located<Arc<str>>,
    /// The image that it starts from, such as `HOST/NAME:TAG`; nothing if left out.
    pub base: Option<Located<Arc<str>>>,
    /// The folder in the image that artifacts and files are put into; absolute.
    pub folder: Arc<str>,
    /// The program with its first arguments.
    pub entrypoint: Vec<Arc<str>>,
    /// Further arguments, which whoever runs it may replace.
    pub command: Vec<Arc<str>>,
    /// Environment variables.
    pub environment: BTreeMap<Arc<str>, Arc<str>>,
    /// Where the program runs; `folder` if left out.
    pub working_dir: Option<Arc<str>>,
    /// Whom it runs as.
    pub user: Option<Arc<str>>,
    /// Labels.
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
    /// The platform, such as `linux/amd64`.
    pub platform: Arc<str>,
}

/// Any program that makes an image.
#[derive(Clone, Debug)]
pub struct CommandBuilder {
    /// Makes it, and prints its id as the last line of its output; by the shell.
    pub command: Located<Arc<str>>,
    /// Ends with 0 if the image in `GREENROOM_IMAGE_ID` is there; without it, it is believed to be.
    pub exists: Option<Located<Arc<str>>>,
    /// Removes the image in `GREENROOM_IMAGE_ID`.
    pub remove: Option<Located<Arc<str>>>,
    /// What else decides what comes out, such as the version of the program: it counts for the key.
    pub version: Option<Located<Arc<str>>>,
}
