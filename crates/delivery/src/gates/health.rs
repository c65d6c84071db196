//! Targets, as their provider sees them.

use greenroom_apply::Sight;
use greenroom_model::address::BlockName;
use greenroom_model::gate::MinHealthy;
use greenroom_provider::Health;

use super::Look;

/// Looks once.
pub(super) async fn look(sight: &dyn Sight, block: &BlockName, wanted: MinHealthy) -> Look {
    match sight.health(block).await {
        Ok(health) => judge(block, health, wanted),
        Err(failure) => Look::error(format!("{block}: {failure}")),
    }
}

fn judge(block: &BlockName, health: Health, wanted: MinHealthy) -> Look {
    let Health { healthy, unhealthy, unknown } = health;
    let (healthy, unknown) = (u64::from(healthy), u64::from(unknown));
    let all = healthy + u64::from(unhealthy) + unknown;
    if all == 0 {
        return Look::inconclusive(format!("{block} has no targets"));
    }
    let (needed, at_least) = match wanted {
        MinHealthy::Targets(number) => (u64::from(number), number.to_string()),
        MinHealthy::Percent(percent) => {
            ((all * u64::from(percent)).div_ceil(100), format!("{percent} %"))
        }
    };
    let not_known = if unknown > 0 { format!(", {unknown} not known yet") } else { String::new() };
    let evidence = format!(
        "{healthy} of {all} targets of {block} are healthy{not_known}, at least {at_least}"
    );
    if healthy >= needed {
        Look::pass(evidence)
    } else if healthy + unknown >= needed {
        Look::inconclusive(evidence)
    } else {
        Look::fail(evidence)
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::gate::GateResult;

    use super::*;

    fn result(health: (u32, u32, u32), wanted: MinHealthy) -> GateResult {
        let (healthy, unhealthy, unknown) = health;
        let block = BlockName::managed("local_target_group", "web");
        judge(&block, Health { healthy, unhealthy, unknown }, wanted).result
    }

    #[test]
    fn as_many_as_wanted_must_be_healthy() {
        let all = MinHealthy::Percent(100);
        assert_eq!(result((3, 0, 0), all), GateResult::Pass);
        assert_eq!(result((2, 1, 0), all), GateResult::Fail);
        assert_eq!(result((2, 1, 0), MinHealthy::Percent(67)), GateResult::Fail);
        assert_eq!(result((2, 1, 0), MinHealthy::Percent(66)), GateResult::Pass);
        assert_eq!(result((2, 1, 0), MinHealthy::Targets(2)), GateResult::Pass);
        assert_eq!(result((3, 0, 0), MinHealthy::Targets(4)), GateResult::Fail);
    }

    #[test]
    fn what_nobody_knows_yet_is_inconclusive_where_it_decides() {
        let all = MinHealthy::Percent(100);
        assert_eq!(result((2, 0, 1), all), GateResult::Inconclusive);
        assert_eq!(result((1, 1, 1), all), GateResult::Fail);
        assert_eq!(result((2, 0, 1), MinHealthy::Targets(2)), GateResult::Pass);
        assert_eq!(result((0, 0, 0), MinHealthy::Percent(1)), GateResult::Inconclusive);
    }
}
