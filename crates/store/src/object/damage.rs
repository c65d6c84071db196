//! Objects that are not what was written.

use bytes::Bytes;
use object_store::path::Path;

use crate::error::{Corruption, NewerFormat, StoreError};
use crate::format::first_line::Unreadable;
use crate::format::object::{self, Header};
use crate::name::StateName;
use crate::object::objects::Objects;
use crate::position::Sequence;

/// Reads objects, and says which one is damaged.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) state: &'a StateName,
}

impl Judge<'_> {
    /// The header and the content of the object at `key`.
    pub(crate) fn decode<H: Header>(
        self,
        key: &Path,
        bytes: &Bytes,
    ) -> Result<(H, Bytes), StoreError> {
        object::decode(bytes).map_err(|why| self.unreadable(key, why))
    }

    pub(crate) fn unreadable(self, key: &Path, why: Unreadable) -> StoreError {
        match why {
            Unreadable::Damaged { offset, problem } => self.corrupt(key, offset, None, problem),
            Unreadable::Newer { format, written_by } => StoreError::Newer(Box::new(NewerFormat {
                state: self.state.clone(),
                file: self.objects.name(key),
                format,
                written_by,
            })),
        }
    }

    pub(crate) fn corrupt(
        self,
        key: &Path,
        offset: u64,
        sequence: Option<Sequence>,
        problem: String,
    ) -> StoreError {
        StoreError::Corrupt(Box::new(Corruption {
            state: self.state.clone(),
            file: self.objects.name(key),
            offset,
            sequence,
            problem,
        }))
    }
}
