//! What a process listens on.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use procfs::net::TcpState;
use procfs::process::{FDTarget, Process};

/// The TCP addresses on which the process `pid` listens, in order.
pub(super) fn listening(pid: u32) -> Result<Vec<SocketAddr>, procfs::ProcError> {
    let pid = i32::try_from(pid).expect("the kernel's process ids fit in 32 bits with sign");
    let process = Process::new(pid)?;
    let mut own = BTreeSet::new();
    for descriptor in process.fd()? {
        // One that is closed meanwhile is no listening socket.
        if let Ok(FDTarget::Socket(inode)) = descriptor.map(|descriptor| descriptor.target) {
            own.insert(inode);
        }
    }
    let sockets = process.tcp()?.into_iter().chain(process.tcp6()?);
    let listening = sockets.filter(|socket| socket.state == TcpState::Listen);
    let addresses: BTreeSet<SocketAddr> = listening
        .filter(|socket| own.contains(&socket.inode))
        .map(|socket| socket.local_address)
        .collect();
    Ok(addresses.into_iter().collect())
}
