//! What was just created is not found everywhere at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use xmltree::Element;

use crate::call::Call;
use crate::kinds::{self, KINDS};
use crate::pace::{Looks, grant, use_one};
use crate::reply::Failure;
use crate::xml;

/// What is not found yet in an account, and by how many looks.
#[derive(Debug, Default)]
pub(crate) struct Consistency {
    unseen: Mutex<Looks<String>>,
}

impl Consistency {
    /// Remembers what a call created.
    pub(crate) fn learn(&self, call: &Call, document: &Element, looks: u32) {
        if call.is("iam", "CreateInstanceProfile") {
            let name = call.parameter("InstanceProfileName").unwrap_or_default();
            grant(&mut self.unseen(), name.to_owned(), looks);
        }
        let Some(kind) = kinds::made_by(&call.action).filter(|_| call.service == "ec2") else {
            return;
        };
        for id in xml::texts(document, kind.id) {
            grant(&mut self.unseen(), id, looks);
        }
    }

    /// Refuses a call that names what is not found yet.
    ///
    /// # Errors
    ///
    /// The one that says so for that kind of object.
    pub(crate) fn check(&self, call: &Call) -> Result<(), Failure> {
        let mut unseen = self.unseen();
        if let Some(profile) = profile(call).filter(|_| call.is("ec2", "RunInstances"))
            && use_one(&mut unseen, &profile)
        {
            let message = format!("Value ({profile}) for parameter iamInstanceProfile is invalid.");
            return Err(Failure::of_caller("InvalidParameterValue", message));
        }
        let known = ["ec2", "elasticloadbalancing"].contains(&call.service.as_str());
        // A filter that names it just does not find it.
        let named = call.parameters.iter().filter(|(name, _)| known && !is_filter(name));
        match named.map(|(_, value)| value).find(|id| use_one(&mut unseen, id)) {
            Some(id) => Err(not_found(call, id)),
            None => Ok(()),
        }
    }

    /// Takes out of a list what is not found yet.
    pub(crate) fn hide(&self, call: &Call, document: &mut Element) {
        let Some(kind) = kinds::listed_by(&call.action) else { return };
        let mut unseen = self.unseen();
        if !unseen.is_empty() {
            let mut new = |id: String| use_one(&mut unseen, &id);
            kinds::retain(document, |object| !xml::text(object, &[kind.id]).is_some_and(&mut new));
        }
    }

    fn unseen(&self) -> MutexGuard<'_, Looks<String>> {
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_filter(parameter: &str) -> bool {
    parameter.starts_with("Filter.")
}

/// The name of the instance profile that a launch asks for.
fn profile(call: &Call) -> Option<String> {
    let arn = call.parameter("IamInstanceProfile.Arn").and_then(|arn| arn.rsplit('/').next());
    arn.or_else(|| call.parameter("IamInstanceProfile.Name")).map(str::to_owned)
}

fn not_found(call: &Call, id: &str) -> Failure {
    let kind = KINDS.iter().find(|kind| id.starts_with(kind.prefix));
    let code = match kind {
        Some(kind) if call.service == "ec2" => kind.not_found,
        Some(kind) => kind.not_found_elsewhere,
        None => "InvalidParameterValue",
    };
    Failure::of_caller(code, format!("The ID '{id}' does not exist"))
}
