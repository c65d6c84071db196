//! Why a command could not go on.

use std::sync::Arc;

use greenroom_engine::format::FormatError;
use greenroom_engine::import::ImportError;
use greenroom_engine::replay::ReplayError;
use greenroom_engine::run::Refusal;
use greenroom_engine::schedule::ImpossibleEvent;
use greenroom_model::address::{Address, Scope};
use greenroom_provider::Failure;
use greenroom_store::{StateName, StoreError};

/// A failure of the driver. Failed operations are no such failure: [`Applied`](crate::Applied)
/// lists them.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record or a snapshot is not what this version writes.
    #[error("the state of `{state}` cannot be read; nothing was changed")]
    Format {
        /// The state.
        state: StateName,
        /// Why.
        #[source]
        source: FormatError,
    },
    /// What was read back from another store is not what was written there.
    #[error("`{state}` reads differently where it was moved to; it is still where it was")]
    Differs {
        /// The state.
        state: StateName,
    },
    /// The journal says something impossible.
    #[error("the journal of `{state}` contradicts itself; nothing was changed")]
    Replay {
        /// The state.
        state: StateName,
        /// Why.
        #[source]
        source: ReplayError,
    },
    /// A plan is not for the state as it is now.
    #[error("the plan is refused; nothing was done")]
    Refused(#[source] Refusal),
    /// A provider cannot be used at all.
    #[error("the provider `{provider}` cannot be used; nothing was changed")]
    Provider {
        /// Its configuration.
        provider: String,
        /// Why.
        #[source]
        source: Failure,
    },
    /// An object could not be told until when it may live.
    #[error("`{address}` does not say the new expiry; the environment expires when it did")]
    Unrenewed {
        /// The object.
        address: Address,
        /// Why.
        #[source]
        source: Failure,
    },
    /// A provider's settings lead to another world than the one that the state's objects are in.
    #[error(
        "the provider `{provider}` would look for `{scope}` elsewhere: `{setting}` was {before}, and would be {after}; nothing was changed"
    )]
    Moved {
        /// Its configuration.
        provider: Arc<str>,
        /// The front or environment that has objects.
        scope: Scope,
        /// The setting.
        setting: Arc<str>,
        /// What the state remembers.
        before: String,
        /// What it would be.
        after: String,
    },
    /// What an interrupted run left cannot be decided now.
    #[error(
        "what became of {address} after an interruption cannot be found out now; nothing was changed"
    )]
    Unsettled {
        /// What it is about.
        address: Address,
        /// Why.
        #[source]
        source: Failure,
    },
    /// An object cannot be imported.
    #[error("`{id}` cannot be imported as {address}; nothing was changed")]
    Unimportable {
        /// The object's id.
        id: String,
        /// Where it was to stand.
        address: Address,
        /// Why.
        #[source]
        source: ImportError,
    },
    /// The provider did not import an object.
    #[error("`{id}` was not imported as {address}; {}", source.effect)]
    NotImported {
        /// The object's id.
        id: String,
        /// Where it was to stand.
        address: Address,
        /// Why.
        #[source]
        source: Failure,
    },
    /// A cancellation came before there was anything to keep.
    #[error("cancelled")]
    Cancelled,
    /// The engine was told something impossible: our own mistake.
    #[error("the run is in an impossible state; what was done is in the journal")]
    Impossible(#[from] ImpossibleEvent),
}
