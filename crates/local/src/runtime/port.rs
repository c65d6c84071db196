//! Ports on loopback: free ones, reserved ones, and who holds a taken one.
//!
//! A port belongs to its object for as long as that lives, also while its process is down.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

use thiserror::Error;

use super::claim::Shelf;
use super::files::FileError;
use super::owner::Uid;
use super::root::Root;

/// Why an object cannot have a port.
#[derive(Debug, Error)]
pub enum PortError {
    /// A process listens there, or another object of the root folder owns it.
    #[error("{} is taken{}", name(*at), by(holder.as_deref()))]
    Taken {
        /// The port.
        at: SocketAddrV4,
        /// Who has it, as far as can be known.
        holder: Option<String>,
    },
    /// The system refuses it, say because it is privileged.
    #[error("cannot listen on {}", name(*at))]
    Refused {
        /// The port.
        at: SocketAddrV4,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system has no such address, as many have 127.0.0.1 alone.
    #[error("this machine does not answer on {address}, nothing can listen there")]
    Address {
        /// The address.
        address: Ipv4Addr,
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

/// A port for a message; the usual address is not named.
fn name(at: SocketAddrV4) -> String {
    match (*at.ip(), at.port()) {
        (Ipv4Addr::LOCALHOST, port) => format!("port {port}"),
        (address, port) => format!("port {port} of {address}"),
    }
}

/// A port's name among the reservations.
fn claim_name(at: SocketAddrV4) -> String {
    match (*at.ip(), at.port()) {
        (Ipv4Addr::LOCALHOST, port) => port.to_string(),
        _ => at.to_string(),
    }
}

impl Root {
    /// Reserves `port` of an address for the object `uid`, or a free port if none is asked for.
    ///
    /// Whether a process listens on an asked-for port is a question of its own: the object's
    /// own may.
    pub(crate) fn reserve_port(
        &self,
        uid: &Uid,
        address: Ipv4Addr,
        port: Option<u16>,
    ) -> Result<u16, PortError> {
        let claims = self.claims(Shelf::Ports)?;
        if let Some(port) = port {
            let at = SocketAddrV4::new(address, port);
            return claims.claim(uid, &claim_name(at))?.map_or(Ok(port), |holder| {
                Err(PortError::Taken { at, holder: Some(self.describe(&holder)) })
            });
        }
        loop {
            let at = free_port(address).map_err(PortError::NoneFree)?;
            if claims.claim(uid, &claim_name(at))?.is_none() {
                return Ok(at.port());
            }
        }
    }

    /// Gives up the reservations of `uid` except for `keep`.
    pub(crate) fn release_ports(
        &self,
        uid: &Uid,
        keep: Option<SocketAddrV4>,
    ) -> Result<(), FileError> {
        self.release(Shelf::Ports, uid, keep.map(claim_name).as_deref())
    }
}

/// The search for the port of an object whose process opens it by itself.
///
/// A free port is chosen anew when somebody else was faster to listen on it.
pub(crate) struct PortSearch<'a> {
    root: &'a Root,
    uid: &'a Uid,
    address: Ipv4Addr,
    wanted: Option<u16>,
    kept: Option<u16>,
    tries_left: usize,
}

/// How often a free port is chosen.
const TRIES: usize = 5;

impl<'a> PortSearch<'a> {
    /// For the port that is `wanted`, else the one that is `kept`, else a free one.
    pub(crate) fn new(
        root: &'a Root,
        uid: &'a Uid,
        address: Ipv4Addr,
        (wanted, kept): (Option<u16>, Option<u16>),
    ) -> PortSearch<'a> {
        PortSearch { root, uid, address, wanted, kept, tries_left: TRIES }
    }

    /// The next port to try, reserved.
    pub(crate) fn next(&mut self) -> Result<u16, PortError> {
        self.tries_left -= 1;
        let port = self.root.reserve_port(self.uid, self.address, self.wanted.or(self.kept))?;
        if self.kept != Some(port) {
            // Before anybody is told of it, so that one object's bad port spoils no other's push.
            check_free_at(SocketAddrV4::new(self.address, port))?;
        }
        Ok(port)
    }

    /// Says that the process could not listen on `port`.
    ///
    /// # Errors
    ///
    /// [`PortError::Taken`] if there is no other to try.
    pub(crate) fn taken(&mut self, port: u16) -> Result<(), PortError> {
        if self.wanted.is_some() || self.tries_left == 0 {
            let at = SocketAddrV4::new(self.address, port);
            return Err(check_free_at(at).err().unwrap_or(PortError::Taken { at, holder: None }));
        }
        self.root.release_ports(self.uid, None)?;
        self.kept = None;
        Ok(())
    }

    /// Gives up what was tried before `port`.
    pub(crate) fn settle(self, port: u16) -> Result<u16, FileError> {
        self.root.release_ports(self.uid, Some(SocketAddrV4::new(self.address, port)))?;
        Ok(port)
    }
}

/// Makes sure that a program could listen on `port` of the usual address now.
///
/// # Errors
///
/// [`PortError::Taken`] with the process that listens there, where it can be read.
pub fn check_free(port: u16) -> Result<(), PortError> {
    check_free_at(on_localhost(port))
}

/// Makes sure that a program could listen there now.
fn check_free_at(at: SocketAddrV4) -> Result<(), PortError> {
    match TcpListener::bind(at) {
        Ok(_) => Ok(()),
        Err(error) => Err(not_bound(at, error)),
    }
}

/// The port on the usual address.
pub(crate) fn on_localhost(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// Says why a port could not be bound.
fn not_bound(at: SocketAddrV4, source: io::Error) -> PortError {
    match source.kind() {
        io::ErrorKind::AddrInUse => PortError::Taken { at, holder: holder::of(at) },
        io::ErrorKind::AddrNotAvailable => PortError::Address { address: *at.ip(), source },
        _ => PortError::Refused { at, source },
    }
}

fn free_port(address: Ipv4Addr) -> io::Result<SocketAddrV4> {
    let port = TcpListener::bind((address, 0))?.local_addr()?.port();
    Ok(SocketAddrV4::new(address, port))
}

#[cfg(target_os = "linux")]
mod holder {
    use std::fs;
    use std::net::SocketAddrV4;
    use std::path::{Path, PathBuf};

    /// The process that listens there, if it is one that this user may look into.
    pub(super) fn of(at: SocketAddrV4) -> Option<String> {
        let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .flat_map(|table| listening(&fs::read_to_string(table).unwrap_or_default(), at))
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

    /// The inodes of the sockets that listen there, or on all addresses, in a table of `/proc/net`.
    fn listening(table: &str, at: SocketAddrV4) -> Vec<String> {
        const LISTEN: &str = "0A";
        // Four bytes as one number of this machine, also as the end of a longer address.
        let address = format!("{:08X}", u32::from_ne_bytes(at.ip().octets()));
        let port = format!("{:04X}", at.port());
        let is_there = |field: &str| {
            field.rsplit_once(':').is_some_and(|(host, its_port)| {
                let all = host.bytes().all(|digit| digit == b'0');
                its_port == port && (all || host.ends_with(&address))
            })
        };
        let inode = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields.get(3) == Some(&LISTEN) && is_there(fields.get(1)?);
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
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 4713 1\n\
               3: 0500407F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 4714 1\n\
               4: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 4715 1\n";
            let on = |address: &str| super::listening(table, address.parse().unwrap());
            assert_eq!(on("127.0.0.1:8080"), ["4711"]);
            assert_eq!(on("127.64.0.5:8080"), ["4714"]);
            assert_eq!(on("127.64.0.5:80"), ["4715"]);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod holder {
    use std::net::SocketAddrV4;
    use std::process::{Command, Stdio};

    /// The process that listens there, as `lsof` knows it.
    pub(super) fn of(at: SocketAddrV4) -> Option<String> {
        let output = Command::new("lsof")
            .args(["-nP", "-sTCP:LISTEN", "-Fpc", &format!("-iTCP@{at}")])
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
    use std::fs;

    use super::super::root::ObjectType;
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
        let reserve = |uid, port| root.reserve_port(uid, Ipv4Addr::LOCALHOST, port);
        fs::create_dir_all(root.folder(ObjectType::Instance, &a)).unwrap();
        let port = reserve(&a, None).unwrap();
        assert_eq!(reserve(&a, Some(port)).unwrap(), port);
        let error = reserve(&b, Some(port)).unwrap_err();
        assert_eq!(error.to_string(), format!("port {port} is taken by the object a1"));
        fs::remove_dir_all(root.folder(ObjectType::Instance, &a)).unwrap();
        assert_eq!(reserve(&b, Some(port)).unwrap(), port);
        root.release_ports(&b, None).unwrap();
        assert!(!temp.path().join("ports").exists());
    }

    #[test]
    fn a_port_of_one_address_is_not_that_of_another() {
        let temp = tempfile::tempdir().unwrap();
        let root = Root::at(temp.path());
        let [a, b] = ["a1", "b2"].map(|uid| Uid::new(uid).unwrap());
        let (here, there) = (Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 64, 0, 5));
        for uid in [&a, &b] {
            fs::create_dir_all(root.folder(ObjectType::Balancer, uid)).unwrap();
        }
        assert_eq!(root.reserve_port(&a, here, Some(8080)).unwrap(), 8080);
        assert_eq!(root.reserve_port(&b, there, Some(8080)).unwrap(), 8080);
        let error = root.reserve_port(&a, there, Some(8080)).unwrap_err();
        let told = "port 8080 of 127.64.0.5 is taken by the object b2";
        assert_eq!(error.to_string(), told);
    }
}
