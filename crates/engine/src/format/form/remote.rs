//! Instances and their objects. The form that occurs most often: one line of a snapshot.

use greenroom_model::address::{BlockName, InstanceKey};
use greenroom_model::identity::{Incarnation, Sequence, Uid};
use greenroom_model::state::{Extra, Instance, Remote, Status};
use serde::{Deserialize, Serialize};

use super::{Json, Mode, Reader, ReadsForm, Text, is_default, marks};
use crate::format::error::Misfit;

/// The form of [`Instance`], its address included.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstanceForm<'a> {
    #[serde(borrow)]
    resource: Text<'a>,
    incarnation: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    current: Option<RemoteForm<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    deposed: Vec<RemoteForm<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RemoteForm<'a> {
    #[serde(borrow)]
    uid: Text<'a>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    provider: Text<'a>,
    status: Status,
    #[serde(borrow)]
    attributes: Json<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    sensitive: Vec<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "ReadsForm::is_empty")]
    reads: ReadsForm<'a>,
    version: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    create_before_destroy: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    prevent_destroy: bool,
}

impl<'a> InstanceForm<'a> {
    pub(crate) fn of(
        block: &BlockName,
        key: &InstanceKey,
        instance: &'a Instance,
    ) -> InstanceForm<'a> {
        let Instance { incarnation, current, deposed, extra: _ } = instance;
        InstanceForm {
            resource: Text::of(&format_args!("{block}{key}")),
            incarnation: incarnation.0,
            current: current.as_ref().map(RemoteForm::of),
            deposed: deposed.iter().map(RemoteForm::of).collect(),
        }
    }

    pub(crate) fn read(
        self,
        extra: Extra,
        reader: &mut Reader,
    ) -> Result<((BlockName, InstanceKey), Instance), Misfit> {
        let place = reader.place(self.resource.as_str())?;
        let mut remote = |form: RemoteForm<'a>| form.read(&place, reader);
        let current = self.current.map(&mut remote).transpose()?;
        let deposed = self.deposed.into_iter().map(&mut remote).collect::<Result<_, _>>()?;
        let incarnation = Incarnation(self.incarnation);
        Ok((place, Instance { incarnation, current, deposed, extra }))
    }
}

impl<'a> RemoteForm<'a> {
    fn of(remote: &'a Remote) -> RemoteForm<'a> {
        let Remote {
            uid,
            id,
            provider,
            status,
            attributes,
            reads,
            version,
            create_before_destroy,
            prevent_destroy,
        } = remote;
        RemoteForm {
            uid: Text::from(&uid.0),
            id: id.into(),
            provider: provider.into(),
            status: *status,
            attributes: Json::Given(attributes, Mode::Kept),
            sensitive: marks::of(attributes),
            reads: ReadsForm::Given(reads),
            version: version.0,
            create_before_destroy: *create_before_destroy,
            prevent_destroy: *prevent_destroy,
        }
    }

    fn read(
        self,
        (block, key): &(BlockName, InstanceKey),
        reader: &mut Reader,
    ) -> Result<Remote, Misfit> {
        let base = || marks::reference_to(block, key);
        Ok(Remote {
            uid: Uid(self.uid.keep()),
            id: self.id.keep(),
            provider: reader.share(self.provider.as_str()),
            status: self.status,
            attributes: reader.marked(self.attributes, &self.sensitive, base)?,
            reads: reader.reads(self.reads)?,
            version: Sequence(self.version),
            create_before_destroy: self.create_before_destroy,
            prevent_destroy: self.prevent_destroy,
        })
    }
}
