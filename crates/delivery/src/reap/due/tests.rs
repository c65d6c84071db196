use greenroom_model::identity::{Incarnation, Sequence, Uid};
use greenroom_model::journal::{Effect, Handle, Intent, Lifecycle, Subject};
use greenroom_model::state::{Lifetime, Watch};
use greenroom_model::value::{Object, Value};
use greenroom_provider::Owned;

use super::*;

const LINEAGE: &str = "0123456789abcdef";
const NOON: &str = "2026-11-28T12:00:00Z";
const BEFORE: &str = "2026-11-28T11:00:00Z";
const AFTER: &str = "2026-11-28T13:00:00Z";

fn state(lineage: &str, kind: EnvironmentKind, expires: Option<&str>) -> State {
    State {
        lifetime: Lifetime { expires: expires.map(Into::into), ..Lifetime::default() },
        ..State::new("shop", "it", kind, Lineage(lineage.into()))
    }
}

fn ephemeral(expires: Option<&str>) -> State {
    state(LINEAGE, EnvironmentKind::Ephemeral, expires)
}

/// One object of the lineage of these tests, changed as a test wants it.
fn sighted(id: &str, expires: Option<&str>, change: impl FnOnce(&mut Owned)) -> Sighted {
    let owner = Owner {
        project: "shop".into(),
        stage: "it".into(),
        scope: "pr-7".parse().expect("a name"),
        lineage: Lineage(LINEAGE.into()),
        kind: EnvironmentKind::Ephemeral,
        expires: expires.map(Into::into),
    };
    let uid = Uid(format!("uid-of-{id}").into());
    let mut owned =
        Owned { kind: "sim_machine".into(), id: id.into(), uid, owner, attributes: Value::Null };
    change(&mut owned);
    Sighted { owned, provider: "sim".into(), settings: Object::new() }
}

fn plain(id: &str, expires: Option<&str>) -> Sighted {
    sighted(id, expires, |_| {})
}

fn survey(states: Vec<(&str, State, Option<Holder>)>, sighted: Vec<Sighted>) -> Survey {
    let states = states.into_iter().map(|(name, state, holder)| {
        (name.parse().expect("a state's name"), View { state: Some(state), holder })
    });
    Survey { before: BTreeMap::new(), states: states.collect(), sighted }
}

fn due(survey: &Survey) -> Due {
    Due::of(survey, "shop", None, NOON.parse().expect("a time"))
}

/// What is due: environments by the names of their states, what is lost by its objects' ids, and
/// what may not go yet.
fn found(due: &Due) -> [Vec<String>; 3] {
    let ids = |lost: &[Lost]| {
        lost.iter().flat_map(|it| &it.objects).map(|it| it.owned.id.to_string()).collect()
    };
    [due.expired.iter().map(|it| it.state.to_string()).collect(), ids(&due.lost), ids(&due.early)]
}

fn nothing() -> [Vec<String>; 3] {
    [const { Vec::new() }; 3]
}

#[test]
fn an_environment_is_due_from_the_second_in_which_its_time_is_over() {
    for (expires, is_due) in [(Some(BEFORE), true), (Some(NOON), true), (Some(AFTER), false)] {
        let due = due(&survey(vec![("shop/it/pr-7", ephemeral(expires), None)], Vec::new()));
        assert_eq!(!due.is_empty(), is_due, "{expires:?}");
    }
}

#[test]
fn what_names_no_time_or_is_promoted_is_never_due() {
    let promoted = state(LINEAGE, EnvironmentKind::Promoted, Some(BEFORE));
    for state in [ephemeral(None), ephemeral(Some("soon")), promoted] {
        let due = due(&survey(vec![("shop/it/pr-7", state, None)], Vec::new()));
        assert_eq!(found(&due), nothing());
    }
}

#[test]
fn an_environment_that_somebody_is_at_work_on_is_named_and_may_not_go() {
    let holder = Holder::this_process("greenroom run it", None, Timestamp::UNIX_EPOCH);
    let held = ("shop/it/pr-7", ephemeral(Some(BEFORE)), Some(holder.clone()));
    let due = due(&survey(vec![held], Vec::new()));
    assert_eq!(due.expired[0].holder, Some(holder));
    assert!(due.is_empty());
}

#[test]
fn an_environment_lives_as_long_as_one_of_its_objects_says() {
    let states = || vec![("shop/it/pr-7", ephemeral(Some(BEFORE)), None)];
    let renewed = survey(states(), vec![plain("a", Some(BEFORE)), plain("b", Some(AFTER))]);
    assert_eq!(found(&due(&renewed)), nothing());
    let old = survey(states(), vec![plain("a", Some(BEFORE))]);
    assert_eq!(found(&due(&old))[0], ["shop/it/pr-7"]);
}

#[test]
fn only_the_given_stage_is_meant() {
    let lost = plain("a", Some(BEFORE));
    let other = state("other", EnvironmentKind::Ephemeral, Some(BEFORE));
    let survey = survey(vec![("shop/perf/pr-7", other, None)], vec![lost]);
    let of = |stage| found(&Due::of(&survey, "shop", Some(stage), NOON.parse().expect("a time")));
    assert_eq!(of("it"), [vec![], vec!["a".to_owned()], vec![]]);
    assert_eq!(of("perf"), [vec!["shop/perf/pr-7".to_owned()], vec![], vec![]]);
}

#[test]
fn what_no_state_knows_is_due_when_the_last_time_is_over_that_its_objects_name() {
    let both = |b| survey(Vec::new(), vec![plain("a", Some(BEFORE)), plain("b", b)]);
    let names = || vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(found(&due(&both(Some(NOON)))), [vec![], names(), vec![]]);
    for b in [Some(AFTER), None, Some("soon")] {
        assert_eq!(found(&due(&both(b))), [vec![], vec![], names()], "{b:?}");
    }
}

#[test]
fn what_is_lost_gets_a_state_that_is_named_after_its_lineage() {
    let due = due(&survey(Vec::new(), vec![plain("a", Some(BEFORE))]));
    assert_eq!(due.lost[0].state.to_string(), "shop/it/lost-01234567");
    let content = due.lost[0].content();
    assert_eq!((&*content.project, &*content.stage), ("shop", "it"));
    assert_eq!(content.expires.as_deref(), Some(BEFORE));
}

#[test]
fn what_is_promoted_or_of_another_project_is_never_taken_for_lost() {
    let promoted = |it: &mut Owned| it.owner.kind = EnvironmentKind::Promoted;
    let others = |it: &mut Owned| it.owner.project = "blog".into();
    let objects = vec![
        plain("a", Some(BEFORE)),
        sighted("b", Some(BEFORE), promoted),
        sighted("c", Some(BEFORE), |it| {
            others(it);
            it.owner.lineage = Lineage("another-lineage".into());
        }),
    ];
    assert_eq!(found(&due(&survey(Vec::new(), objects))), nothing());
}

#[test]
fn what_is_of_a_lineage_that_a_state_has_is_not_lost() {
    let living = || ephemeral(Some(AFTER));
    let sighted = || vec![plain("a", Some(BEFORE))];
    let now = survey(vec![("shop/it/pr-7", living(), None)], sighted());
    assert_eq!(found(&due(&now)), nothing());
    let removed = Survey { before: now.states, ..survey(Vec::new(), sighted()) };
    assert_eq!(found(&due(&removed)), nothing());
}

/// The create of the object `uid` without an answer.
fn intent(uid: &Uid) -> Intent {
    let address = "pr-7/sim_machine.web".parse().expect("an address");
    Intent {
        operation: None,
        effect: Effect::Create,
        subjects: vec![Subject { address, uid: uid.clone(), incarnation: Incarnation(1) }],
        provider: "sim".into(),
        handle: Handle { token: "token".into(), natural_key: None },
        arguments: Value::Null,
        lifecycle: Lifecycle::default(),
        deadline: 0,
    }
}

#[test]
fn what_a_state_is_about_to_make_or_watches_for_is_not_lost() {
    let object = plain("a", Some(BEFORE));
    let intent = intent(&object.owned.uid);
    let other = || state("other", EnvironmentKind::Ephemeral, Some(AFTER));
    let making = State { open: [(Sequence(1), intent.clone())].into(), ..other() };
    let watching = State { watch: vec![Watch { intent, until: 0 }], ..other() };
    for (state, lost) in [(making, 0), (watching, 0), (other(), 1)] {
        let due = due(&survey(vec![("shop/it/pr-7", state, None)], vec![object.clone()]));
        assert_eq!(due.lost.len(), lost);
    }
}

#[test]
fn what_says_something_else_at_the_second_look_has_changed() {
    let lost = |objects| due(&survey(Vec::new(), objects)).lost.remove(0);
    let before = lost(vec![plain("a", Some(BEFORE)), plain("b", Some(BEFORE))]);
    let same = lost(vec![plain("a", Some(BEFORE)), plain("b", Some(BEFORE))]);
    assert!(same.is_unchanged(&before));
    let fewer = lost(vec![plain("a", Some(BEFORE))]);
    let renewed = lost(vec![plain("a", Some(BEFORE)), plain("b", Some(NOON))]);
    assert!(!fewer.is_unchanged(&before) && !renewed.is_unchanged(&before));
}
