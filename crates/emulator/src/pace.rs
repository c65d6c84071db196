//! How slowly the cloud comes to rest.

/// How slowly the cloud comes to rest, counted in looks instead of time, so that tests wait for
/// nothing. The default is a cloud that is at rest at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// How many calls do not find an object yet that was just created.
    pub unseen: u32,
    /// How many looks show an object on its way: `pending`, `provisioning`, `initial`, `draining`.
    pub settling: u32,
    /// How many deletions of a subnet or security group are refused because of interfaces that a
    /// deleted load balancer left.
    pub lingering: u32,
    /// After how many looks a terminated instance is gone; never if none.
    pub vanishing: Option<u32>,
}

/// Looks that are left, by what is looked at.
pub(crate) type Looks<K> = std::collections::BTreeMap<K, u32>;

/// Whether looks at `key` are left; uses one.
pub(crate) fn use_one<K: Ord>(looks: &mut Looks<K>, key: &K) -> bool {
    let Some(left) = looks.get_mut(key) else { return false };
    *left -= 1;
    if *left == 0 {
        looks.remove(key);
    }
    true
}

/// Grants so many looks at `key`.
pub(crate) fn grant<K: Ord>(looks: &mut Looks<K>, key: K, number: u32) {
    if number > 0 {
        looks.insert(key, number);
    } else {
        looks.remove(&key);
    }
}
