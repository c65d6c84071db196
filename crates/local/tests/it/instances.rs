//! Instances: what runs, what cannot, and what becomes of both when something is killed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use greenroom_local::runtime::instance::{self, Exit, InstanceError, InstanceSpec, InstanceState};
use greenroom_local::runtime::{Image, ObjectType, Probe, Readiness, check_free};

use crate::site::{PROGRAM, Site, eventually, kill, owner, uid};
use crate::traffic::{client, get};

async fn create(site: &Site, name: &str, spec: &InstanceSpec) -> Result<(), InstanceError> {
    instance::create(&site.root, &site.launcher, &owner(name), spec).await
}

async fn ready(site: &Site, name: &str) -> Result<instance::Instance, InstanceError> {
    instance::wait_ready(&site.root, &site.launcher, &uid(name)).await
}

async fn delete(site: &Site, name: &str) {
    instance::delete(&site.root, &uid(name)).await.unwrap();
}

#[tokio::test]
async fn a_server_answers_on_its_free_port_and_leaves_nothing_behind() {
    let site = Site::new();
    let port = site.start_server("web").await.port.unwrap();
    let (_, body) = get(&client(0), port, "/").await.unwrap();
    assert_eq!(body, "web");
    let (program, supervisor) = (site.program("web"), site.process(ObjectType::Instance, "web"));

    delete(&site, "web").await;
    assert!(!program.is_alive() && !supervisor.is_alive());
    assert_eq!(site.processes_of("web"), []);
    check_free(port).unwrap();
    assert_eq!(site.contents(), Vec::<String>::new());
    delete(&site, "web").await;
}

#[tokio::test]
async fn creating_again_finds_the_first() {
    let site = Site::new();
    let first = site.start_server("web").await;
    let program = site.program("web");
    create(&site, "web", &site.server("other")).await.unwrap();
    assert_eq!(ready(&site, "web").await.unwrap(), first);
    assert_eq!(site.program("web"), program);
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_holder_and_nothing_is_left() {
    let site = Site::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    let spec = InstanceSpec { port: Some(port), ..site.server("web") };
    let error = create(&site, "web", &spec).await.unwrap_err().to_string();
    let expected = format!("port {port} is taken by process {}", std::process::id());
    assert!(error.starts_with(&expected), "{error}");
    assert_eq!(site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn a_port_that_another_instance_owns_is_refused_also_while_that_is_down() {
    let site = Site::new();
    let port = site.start_server("first").await.port.unwrap();
    kill(&site.program("first"), "KILL");
    eventually("the port is free", async || check_free(port).is_ok()).await;
    let spec = InstanceSpec { port: Some(port), ..site.server("second") };
    let error = create(&site, "second", &spec).await.unwrap_err().to_string();
    assert_eq!(error, format!("port {port} is taken by `front/test.first` of project `test`"));
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let site = Site::new();
    let path = InstanceSpec { command: vec!["./bin/nothing".into()], ..site.server("web") };
    let error = create(&site, "web", &path).await.unwrap_err().to_string();
    let missing = site.image.join("./bin/nothing");
    assert_eq!(error, format!("there is no program `{}`", missing.display()));

    let name = InstanceSpec { command: vec!["no-such-program".into()], ..site.server("web") };
    let error = create(&site, "web", &name).await.unwrap_err().to_string();
    let image = site.image.display();
    assert_eq!(error, format!("there is no program `no-such-program` in `{image}` nor in PATH"));

    let folder =
        InstanceSpec { image: Image::Folder(site.temp().join("no-image")), ..site.server("web") };
    let error = create(&site, "web", &folder).await.unwrap_err().to_string();
    assert_eq!(error, format!("there is no image folder `{}`", folder.image));
    assert_eq!(site.contents(), Vec::<String>::new());
}

#[tokio::test]
async fn a_program_that_may_not_be_executed_is_named() {
    let site = Site::new();
    let path = site.image.join("data");
    fs::write(&path, "no program").unwrap();
    let spec = InstanceSpec { command: vec!["data".into()], ..site.server("web") };
    let error = create(&site, "web", &spec).await.unwrap_err().to_string();
    assert_eq!(error, format!("`{}` is not executable", path.display()));
}

#[tokio::test]
async fn a_program_that_the_system_refuses_fails_with_its_words() {
    let site = Site::new();
    let path = site.script("broken", "");
    fs::write(&path, "#!/no/such/interpreter\n").unwrap();
    let spec = InstanceSpec { command: vec!["broken".into()], ..site.server("web") };
    create(&site, "web", &spec).await.unwrap();
    let error = ready(&site, "web").await.unwrap_err().to_string();
    assert!(error.contains("No such file or directory"), "{error}");
    assert!(matches!(site.look("web").unwrap().state, InstanceState::Failed(_)));
}

#[tokio::test]
async fn a_program_that_exits_at_once_shows_status_and_log() {
    let site = Site::new();
    let spec = InstanceSpec {
        readiness: site.server("").readiness,
        ..site.command("echo first\necho 'the database is away' >&2\nexit 7")
    };
    create(&site, "web", &spec).await.unwrap();
    let error = ready(&site, "web").await.unwrap_err().to_string();
    assert!(error.starts_with("`script` exited with status 7 before it was ready"), "{error}");
    assert!(error.ends_with("first\nthe database is away"), "{error}");
    assert_eq!(site.look("web").unwrap().state, InstanceState::Exited(Exit::Status(7)));
}

#[tokio::test]
async fn a_program_that_never_listens_is_not_ready_in_time() {
    let site = Site::new();
    let spec = InstanceSpec {
        readiness: Readiness { probe: Probe::Tcp, timeout_ms: 300 },
        ..site.command("echo waiting\nexec sleep 600")
    };
    create(&site, "web", &spec).await.unwrap();
    let error = ready(&site, "web").await.unwrap_err().to_string();
    assert!(error.starts_with("`script` was not ready within 0.3 s; the end of `"), "{error}");
    assert!(error.ends_with("\nwaiting"), "{error}");
    assert_eq!(site.look("web").unwrap().state, InstanceState::Unready);
    delete(&site, "web").await;
    assert_eq!(site.processes_of("web"), []);
}

#[tokio::test]
async fn a_program_that_ignores_sigterm_is_killed() {
    let site = Site::new();
    let spec = InstanceSpec {
        stop_timeout_ms: 100,
        ..site.command("trap '' TERM\necho trapped\nwhile :; do sleep 1; done")
    };
    create(&site, "web", &spec).await.unwrap();
    let log = ready(&site, "web").await.unwrap().log;
    eventually("it ignores SIGTERM", async || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains("trapped"))
    })
    .await;
    delete(&site, "web").await;
    assert_eq!(site.processes_of("web"), []);
}

#[tokio::test]
async fn a_killed_program_is_seen_and_repaired_on_its_port() {
    let site = Site::new();
    let before = site.start_server("web").await;
    kill(&site.program("web"), "KILL");
    let exited = InstanceState::Exited(Exit::Signal(9));
    eventually("the kill is seen", async || site.look("web").unwrap().state == exited).await;
    let after =
        instance::update(&site.root, &site.launcher, &uid("web"), &before.spec).await.unwrap();
    assert_eq!(after, before);
    assert_eq!(site.processes_of("web").len(), 1);
}

#[tokio::test]
async fn a_killed_supervisor_takes_its_program_along_and_is_seen() {
    let site = Site::new();
    let before = site.start_server("web").await;
    let program = site.program("web");
    kill(&site.process(ObjectType::Instance, "web"), "KILL");
    eventually("the program is gone", async || !program.is_alive()).await;
    eventually("it is seen", async || site.look("web").unwrap().state == InstanceState::Stopped)
        .await;
    let after =
        instance::update(&site.root, &site.launcher, &uid("web"), &before.spec).await.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn what_a_killed_supervisor_could_not_end_goes_with_the_instance() {
    let site = Site::new();
    let spec = site.command("sleep 600 &\nsetsid sleep 600 &\nwait");
    create(&site, "web", &spec).await.unwrap();
    ready(&site, "web").await.unwrap();
    eventually("all three run", async || site.processes_of("web").len() == 3).await;
    kill(&site.process(ObjectType::Instance, "web"), "KILL");
    eventually("the script is gone", async || site.processes_of("web").len() == 2).await;
    delete(&site, "web").await;
    assert_eq!(site.processes_of("web"), []);
}

#[tokio::test]
async fn a_change_of_the_environment_restarts_on_the_same_port() {
    let site = Site::new();
    let before = site.start_server("web").await;
    let spec = site.server("changed");
    let after = instance::update(&site.root, &site.launcher, &uid("web"), &spec).await.unwrap();
    assert_eq!(after.port, before.port);
    let (_, body) = get(&client(0), after.port.unwrap(), "/").await.unwrap();
    assert_eq!(body, "changed");
    assert_eq!(site.processes_of("web").len(), 1);
}

#[tokio::test]
async fn nothing_of_the_commands_environment_stays_in_the_program() {
    let site = Site::new();
    site.start_server("web").await;
    let environment = fs::read(format!("/proc/{}/environ", site.program("web").pid)).unwrap();
    let environment = String::from_utf8(environment).unwrap();
    // Cargo sets this for the test, that is, for the command.
    assert!(!environment.contains("CARGO_MANIFEST_DIR="), "{environment}");
    assert!(environment.contains("NAME=web"), "{environment}");
}

/// Runs a command that creates the instance `web` through the launcher script `text`.
fn command(site: &Site, text: &str) -> std::process::ExitStatus {
    create_through(site, &site.script("launcher", text)).status().unwrap()
}

fn create_through(site: &Site, launcher: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("test-create").arg(site.root.path()).arg("web").arg(&site.image).arg(launcher);
    command
}

/// Starts a command and kills it so much later.
fn kill_after(command: &mut Command, delay: Duration) {
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_create_killed_at_any_instant_leaves_none_or_one() {
    let site = Site::new();
    for delay in (0..60).step_by(4).map(Duration::from_millis) {
        kill_after(&mut create_through(&site, Path::new(PROGRAM)), delay);
        create(&site, "web", &site.server("a")).await.unwrap();
        ready(&site, "web").await.unwrap();
        assert_eq!(site.processes_of("web").len(), 1, "killed after {delay:?}");
        delete(&site, "web").await;
        assert_eq!(site.contents(), Vec::<String>::new(), "killed after {delay:?}");
        assert_eq!(site.rubbish(), 0, "killed after {delay:?}");
    }
}

#[tokio::test]
async fn a_delete_killed_at_any_instant_can_be_done_again() {
    let site = Site::new();
    for delay in (0..40).step_by(4).map(Duration::from_millis) {
        site.start_server("web").await;
        let mut command = Command::new(PROGRAM);
        command.arg("test-delete").arg(site.root.path()).arg("web");
        kill_after(&mut command, delay);
        delete(&site, "web").await;
        assert_eq!(site.processes_of("web"), [], "killed after {delay:?}");
        assert_eq!(site.contents(), Vec::<String>::new(), "killed after {delay:?}");
        assert_eq!(site.rubbish(), 0, "killed after {delay:?}");
    }
}

#[tokio::test]
async fn an_instance_outlives_its_command() {
    let site = Site::new();
    assert!(command(&site, &format!("exec {PROGRAM} \"$@\"")).success());
    let port = ready(&site, "web").await.unwrap().port.unwrap();
    let (_, body) = get(&client(0), port, "/").await.unwrap();
    assert_eq!(body, "a");
}

#[tokio::test]
async fn a_command_killed_before_the_supervisor_leaves_an_instance_that_is_free_to_continue() {
    let site = Site::new();
    assert!(!command(&site, "kill -KILL $PPID").success());
    eventually("the lock is free", async || {
        site.look("web").unwrap().state == InstanceState::Stopped
    })
    .await;
    assert_eq!(site.processes_of("web"), []);
    assert_eq!(ready(&site, "web").await.unwrap().state, InstanceState::Running);
    assert_eq!(site.processes_of("web").len(), 1);
}

#[tokio::test]
async fn a_command_killed_after_the_start_leaves_an_instance_that_is_found_and_not_made_twice() {
    let site = Site::new();
    assert!(!command(&site, &format!("kill -KILL $PPID\nexec {PROGRAM} \"$@\"")).success());
    assert_eq!(ready(&site, "web").await.unwrap().state, InstanceState::Running);
    let program = site.program("web");
    create(&site, "web", &site.server("a")).await.unwrap();
    assert_eq!(ready(&site, "web").await.unwrap().state, InstanceState::Running);
    assert_eq!(site.processes_of("web"), [program]);
}

#[tokio::test]
async fn twenty_instances_made_at_once_all_run_on_ports_of_their_own() {
    let site = Site::new();
    let names: Vec<String> = (0..20).map(|n| format!("web{n}")).collect();
    let makes = names.iter().map(|name| site.start_server(name));
    let mut ports: Vec<_> =
        futures_join(makes).await.into_iter().map(|instance| instance.port.unwrap()).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 20);
}

/// Runs all at once, on this task.
async fn futures_join<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in pending.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(cx) {
                *done = Some(value);
            }
        }
        match pending.iter().all(|(_, done)| done.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    pending.into_iter().filter_map(|(_, done)| done).collect()
}
