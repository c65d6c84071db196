//! Why a command could not do what it was asked to, with its exit code and what to do.

use std::io;
use std::path::PathBuf;

use greenroom_apply::ApplyError;
use greenroom_delivery::attest::kept::KeptError;
use greenroom_delivery::attest::keys::KeyError;
use greenroom_delivery::attest::required::RequiredError;
use greenroom_delivery::bake::BakeError;
use greenroom_delivery::images::ShelfError;
use greenroom_delivery::matrix::MatrixError;
use greenroom_delivery::pipeline::FolderError;
use greenroom_delivery::places::PlacesError;
use greenroom_delivery::project::{PlaceError, ProjectError};
use greenroom_delivery::promotion::PromotionError;
use greenroom_delivery::repository::RepositoryError;
use greenroom_delivery::wanted::WantedError;
use greenroom_engine::destroy::DestroyError;
use greenroom_engine::format::FormatError;
use greenroom_engine::import::ImportError;
use greenroom_model::address::AddressError;
use greenroom_store::StoreError;

use crate::exit::Exit;
use crate::palette::Palette;
use crate::view::diagnostics::Diagnostics;
use crate::view::error::ErrorView;
use crate::view::{Fields, Kind, Message};

/// A command's failure. Failed operations are none: a summary tells them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// There is no plan: mistakes in the specs, or a stage that cannot be made.
    #[error(transparent)]
    Wanted(WantedError),
    /// There is no project to work with.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// There is no such state.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// What was given is neither a stage nor a file.
    #[error("there is neither a stage nor a plan file `{name}`; nothing was changed")]
    NoTarget {
        /// The name as given.
        name: String,
        /// A near name, or all of them.
        help: Option<String>,
    },
    /// The pipeline has no folder for its record.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A report cannot be written as JUnit XML.
    #[error("the results cannot be written as JUnit XML; the pipeline has ended as shown")]
    Junit(#[source] quick_junit::SerializeError),
    /// There is nothing that could live longer.
    #[error("there is no environment `{0}`; nothing was changed")]
    NoEnvironment(String),
    /// The stage's matrix does not have what was asked for.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// Engine, store or provider failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// Nothing is published or fetched.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The catalogue of images cannot be read or changed.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// An image was not baked, or not removed.
    #[error(transparent)]
    Bake(Box<BakeError>),
    /// A bucket cannot be reached.
    #[cfg(feature = "aws")]
    #[error("the bucket `{url}` cannot be reached: {}; nothing was changed", source.message)]
    Bucket {
        /// The bucket.
        url: std::sync::Arc<str>,
        /// Why.
        #[source]
        source: greenroom_provider::Failure,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stage that must attest cannot.
    #[error("stage `{0}` must attest, and there is no signing key; nothing was made")]
    NoSigningKey(String),
    /// It cannot be said what must be proven.
    #[error(transparent)]
    Required(RequiredError),
    /// There is no plan for a promoted stage.
    #[error("{0}; nothing was changed")]
    Promotion(Box<PromotionError>),
    /// No request can be named after a phase.
    #[error("nothing can be asked of this promotion")]
    Request(#[source] greenroom_store::NameError),
    /// Attestations cannot be read.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// There are as many environments as there may be.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// The state cannot be taken down.
    #[error("`{state}` cannot be destroyed; nothing was changed")]
    Destroy {
        /// The state.
        state: String,
        /// Why.
        #[source]
        source: DestroyError,
    },
    /// A plan file is none.
    #[error("`{}` cannot be used; nothing was changed", file.display())]
    PlanFile {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: FormatError,
    },
    /// A plan file could not give a secret back.
    #[error(
        "the plan cannot be saved: `{0}` makes something secret that a plan file does not hold"
    )]
    SecretUnsaved(String),
    /// A plan file is for another project.
    #[error("`{}` is a plan of project `{theirs}`, and this is `{ours}`; nothing was changed", file.display())]
    OtherProject {
        /// The file.
        file: PathBuf,
        /// Its project.
        theirs: String,
        /// The project at hand.
        ours: String,
    },
    /// A secret that a plan was made with is not given.
    #[error(
        "the plan was made with the secret variable `{0}`, which has no value now; nothing was changed"
    )]
    SecretMissing(String),
    /// A secret that a plan was made with is another now.
    #[error(
        "the secret variable `{0}` has not the value that the plan was made with; nothing was changed"
    )]
    SecretChanged(String),
    /// Nobody can be asked.
    #[error("nobody can be asked whether to go on; nothing was changed")]
    Unconfirmed,
    /// There is nothing of that name.
    #[error("there is no {what} `{name}` in `{state}`")]
    Absent {
        /// What: an output, an object.
        what: &'static str,
        /// The name as given.
        name: String,
        /// The state.
        state: String,
        /// A near name, or all of them.
        help: Option<String>,
    },
    /// A list or an object has no bare text.
    #[error("the output `{0}` is no single text")]
    NotRaw(String),
    /// Text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// There is no page for this.
    #[error("there is neither a provider nor a type `{0}`")]
    NoPage(String),
    /// Files that would be written are there already.
    #[error("{} already there; nothing was written", there(.0))]
    Exists(Vec<String>),
    /// The system refused.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system gives no threads, signals or working folder.
    #[error("cannot start")]
    System(#[source] io::Error),
}

fn there(files: &[String]) -> String {
    let verb = if files.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", files.join(", "))
}

impl From<BakeError> for Failure {
    fn from(error: BakeError) -> Failure {
        Failure::Bake(Box::new(error))
    }
}

impl From<WantedError> for Failure {
    fn from(error: WantedError) -> Failure {
        match error {
            WantedError::Apply(error) => Failure::Apply(error),
            WantedError::Random(source) => Failure::System(source),
            error => Failure::Wanted(error),
        }
    }
}

impl From<RequiredError> for Failure {
    fn from(error: RequiredError) -> Failure {
        match error {
            RequiredError::Wanted(error) => error.into(),
            error => Failure::Required(error),
        }
    }
}

impl From<PromotionError> for Failure {
    fn from(error: PromotionError) -> Failure {
        match error {
            PromotionError::Wanted(error) => error.into(),
            PromotionError::Required(error) => error.into(),
            PromotionError::Kept(error) => error.into(),
            error => Failure::Promotion(Box::new(error)),
        }
    }
}

impl Failure {
    /// The exit code that the command ends with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Apply(ApplyError::Store(StoreError::Held { .. }))
            | Failure::Store(StoreError::Held { .. }) => Exit::Held,
            Failure::Apply(ApplyError::Refused(_)) | Failure::SecretChanged(_) => Exit::PlanRefused,
            Failure::Apply(ApplyError::Cancelled)
            | Failure::Places(PlacesError::Cancelled { .. }) => Exit::Cancelled,
            Failure::Places(PlacesError::Full { .. }) => Exit::NoPlace,
            _ => Exit::Error,
        }
    }

    fn help(&self) -> Option<String> {
        let fixed = match self {
            Failure::Project(error) => return error.help(),
            Failure::Repository(error) => return error.help(),
            Failure::Bake(error) => return error.help(),
            Failure::Promotion(error) => return error.help(),
            #[cfg(feature = "aws")]
            Failure::Bucket { source, .. } => return source.help.clone(),
            Failure::Wanted(WantedError::NoStage { help, .. })
            | Failure::NoTarget { help, .. }
            | Failure::Matrix(MatrixError::Unknown { help, .. })
            | Failure::Absent { help, .. } => return help.clone(),
            Failure::Apply(ApplyError::NotImported { source, .. }) => return source.help.clone(),
            Failure::Apply(ApplyError::Unimportable {
                source: ImportError::Undeclared { near, .. },
                ..
            }) => {
                return Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "declare it in the template first, then import it".to_owned(),
                });
            }
            Failure::SecretUnsaved(_) => {
                "use a variable with `sensitive = true`, which is given again to `apply FILE`; or apply without a plan file"
            }
            Failure::SecretMissing(name) => {
                return Some(format!("give it again: GREENROOM_VAR_{name}, --var or --var-file"));
            }
            Failure::Apply(ApplyError::Store(StoreError::Held { .. })) => {
                "try again when it is done; the lease is free as soon as that process ends"
            }
            Failure::Apply(ApplyError::Store(StoreError::Lost { .. })) => {
                "nothing more was sent; what was under way is settled by the next apply or destroy"
            }
            Failure::Apply(ApplyError::Store(
                StoreError::Append { .. } | StoreError::Broken { .. },
            )) => "nothing more was sent; run the command again when the store can be reached",
            Failure::Apply(ApplyError::Refused(_)) | Failure::SecretChanged(_) => "make a new plan",
            Failure::Apply(ApplyError::Unsettled { .. }) => {
                "run the command again when the provider can be reached"
            }
            Failure::Places(PlacesError::Full { .. }) => {
                "wait for one to go, or free one: `greenroom env list` shows them, `greenroom down` and `greenroom reap` remove them"
            }
            Failure::NoSigningKey(_) => {
                "give one: GREENROOM_SIGNING_KEY, or `signing_key` in [project]; `greenroom keys generate` makes one"
            }
            Failure::Unconfirmed => "give --yes, or run it on a terminal and without --json",
            Failure::NotRaw(_) => "leave --raw out to get it as JSON",
            Failure::Destroy { source: DestroyError::Protected(_), .. } => {
                "take `prevent_destroy` out of the template and apply, then destroy"
            }
            _ => return None,
        };
        Some(fixed.to_owned())
    }

    fn view(&self) -> ErrorView {
        ErrorView::of(self, self.help(), self.exit().code())
    }
}

impl Message for Failure {
    fn kind(&self) -> Kind {
        match self {
            Failure::Wanted(WantedError::Mistakes { .. }) => Kind::Diagnostics,
            _ => Kind::Error,
        }
    }

    fn fields(&self) -> Fields {
        match self {
            Failure::Wanted(WantedError::Mistakes { diagnostics, sources }) => {
                Diagnostics { sources, diagnostics }.fields()
            }
            _ => self.view().fields(),
        }
    }

    fn text(&self, palette: Palette) -> String {
        match self {
            Failure::Wanted(WantedError::Mistakes { diagnostics, sources }) => {
                Diagnostics { sources, diagnostics }.text(palette)
            }
            _ => self.view().text(palette),
        }
    }
}

#[cfg(test)]
mod tests {
    use greenroom_engine::run::Refusal;
    use greenroom_store::Holder;

    use super::*;

    #[test]
    fn a_held_state_says_by_whom_since_when_and_for_what() {
        let holder = Holder {
            host: "build-1".to_owned(),
            pid: 42,
            user: "ann".to_owned(),
            command: "greenroom apply it --yes".to_owned(),
            build: None,
            since: "2026-01-02T03:04:05Z".parse().unwrap(),
            lease: "00".to_owned(),
        };
        let failure = Failure::Apply(ApplyError::Store(StoreError::Held {
            state: "shop/it/default".parse().unwrap(),
            holder: Some(Box::new(holder)),
        }));
        assert_eq!(failure.exit().code(), 3);
        insta::assert_snapshot!(failure.text(Palette::PLAIN), @r"
        error: the lease of `shop/it/default` is held by ann on build-1, process 42, `greenroom apply it --yes`, since 2026-01-02T03:04:05Z
          help: try again when it is done; the lease is free as soon as that process ends
        ");
    }

    #[test]
    fn a_plan_that_is_refused_has_a_code_of_its_own() {
        let changed = Refusal::Changed(vec!["default/a.b".parse().unwrap()]);
        let failure = Failure::Apply(ApplyError::Refused(changed));
        assert_eq!(failure.exit().code(), 4);
        insta::assert_snapshot!(failure.text(Palette::PLAIN), @r"
        error: the plan is refused; nothing was done
          because: one object changed since the plan was made: default/a.b
          help: make a new plan
        ");
    }
}
