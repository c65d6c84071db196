//! Objects that nobody could look at, told by their reason: what ails a provider ails all.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::address::Address;
use greenroom_spec::diagnostic::Diagnostic;

/// How many objects a diagnostic names.
const NAMED: usize = 3;

/// Objects by the provider configuration and the reason why they could not be read.
#[derive(Default)]
pub(super) struct Unreadable(BTreeMap<(Arc<str>, String), Vec<Address>>);

impl Unreadable {
    pub(super) fn add(&mut self, provider: Arc<str>, why: String, address: Address) {
        self.0.entry((provider, why)).or_default().push(address);
    }

    /// One mistake for each reason.
    pub(super) fn into_diagnostics(self) -> impl Iterator<Item = Diagnostic> {
        self.0.into_iter().map(|((provider, why), objects)| {
            let which = match &objects[..] {
                [address] => address.to_string(),
                many => format!("{} objects of the provider `{provider}`", many.len()),
            };
            let named = if objects.len() > 1 { named(&objects) } else { String::new() };
            Diagnostic::error("plan::unreadable", format!("cannot read {which}: {why}"))
                .help(format!("{named}nothing was changed; plan again when it answers"))
        })
    }
}

fn named(objects: &[Address]) -> String {
    let first: Vec<String> = objects.iter().take(NAMED).map(ToString::to_string).collect();
    match objects.len().saturating_sub(NAMED) {
        0 => format!("they are {}; ", first.join(", ")),
        more => format!("they are {} and {more} more; ", first.join(", ")),
    }
}
