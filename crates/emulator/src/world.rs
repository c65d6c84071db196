//! Everything that the proxy knows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::call::Call;
use crate::log::Log;
use crate::proxy::Backend;
use crate::reply::Reply;
use crate::tenant::Tenant;
use crate::xml;

/// The account of callers whose access key is none.
pub(crate) const DEFAULT_ACCOUNT: &str = "123456789012";

/// Everything that the proxy knows, over all accounts.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) backend: Backend,
    pub(crate) log: Log,
    tenants: Mutex<BTreeMap<String, Arc<Tenant>>>,
    /// The accounts behind the access keys that STS gave out.
    assumed: Mutex<BTreeMap<String, String>>,
}

impl World {
    pub(crate) fn new(backend: Backend) -> World {
        let (tenants, assumed) = (Mutex::default(), Mutex::default());
        World { backend, log: Log::default(), tenants, assumed }
    }

    /// What is known of an account.
    pub(crate) fn tenant(&self, account: &str) -> Arc<Tenant> {
        lock(&self.tenants).entry(account.to_owned()).or_default().clone()
    }

    /// The account of an access key: itself if it looks like one, or that of the assumed role.
    pub(crate) fn account(&self, access_key: &str) -> String {
        if access_key.len() == 12 && access_key.bytes().all(|byte| byte.is_ascii_digit()) {
            return access_key.to_owned();
        }
        let assumed = lock(&self.assumed).get(access_key).cloned();
        assumed.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
    }

    /// Remembers whose access key an assumed role got.
    pub(crate) fn learn(&self, call: &Call, reply: &Reply) {
        if call.service != "sts" {
            return;
        }
        // arn:aws:iam::ACCOUNT:role/NAME
        let account = call.parameter("RoleArn").and_then(|arn| arn.split(':').nth(4));
        let document = reply.document();
        let key = document.and_then(|document| xml::texts(&document, "AccessKeyId").pop());
        if let (Some(account), Some(key)) = (account, key) {
            lock(&self.assumed).insert(key, account.to_owned());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
