//! Attesting that a stage passed: after its commands, while the environment is still there.

use greenroom_engine::planner::{FilesRead, Refresh};
use greenroom_model::address::Scope;
use jiff::Timestamp;

use super::{Job, Moment, Running, chain};
use crate::attest::eligible::{Ineligible, Known, may_attest};
use crate::attest::envelope::Envelope;
use crate::attest::kept::{Kept, KeptError};
use crate::attest::keys::SigningKey;
use crate::attest::members;
use crate::attest::seen::TemplateSeen;
use crate::attest::test_result::{Evidence, passed};
use crate::attest::verify::envelope_digest;
use crate::environment::{Environment, UpError};
use crate::record::{Attested, Outcome};
use crate::wanted::Wanted;

/// What is known of how an environment came up.
pub(super) struct Birth {
    /// Whether it was made over nothing.
    pub(super) made_new: bool,
    /// What was wanted of it; a template may be another by now.
    pub(super) wanted: Wanted,
    /// The files that its templates read.
    pub(super) files: FilesRead,
}

/// Why there is no attestation.
#[derive(Debug, thiserror::Error)]
enum NotAttested {
    #[error("there is no signing key")]
    NoKey,
    #[error(transparent)]
    Ineligible(#[from] Ineligible),
    #[error("it cannot be seen whether the environment has changed")]
    NotSeen(#[from] UpError),
    #[error("the attestation cannot be kept")]
    NotKept(#[from] KeptError),
}

impl Running<'_> {
    /// Attests that the commands passed, if they passed in an environment that may say so. What
    /// was made from no images has nothing to attest.
    pub(super) async fn attest(&mut self, environment: &mut Environment) -> Outcome {
        let must = self.stage().and_then(|it| it.attest.as_ref()).is_some_and(|it| it.value);
        if self.record.image_set.is_none() && !must {
            return Outcome::Passed;
        }
        match self.try_to_attest(environment).await {
            Ok(attested) => {
                self.watch.observe(Moment::Attested(&attested));
                self.record.attested = Some(attested);
                Outcome::Passed
            }
            Err(error) => {
                let reason = chain(&error);
                self.watch.observe(Moment::NotAttested(&reason));
                self.record.not_attested = Some(reason);
                match must {
                    _ if self.stop.work.is_cancelled() => Outcome::Cancelled,
                    true => Outcome::NotAttested,
                    false => Outcome::Passed,
                }
            }
        }
    }

    async fn try_to_attest(&self, environment: &mut Environment) -> Result<Attested, NotAttested> {
        let key = self.job.signing_key.as_ref().ok_or(NotAttested::NoKey)?;
        let birth = self.birth.as_ref().ok_or(Ineligible::NoImages)?;
        let known = self.known(birth).ok_or(Ineligible::NoImages)?;
        let Job { project, holder, .. } = &self.job;
        let wanted = birth.wanted.clone();
        let look = environment.plan(project, wanted, Refresh::Full, &self.stop.work).await?;
        let image_set = may_attest(&known, &look.plan)?;
        let evidence = Evidence {
            project: project.spec.name.value.to_string(),
            image_set: image_set.to_string(),
            images: members(&look.plan.inputs[&known.scope]),
            template: birth.seen(&known.scope).ok_or(Ineligible::NoImages)?,
            front: birth.seen(&Scope::front()),
            build: holder.build.clone(),
            ended: Timestamp::now(),
        };
        self.keep_signed(key, evidence).await
    }

    async fn keep_signed(
        &self,
        key: &SigningKey,
        evidence: Evidence,
    ) -> Result<Attested, NotAttested> {
        let (project, image_set) = (evidence.project.clone(), evidence.image_set.clone());
        let statement = passed(&self.record, evidence);
        let envelope = Envelope::sign(statement.encode(), key).encode();
        let kept = Kept::of(self.job.workbench.store.clone(), &project)?;
        kept.add(&image_set, &envelope).await?;
        Ok(Attested { key: key.public().id(), envelope: envelope_digest(&envelope) })
    }

    /// What is known of the environment; none for a stage that has none.
    fn known(&self, birth: &Birth) -> Option<Known> {
        let scope = self.job.place.as_ref()?.environment.clone()?;
        let own = self.stage().map(|it| it.run.as_slice()).unwrap_or_default();
        let own = own.iter().map(|it| &*it.value);
        let own_commands = own.len() == 0 || own.eq(self.job.commands.iter().map(|it| it.text()));
        Some(Known { scope, made_new: birth.made_new, own_commands })
    }
}

impl Birth {
    /// The template of a scope, as it was then.
    fn seen(&self, scope: &Scope) -> Option<TemplateSeen> {
        let template = self.wanted.desired.as_ref()?.scopes.get(scope)?.digest.clone();
        let files = self.files.get(scope).cloned().unwrap_or_default();
        Some(TemplateSeen { template, files })
    }
}
