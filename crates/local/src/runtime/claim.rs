//! What belongs to one object at a time, such as a port: reserved for as long as the object lives.
//!
//! `SHELF/NAME` is a symbolic link whose target is the owner's uid: made in one step with its
//! content, and stale when the owner's folder is gone.

use std::fs::{self, File};
use std::io;

use super::files::{self, FileError};
use super::owner::Uid;
use super::root::{self, ObjectType, Root};

/// A kind of thing that is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// Ports, by number; on an address that is not the usual one, by `ADDRESS:PORT`.
    Ports,
    /// Addresses on loopback.
    Addresses,
}

impl Shelf {
    fn folder(self) -> &'static str {
        match self {
            Shelf::Ports => "ports",
            Shelf::Addresses => "addresses",
        }
    }
}

/// Everything of one kind, while no other command reserves any of it.
pub(crate) struct Claims<'a> {
    root: &'a Root,
    shelf: Shelf,
    /// The lock is the root folder's own.
    _guard: File,
}

impl Root {
    /// Lets this command alone reserve things of a kind.
    pub(crate) fn claims(&self, shelf: Shelf) -> Result<Claims<'_>, FileError> {
        root::make_folder(self.path())?;
        let folder = File::open(self.path()).map_err(FileError::read(self.path()))?;
        folder.lock().map_err(FileError::read(self.path()))?;
        root::make_folder(&self.path().join(shelf.folder()))?;
        Ok(Claims { root: self, shelf, _guard: folder })
    }

    /// What `uid` has reserved of a kind.
    pub(crate) fn claimed(&self, shelf: Shelf, uid: &Uid) -> Result<Vec<String>, FileError> {
        let folder = self.path().join(shelf.folder());
        let mut names = root::names(&folder)?;
        names.retain(|name| {
            fs::read_link(folder.join(name)).is_ok_and(|to| to.as_os_str() == uid.as_str())
        });
        Ok(names)
    }

    /// Gives up what `uid` has reserved of a kind, except for `keep`.
    pub(crate) fn release(
        &self,
        shelf: Shelf,
        uid: &Uid,
        keep: Option<&str>,
    ) -> Result<(), FileError> {
        let folder = self.path().join(shelf.folder());
        if !folder.exists() {
            return Ok(());
        }
        let _claims = self.claims(shelf)?;
        for name in self.claimed(shelf, uid)? {
            if keep != Some(name.as_str()) {
                files::remove(&folder.join(name))?;
            }
        }
        // Goes with the last reservation; it fails to go before.
        let _ = fs::remove_dir(folder);
        Ok(())
    }

    /// Who has reserved `name`, if anybody.
    pub(crate) fn claimant(&self, shelf: Shelf, name: &str) -> Option<Uid> {
        let link = self.path().join(shelf.folder()).join(name);
        let uid = Uid::new(fs::read_link(link).ok()?.to_str()?)?;
        ObjectType::ALL.iter().any(|object| self.folder(*object, &uid).exists()).then_some(uid)
    }

    /// An object for a message.
    pub(crate) fn describe(&self, uid: &Uid) -> String {
        let mut owners =
            ObjectType::ALL.iter().filter_map(|object| self.owner(*object, uid).ok()?);
        owners.next().map_or_else(
            || format!("the object {uid}"),
            |owner| format!("`{}` of project `{}`", owner.address, owner.project),
        )
    }
}

impl Claims<'_> {
    /// Reserves `name` for `uid`; returns the holder if it is another.
    pub(crate) fn claim(&self, uid: &Uid, name: &str) -> Result<Option<Uid>, FileError> {
        let link = self.root.path().join(self.shelf.folder()).join(name);
        loop {
            match std::os::unix::fs::symlink(uid.as_str(), &link) {
                Ok(()) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FileError::write(&link)(error)),
            }
            match self.root.claimant(self.shelf, name) {
                Some(owner) if owner == *uid => return Ok(None),
                Some(owner) => return Ok(Some(owner)),
                None => files::remove(&link)?,
            }
        }
    }
}
