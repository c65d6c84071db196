//! Addresses on loopback: the usual one, and those that objects have to themselves.
//!
//! A name stands for an address and not for a port, so two load balancers that are to take turns
//! behind one name need the same port, on addresses of their own.

use std::net::{Ipv4Addr, TcpListener};

use serde::{Deserialize, Serialize};

use super::claim::Shelf;
use super::files::FileError;
use super::owner::Uid;
use super::port::PortError;
use super::root::Root;

/// Where an object listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ListenAddress {
    /// This address of 127.0.0.0/8.
    Fixed(Ipv4Addr),
    /// A free one, kept for life.
    Own,
}

/// The addresses that objects get for themselves: 127.64.0.0/10.
const OWN: Ipv4Addr = Ipv4Addr::new(127, 64, 0, 0);
const OWN_BITS: u32 = 22;

impl Default for ListenAddress {
    fn default() -> ListenAddress {
        ListenAddress::Fixed(Ipv4Addr::LOCALHOST)
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = String;

    fn try_from(text: String) -> Result<ListenAddress, String> {
        if text == "own" {
            return Ok(ListenAddress::Own);
        }
        let address: Option<Ipv4Addr> = text.parse().ok();
        match address.filter(Ipv4Addr::is_loopback) {
            Some(address) => Ok(ListenAddress::Fixed(address)),
            None => Err(format!("`{text}` is neither an address of 127.0.0.0/8 nor `own`")),
        }
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> String {
        match address {
            ListenAddress::Fixed(address) => address.to_string(),
            ListenAddress::Own => "own".to_owned(),
        }
    }
}

impl Root {
    /// The address that `uid` is to listen on; a free one is reserved for it.
    pub(crate) fn assign_address(
        &self,
        uid: &Uid,
        wanted: ListenAddress,
    ) -> Result<Ipv4Addr, PortError> {
        let address = match self.assigned_address(uid, wanted)? {
            Some(address) => address,
            None => self.reserve_address(uid)?,
        };
        // Some systems answer on 127.0.0.1 alone until they are told otherwise.
        match TcpListener::bind((address, 0)) {
            Ok(_) => Ok(address),
            Err(source) => Err(PortError::Address { address, source }),
        }
    }

    /// The address that `uid` listens on; `None` if it has yet to get one.
    pub(crate) fn assigned_address(
        &self,
        uid: &Uid,
        wanted: ListenAddress,
    ) -> Result<Option<Ipv4Addr>, FileError> {
        match wanted {
            ListenAddress::Fixed(address) => Ok(Some(address)),
            ListenAddress::Own => {
                let names = self.claimed(Shelf::Addresses, uid)?;
                Ok(names.iter().find_map(|name| name.parse().ok()))
            }
        }
    }

    /// Gives up the address that `uid` has to itself.
    pub(crate) fn release_address(&self, uid: &Uid) -> Result<(), FileError> {
        self.release(Shelf::Addresses, uid, None)
    }

    fn reserve_address(&self, uid: &Uid) -> Result<Ipv4Addr, PortError> {
        let claims = self.claims(Shelf::Addresses)?;
        loop {
            // At random, so that two root folders hardly ever choose the same.
            let place = rand::random_range(1..(1 << OWN_BITS) - 1);
            let address = Ipv4Addr::from_bits(OWN.to_bits() | place);
            if claims.claim(uid, &address.to_string())?.is_none() {
                return Ok(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_taken() {
        let parse = |text: &str| ListenAddress::try_from(text.to_owned());
        assert_eq!(parse("own"), Ok(ListenAddress::Own));
        let fixed = ListenAddress::Fixed([127, 9, 8, 7].into());
        assert_eq!((parse("127.9.8.7"), String::from(fixed)), (Ok(fixed), "127.9.8.7".to_owned()));
        for bad in ["128.0.0.1", "0.0.0.0", "localhost", "::1", ""] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn every_object_gets_an_address_of_its_own() {
        let temp = tempfile::tempdir().unwrap();
        let root = Root::at(temp.path());
        let [a, b] = ["a1", "b2"].map(|uid| Uid::new(uid).unwrap());
        let own = |uid| root.assign_address(uid, ListenAddress::Own).unwrap();
        let addresses = [own(&a), own(&b)];
        assert_ne!(addresses[0], addresses[1]);
        assert_eq!(own(&a), addresses[0]);
        assert!(addresses.iter().all(|it| it.octets()[0] == 127 && it.octets()[1] & 0xc0 == 64));
        root.release_address(&a).unwrap();
        root.release_address(&b).unwrap();
        assert!(!temp.path().join("addresses").exists());
    }
}
