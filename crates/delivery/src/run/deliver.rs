//! What a stage delivers once its commands have passed: it publishes artifacts and bakes images.

use std::sync::Arc;

use greenroom_spec::project::Stage;
use greenroom_spec::source::Located;
use jiff::Timestamp;

use super::{Moment, Running, Watch};
use crate::bake::{self, Bakes, Bench};
use crate::chain::chain;
use crate::record::{Delivery, Outcome, What};
use crate::repository::{Publication, Publisher, RepositoryError, Unwatched, Upload};

/// What a stage is to deliver, and with what.
pub struct Deliveries {
    /// Artifacts to publish.
    pub publish: Vec<String>,
    /// Images to bake.
    pub bake: Vec<String>,
    /// Who publishes.
    pub publisher: Publisher,
    /// Repository, project and images.
    pub bench: Bench,
}

impl Deliveries {
    /// What `stage` is to deliver; none if that is nothing.
    #[must_use]
    pub fn of(stage: &Stage, publisher: Publisher, bench: Bench) -> Option<Deliveries> {
        let names = |list: &[Located<Arc<str>>]| {
            list.iter().map(|it| it.value.to_string()).collect::<Vec<_>>()
        };
        let (publish, bake) = (names(&stage.publish), names(&stage.bake));
        let something = !publish.is_empty() || !bake.is_empty();
        something.then_some(Deliveries { publish, bake, publisher, bench })
    }

    async fn publish(&self, name: &str) -> Result<Publication, RepositoryError> {
        let Bench { project, folder, repository, .. } = &self.bench;
        let (artifact, publisher) = (&project.artifacts[name], self.publisher.clone());
        let upload = Upload::of_artifact(name, artifact, folder, None, publisher).await?;
        let repository = repository.as_ref().expect("a project that publishes has a repository");
        repository.publish(&upload, &Unwatched).await
    }
}

impl Running<'_> {
    /// Publishes, then bakes. Whatever was published stays, as it is what was built.
    pub(super) async fn deliver(&mut self) -> Outcome {
        let Some(deliveries) = self.job.deliveries.take() else { return Outcome::Passed };
        let delivered = self.publish_all(&deliveries).await && self.bake_all(&deliveries).await;
        match delivered {
            true => Outcome::Passed,
            false if self.stop.work.is_cancelled() => Outcome::Cancelled,
            false => Outcome::NotDelivered,
        }
    }

    async fn publish_all(&mut self, deliveries: &Deliveries) -> bool {
        for name in &deliveries.publish {
            if self.stop.work.is_cancelled() {
                return false;
            }
            let started = Timestamp::now();
            let published = deliveries.publish(name).await;
            let delivery = published_as(name, started, &published);
            let failed = delivery.error.is_some();
            self.delivered(delivery);
            if failed {
                return false;
            }
        }
        true
    }

    async fn bake_all(&mut self, deliveries: &Deliveries) -> bool {
        if deliveries.bake.is_empty() {
            return true;
        }
        let names: Vec<&str> = deliveries.bake.iter().map(String::as_str).collect();
        let started = Timestamp::now();
        let oven = Oven(self.watch);
        let bakes = deliveries.bench.bake(&names, &self.stop.work, &oven).await;
        match bakes {
            Ok(bakes) => self.baked(started, bakes),
            Err(error) => {
                let error = Some(chain(&error));
                let name = "image set".to_owned();
                self.delivered(Delivery::new(What::Bake, name, started).with(None, error));
                false
            }
        }
    }

    fn baked(&mut self, started: Timestamp, bakes: Bakes) -> bool {
        let passed = bakes.passed();
        for (name, done) in bakes.images {
            let delivery = Delivery::new(What::Bake, name, started);
            let delivery = match done {
                Ok(done) => {
                    Delivery { new: done.new, ..delivery.with(Some(done.baked.id.clone()), None) }
                }
                Err(error) => delivery.with(None, Some(chain(&error))),
            };
            self.delivered(delivery);
        }
        if let Some(set) = bakes.set {
            self.record.image_set = Some(set.digest.to_string());
        }
        passed
    }

    fn delivered(&mut self, delivery: Delivery) {
        self.watch.observe(Moment::Delivered(&delivery));
        self.record.deliveries.push(delivery);
    }
}

/// Tells a run's watch what happens to images.
struct Oven<'a>(&'a dyn Watch);

impl bake::Watch for Oven<'_> {
    fn observe(&self, name: &str, moment: bake::Moment<'_>) {
        self.0.observe(Moment::Image(name, &moment));
    }
}

fn published_as(
    name: &str,
    started: Timestamp,
    published: &Result<Publication, RepositoryError>,
) -> Delivery {
    let delivery = Delivery::new(What::Publish, name.to_owned(), started);
    match published {
        Ok(publication) => {
            let version = Some(publication.published().version.clone());
            let new = matches!(publication, Publication::New(_));
            Delivery { new, ..delivery.with(version, None) }
        }
        Err(error) => delivery.with(None, Some(chain(error))),
    }
}
