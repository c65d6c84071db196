//! Credentials that do not do: said once, and nothing more is sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use greenroom_apply::{Cancel, Event, Observer, PlanRequest, Planned, ProjectFiles};
use greenroom_engine::planner::{AskGates, Look, Refresh};
use greenroom_sim::cloud::CallKind;

use crate::lab::{Lab, simulate};

const MANY: &str = r#"
[resource.sim_machine.m]
count = 45
image = "a"
[resource.sim_group.web]
targets = "${[for m in sim_machine.m : m.address]}"
"#;

/// Keeps how many operations each provider that was given up took along.
#[derive(Clone, Default)]
struct GivenUp(Arc<Mutex<Vec<(String, usize)>>>);

impl Observer for GivenUp {
    fn observe(&self, event: &Event) {
        if let Event::GivenUp { provider, skipped, .. } = event {
            self.0.lock().unwrap().push((provider.to_string(), skipped.len()));
        }
    }
}

#[test]
fn after_the_first_refusal_nothing_more_is_sent_and_what_is_left_is_told_once() {
    simulate(async {
        let mut lab = Lab::new();
        let given_up = GivenUp::default();
        lab.workbench.observer = Arc::new(given_up.clone());
        let mut session = lab.open().await.unwrap();
        let plan = lab.plan(session.state(), MANY).await;
        lab.cloud.lock_out(true);
        let applied = session.apply(Arc::new(plan), BTreeMap::new(), &Cancel::new()).await.unwrap();
        assert_eq!(session.state().open, BTreeMap::new());
        session.close().await.unwrap();
        let sent = lab.cloud.calls().iter().filter(|it| it.kind == CallKind::Create).count();
        assert_eq!(sent, 4, "as many as there are slots");
        assert_eq!((applied.failed.len(), applied.skipped), (4, 42));
        assert_eq!(*given_up.0.lock().unwrap(), [("sim".to_owned(), 42)]);
        lab.cloud.lock_out(false);
        lab.converge(MANY, 1, "logged in again").await;
        lab.leaves_nothing("logged in again").await;
    });
}

#[test]
fn what_the_credentials_hide_from_a_refresh_is_one_mistake() {
    simulate(async {
        let lab = Lab::new();
        lab.up(MANY).await.unwrap();
        let session = lab.open().await.unwrap();
        lab.cloud.lock_out(true);
        let planned = lab
            .workbench
            .plan(PlanRequest {
                desired: Arc::new(lab.desired(MANY).unwrap()),
                state: Some(Arc::new(session.state().clone())),
                lineage: session.state().lineage.clone(),
                refresh: Refresh::Bulk,
                look: Look::World,
                gates: AskGates::AfterChanges,
                files: ProjectFiles::below("/nowhere"),
            })
            .await
            .unwrap();
        session.close().await.unwrap();
        let Planned::Mistakes(mistakes) = planned else { panic!("{planned:?}") };
        let told: Vec<String> = mistakes
            .iter()
            .map(|it| format!("{}\n{}", it.message, it.help.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(
            told,
            ["cannot read 46 objects of the provider `sim`: the credentials have expired (log in \
              again)\nthey are pr/sim_group.web, pr/sim_machine.m[0], pr/sim_machine.m[1] and 43 \
              more; nothing was changed; plan again when it answers"]
        );
    });
}
