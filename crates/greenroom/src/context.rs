//! What every command has at hand: the console, the global options, and how it was called.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use greenroom_apply::{Observer, Unobserved, Workbench};
use greenroom_delivery::attest::signing::signing_key;
use greenroom_delivery::bake::Bench;
use greenroom_delivery::names;
use greenroom_delivery::project::{Place, Project, find, given_folder};
use greenroom_delivery::repository::{Publisher, Repository};
use greenroom_delivery::wanted::WantedError;
use greenroom_store::{Holder, Store};
use jiff::Timestamp;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::invocation::{self, Invocation};
use crate::world;

/// Environment variables in which build servers give the page of a build.
const BUILD_PAGES: [&str; 2] = ["BUILD_URL", "CI_JOB_URL"];

/// What every command has at hand.
pub(crate) struct Context {
    /// Where messages go.
    pub(crate) console: Arc<Console>,
    /// How the command was called.
    pub(crate) invocation: Invocation,
    directory: Option<PathBuf>,
}

impl Context {
    /// The context of a command on the process's own streams.
    pub(crate) fn new(global: Global, invocation: Invocation) -> Context {
        let console = Arc::new(Console::of_process(global.json, global.no_color));
        Context { console, invocation, directory: global.directory }
    }

    /// Makes the folder given by `-C` the working folder, as other tools do: all relative paths of
    /// the command line start there.
    pub(crate) fn enter(&self) -> Result<(), Failure> {
        let Some(folder) = &self.directory else { return Ok(()) };
        std::env::set_current_dir(folder).map_err(|source| Failure::File {
            action: "work in",
            path: folder.clone(),
            source,
        })
    }

    /// Another command for the same folder, to be typed where this one was.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let folder = self.directory.iter().flat_map(|it| ["-C".into(), it.display().to_string()]);
        let words = words.iter().map(|word| (*word).to_owned());
        let all: Vec<String> =
            std::iter::once("greenroom".to_owned()).chain(folder).chain(words).collect();
        invocation::join(&all)
    }

    /// Finds and reads the project.
    pub(crate) fn project(&self) -> Result<Project, Failure> {
        // The system gives it without symbolic links, so that a path means the same wherever the
        // command is started.
        let working = std::env::current_dir().map_err(Failure::System)?;
        let (folder, shown) = match &self.directory {
            Some(given) => (given_folder(&working, given)?, given.clone()),
            None => find(&working)?,
        };
        let schemas = Arc::new(world::providers(folder.clone()).schemas());
        Ok(Project::read(folder, shown, schemas)?)
    }

    /// The project, if it is free of mistakes in `greenroom.toml`: for commands that need no
    /// templates.
    pub(crate) fn sound_project(&self) -> Result<Project, Failure> {
        let project = self.project()?;
        if project.diagnostics.iter().any(|it| it.is_error()) {
            let Project { diagnostics, sources, .. } = project;
            return Err(WantedError::Mistakes { diagnostics, sources: Box::new(sources) }.into());
        }
        Ok(project)
    }

    /// The place that a stage and `--env` stand for.
    pub(crate) fn place(
        &self,
        project: &Project,
        stage: &str,
        environment: Option<&str>,
    ) -> Result<Place, Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        Ok(Place::of(&project.spec, stage, environment, variable)?)
    }

    /// The place of the environment that a build means: see [`names`].
    pub(crate) fn place_of_build(
        &self,
        project: &Project,
        stage: &str,
        environment: Option<&str>,
    ) -> Result<Place, Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        let build = names::environment(environment, variable);
        self.place(project, stage, build.as_deref())
    }

    /// Where the project's states live.
    pub(crate) async fn store(&self, project: &Project) -> Result<Arc<dyn Store>, Failure> {
        world::states(project.states()?, &project.folder, None).await
    }

    /// Where the project's artifacts are published.
    pub(crate) async fn repository(
        &self,
        project: &Project,
    ) -> Result<Arc<dyn Repository>, Failure> {
        world::repository(project.repository()?, &project.folder, &project.spec.name.value).await
    }

    /// Whoever runs this command, as one who publishes.
    pub(crate) fn publisher(&self) -> Publisher {
        let mut holder = self.holder();
        let build = holder.build.take();
        Publisher { by: holder.introduction(), build }
    }

    /// What to work with, watched by `observer`.
    pub(crate) fn workbench(
        &self,
        project: &Project,
        store: Arc<dyn Store>,
        observer: Arc<dyn Observer>,
        parallelism: usize,
    ) -> Workbench {
        let providers = world::providers(project.folder.clone());
        let rescue = world::rescue(&project.folder);
        world::workbench(providers, store, rescue, observer, parallelism)
    }

    /// What images are baked with.
    pub(crate) async fn bench(
        &self,
        project: &Project,
        workbench: Workbench,
    ) -> Result<Bench, Failure> {
        let repository = match project.spec.repository {
            Some(_) => Some(self.repository(project).await?),
            None => None,
        };
        Ok(Bench {
            workbench,
            project: Arc::new(project.spec.clone()),
            folder: project.folder.clone(),
            repository,
            versions: BTreeMap::new(),
            rebake: false,
            signing_key: signing_key(project, |name| std::env::var(name).ok())?,
            holder: self.holder(),
        })
    }

    /// What to read with.
    pub(crate) async fn reader(&self, project: &Project) -> Result<Workbench, Failure> {
        let store = self.store(project).await?;
        Ok(self.workbench(project, store, Arc::new(Unobserved), 1))
    }

    /// This process, as it introduces itself to others that want the same state.
    pub(crate) fn holder(&self) -> Holder {
        let build = BUILD_PAGES.iter().find_map(|name| std::env::var(name).ok());
        Holder::this_process(&self.invocation.command(), build, Timestamp::now())
    }
}
