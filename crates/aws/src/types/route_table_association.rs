//! `aws_route_table_association`: which route table a subnet, or a gateway, goes by.
//!
//! The association's own id changes whenever its table does. Its object is known by the subnet or
//! the gateway, which has at most one; the attribute `id` is the association's.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    RouteTableAssociation as Association, RouteTableAssociationStateCode as State,
};
use greenroom_model::schema::{Attribute, Recognition, Type, TypeSchema};
use greenroom_model::value::Value;
use greenroom_provider::{Deleted, Draft, Failure, FailureKind, Object, typed};
use serde::{Deserialize, Serialize};

use super::ec2;
use super::route_tables::{self, TableOf};
use crate::aws::Aws;
use crate::error::at;
use crate::resource::{Change, Condition, New, Resource, Seen, Sent, Sought, Tagging};
use crate::send::patiently;
use crate::tags::Tags;

/// The type `aws_route_table_association`.
pub(crate) struct RouteTableAssociation;

/// Its attributes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Attributes {
    id: String,
    subnet_id: Option<String>,
    gateway_id: Option<String>,
    route_table_id: String,
}

#[async_trait]
impl Resource for RouteTableAssociation {
    fn schema(&self) -> TypeSchema {
        let optional = |doc: &str| Attribute::optional(Type::String, doc).replaces();
        let attributes = [
            ("subnet_id", optional("The subnet whose outgoing traffic goes by the table.")),
            ("gateway_id", optional("The gateway whose incoming traffic goes by the table.")),
            ("route_table_id", Attribute::required(Type::String, "The route table.").holds()),
        ];
        let doc = "Which route table a subnet, or a gateway, goes by.";
        TypeSchema {
            recognition: Recognition::Inside,
            ..TypeSchema::new("aws_route_table_association", doc, attributes)
        }
    }

    fn tagging(&self) -> Tagging {
        Tagging::None
    }

    fn propose(&self, draft: &mut Draft) {
        let is_given = |name: &str| draft.planned(name).is_some_and(|it| !it.is_null());
        let fits = is_given("subnet_id") != is_given("gateway_id");
        draft.expect(fits, "subnet_id", "exactly one of subnet_id, gateway_id is needed");
        if ec2::is_changed(draft, "route_table_id") {
            draft.leave_open("id");
        }
    }

    fn unique(&self) -> &'static [&'static [&'static str]] {
        &[&["subnet_id"], &["gateway_id"]]
    }

    async fn look(&self, aws: &Aws, sought: &Sought) -> Result<Vec<Seen>, Failure> {
        let Sought::Ids(ids) = sought else { return Ok(Vec::new()) };
        let tables = route_tables::of(aws, ids.iter().map(|id| asked_by(id))).await?;
        let associations = tables.iter().filter_map(|it| it.associations.as_ref()).flatten();
        let mut found: Vec<Seen> = associations.cloned().filter_map(seen).collect();
        found.retain(|it| {
            ids.contains(&it.id) || self.aliases(it).iter().any(|it| ids.contains(it))
        });
        Ok(found)
    }

    fn aliases(&self, seen: &Seen) -> Vec<Arc<str>> {
        let text = |name: &str| seen.attributes.get(name).and_then(Value::as_str);
        let by_table = text("route_table_id").map(|it| format!("{}/{it}", seen.id).into());
        text("id").map(Arc::from).into_iter().chain(by_table).collect()
    }

    fn handle(&self, sent: &Sent<'_>) -> Option<Sought> {
        let sent: Attributes = typed(sent.arguments).ok()?;
        // With its table: an association with another one is not what was sent.
        Some(Sought::Ids(vec![format!("{}/{}", sent.of()?, sent.route_table_id).into()]))
    }

    async fn create(&self, aws: &Aws, new: &New) -> Result<Arc<str>, Failure> {
        let wanted: Attributes = typed(&new.planned)?;
        let answer = patiently(aws.pace, "ec2:AssociateRouteTable", || {
            let call = aws.once.ec2.associate_route_table();
            call.route_table_id(&wanted.route_table_id)
                .set_subnet_id(wanted.subnet_id.clone())
                .set_gateway_id(wanted.gateway_id.clone())
                .send()
        })
        .await;
        match answer {
            Err(error) if error.has_code("Resource.AlreadyAssociated") => {
                let help = "`import` takes the association over, as `SUBNET/ROUTE_TABLE`";
                Err(Failure::new(FailureKind::Stranger, error.message).help(help))
            }
            answer => {
                answer?;
                ec2::given(wanted.of(), "ec2:AssociateRouteTable")
            }
        }
    }

    async fn update(&self, aws: &Aws, change: &Change) -> Result<(), Failure> {
        let wanted: Attributes = typed(&change.planned)?;
        let Some(id) = self.present(aws, &change.object).await? else {
            let message = format!("`{}` has no route table of its own any more", change.object.id);
            return Err(Failure::new(FailureKind::NotFound, message));
        };
        let call = aws.once.ec2.replace_route_table_association();
        let call = call.association_id(id).route_table_id(wanted.route_table_id);
        call.send().await.map_err(at("ec2:ReplaceRouteTableAssociation"))?;
        Ok(())
    }

    async fn delete(&self, aws: &Aws, object: &Object) -> Result<Deleted, Failure> {
        let Some(id) = self.present(aws, object).await? else { return Ok(Deleted::Gone) };
        let call = aws.again.ec2.disassociate_route_table().association_id(id);
        ec2::deleted(call.send().await.map_err(at("ec2:DisassociateRouteTable")))
    }
}

impl RouteTableAssociation {
    /// The association's id now.
    async fn present(&self, aws: &Aws, object: &Object) -> Result<Option<String>, Failure> {
        let seen = self.look(aws, &Sought::Ids(vec![object.id.clone()])).await?;
        let seen = seen.into_iter().find(Seen::is_present);
        let id = seen.and_then(|it| Some(it.attributes.get("id")?.as_str()?.to_owned()));
        Ok(id)
    }
}

impl Attributes {
    /// What is associated.
    fn of(&self) -> Option<String> {
        self.subnet_id.clone().or(self.gateway_id.clone())
    }
}

/// What the table of an association is asked for by: an id that it may be known by.
fn asked_by(id: &str) -> TableOf {
    // The id of an import has the table behind a slash.
    let id = id.split('/').next().unwrap_or_default().to_owned();
    match id.split('-').next() {
        Some("rtbassoc") => TableOf::Association(id),
        Some("subnet") => TableOf::Subnet(id),
        _ => TableOf::Gateway(id),
    }
}

/// An association; `None` for a table's place as the main one of its VPC.
fn seen(association: Association) -> Option<Seen> {
    let state = association.association_state;
    let attributes = Attributes {
        id: association.route_table_association_id.unwrap_or_default(),
        subnet_id: association.subnet_id,
        gateway_id: association.gateway_id,
        route_table_id: association.route_table_id.unwrap_or_default(),
    };
    let seen = Seen::ready(attributes.of()?, Tags::new(), &attributes);
    let reason = || state.as_ref().and_then(|it| it.status_message.clone()).unwrap_or_default();
    Some(match state.as_ref().and_then(|it| it.state.as_ref()) {
        Some(State::Associating) => seen.but(Condition::Pending("associating".to_owned())),
        Some(State::Disassociating | State::Disassociated) => seen.but(Condition::Going),
        Some(State::Failed) => seen.but(Condition::Broken(reason())),
        _ => seen,
    })
}
