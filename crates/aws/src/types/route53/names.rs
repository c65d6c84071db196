//! What of zones never changes, their names and their name servers: asked once a zone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_route53::Client;
use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
use futures::FutureExt;
use futures::future::join_all;
use greenroom_provider::{Coalescer, Failure};

use super::normal_name;
use crate::aws::{Clients, Pace};
use crate::error::at;

/// What this process knows of zones.
pub(crate) struct ZoneNames {
    known: Mutex<BTreeMap<Arc<str>, Names>>,
    asked: Coalescer<Arc<str>, Option<Names>>,
}

/// The names of a zone, in their one form.
#[derive(Clone, Debug)]
struct Names {
    own: Arc<str>,
    /// Those of its name servers; a private zone's can be asked by nobody.
    servers: Arc<[String]>,
}

impl ZoneNames {
    pub(crate) fn new(clients: &Clients) -> ZoneNames {
        let client = clients.route53.clone();
        let asked = Coalescer::new(Pace::tick(), move |zones: Vec<Arc<str>>| {
            let client = client.clone();
            async move {
                let names = zones.into_iter().map(|zone| async {
                    let names = ask(&client, &zone).await;
                    (zone, names)
                });
                join_all(names).await.into_iter().collect()
            }
            .boxed()
        });
        ZoneNames { known: Mutex::default(), asked }
    }

    /// The name of a zone in its one form; `None` if there is no such zone.
    pub(crate) async fn one(&self, zone: &str) -> Result<Option<Arc<str>>, Failure> {
        Ok(self.of(zone).await?.map(|it| it.own))
    }

    /// The name servers that answer anybody about a zone; none for a private one, and if there is no
    /// such zone.
    pub(crate) async fn servers(&self, zone: &str) -> Result<Arc<[String]>, Failure> {
        Ok(self.of(zone).await?.map(|it| it.servers).unwrap_or_default())
    }

    async fn of(&self, zone: &str) -> Result<Option<Names>, Failure> {
        let known = self.known().get(zone).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let names = self.asked.one(zone.into()).await?;
        self.known().extend(names.clone().map(|names| (zone.into(), names)));
        Ok(names)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Names>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(client: &Client, zone: &str) -> Result<Option<Names>, Failure> {
    let answer = client.get_hosted_zone().id(zone).send().await;
    match answer.map_err(at("route53:GetHostedZone")) {
        Err(error) if error.is_not_found() => Ok(None),
        answer => Ok(Names::read(&answer?)),
    }
}

impl Names {
    fn read(found: &GetHostedZoneOutput) -> Option<Names> {
        let zone = found.hosted_zone()?;
        let is_private = zone.config().is_some_and(|it| it.private_zone());
        let servers = found.delegation_set().filter(|_| !is_private);
        let servers = servers.into_iter().flat_map(|it| it.name_servers());
        Some(Names {
            own: normal_name(zone.name()).into(),
            servers: servers.map(|it| normal_name(it)).collect(),
        })
    }
}
