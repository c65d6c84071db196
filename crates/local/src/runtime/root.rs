//! The root folder: one folder per object, named by its uid.
//!
//! An object's folder appears in one rename together with its `owner.json`, and
//! goes in one rename too, so that a killed command leaves either a whole object
//! or rubbish in `.limbo/`, which the next command sweeps.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use greenroom_oci::ImageId;
use tempfile::TempDir;

use super::files::{self, FileError};
use super::owner::{Owner, Uid};

/// The environment variable that names the root folder.
pub const ROOT_VARIABLE: &str = "GREENROOM_LOCAL_ROOT";

const OWNER_FILE: &str = "owner.json";

/// The types of objects, each with a folder of its own under the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectType {
    /// A supervised process.
    Instance,
    /// A load balancer's process.
    Balancer,
    /// A set of targets.
    TargetGroup,
    /// A port of a load balancer with its action.
    Listener,
    /// A DNS zone's server.
    Zone,
    /// A record of a zone.
    Record,
}

impl ObjectType {
    /// All of them.
    pub const ALL: [ObjectType; 6] = [
        Self::Instance,
        Self::Balancer,
        Self::TargetGroup,
        Self::Listener,
        Self::Zone,
        Self::Record,
    ];

    fn folder(self) -> &'static str {
        match self {
            ObjectType::Instance => "instances",
            ObjectType::Balancer => "balancers",
            ObjectType::TargetGroup => "target-groups",
            ObjectType::Listener => "listeners",
            ObjectType::Zone => "dns-zones",
            ObjectType::Record => "dns-records",
        }
    }
}

/// The folder under which everything of the local provider lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// The root folder at `path`, which is made when the first object is.
    pub fn at(path: impl Into<PathBuf>) -> Root {
        let path = path.into();
        // Processes work in other folders, where a relative path would lead elsewhere.
        Root(std::path::absolute(&path).unwrap_or(path))
    }

    /// Chooses the root folder: the provider's setting, else `GREENROOM_LOCAL_ROOT`, else
    /// `greenroom/local` in the user's state folder.
    ///
    /// `variable` looks an environment variable up. `None` if there is neither a setting nor
    /// a home folder.
    pub fn choose(
        setting: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Option<Root> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        setting
            .map(str::to_owned)
            .or_else(|| set(ROOT_VARIABLE))
            .map(PathBuf::from)
            .or_else(|| {
                let state = set("XDG_STATE_HOME").map(PathBuf::from);
                let home = || set("HOME").map(|home| Path::new(&home).join(".local/state"));
                Some(state.or_else(home)?.join("greenroom/local"))
            })
            .map(Root::at)
    }

    /// The path of the root folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The root folder that the folder of an object lies in.
    pub(crate) fn above(folder: &Path) -> Option<Root> {
        folder.ancestors().nth(2).map(Root::at)
    }

    /// The folder of unpacked images.
    pub(crate) fn images(&self) -> PathBuf {
        self.0.join("images")
    }

    /// The folder that an image is unpacked to, whether it is there or not.
    pub(crate) fn image(&self, id: &ImageId) -> PathBuf {
        self.images().join(id.file_name())
    }

    /// The folder of one object, whether it exists or not.
    pub fn folder(&self, object: ObjectType, uid: &Uid) -> PathBuf {
        self.0.join(object.folder()).join(uid.as_str())
    }

    /// Whose the object is; `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// [`FileError`] if its `owner.json` cannot be read.
    pub fn owner(&self, object: ObjectType, uid: &Uid) -> Result<Option<Owner>, FileError> {
        files::read_json(&self.folder(object, uid).join(OWNER_FILE))
    }

    /// Renews what is recorded about the object's owner, such as its expiry.
    ///
    /// # Errors
    ///
    /// [`FileError`]; the record is then as it was.
    pub fn set_owner(&self, object: ObjectType, owner: &Owner) -> Result<(), FileError> {
        files::write_json(&self.folder(object, &owner.uid).join(OWNER_FILE), owner)
    }

    /// Lists all objects of one type, by uid.
    ///
    /// # Errors
    ///
    /// [`FileError`] for the first folder that cannot be read.
    pub fn objects(&self, object: ObjectType) -> Result<Vec<Owner>, FileError> {
        let mut owners = Vec::new();
        for uid in self.uids(object)? {
            // Removed since the folder was listed, or not ours: no object.
            owners.extend(self.owner(object, &uid)?);
        }
        Ok(owners)
    }

    pub(crate) fn uids(&self, object: ObjectType) -> Result<Vec<Uid>, FileError> {
        let names = names(&self.0.join(object.folder()))?;
        let mut uids: Vec<Uid> = names.into_iter().filter_map(Uid::new).collect();
        uids.sort();
        Ok(uids)
    }

    /// Makes the object's folder with its owner file and whatever `fill` puts into it, all at
    /// once; does nothing if it exists.
    pub(crate) fn place(
        &self,
        object: ObjectType,
        owner: &Owner,
        fill: impl FnOnce(&Path) -> Result<(), FileError>,
    ) -> Result<PathBuf, FileError> {
        let folder = self.folder(object, &owner.uid);
        let staged = self.stage()?;
        files::write_json(&staged.path().join(OWNER_FILE), owner)?;
        fill(staged.path())?;
        match staged.settle(&folder) {
            // It exists: an earlier command got this far before it was killed.
            Err(_) if self.owner(object, &owner.uid)?.is_some() => return Ok(folder),
            settled => settled.map_err(FileError::write(&folder))?,
        }
        Ok(folder)
    }

    /// A folder in limbo, in which something is made that is to appear all at once.
    pub(crate) fn stage(&self) -> Result<Staged, FileError> {
        let limbo = self.limbo();
        make_folder(&limbo)?;
        self.sweep();
        let guard = File::open(&limbo).map_err(FileError::read(&limbo))?;
        guard.lock_shared().map_err(FileError::read(&limbo))?;
        let folder = tempfile::Builder::new()
            .prefix("new-")
            .tempdir_in(&limbo)
            .map_err(FileError::write(&limbo))?;
        Ok(Staged { folder, _guard: guard })
    }

    /// Removes the object's folder, which may be gone already.
    pub(crate) fn remove(&self, object: ObjectType, uid: &Uid) -> Result<(), FileError> {
        let name = format!("{}-{uid}", object.folder());
        self.discard(&self.folder(object, uid), &name)?;
        self.sweep();
        Ok(())
    }

    /// Removes a folder all at once, which may be gone already; no other has this `name`.
    pub(crate) fn discard(&self, folder: &Path, name: &str) -> Result<(), FileError> {
        if !folder.exists() {
            return Ok(());
        }
        let limbo = self.limbo();
        make_folder(&limbo)?;
        let doomed = limbo.join(format!("old-{name}"));
        // Left by a command that was killed while it removed something of this name.
        remove_tree(&doomed)?;
        match fs::rename(folder, &doomed) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FileError::write(folder)(error))
            }
            _ => remove_tree(&doomed),
        }
    }

    /// Clears what killed commands left in limbo and the folders that their last object has
    /// left, unless somebody is at work there.
    pub(crate) fn sweep(&self) {
        let Ok(guard) = File::open(self.limbo()) else { return };
        if guard.try_lock().is_err() {
            return;
        }
        for name in names(&self.limbo()).unwrap_or_default() {
            // Rubbish that resists is no reason to fail; the next sweep tries again.
            let _ = remove_tree(&self.limbo().join(name));
        }
        let shelves = ObjectType::ALL.map(|object| self.0.join(object.folder()));
        for shelf in shelves.into_iter().chain([self.images()]) {
            // Fails, as it should, unless the folder is empty.
            let _ = fs::remove_dir(shelf);
        }
    }

    fn limbo(&self) -> PathBuf {
        self.0.join(".limbo")
    }
}

/// Something that is being made, and goes if it is not settled.
pub(crate) struct Staged {
    folder: TempDir,
    /// While shared, no other command sweeps what is being made here.
    _guard: File,
}

impl Staged {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Has it appear at `path`, durably.
    pub(crate) fn settle(self, path: &Path) -> io::Result<()> {
        let shelf = path.parent().expect("everything of the root folder lies in a folder of it");
        make_folder_at(shelf)?;
        fs::rename(self.path(), path)?;
        // Nothing is left at the staged path that could be removed.
        let _ = self.folder.keep();
        files::sync_folder(shelf)
    }
}

/// Makes a folder and those above it, for the owner's eyes only.
pub(crate) fn make_folder(path: &Path) -> Result<(), FileError> {
    make_folder_at(path).map_err(FileError::write(path))
}

fn make_folder_at(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The names in a folder; none if it does not exist.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, FileError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FileError::read(folder))?,
    };
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().into_string().ok());
    entries
        .filter_map(|entry| name(entry).transpose())
        .collect::<io::Result<_>>()
        .map_err(FileError::read(folder))
}

fn remove_tree(path: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::write(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::owner::Kind;
    use super::*;

    fn owner(uid: &str) -> Owner {
        Owner {
            project: "shop".into(),
            stage: "integration".into(),
            scope: "pr-17".into(),
            lineage: "l".into(),
            uid: Uid::new(uid).unwrap(),
            kind: Kind::Ephemeral,
            expires: Some("2026-01-01T00:00:00Z".into()),
            r#type: "local_instance".into(),
            address: "pr-17/local_instance.web[0]".into(),
        }
    }

    #[test]
    fn the_setting_wins_over_the_variable_over_the_state_folder() {
        let vars = |name: &str| match name {
            "GREENROOM_LOCAL_ROOT" => Some("/v".to_owned()),
            "HOME" => Some("/home/me".to_owned()),
            _ => None,
        };
        let home = |name: &str| (name == "HOME").then(|| "/home/me".to_owned());
        assert_eq!(Root::choose(Some("/s"), vars), Some(Root::at("/s")));
        assert_eq!(Root::choose(None, vars), Some(Root::at("/v")));
        let default = Root::at("/home/me/.local/state/greenroom/local");
        assert_eq!(Root::choose(None, home), Some(default));
        assert_eq!(Root::choose(None, |_| None), None);
    }

    #[test]
    fn placing_twice_keeps_the_first_and_removing_leaves_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let root = Root::at(temp.path());
        let place = |text: &str| {
            let fill = |path: &Path| files::write_json(&path.join("spec.json"), &text);
            root.place(ObjectType::Instance, &owner("a1"), fill).unwrap()
        };
        let folder = place("first");
        assert_eq!(place("second"), folder);
        let spec: Option<String> = files::read_json(&folder.join("spec.json")).unwrap();
        assert_eq!(spec.as_deref(), Some("first"));
        assert_eq!(root.objects(ObjectType::Instance).unwrap(), [owner("a1")]);

        let uid = Uid::new("a1").unwrap();
        root.remove(ObjectType::Instance, &uid).unwrap();
        root.remove(ObjectType::Instance, &uid).unwrap();
        assert_eq!(names(temp.path()).unwrap(), [".limbo"]);
    }

    #[test]
    fn what_a_killed_command_staged_is_swept_by_the_next() {
        let temp = tempfile::tempdir().unwrap();
        let root = Root::at(temp.path());
        fs::create_dir_all(temp.path().join(".limbo/new-xyz")).unwrap();
        fs::write(temp.path().join(".limbo/new-xyz/owner.json"), "half").unwrap();
        root.place(ObjectType::Instance, &owner("a1"), |_| Ok(())).unwrap();
        assert_eq!(names(&temp.path().join(".limbo")).unwrap(), Vec::<String>::new());
    }
}
