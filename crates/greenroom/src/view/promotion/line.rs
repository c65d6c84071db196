//! How a promoted stage stands, in a line: for those who watch without a terminal.

use std::fmt::Write;

use super::StatusView;
use super::status::{errors_a_second, requests_a_second};
use crate::view::words::whole;

impl StatusView {
    /// Who has which weight, who is healthy, and where the promotion is. It does not change from
    /// one look to the next unless something happens.
    pub(crate) fn course(&self) -> String {
        let environments = self.environments.iter().map(|it| {
            let (weight, verified) = (it.entry.weight.percent(), it.entry.verified.percent());
            let health =
                it.seen.health.map(|it| it.healthy).map_or("?".into(), |it| it.to_string());
            let reached =
                if weight == verified { String::new() } else { format!(" (has {verified} %)") };
            format!("{} {} {weight} %{reached}, {health} healthy", it.name, it.entry.role.as_str())
        });
        let mut text = environments.collect::<Vec<_>>().join("; ");
        if let Some(open) = &self.promotion {
            let phase = &open.promotion.phase;
            write!(text, "; {phase}").expect("a string takes everything");
            if open.holder.is_none() {
                text.push_str(", unattended");
            }
        }
        text
    }

    /// The same, with what came since the last look.
    pub(crate) fn line(&self) -> String {
        let rates = self.environments.iter().filter_map(|it| {
            let requests = requests_a_second(&it.seen)?;
            let errors = errors_a_second(&it.seen).map(|it| format!(", {it:.1} errors/s"));
            Some(format!("{} {requests:.1} requests/s{}", it.name, errors.unwrap_or_default()))
        });
        let waits = self.promotion.iter().flat_map(|it| &it.outlook.waits);
        let left = waits.filter_map(|it| it.left).map(|it| format!("{} left", whole(it)));
        let told: Vec<String> = left.chain(rates).collect();
        let time = super::time(self.now);
        match told.is_empty() {
            true => format!("{time}  {}\n", self.course()),
            false => format!("{time}  {} ({})\n", self.course(), told.join("; ")),
        }
    }
}
