//! Why there is no promotion. Nothing was changed.

use std::sync::Arc;

use greenroom_model::address::{Address, Scope};
use greenroom_spec::near;

use crate::attest::kept::KeptError;
use crate::attest::required::RequiredError;
use crate::attest::verify::Report;
use crate::bake::BakeError;
use crate::images::ChooseError;
use crate::wanted::WantedError;

/// Why there is no plan for a promoted stage. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    /// It does not promote.
    #[error("stage `{0}` does not promote: it has no `[stage.{0}.promotion]`")]
    NotPromoted(String),
    /// It lacks a template.
    #[error("stage `{stage}` cannot promote without a `{what}`")]
    Lacks {
        /// The stage.
        stage: String,
        /// What it lacks.
        what: &'static str,
    },
    /// It has no environment yet.
    #[error("nothing is promoted in stage `{0}` yet")]
    Nothing(String),
    /// A promotion is open already.
    #[error("the promotion of {candidate} is open, in the phase `{phase}`")]
    Open {
        /// The environment that is to take the traffic.
        candidate: Scope,
        /// The phase that it is in.
        phase: String,
    },
    /// No promotion is open.
    #[error("no promotion of stage `{0}` is open")]
    NoneOpen(String),
    /// There was no traffic before.
    #[error("the promotion of {0} cannot be given up: there is nothing to go back to")]
    NoWayBack(Scope),
    /// The promotion that is open does not wait for a person.
    #[error("the promotion of {candidate} is in the phase `{phase}`, which nobody has to approve")]
    NothingToApprove {
        /// The environment that is to take the traffic.
        candidate: Scope,
        /// The phase that it is in.
        phase: String,
    },
    /// The front is not as its template says.
    #[error("the front has changes of its own that are not applied: {}", list(.0))]
    FrontPending(Vec<Address>),
    /// The image set has not passed what is required.
    #[error("the image set {set} has not passed everything that `{stage}` requires")]
    NotProven {
        /// The image set.
        set: String,
        /// The stage.
        stage: String,
        /// What is proven, and what is not.
        report: Box<Report>,
    },
    /// Images are not there any more, or not everywhere.
    #[error("of the images, {} not there any more as baked", are(.0))]
    ImagesGone(Vec<Arc<str>>),
    /// It cannot be told whether the images are there.
    #[error("whether the images are there cannot be told")]
    Images(#[from] BakeError),
    /// It is not known which image set is meant.
    #[error("no images are baked, and none are named")]
    NoImages,
    /// There is no such environment.
    #[error("stage `{stage}` has no environment `{name}`")]
    NoEnvironment {
        /// The stage.
        stage: String,
        /// The name as given.
        name: String,
        /// What there is.
        help: Option<String>,
    },
    /// It is not there to go back to.
    #[error("{0} has the traffic already")]
    IsLive(Scope),
    /// There is no environment to go back to.
    #[error("no environment of stage `{0}` is retained")]
    NothingRetained(String),
    /// Nothing shows whether it serves.
    #[error("nothing can prove that {0} serves: its template has no gates that ask it")]
    Unprovable(Scope),
    /// It is not as it was made.
    #[error("{environment} is not whole, so that nothing goes back to it: {}", list(.missing))]
    NotWhole {
        /// The environment that was to take the traffic back.
        environment: Scope,
        /// What is missing, or would have to be made anew.
        missing: Vec<Address>,
    },
    /// A sealed environment cannot be read.
    #[error("what {0} was made from is not in the state: it was made by an older version")]
    NotSealed(Scope),
    /// What is kept of an open promotion cannot be read.
    #[error("the plan of the promotion that is open cannot be read")]
    Unreadable(#[source] greenroom_engine::format::FormatError),
    /// A plan in the state could not give a secret back.
    #[error("`{0}` makes something secret that the plan in the state could not give back")]
    SecretLost(String),
    /// It has the traffic.
    #[error("{0} has traffic")]
    HasTraffic(Scope),
    /// Specs or world.
    #[error(transparent)]
    Wanted(#[from] WantedError),
    /// What is required cannot be told.
    #[error(transparent)]
    Required(#[from] RequiredError),
    /// What is attested cannot be read.
    #[error(transparent)]
    Kept(#[from] KeptError),
}

impl PromotionError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            PromotionError::Open { .. } => {
                "`greenroom promote` goes on with it, `greenroom abort` gives it up".to_owned()
            }
            PromotionError::Nothing(stage) => {
                format!("`greenroom promote {stage}` makes its first environment")
            }
            PromotionError::NoWayBack(_) => "mend what fails and promote again, or remove all of \
                 it: `greenroom destroy --including-live`"
                .to_owned(),
            PromotionError::FrontPending(_) => {
                "apply them first: `greenroom plan` shows them, `greenroom apply` carries them out"
                    .to_owned()
            }
            PromotionError::NotWhole { .. } => {
                "repair it first: `greenroom plan` shows what is missing, `greenroom apply` makes it"
                    .to_owned()
            }
            PromotionError::NotProven { .. } => {
                "run the stages that it requires, or say what it requires: `require = […]`"
                    .to_owned()
            }
            PromotionError::NoImages => {
                "bake them: `greenroom pipeline`, or name them with --image".to_owned()
            }
            PromotionError::ImagesGone(_) => {
                "bake them anew, `greenroom bake`, or promote another set: `greenroom images list`"
                    .to_owned()
            }
            PromotionError::SecretLost(_) => {
                "use a variable with `sensitive = true`, which the state keeps".to_owned()
            }
            PromotionError::Unprovable(_) => {
                "declare a gate in the template, such as `target_health`".to_owned()
            }
            PromotionError::HasTraffic(_) => {
                "promote another first, or roll back; `destroy --including-live` removes it all the same"
                    .to_owned()
            }
            PromotionError::NoEnvironment { help, .. } => return help.clone(),
            _ => return None,
        })
    }

    /// That a stage has no environment of a name.
    pub(super) fn no_environment<'n>(
        stage: &str,
        name: &str,
        known: impl Iterator<Item = &'n str>,
    ) -> PromotionError {
        let help = near::suggestion(name, known);
        PromotionError::NoEnvironment { stage: stage.to_owned(), name: name.to_owned(), help }
    }
}

impl From<ChooseError> for PromotionError {
    fn from(error: ChooseError) -> PromotionError {
        WantedError::from(error).into()
    }
}

fn are(names: &[Arc<str>]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    let names: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
    format!("{} {verb}", names.join(", "))
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
