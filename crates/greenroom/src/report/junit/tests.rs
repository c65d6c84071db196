use greenroom_delivery::record::Standing;

use super::*;
use crate::report::sample;

/// The report of the sample's job of that name alone, after a change.
fn junit_of(name: &str, change: impl FnOnce(&mut Job)) -> String {
    let mut job = sample::job(name);
    change(&mut job);
    junit(&Pipeline { jobs: vec![job], ..sample::pipeline() }).unwrap()
}

#[test]
fn each_job_is_a_suite_and_each_step_a_case() {
    insta::assert_snapshot!(junit(&sample::pipeline()).unwrap(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="shop b4127" tests="14" skipped="1" failures="1" errors="1" timestamp="2026-03-05T14:02:11.000+00:00" time="363.000">
        <testsuite name="lint" tests="1" skipped="0" errors="0" failures="0" timestamp="2026-03-05T13:32:11.000+00:00" time="41.000">
            <properties>
                <property name="stage" value="lint"/>
                <property name="log" value="logs/lint.log"/>
            </properties>
            <testcase name="cargo clippy --workspace" classname="shop.lint" timestamp="2026-03-05T13:32:11.000+00:00" time="41.000"/>
        </testsuite>
        <testsuite name="build" tests="2" skipped="0" errors="0" failures="0" timestamp="2026-03-05T14:02:12.000+00:00" time="96.000">
            <properties>
                <property name="stage" value="build"/>
                <property name="log" value="logs/build.log"/>
            </properties>
            <testcase name="cargo build --release --locked" classname="shop.build" timestamp="2026-03-05T14:02:12.000+00:00" time="74.000"/>
            <testcase name="greenroom image bake web" classname="shop.build" timestamp="2026-03-05T14:03:26.000+00:00" time="22.000"/>
        </testsuite>
        <testsuite name="integration" tests="3" skipped="0" errors="0" failures="0" timestamp="2026-03-05T14:03:49.000+00:00" time="175.000">
            <properties>
                <property name="stage" value="integration"/>
                <property name="environment" value="b4127-integration"/>
                <property name="image_set" value="sha256:7d2f9c41e8b05a63"/>
                <property name="log" value="logs/b4127-integration.log"/>
            </properties>
            <testcase name="up" classname="shop.integration" timestamp="2026-03-05T14:03:49.000+00:00" time="52.000"/>
            <testcase name="cargo nextest run --profile integration --archive-file tests.tar.zst" classname="shop.integration" timestamp="2026-03-05T14:04:41.000+00:00" time="96.000"/>
            <testcase name="down" classname="shop.integration" timestamp="2026-03-05T14:06:17.000+00:00" time="27.000"/>
        </testsuite>
        <testsuite name="performance (size=small)" tests="3" skipped="0" errors="0" failures="0" timestamp="2026-03-05T14:03:50.000+00:00" time="199.000">
            <properties>
                <property name="stage" value="performance"/>
                <property name="matrix.size" value="small"/>
                <property name="environment" value="b4127-performance-small"/>
                <property name="image_set" value="sha256:7d2f9c41e8b05a63"/>
                <property name="log" value="logs/b4127-performance-small.log"/>
            </properties>
            <testcase name="up" classname="shop.performance (size=small)" timestamp="2026-03-05T14:03:50.000+00:00" time="52.000"/>
            <testcase name="k6 run --vus 20 load.js" classname="shop.performance (size=small)" timestamp="2026-03-05T14:04:42.000+00:00" time="120.000"/>
            <testcase name="down" classname="shop.performance (size=small)" timestamp="2026-03-05T14:06:42.000+00:00" time="27.000"/>
        </testsuite>
        <testsuite name="performance (size=large)" tests="4" skipped="0" errors="1" failures="1" timestamp="2026-03-05T14:03:55.000+00:00" time="259.000">
            <properties>
                <property name="stage" value="performance"/>
                <property name="matrix.size" value="large"/>
                <property name="environment" value="b4127-performance-large"/>
                <property name="image_set" value="sha256:7d2f9c41e8b05a63"/>
                <property name="remains" value="greenroom down performance --env b4127-performance-large --yes"/>
                <property name="log" value="logs/b4127-performance-large.log"/>
            </properties>
            <testcase name="up" classname="shop.performance (size=large)" timestamp="2026-03-05T14:03:55.000+00:00" time="52.000"/>
            <testcase name="k6 run --vus 20 warm-up.js" classname="shop.performance (size=large)" timestamp="2026-03-05T14:04:47.000+00:00" time="30.000"/>
            <testcase name="k6 run --vus 400 load.js" classname="shop.performance (size=large)" timestamp="2026-03-05T14:05:17.000+00:00" time="150.000">
                <failure message="it ended with exit status 99" type="command_failed">it ended with exit status 99</failure>
            </testcase>
            <testcase name="down" classname="shop.performance (size=large)" timestamp="2026-03-05T14:07:47.000+00:00" time="27.000">
                <error message="aws_vpc.main: DependencyViolation: the vpc &apos;vpc-0a1b2c3d4e5f&apos; has dependencies and cannot be deleted" type="not_down">aws_vpc.main: DependencyViolation: the vpc &apos;vpc-0a1b2c3d4e5f&apos; has dependencies and cannot be deleted
      while deleting `performance/aws_vpc.main`</error>
            </testcase>
        </testsuite>
        <testsuite name="release" tests="1" skipped="1" errors="0" failures="0">
            <properties>
                <property name="stage" value="release"/>
            </properties>
            <testcase name="release" classname="shop.release">
                <skipped message="performance failed, which it needs"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn an_environment_that_does_not_come_up_is_an_error() {
    let report = junit_of("integration", |job| {
        job.standing = Standing::Failed;
        let run = job.run.as_mut().unwrap();
        run.outcome = Outcome::NotUp;
        run.commands.clear();
        run.up.as_mut().unwrap().error = Some("`aws_vpc.main` failed:\n  no quota".to_owned());
    });
    insta::assert_snapshot!(report, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="shop b4127" tests="2" skipped="0" failures="0" errors="1" timestamp="2026-03-05T14:02:11.000+00:00" time="363.000">
        <testsuite name="integration" tests="2" skipped="0" errors="1" failures="0" timestamp="2026-03-05T14:03:49.000+00:00" time="175.000">
            <properties>
                <property name="stage" value="integration"/>
                <property name="environment" value="b4127-integration"/>
                <property name="image_set" value="sha256:7d2f9c41e8b05a63"/>
                <property name="log" value="logs/b4127-integration.log"/>
            </properties>
            <testcase name="up" classname="shop.integration" timestamp="2026-03-05T14:03:49.000+00:00" time="52.000">
                <error message="`aws_vpc.main` failed:" type="not_up">`aws_vpc.main` failed:
      no quota</error>
            </testcase>
            <testcase name="down" classname="shop.integration" timestamp="2026-03-05T14:06:17.000+00:00" time="27.000"/>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn a_job_that_found_no_place_is_told_by_a_case_of_its_own() {
    let report = junit_of("integration", |job| {
        job.standing = Standing::Failed;
        let run = job.run.as_mut().unwrap();
        run.outcome = Outcome::NoPlace;
        run.commands.clear();
        (run.up, run.down) = (None, None);
    });
    insta::assert_snapshot!(report, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="shop b4127" tests="1" skipped="0" failures="0" errors="1" timestamp="2026-03-05T14:02:11.000+00:00" time="363.000">
        <testsuite name="integration" tests="1" skipped="0" errors="1" failures="0" timestamp="2026-03-05T14:03:49.000+00:00" time="175.000">
            <properties>
                <property name="stage" value="integration"/>
                <property name="environment" value="b4127-integration"/>
                <property name="image_set" value="sha256:7d2f9c41e8b05a63"/>
                <property name="log" value="logs/b4127-integration.log"/>
            </properties>
            <testcase name="integration" classname="shop.integration">
                <error message="no place was free" type="no_place">no place was free</error>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn a_combination_that_was_not_run_tells_its_values() {
    let report = junit_of("performance", |job| {
        job.standing = Standing::Skipped;
        job.reason = Some("build failed, which it needs".to_owned());
        job.run = None;
    });
    insta::assert_snapshot!(report, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="shop b4127" tests="1" skipped="1" failures="0" errors="0" timestamp="2026-03-05T14:02:11.000+00:00" time="363.000">
        <testsuite name="performance (size=large)" tests="1" skipped="1" errors="0" failures="0">
            <properties>
                <property name="stage" value="performance"/>
                <property name="matrix.size" value="large"/>
                <property name="log" value="logs/b4127-performance-large.log"/>
            </properties>
            <testcase name="performance (size=large)" classname="shop.performance (size=large)">
                <skipped message="build failed, which it needs"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn a_job_that_was_cut_short_is_no_success() {
    let report = junit_of("integration", |job| {
        job.standing = Standing::Running;
        job.run = None;
    });
    insta::assert_snapshot!(report, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="shop b4127" tests="1" skipped="0" failures="0" errors="1" timestamp="2026-03-05T14:02:11.000+00:00" time="363.000">
        <testsuite name="integration" tests="1" skipped="0" errors="1" failures="0">
            <properties>
                <property name="stage" value="integration"/>
                <property name="log" value="logs/b4127-integration.log"/>
            </properties>
            <testcase name="integration" classname="shop.integration">
                <error message="it had not ended when this was written" type="unfinished">it had not ended when this was written</error>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn names_from_outside_stay_text() {
    let report = junit_of("build", |job| {
        job.name = "</testsuite> & \"it\"\u{1b}[31m".to_owned();
    });
    insta::assert_snapshot!(report, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="shop b4127" tests="2" skipped="0" failures="0" errors="0" timestamp="2026-03-05T14:02:11.000+00:00" time="363.000">
        <testsuite name="&lt;/testsuite&gt; &amp; &quot;it&quot;" tests="2" skipped="0" errors="0" failures="0" timestamp="2026-03-05T14:02:12.000+00:00" time="96.000">
            <properties>
                <property name="stage" value="build"/>
                <property name="log" value="logs/build.log"/>
            </properties>
            <testcase name="cargo build --release --locked" classname="shop.&lt;/testsuite&gt; &amp; &quot;it&quot;" timestamp="2026-03-05T14:02:12.000+00:00" time="74.000"/>
            <testcase name="greenroom image bake web" classname="shop.&lt;/testsuite&gt; &amp; &quot;it&quot;" timestamp="2026-03-05T14:03:26.000+00:00" time="22.000"/>
        </testsuite>
    </testsuites>
    "#);
}
