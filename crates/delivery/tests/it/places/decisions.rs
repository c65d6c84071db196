//! Whose turn it is, by examples.

use greenroom_delivery::places::{Decision, Limit, Limits, Line, Me, Standing, Waiting, decide};
use greenroom_spec::parse::parse_project;
use greenroom_spec::schemas::Schemas;
use greenroom_spec::source::Sources;
use greenroom_store::{Segment, StateName};
use jiff::Timestamp;

use super::{limits, me, state};

/// A line, as one after the other comes or looks again.
struct Scene {
    limits: Limits,
    line: Line,
    listed: Vec<StateName>,
    now: i64,
}

impl Scene {
    fn new(limits: Limits) -> Scene {
        Scene { limits, line: Line::default(), listed: Vec::new(), now: 1_000 }
    }

    fn looks(&mut self, me: &Me) -> Decision {
        let now = Timestamp::from_second(self.now).unwrap();
        let (line, decision) = decide(&self.line, &self.listed, me, &self.limits, now);
        self.line = line;
        decision
    }

    fn goes(&mut self, me: &Me) {
        assert_eq!(self.looks(me), Decision::Go, "{}", me.ticket);
    }

    fn waits(&mut self, me: &Me) -> Waiting {
        match self.looks(me) {
            Decision::Wait(waiting) => waiting,
            other => panic!("{} does not wait: {other:?}", me.ticket),
        }
    }

    /// Makes what `me` wants, as anybody may who has not come to the line.
    fn lists(&mut self, me: &Me) {
        self.listed.push(me.state.clone());
        if let Some(entry) = self.line.entries.iter_mut().find(|it| it.who == *me) {
            entry.standing = Standing::Taken;
        }
    }

    fn removes(&mut self, me: &Me) {
        self.listed.retain(|state| *state != me.state);
    }
}

fn two_in_a_stage() -> (Scene, Me, Me, Me) {
    let scene = Scene::new(limits(None, &[("it", 2)]));
    (scene, me("it/a", "first"), me("it/b", "second"), me("it/c", "third"))
}

#[test]
fn who_finds_no_place_learns_its_own_in_the_line_and_who_has_them() {
    let (mut scene, a, b, c) = two_in_a_stage();
    scene.goes(&a);
    scene.lists(&a);
    scene.now += 60;
    scene.goes(&b);
    scene.waits(&c);
    let waiting = scene.waits(&me("it/d", "fourth"));
    assert_eq!(waiting.place, 2);
    assert_eq!(waiting.limit, Limit::Stage(Segment::new("it").unwrap(), 2));
    assert_eq!(waiting.taken[0].since, Some(Timestamp::from_second(1_000).unwrap()));
    assert_eq!(
        waiting.to_string(),
        "`max_environments` of stage `it` is 2: `shop/it/a`, held by first@ci; \
         `shop/it/b`, held by second@ci; 1 waits already"
    );
}

#[test]
fn a_place_is_free_when_the_state_is_gone() {
    let (mut scene, a, b, c) = two_in_a_stage();
    for me in [&a, &b] {
        scene.goes(me);
        scene.lists(me);
    }
    scene.waits(&c);
    scene.removes(&a);
    scene.goes(&c);
    let standing: Vec<_> =
        scene.line.entries.iter().map(|it| (&*it.who.ticket, it.standing)).collect();
    assert_eq!(standing, [("second", Standing::Taken), ("third", Standing::Reserved)]);
}

#[test]
fn an_image_takes_no_place() {
    let mut scene = Scene::new(limits(Some(1), &[]));
    scene.lists(&me("images/web-1", "baker"));
    scene.goes(&me("it/a", "first"));
}

#[test]
fn a_state_that_nobody_in_the_line_made_takes_a_place() {
    let (mut scene, a, b, c) = two_in_a_stage();
    scene.lists(&a);
    scene.goes(&b);
    let waiting = scene.waits(&c);
    assert_eq!((&waiting.taken[0].state, &waiting.taken[0].by), (&a.state, &None));
}

#[test]
fn an_environment_that_has_a_state_goes_on_and_nothing_is_written() {
    let (mut scene, a, b, c) = two_in_a_stage();
    for me in [&a, &b, &c] {
        scene.lists(me);
    }
    assert_eq!(scene.looks(&c), Decision::Listed);
    assert_eq!(scene.line, Line::default());
}

#[test]
fn who_waits_for_an_environment_that_another_makes_is_in_nobodys_way() {
    let (mut scene, a, b, c) = two_in_a_stage();
    for me in [&a, &b] {
        scene.goes(me);
        scene.lists(me);
    }
    scene.waits(&c);
    scene.removes(&a);
    scene.lists(&c);
    assert_eq!(scene.looks(&c), Decision::Listed);
    assert_eq!(scene.waits(&me("it/d", "fourth")).place, 1);
}

#[test]
fn a_reservation_stays_while_another_process_makes_and_removes_the_environment() {
    let (mut scene, a, b, c) = two_in_a_stage();
    let again = me("it/a", "again");
    scene.goes(&a);
    scene.goes(&again);
    scene.goes(&b);
    scene.lists(&again);
    scene.waits(&c);
    scene.removes(&again);
    assert_eq!(scene.waits(&c).taken.len(), 2, "the first may make it at any moment");
}

#[test]
fn a_reservation_that_is_not_renewed_still_tells_who_made_the_state() {
    let (mut scene, a, b, c) = two_in_a_stage();
    scene.goes(&a);
    scene.listed.push(a.state.clone());
    scene.now += 60;
    scene.goes(&b);
    assert_eq!(scene.waits(&c).taken[0].by.as_deref(), Some("first@ci"));
    scene.removes(&a);
    scene.goes(&c);
}

#[test]
fn two_who_want_the_same_environment_take_one_place() {
    let (mut scene, a, b, c) = two_in_a_stage();
    scene.goes(&a);
    scene.goes(&me("it/a", "again"));
    scene.goes(&b);
    scene.waits(&c);
}

#[test]
fn who_came_later_takes_no_place_that_somebody_before_could_have() {
    let (mut scene, a, b, c) = two_in_a_stage();
    let d = me("it/d", "fourth");
    for me in [&a, &b] {
        scene.goes(me);
        scene.lists(me);
    }
    scene.waits(&c);
    scene.waits(&d);
    scene.removes(&a);
    assert_eq!(scene.waits(&d).place, 2, "the free place is for the third");
    scene.removes(&b);
    scene.goes(&d);
    scene.goes(&c);
}

#[test]
fn who_waits_for_its_stage_is_in_nobodys_way_in_another() {
    let mut scene = Scene::new(limits(Some(3), &[("it", 1)]));
    let (a, b) = (me("it/a", "first"), me("it/b", "second"));
    scene.goes(&a);
    scene.waits(&b);
    scene.goes(&me("perf/x", "third"));
    scene.goes(&me("perf/y", "fourth"));
    let waiting = scene.waits(&me("perf/z", "fifth"));
    assert_eq!((waiting.place, waiting.limit), (2, Limit::Project(3)));
    assert_eq!(waiting.taken.len(), 3);
    let waiting = scene.waits(&me("it/c", "sixth"));
    assert_eq!(waiting.place, 2, "in the line of its stage");
}

#[test]
fn who_does_not_renew_for_a_minute_is_in_nobodys_way() {
    let (mut scene, a, b, c) = two_in_a_stage();
    let d = me("it/d", "fourth");
    scene.goes(&a);
    scene.goes(&b);
    scene.waits(&c);
    scene.now += 30;
    scene.goes(&b);
    assert_eq!(scene.waits(&d).place, 2);
    scene.now += 29;
    assert_eq!(scene.waits(&d).place, 2, "the first may still be alive");
    scene.now += 1;
    scene.goes(&d);
    scene.waits(&c);
}

#[test]
fn what_a_clock_far_ahead_has_written_is_over_like_all_else() {
    let (mut scene, a, b, c) = two_in_a_stage();
    scene.now += 3_600;
    scene.goes(&a);
    scene.goes(&b);
    scene.now -= 3_600;
    scene.goes(&c);
}

#[test]
fn who_looks_often_seldom_changes_the_line() {
    let (mut scene, a, b, c) = two_in_a_stage();
    scene.goes(&a);
    scene.goes(&b);
    scene.waits(&c);
    let before = scene.line.clone();
    scene.now += 9;
    scene.waits(&c);
    assert_eq!(scene.line, before);
    scene.now += 1;
    scene.waits(&c);
    assert_ne!(scene.line, before);
}

#[test]
fn other_projects_and_stages_that_promote_take_no_place() {
    let mut scene = Scene::new(limits(Some(1), &[]));
    scene.listed = ["blog/it/a", "shop/production"].map(|name| name.parse().unwrap()).to_vec();
    scene.goes(&me("it/a", "first"));
    assert_eq!(scene.waits(&me("it/b", "second")).taken[0].state, state("it/a"));
}

#[test]
fn limits_are_what_the_project_says_and_concern_what_they_name() {
    let mut sources = Sources::default();
    let text =
        "[project]\nname = \"shop\"\n[stage.it]\ntemplate = \"e.toml\"\nmax_environments = 2\n";
    let read = |sources: &Sources, file| {
        Limits::of(&parse_project(sources, file, &Schemas::default()).value)
    };
    let file = sources.add("greenroom.toml", text);
    let of_stage = read(&sources, file);
    assert_eq!(of_stage, limits(None, &[("it", 2)]));
    assert!(of_stage.concern(&state("it/a")));
    assert!(!of_stage.concern(&state("perf/a")));
    let text = text.replace("[stage.it]", "max_environments = 8\n[stage.it]");
    let file = sources.add("greenroom.toml", text);
    let of_both = read(&sources, file);
    assert_eq!(of_both, limits(Some(8), &[("it", 2)]));
    assert!(of_both.concern(&state("perf/a")));
}
