//! Ports on loopback: free ones, reserved ones, and who holds a taken one.
//!
//! A port belongs to its object for as long as that lives, also while its process is down.
//! `ports/PORT` is a symbolic link whose target is the owner's uid: made in one step with its
//! content, and stale when the owner's folder is gone.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use thiserror::Error;

use super::files::FileError;
use super::owner::Uid;
use super::root::{self, ObjectType, Root};

/// Why an object cannot have a port.
#[derive(Debug, Error)]
pub enum PortError {
    /// A process listens there, or another object of the root folder owns it.
    #[error("port {port} is taken{}", by(holder.as_deref()))]
    Taken {
        /// The port.
        port: u16,
        /// Who has it, as far as can be known.
        holder: Option<String>,
    },
    /// The system refuses it, say because it is privileged.
    #[error("cannot listen on port {port}")]
    Refused {
        /// The port.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A free port could not be found.
    #[error("cannot find a free port")]
    NoneFree(#[source] io::Error),
    /// The reservation could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

fn by(holder: Option<&str>) -> String {
    holder.map(|holder| format!(" by {holder}")).unwrap_or_default()
}

impl Root {
    /// Reserves `port` for the object `uid`, or a free port if none is asked for.
    ///
    /// Whether a process listens on an asked-for port is [`check_free`]'s question: the object's
    /// own may.
    pub(crate) fn reserve_port(&self, uid: &Uid, port: Option<u16>) -> Result<u16, PortError> {
        let _guard = self.lock_ports()?;
        root::make_folder(&self.ports())?;
        if let Some(port) = port {
            return self.claim(uid, port)?.map_or(Ok(port), |holder| {
                Err(PortError::Taken { port, holder: Some(self.describe(&holder)) })
            });
        }
        loop {
            let port = free_port().map_err(PortError::NoneFree)?;
            if self.claim(uid, port)?.is_none() {
                return Ok(port);
            }
        }
    }

    /// Gives up the reservations of `uid` except for `keep`.
    pub(crate) fn release_ports(&self, uid: &Uid, keep: Option<u16>) -> Result<(), FileError> {
        if !self.ports().exists() {
            return Ok(());
        }
        let _guard = self.lock_ports()?;
        for name in root::names(&self.ports())? {
            let link = self.ports().join(&name);
            let kept = keep.is_some_and(|port| name == port.to_string());
            if !kept && fs::read_link(&link).is_ok_and(|target| target.as_os_str() == uid.as_str())
            {
                super::files::remove(&link)?;
            }
        }
        // Goes with the last reservation; it fails to go before.
        let _ = fs::remove_dir(self.ports());
        Ok(())
    }

    /// The object that has reserved `port`, if any.
    pub(crate) fn port_owner(&self, port: u16) -> Option<Uid> {
        let target = fs::read_link(self.ports().join(port.to_string())).ok()?;
        let uid = Uid::new(target.to_str()?)?;
        self.exists(&uid).then_some(uid)
    }

    /// Returns the holder if it is another.
    fn claim(&self, uid: &Uid, port: u16) -> Result<Option<Uid>, FileError> {
        let link = self.ports().join(port.to_string());
        loop {
            match std::os::unix::fs::symlink(uid.as_str(), &link) {
                Ok(()) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FileError::write(&link)(error)),
            }
            match self.port_owner(port) {
                Some(owner) if owner == *uid => return Ok(None),
                Some(owner) => return Ok(Some(owner)),
                None => super::files::remove(&link)?,
            }
        }
    }

    /// Lets one command at a time change reservations; the lock is the root folder's own.
    fn lock_ports(&self) -> Result<File, FileError> {
        root::make_folder(self.path())?;
        let folder = File::open(self.path()).map_err(FileError::read(self.path()))?;
        folder.lock().map_err(FileError::read(self.path()))?;
        Ok(folder)
    }

    fn exists(&self, uid: &Uid) -> bool {
        ObjectType::ALL.iter().any(|object| self.folder(*object, uid).exists())
    }

    fn describe(&self, uid: &Uid) -> String {
        let mut owners =
            ObjectType::ALL.iter().filter_map(|object| self.owner(*object, uid).ok()?);
        owners.next().map_or_else(
            || format!("the object {uid}"),
            |owner| format!("`{}` of project `{}`", owner.address, owner.project),
        )
    }

    fn ports(&self) -> PathBuf {
        self.path().join("ports")
    }
}

/// Makes sure that a program could listen on `port` now.
///
/// # Errors
///
/// [`PortError::Taken`] with the process that listens there, where it can be read.
pub fn check_free(port: u16) -> Result<(), PortError> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(not_bound(port, error)),
    }
}

/// Says why a port could not be bound.
pub(crate) fn not_bound(port: u16, source: io::Error) -> PortError {
    match source.kind() {
        io::ErrorKind::AddrInUse => PortError::Taken { port, holder: holder::of(port) },
        _ => PortError::Refused { port, source },
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(target_os = "linux")]
mod holder {
    use std::fs;
    use std::path::{Path, PathBuf};

    /// The process that listens on `port`, if it is one that this user may look into.
    pub(super) fn of(port: u16) -> Option<String> {
        let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .flat_map(|table| listening(&fs::read_to_string(table).unwrap_or_default(), port))
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        let processes = fs::read_dir("/proc").ok()?;
        let paths = processes.filter_map(|entry| Some(entry.ok()?.path()));
        // `self` and its like are no processes of their own.
        let is_process = |path: &PathBuf| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.parse::<u32>().is_ok())
        };
        paths.filter(is_process).find_map(|process| {
            let descriptors = fs::read_dir(process.join("fd")).ok()?;
            let mut links = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
            links
                .any(|link| inodes.iter().any(|inode| link == Path::new(inode)))
                .then(|| describe(&process))
        })
    }

    /// The inodes of the sockets that listen on `port` in a table of `/proc/net`.
    fn listening(table: &str, port: u16) -> Vec<String> {
        const LISTEN: &str = "0A";
        let suffix = format!(":{port:04X}");
        let inode = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields.get(3) == Some(&LISTEN) && fields.get(1)?.ends_with(&suffix);
            listens.then(|| fields.get(9).map(ToString::to_string)).flatten()
        };
        table.lines().skip(1).filter_map(inode).collect()
    }

    fn describe(process: &Path) -> String {
        let pid = process.file_name().unwrap_or_default().to_string_lossy();
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        format!("process {pid} ({})", name.trim())
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn only_listening_sockets_of_the_port_count() {
            let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 4711 1\n\
               1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000  0 0 4712 1\n\
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 4713 1\n";
            assert_eq!(super::listening(table, 8080), ["4711"]);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod holder {
    use std::process::{Command, Stdio};

    /// The process that listens on `port`, as `lsof` knows it.
    pub(super) fn of(port: u16) -> Option<String> {
        let output = Command::new("lsof")
            .args(["-nP", "-sTCP:LISTEN", "-Fpc", &format!("-iTCP:{port}")])
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let field = |letter: char| text.lines().find_map(|line| line.strip_prefix(letter));
        Some(format!("process {} ({})", field('p')?, field('c')?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_holder() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let error = check_free(port).unwrap_err().to_string();
        assert!(error.starts_with(&format!("port {port} is taken by process ")), "{error}");
        drop(held);
        check_free(port).unwrap();
    }

    #[test]
    fn a_reservation_ends_with_its_owner() {
        let temp = tempfile::tempdir().unwrap();
        let root = Root::at(temp.path());
        let [a, b] = ["a1", "b2"].map(|uid| Uid::new(uid).unwrap());
        fs::create_dir_all(root.folder(ObjectType::Instance, &a)).unwrap();
        let port = root.reserve_port(&a, None).unwrap();
        assert_eq!(root.reserve_port(&a, Some(port)).unwrap(), port);
        let error = root.reserve_port(&b, Some(port)).unwrap_err();
        assert_eq!(error.to_string(), format!("port {port} is taken by the object a1"));
        fs::remove_dir_all(root.folder(ObjectType::Instance, &a)).unwrap();
        assert_eq!(root.reserve_port(&b, Some(port)).unwrap(), port);
        root.release_ports(&b, None).unwrap();
        assert!(!temp.path().join("ports").exists());
    }
}
