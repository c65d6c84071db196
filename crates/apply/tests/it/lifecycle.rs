//! From nothing to everything, and back.

use std::time::Duration;

use greenroom_sim::cloud::{CallKind, Cloud, Fault, Weather};
use greenroom_sim::disk::FaultyDisk;

use crate::lab::{AFTER, BEFORE, Lab, simulate};

#[test]
fn what_was_applied_is_as_it_should_be_and_goes_without_a_trace() {
    simulate(async {
        let lab = Lab::new();
        let applied = lab.up(BEFORE).await.unwrap();
        assert!(applied.is_complete() && applied.completed == 7, "{applied:?}");
        assert_eq!(lab.would_do(BEFORE).await, Vec::<String>::new());
        lab.agrees("after an apply").await;
        lab.converge(AFTER, 1, "after a change").await;
        lab.leaves_nothing("after a destroy").await;
    });
}

#[test]
fn nothing_that_is_needed_is_made_or_deleted_out_of_order() {
    simulate(async {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        lab.cloud.forget_calls();
        lab.up(AFTER).await.unwrap();
        let calls: Vec<String> = lab.cloud.calls().iter().map(ToString::to_string).collect();
        let last = |call: &str| calls.iter().rposition(|it| it == call).expect(call);
        let first = |call: &str| calls.iter().position(|it| it == call).expect(call);
        assert!(last("Delete pr/sim_machine.swaps") < first("Create pr/sim_machine.swaps"));
        // The group is made before the old one goes, and so is what it reads.
        assert!(first("Create pr/sim_machine.anew") < first("Delete pr/sim_machine.anew"));
        assert!(first("Create pr/sim_group.web") < first("Update pr/sim_listener.http"));
        assert!(last("Update pr/sim_listener.http") < first("Delete pr/sim_group.web"));
        assert!(first("Ready pr/sim_machine.anew") < first("Create pr/sim_group.web"));
    });
}

#[test]
fn what_is_made_anew_goes_only_after_those_that_leave_it() {
    let template = |port: u16, group: &str| {
        format!(
            "[resource.sim_group.a]\nport = {port}\n[resource.sim_group.b]\nport = 80\n\
             [resource.sim_listener.http]\ngroup = \"${{sim_group.{group}.id}}\"\n"
        )
    };
    simulate(async {
        let lab = Lab::new();
        lab.converge(&template(80, "a"), 1, "before").await;
        lab.converge(&template(81, "b"), 1, "the listener leaves what is replaced").await;
    });
}

#[test]
fn a_failed_operation_stops_only_what_needs_it() {
    simulate(async {
        let lab = Lab::new();
        lab.cloud.next(CallKind::Create, "pr/sim_machine.anew", Fault::Refused);
        let applied = lab.up(BEFORE).await.unwrap();
        assert_eq!(applied.failed.len(), 1);
        assert!(applied.failed[0].message.contains("pr/sim_machine.anew"), "{applied:?}");
        assert_eq!((applied.completed, applied.skipped), (4, 2));
        lab.agrees("what was done is kept").await;
        lab.converge(BEFORE, 1, "the next apply does the rest").await;
    });
}

#[test]
fn a_machine_that_will_never_be_ready_is_kept_and_replaced_by_the_next_apply() {
    simulate(async {
        let lab = Lab::new();
        lab.cloud.next(CallKind::Create, "pr/sim_machine.anew", Fault::Broken);
        let applied = lab.up(BEFORE).await.unwrap();
        assert_eq!(applied.failed.len(), 1, "{applied:?}");
        lab.agrees("the broken machine is known").await;
        lab.converge(BEFORE, 1, "replaced").await;
    });
}

#[test]
fn a_deletion_that_takes_its_time_is_awaited() {
    simulate(async {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        lab.cloud.next(CallKind::Delete, "pr/sim_machine.goes", Fault::Slow);
        lab.leaves_nothing("slow").await;
        assert!(lab.cloud.calls().iter().any(|it| it.kind == CallKind::Gone));
    });
}

#[test]
fn what_changed_behind_our_back_is_repaired() {
    simulate(async {
        let lab = Lab::new();
        lab.up(BEFORE).await.unwrap();
        assert!(lab.cloud.kill("pr/sim_machine.grows"));
        assert!(lab.cloud.change(
            "pr/sim_group.web",
            "targets",
            greenroom_model::value::Value::Null
        ));
        assert!(lab.cloud.break_down("pr/sim_machine.anew"));
        let doing = lab.would_do(BEFORE).await.join("\n");
        assert!(doing.contains("apply:create:pr/sim_machine.grows"), "{doing}");
        assert!(doing.contains("apply:update:pr/sim_group.web"), "{doing}");
        assert!(doing.contains("apply:delete:pr/sim_machine.anew"), "{doing}");
        lab.converge(BEFORE, 1, "repaired").await;
    });
}

#[test]
fn no_more_calls_are_under_way_at_once_than_allowed() {
    simulate(async {
        let slow = Duration::from_secs(1);
        let cloud = Cloud::with_weather(Weather { latency: (slow, slow), ..Weather::default() });
        let lab = Lab::of(cloud, FaultyDisk::new());
        lab.up("[resource.sim_network.net]\ncount = 40\ncidr = \"10.${count.index}.0.0/16\"\n")
            .await
            .unwrap();
        assert_eq!(lab.cloud.objects().len(), 40);
        assert_eq!(lab.cloud.most_at_once(), lab.workbench.parallelism);
    });
}

const CHAIN: &str = r#"
[resource.sim_network.net]
cidr = "10.0.0.0/16"
[data.sim_image.base]
name = "${sim_network.net.label == null ? "plain" : sim_network.net.label}"
[resource.sim_machine.web]
image = "${data.sim_image.base.id}"
network_id = "${sim_network.net.id}"
"#;

fn chain() -> String {
    CHAIN.replace("name = \"", "name = '").replace("label}\"", "label}'")
}

#[test]
fn a_replaced_network_takes_its_machines_along() {
    simulate(async {
        let lab = Lab::new();
        lab.up(&chain()).await.unwrap();
        let before = lab.cloud.objects();
        lab.converge(&chain().replace("10.0", "10.1"), 1, "another network").await;
        assert!(lab.cloud.objects().iter().all(|it| !before.iter().any(|old| old.id == it.id)));
    });
}

#[test]
fn a_replacement_that_turns_out_needless_is_skipped() {
    simulate(async {
        let lab = Lab::new();
        // The image is looked up after the network has changed, and comes out the same.
        let text = |size: &str| {
            format!(
                "[resource.sim_network.net]\ncidr = \"10.0.0.0/16\"\n[data.sim_image.base]\nname = \"base\"\ndepends_on = [\"sim_network.net\"]\n[resource.sim_machine.web]\nimage = \"${{data.sim_image.base.id}}\"\nsize = \"{size}\"\n"
            )
        };
        lab.up(&text("s1")).await.unwrap();
        let machine =
            |lab: &Lab| lab.cloud.objects().into_iter().find(|it| &*it.kind == "sim_machine");
        let before = machine(&lab).unwrap();
        let change =
            text("s2").replace("cidr = \"10.0.0.0/16\"", "cidr = \"10.0.0.0/16\"\nlabel = \"new\"");
        let doing = lab.would_do(&change).await.join(" ");
        assert!(doing.contains("delete:pr/sim_machine.web"), "{doing}");
        lab.converge(&change, 1, "an image that is the same").await;
        let after = machine(&lab).unwrap();
        assert_eq!(after.id, before.id, "it stayed");
        assert_eq!(after.attributes.get("size"), Some(&"s2".into()), "and was updated");
    });
}

/// Applies, and checks that the world was left alone and that nothing is left to record.
async fn records_only(lab: &Lab, template: &str) {
    assert_eq!(lab.would_do(template).await, Vec::<String>::new());
    assert!(lab.plan_now(template).await.has_records());
    lab.cloud.forget_calls();
    lab.up(template).await.unwrap();
    let effects = [CallKind::Create, CallKind::Update, CallKind::Delete];
    assert!(!lab.cloud.calls().iter().any(|it| effects.contains(&it.kind)));
    let again = lab.plan_now(template).await;
    assert!(again.is_empty() && !again.has_records(), "{again:#?}");
}

#[test]
fn protection_that_was_taken_back_no_longer_refuses_a_destroy() {
    simulate(async {
        let lab = Lab::new();
        let text = |kept: &str| format!("[resource.sim_machine.web]\nimage = \"a\"\n{kept}\n");
        lab.up(&text("lifecycle = { prevent_destroy = true }")).await.unwrap();
        records_only(&lab, &text("")).await;
        lab.leaves_nothing("unprotected").await;
    });
}

#[test]
fn what_an_object_reads_is_recorded_without_a_change_of_the_object() {
    simulate(async {
        let lab = Lab::new();
        let text = |reads: &str| {
            format!(
                "[resource.sim_network.net]\ncidr = \"10.0.0.0/16\"\n[resource.sim_machine.web]\nimage = \"a\"\n{reads}\n"
            )
        };
        lab.up(&text("")).await.unwrap();
        let reads = || async {
            let session = lab.open().await.unwrap();
            let web = "pr/sim_machine.web".parse().unwrap();
            let remote = session.state().instance(&web).and_then(|it| it.current.clone()).unwrap();
            session.close().await.unwrap();
            remote.reads.keys().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(reads().await.is_empty());
        records_only(&lab, &text("depends_on = [\"sim_network.net\"]")).await;
        assert_eq!(reads().await, ["pr/sim_network.net"]);
        records_only(&lab, &text("")).await;
        assert!(reads().await.is_empty());
    });
}

#[test]
fn an_unwanted_object_that_is_gone_already_is_forgotten() {
    simulate(async {
        let lab = Lab::new();
        let web = "[resource.sim_machine.web]\nimage = \"a\"\n";
        lab.up(&format!("{web}[resource.sim_machine.old]\nimage = \"a\"\n")).await.unwrap();
        assert!(lab.cloud.kill("pr/sim_machine.old"));
        records_only(&lab, web).await;
        lab.agrees("forgotten").await;
    });
}
