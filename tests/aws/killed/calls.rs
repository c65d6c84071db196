//! Being killed before or after a call takes effect, at the emulator.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use greenroom_emulator::{Fault, Rule, Victim};

use super::{Place, Places, Site, Step};
use crate::points::PROBE;

/// Where a call is when its caller is killed: at its first arrival.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// What is called: `ec2:RunInstances`.
    name: String,
    /// Whether it was carried out, though nobody hears so.
    is_done: bool,
}

/// All calls of each step that change something.
pub(super) fn of_each(steps: &[&Step; 4]) -> Places<Call> {
    let site = Site::new();
    steps.map(|step| {
        let names = changing(&site, step);
        names.into_iter().flat_map(|name| before_and_after(&name)).collect()
    })
}

/// The names of the calls of a step that change something.
fn changing(site: &Site, step: &Step) -> BTreeSet<String> {
    site.account().clear_log();
    site.expect(step.arguments, PROBE);
    let requests = site.account().requests();
    let looks = |action: &str| ["Describe", "Get", "List"].iter().any(|it| action.starts_with(it));
    requests.iter().filter(|it| !looks(&it.action)).map(|request| request.name()).collect()
}

pub(super) fn before_and_after(name: &str) -> [Call; 2] {
    [false, true].map(|is_done| Call { name: name.to_owned(), is_done })
}

impl Place for Call {
    fn kill(&self, site: &Site, mut command: Command, environment: &str) -> bool {
        let victim = Victim::unknown();
        let kill = if self.is_done { Fault::KillAfter } else { Fault::KillBefore };
        site.account().inject(Rule::on(&self.name, kill(victim.clone())));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the binary starts");
        victim.is(child.id());
        let status = child.wait().expect("a child");
        site.account().clear_faults();
        assert_eq!(status.code(), None, "{environment}: never called {self:?}");
        true
    }
}
