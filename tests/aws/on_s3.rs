//! States in a bucket: lives of their own, and two processes that want the same one.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use greenroom_emulator::{Fault, Rule};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::cloud::Shop;
use crate::points::{About, BUCKET, BUCKET_REMOVAL, Point, TAKEOVER, together};

/// A network of one piece, whose state is in a bucket; its first create is of the VPC.
const TEMPLATE: &str = r#"
[resource.aws_vpc.main]
cidr_block = "10.9.0.0/16"
[resource.aws_subnet.one]
vpc_id = "${aws_vpc.main.id}"
cidr_block = "10.9.1.0/24"
availability_zone = "eu-central-1a"
"#;

fn shop() -> Shop {
    let shop = Shop::in_bucket();
    shop.write("environment.toml", TEMPLATE);
    shop
}

const APPLY: [&str; 3] = ["apply", "it", "--yes"];

#[test]
fn a_state_in_a_bucket_lives_as_in_a_folder() {
    let shop = shop();
    shop.expect(0, &APPLY);
    shop.expect(0, &["plan", "it", "--detailed-exitcode"]);
    let listed = shop.expect(0, &["show"]).stdout;
    assert!(listed.contains("shop/it/default"), "{listed}");
    let examined = shop.expect(0, &["state", "examine", "it"]).stdout;
    assert!(examined.contains("serial 1") && examined.contains("sound"), "{examined}");
    shop.expect(0, &["state", "verify"]);
    shop.expect(0, &["destroy", "it", "--yes"]);
    assert!(shop.owned().is_empty(), "{:?}", shop.owned());
    assert!(!shop.expect(0, &["show"]).stdout.contains("shop/it"));
    shop.account.assert_supported();
}

#[test]
fn a_bucket_that_answers_badly_is_asked_again() {
    let shop = shop();
    let faults = [Fault::ServerError, Fault::ResetBefore, Fault::ResetAfter, Fault::ErrorAfter];
    for (nth, fault) in (0..).zip(faults) {
        shop.account.inject(Rule::on("s3:PutObject", fault.clone()).skip(1 + 2 * nth));
        shop.account.inject(Rule::on("s3:GetObject", fault.clone()).skip(nth));
        shop.account.inject(Rule::on("s3:List*", fault).skip(nth));
    }
    shop.expect(0, &APPLY);
    shop.account.clear_faults();
    shop.expect(0, &["plan", "it", "--detailed-exitcode"]);
    shop.expect(0, &["destroy", "it", "--yes"]);
    assert!(shop.owned().is_empty(), "{:?}", shop.owned());
    shop.account.assert_supported();
}

#[test]
fn states_move_into_a_bucket_and_back() {
    let shop = shop();
    let in_bucket = shop.read("greenroom.toml");
    let (_, bucket) = in_bucket.split_once("url = \"").expect("a URL");
    let (bucket, _) = bucket.split_once('"').expect("its end");
    let in_folder = in_bucket.replace(bucket, "state");
    shop.write("greenroom.toml", &in_folder);
    shop.expect(0, &APPLY);
    let moved = shop.expect(0, &["state", "migrate", "--to", bucket]).stderr;
    assert!(moved.contains("moved shop/it/default"), "{moved}");
    assert!(!shop.expect(0, &["show"]).stdout.contains("shop/it"), "it is still in the folder");
    shop.write("greenroom.toml", &in_bucket);
    shop.expect(0, &["plan", "it", "--detailed-exitcode"]);
    shop.expect(0, &["apply", "it", "--yes"]);
    shop.expect(0, &["state", "migrate", "it", "--to", "state"]);
    shop.write("greenroom.toml", &in_folder);
    shop.expect(0, &["plan", "it", "--detailed-exitcode"]);
    shop.expect(0, &["state", "verify"]);
    shop.expect(0, &["destroy", "it", "--yes"]);
    assert!(shop.owned().is_empty(), "{:?}", shop.owned());
}

#[test]
fn what_a_bucket_did_not_take_is_kept_and_taken_in_by_the_next_command() {
    let shop = shop();
    let mut stopped = stop_at(&shop, "1 apply: effect done @ create:default/aws_vpc.main");
    shop.account.inject(Rule::on("s3:*", Fault::ServerError).times(u32::MAX));
    let said = resumed(&mut stopped);
    assert!(said.contains("1 outcome that the state's store did not take: kept in"), "{said}");
    assert!(said.contains("cannot append records"), "{said}");
    shop.account.clear_faults();
    let next = shop.expect(0, &APPLY).stderr;
    assert!(next.contains("1 outcome of an interrupted run, kept in"), "{next}");
    assert_eq!(shop.account.counts()["ec2:CreateVpc"], 1);
    all_is_well(&shop);
}

/// A command about one of several environments.
fn about(shop: &Shop, arguments: &[&str], environment: &str) -> Command {
    shop.command(&[arguments, &["--env", environment]].concat())
}

#[test]
fn killed_at_every_point_of_a_bucket_the_next_command_has_it_all() {
    let shop = shop();
    let destroy = ["destroy", "it", "--yes"];
    let places: Vec<(&[&str; 3], &str)> = BUCKET
        .iter()
        .map(|name| (&APPLY, *name))
        .chain(BUCKET_REMOVAL.iter().map(|name| (&destroy, *name)))
        .chain(TAKEOVER.iter().map(|name| (&APPLY, *name)))
        .collect();
    together(&places, places.len(), |number, (arguments, name)| {
        let environment = format!("b{number}");
        let _about = About((&environment, arguments, name));
        let expect = |arguments: &[&str]| {
            shop.expect(0, &[arguments, &["--env", &environment]].concat());
        };
        if **arguments == destroy {
            expect(&APPLY);
        }
        if TAKEOVER.contains(name) {
            let left = format!("apply: effect done @ create:{environment}/aws_vpc.main");
            Point::first(&left).kill(about(&shop, &APPLY, &environment), &environment);
        }
        Point::first(name).kill(about(&shop, *arguments, &environment), &environment);
        expect(*arguments);
        if **arguments == APPLY {
            expect(&["plan", "it", "--detailed-exitcode"]);
            expect(&destroy);
        }
    });
    assert!(shop.owned().is_empty(), "{:?}", shop.owned());
    assert_eq!(shop.expect(0, &["show"]).stdout.matches("shop/it").count(), 0);
    shop.account.assert_supported();
    println!("killed at {} fail points, aws, states in a bucket", places.len());
}

/// Starts an apply that stops itself at a fail point, and returns when it stands still.
fn stop_at(shop: &Shop, point: &str) -> Child {
    let mut command = shop.command(&APPLY);
    command.env("GREENROOM_STOP_AT", point).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("the binary runs");
    let status = waitpid(Some(Pid::from_child(&child)), WaitOptions::UNTRACED);
    let (_, status) = status.expect("it is our child").expect("it was waited for");
    assert!(status.stopped(), "it came to its end before `{point}`: {status:?}");
    child
}

/// Stops an apply at a point, lets a second one pass it over, and lets it go on to its end.
fn passed_over(shop: &Shop, point: &str) -> (String, usize) {
    let mut stopped = stop_at(shop, point);
    let second = shop.expect(0, &APPLY);
    assert!(second.stderr.contains("waiting for the lease"), "{}", second.stderr);
    let vpcs = shop.account.counts()["ec2:CreateVpc"];
    let ended = go_on(&mut stopped);
    (ended, vpcs)
}

/// What a process that goes on says until its end, which must be that its lease is lost.
fn go_on(stopped: &mut Child) -> String {
    let said = resumed(stopped);
    assert!(said.contains("the lease of `shop/it/default` is lost"), "{said}");
    said
}

/// What a process that goes on says until its end, which must be a failure.
fn resumed(stopped: &mut Child) -> String {
    kill_process(Pid::from_child(stopped), Signal::CONT).expect("it stands still");
    let mut said = String::new();
    let mut stderr = stopped.stderr.take().expect("it is piped");
    stderr.read_to_string(&mut said).expect("text");
    let status = stopped.wait().expect("it ends");
    assert_eq!(status.code(), Some(1), "{said}");
    said
}

/// One network of ours is there, no change is left to make, and all of it goes.
fn all_is_well(shop: &Shop) {
    shop.expect(0, &APPLY);
    assert_eq!(shop.owned().len(), 2, "{:?}", shop.owned());
    shop.expect(0, &["plan", "it", "--detailed-exitcode"]);
    shop.expect(0, &["state", "verify"]);
    shop.expect(0, &["destroy", "it", "--yes"]);
    assert!(shop.owned().is_empty(), "{:?}", shop.owned());
    shop.account.assert_supported();
}

#[test]
fn stopped_before_it_looks_at_its_lease_it_sends_nothing_more() {
    let shop = shop();
    let (said, vpcs) = passed_over(&shop, "1 apply: intent durable @ create:default/aws_vpc.main");
    assert!(said.contains("nothing more was sent"), "{said}");
    let counts = shop.account.counts();
    assert_eq!((vpcs, counts["ec2:CreateVpc"], counts["ec2:CreateSubnet"]), (1, 1, 1));
    all_is_well(&shop);
}

#[test]
fn stopped_between_the_look_and_the_send_its_effect_is_known_to_the_successor() {
    let shop = shop();
    let (said, vpcs) = passed_over(&shop, "1 apply: before effect @ create:default/aws_vpc.main");
    assert!(said.contains("that the state's store did not take"), "{said}");
    let counts = shop.account.counts();
    assert_eq!((vpcs, counts["ec2:CreateVpc"], counts["ec2:CreateSubnet"]), (1, 2, 1));
    all_is_well(&shop);
}

#[test]
fn a_lease_that_was_unlocked_is_free_at_once_and_lost_to_who_had_it() {
    let shop = shop();
    let point = "1 apply: intent durable @ create:default/aws_vpc.main";
    let mut stopped = stop_at(&shop, point);
    let unlocked = shop.expect(0, &["state", "unlock", "it", "--yes"]);
    assert!(unlocked.stderr.contains("the lease of shop/it/default is free"), "{unlocked:?}");
    let again = shop.expect(0, &["state", "unlock", "it", "--yes"]);
    assert!(again.stderr.contains("nobody holds the lease"), "{again:?}");
    let second = shop.expect(0, &APPLY);
    assert!(!second.stderr.contains("waiting for the lease"), "{}", second.stderr);
    go_on(&mut stopped);
    all_is_well(&shop);
}
