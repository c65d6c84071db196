//! The names of zones, which never change: asked once a zone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_route53::Client;
use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::{Coalescer, Failure};

use super::normal_name;
use crate::aws::{Clients, Pace};
use crate::error::at;

/// What this process knows of zones.
pub(crate) struct ZoneNames {
    known: Mutex<BTreeMap<Arc<str>, Arc<str>>>,
    asked: Coalescer<Arc<str>, Option<Arc<str>>>,
}

impl ZoneNames {
    pub(crate) fn new(clients: &Clients) -> ZoneNames {
        let client = clients.route53.clone();
        let asked = Coalescer::new(Pace::tick(), move |zones: Vec<Arc<str>>| {
            let client = client.clone();
            async move {
                let names = zones.into_iter().map(|zone| async {
                    let name = ask(&client, &zone).await;
                    (zone, name)
                });
                join_all(names).await.into_iter().collect()
            }
            .boxed()
        });
        ZoneNames { known: Mutex::default(), asked }
    }

    /// The name of a zone in its one form; `None` if there is no such zone.
    pub(crate) async fn one(&self, zone: &str) -> Result<Option<Arc<str>>, Failure> {
        let known = self.known().get(zone).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let name = self.asked.one(zone.into()).await?;
        self.known().extend(name.clone().map(|name| (zone.into(), name)));
        Ok(name)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<str>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(client: &Client, zone: &str) -> Result<Option<Arc<str>>, Failure> {
    let answer = client.get_hosted_zone().id(zone).send().await;
    match answer.map_err(at("route53:GetHostedZone")) {
        Err(error) if error.is_not_found() => Ok(None),
        answer => Ok(answer?.hosted_zone.map(|it| normal_name(&it.name).into())),
    }
}
