//! A stage of the shop that promotes, quickly enough for tests, and what it calls.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cloud::Shop;

/// The shop, with these steps and nothing to wait for in its stages that promote: what CloudWatch
/// counts is known after minutes.
pub(super) fn shop(steps: &str) -> Shop {
    let shop = Shop::new();
    let text = shop.read("greenroom.toml");
    let (stages, _) = text.split_once("# Promoted behind").expect("the stages that promote");
    let mut project = stages.to_owned();
    for (name, suffix) in [("production", ""), ("production-dns", "-dns")] {
        project.push_str(&format!(
            "[stage.{name}]\ntemplate = \"environment{suffix}.toml\"\n\
             front = \"front{suffix}.toml\"\n[stage.{name}.promotion]\ngates = [\"targets\"]\n\
             require = []\nsteps = {steps}\npause = \"100ms\"\nretain = \"1h\"\n\
             drain = {{ limit = \"1s\", at_limit = \"proceed\" }}\n"
        ));
    }
    shop.write("greenroom.toml", &project);
    shop
}

/// What `status` says.
pub(super) fn status(shop: &Shop, stage: &str) -> Value {
    let ran = shop.expect(0, &["status", stage, "--json"]);
    serde_json::from_str(ran.stdout.trim()).expect("one line of JSON")
}

/// Waits until the front has this verified weight for the environment at this place.
pub(super) fn await_weight(shop: &Shop, stage: &str, place: usize, weight: u64) {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        let status = status(shop, stage);
        if status["environments"][place]["verified"] == weight {
            return;
        }
        assert!(Instant::now() < limit, "it is at {status}");
    }
}

/// The id that AWS gave an object.
pub(super) fn id(shop: &Shop, stage: &str, address: &str) -> String {
    let ran = shop.expect(0, &["state", "show", stage, address, "--json"]);
    // What is open in the state is said before.
    let object = ran.stdout.trim().lines().last().expect("a line");
    let object: Value = serde_json::from_str(object).expect("JSON");
    object["current"]["id"].as_str().unwrap_or_else(|| panic!("{object}")).to_owned()
}

/// A call that changed something.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) action: String,
    /// Its parameters, in the order of their names.
    pub(super) parameters: Vec<(String, String)>,
}

impl Called {
    /// Whether it names an object.
    pub(super) fn names(&self, id: &str) -> bool {
        self.parameters.iter().any(|(_, value)| value == id)
    }

    /// The values of the parameters whose name ends with this, in the order of their names.
    pub(super) fn values(&self, end: &str) -> Vec<&str> {
        let ended = self.parameters.iter().filter(|(name, _)| name.ends_with(end));
        ended.map(|(_, value)| value.as_str()).collect()
    }
}

/// The calls since the last time that changed something, in order.
pub(super) fn changes(shop: &Shop) -> Vec<Called> {
    let requests = shop.account.requests();
    shop.account.clear_log();
    let looks = ["Describe", "Get", "List", "Assume"];
    let changes = requests.into_iter().filter(|it| !looks.iter().any(|w| it.action.starts_with(w)));
    changes
        .map(|it| Called { action: it.action, parameters: it.parameters.into_iter().collect() })
        .collect()
}

/// The actions of calls, in order.
pub(super) fn actions(calls: &[Called]) -> Vec<&str> {
    calls.iter().map(|it| it.action.as_str()).collect()
}
