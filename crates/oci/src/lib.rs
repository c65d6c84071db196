//! Images as containers have them (OCI): names, registries, layers and root file systems.
//!
//! An image is made from files and pushed ([`push`]), or pulled and unpacked into a folder
//! ([`pull`]). No daemon and no privileges: a registry is spoken to over HTTP, and a root file
//! system is a folder of the user's. Deliberately absent: running anything, specs, and what an
//! image is for.

mod config;
mod credentials;
mod digest;
mod layer;
mod name;
mod platform;
mod pull;
mod push;
mod registry;
mod remove;
mod scope;
mod unpack;

pub use config::{ImageConfig, RootFs, RunConfig};
pub use credentials::CredentialsError;
pub use layer::{LayerError, LayerFile};
pub use name::{ImageId, NameError, SCHEME};
pub use platform::Platform;
pub use pull::{PullError, config_of, pull, rootfs_of};
pub use push::{CREATED, Order, PushError, Settings, base, push};
pub use registry::RegistryError;
pub use remove::{Removal, exists, remove};
pub use scope::resolve;
pub use unpack::UnpackError;
