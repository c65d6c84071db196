//! The project on disk: found, read, and with every mistake kept for later.

mod given;
mod images;
mod place;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_spec::check::{StageTemplates, check_stage};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::location::Location;
use greenroom_spec::near;
use greenroom_spec::parse::{parse_project, parse_template};
use greenroom_spec::project::{Artifact, Project as Spec, Stage};
use greenroom_spec::schemas::Schemas;
use greenroom_spec::source::{Located, Sources};
use greenroom_spec::template::{Template, TemplateKind};

pub(crate) use given::PREFIX as VARIABLE_PREFIX;
pub use given::{Inputs, given};
pub(crate) use images::absolute;
pub use images::images;
pub use place::{Place, PlaceError, environment_name};

/// The file that makes a folder a project.
pub const PROJECT_FILE: &str = "greenroom.toml";

/// A project with everything that was read of it.
#[derive(Clone)]
pub struct Project {
    /// Its folder, absolute and without symbolic links.
    pub folder: PathBuf,
    /// Its folder as people see it, the start of files' names.
    shown: PathBuf,
    /// The files that were read.
    pub sources: Sources,
    /// What `greenroom.toml` says.
    pub spec: Spec,
    /// Mistakes in `greenroom.toml`.
    pub diagnostics: Vec<Diagnostic>,
    schemas: Arc<Schemas>,
    /// Templates by path and kind; `None` for one that cannot be read.
    templates: BTreeMap<(Arc<str>, bool), Option<Arc<Template>>>,
}

/// The templates of a stage, checked.
#[derive(Default)]
pub struct StageSpecs {
    /// Of its environments.
    pub environment: Option<Arc<Template>>,
    /// Of its own front.
    pub front: Option<Arc<Template>>,
    /// Mistakes in the templates and between them and the stage.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why there is no project to work with. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// No folder upwards has one.
    #[error("there is no {PROJECT_FILE} in `{}` or any folder above it", .0.display())]
    Missing(PathBuf),
    /// The given folder has none.
    #[error("there is no {PROJECT_FILE} in `{}`", .0.display())]
    MissingIn(PathBuf),
    /// It is there and cannot be read.
    #[error("cannot read `{}`", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It does not say where states live.
    #[error("the project does not say where its states live")]
    NoStateUrl,
    /// It does not say where artifacts are published.
    #[error("the project does not say where its artifacts are published; nothing was published")]
    NoRepositoryUrl,
    /// It has no artifact of that name.
    #[error("the project has no artifact `{name}`")]
    NoArtifact {
        /// The name as given.
        name: String,
        /// A near name.
        help: Option<String>,
    },
    /// States live where this build cannot go.
    #[error("this build has no store for `{0}`: states live in a folder or in s3://BUCKET/PREFIX")]
    Scheme(Arc<str>),
}

impl ProjectError {
    /// What to do.
    pub fn help(&self) -> Option<String> {
        match self {
            ProjectError::Missing(_) | ProjectError::MissingIn(_) => Some(
                "name the project's folder with -C, or make one with `greenroom init`".to_owned(),
            ),
            ProjectError::NoStateUrl => {
                Some(format!("write `url = \"state\"` into [state] of {PROJECT_FILE}"))
            }
            ProjectError::NoRepositoryUrl => {
                Some(format!("write `url = \"repository\"` into [repository] of {PROJECT_FILE}"))
            }
            ProjectError::NoArtifact { help, .. } => help.clone(),
            ProjectError::Read { .. } | ProjectError::Scheme(_) => None,
        }
    }
}

/// The nearest project's folder, in `working` or above it, and the folder as people see it.
///
/// # Errors
///
/// [`ProjectError::Missing`].
pub fn find(working: &Path) -> Result<(PathBuf, PathBuf), ProjectError> {
    let found = working.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file());
    match found {
        Some(folder) if folder == working => Ok((folder.to_owned(), PathBuf::new())),
        Some(folder) => Ok((folder.to_owned(), folder.to_owned())),
        None => Err(ProjectError::Missing(working.to_owned())),
    }
}

/// The folder that was `given` and is now the working one: no other will do.
///
/// # Errors
///
/// [`ProjectError::MissingIn`].
pub fn given_folder(working: &Path, given: &Path) -> Result<PathBuf, ProjectError> {
    if working.join(PROJECT_FILE).is_file() {
        Ok(working.to_owned())
    } else {
        Err(ProjectError::MissingIn(given.to_owned()))
    }
}

impl Project {
    /// Reads the project in `folder`, whose files' names start with `shown`.
    ///
    /// # Errors
    ///
    /// [`ProjectError::Read`].
    pub fn read(
        folder: PathBuf,
        shown: PathBuf,
        schemas: Arc<Schemas>,
    ) -> Result<Project, ProjectError> {
        let file = shown.join(PROJECT_FILE);
        let text = std::fs::read_to_string(folder.join(PROJECT_FILE))
            .map_err(|source| ProjectError::Read { file: file.clone(), source })?;
        let mut sources = Sources::default();
        let id = sources.add(file.display().to_string(), text);
        let parsed = parse_project(&sources, id, &schemas);
        Ok(Project {
            folder,
            shown,
            sources,
            spec: parsed.value,
            diagnostics: parsed.diagnostics,
            schemas,
            templates: BTreeMap::new(),
        })
    }

    /// A project that no file says: it has a name, and nothing else.
    #[must_use]
    pub fn named(name: &str, schemas: Arc<Schemas>) -> Project {
        let text = format!("[project]\nname = {}\n", toml::Value::from(name));
        let mut sources = Sources::default();
        let id = sources.add(PROJECT_FILE, text);
        let parsed = parse_project(&sources, id, &schemas);
        Project {
            folder: PathBuf::new(),
            shown: PathBuf::new(),
            sources,
            spec: parsed.value,
            diagnostics: parsed.diagnostics,
            schemas,
            templates: BTreeMap::new(),
        }
    }

    /// Reads the template of an environment that no file says.
    pub fn template_of(&mut self, name: &str, text: String) -> (Template, Vec<Diagnostic>) {
        let file = self.sources.add(name, text);
        let parsed = parse_template(&self.sources, file, TemplateKind::Environment, &self.schemas);
        (parsed.value, parsed.diagnostics)
    }

    /// The stage `name`.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.spec.stages.get(name)
    }

    /// What to say of a stage that is not there.
    pub fn stage_help(&self, name: &str) -> Option<String> {
        near::suggestion(name, self.spec.stages.keys().map(|name| &**name))
    }

    /// Where its states live.
    ///
    /// # Errors
    ///
    /// [`ProjectError::NoStateUrl`].
    pub fn states(&self) -> Result<&Location, ProjectError> {
        self.spec.state.as_ref().ok_or(ProjectError::NoStateUrl)
    }

    /// Where its artifacts are published.
    ///
    /// # Errors
    ///
    /// [`ProjectError::NoRepositoryUrl`].
    pub fn repository(&self) -> Result<&Location, ProjectError> {
        self.spec.repository.as_ref().ok_or(ProjectError::NoRepositoryUrl)
    }

    /// The artifact `name`.
    ///
    /// # Errors
    ///
    /// [`ProjectError::NoArtifact`].
    pub fn artifact(&self, name: &str) -> Result<&Artifact, ProjectError> {
        let artifacts = &self.spec.artifacts;
        artifacts.get(name).ok_or_else(|| ProjectError::NoArtifact {
            name: name.to_owned(),
            help: near::suggestion(name, artifacts.keys().map(|name| &**name)),
        })
    }

    /// Reads and checks the templates of `stage`, which must be the project's.
    pub fn specs_of(&mut self, stage: &str) -> StageSpecs {
        let Some(stage) = self.spec.stages.get(stage).cloned() else {
            return StageSpecs::default();
        };
        let mut diagnostics = Vec::new();
        let mut environment =
            self.template(stage.template.as_ref(), TemplateKind::Environment, &mut diagnostics);
        let mut front = self.template(stage.front.as_ref(), TemplateKind::Front, &mut diagnostics);
        let mut borrowed = self.borrowed_front(&stage, &mut diagnostics);
        let templates = StageTemplates {
            environment: environment.as_mut().map(Arc::make_mut),
            front: front.as_mut().or(borrowed.as_mut()).map(Arc::make_mut),
        };
        diagnostics.extend(check_stage(&self.spec, &stage, templates));
        StageSpecs { environment, front, diagnostics }
    }

    fn borrowed_front(
        &mut self,
        stage: &Stage,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Template>> {
        let lender = self.spec.stages.get(&stage.front_of.as_ref()?.value)?.clone();
        self.template(lender.front.as_ref(), TemplateKind::Front, diagnostics)
    }

    /// Reads a template once; its mistakes are reported the first time.
    fn template(
        &mut self,
        path: Option<&Located<Arc<str>>>,
        kind: TemplateKind,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Template>> {
        let path = path?;
        let key = (path.value.clone(), kind == TemplateKind::Front);
        if let Some(known) = self.templates.get(&key) {
            return known.clone();
        }
        let template = match std::fs::read_to_string(self.folder.join(&*path.value)) {
            Ok(text) => {
                let name = self.shown.join(&*path.value).display().to_string();
                let file = self.sources.add(name, text);
                let parsed = parse_template(&self.sources, file, kind, &self.schemas);
                diagnostics.extend(parsed.diagnostics);
                Some(Arc::new(parsed.value))
            }
            Err(error) => {
                let message = format!("cannot read the template `{}`: {error}", path.value);
                diagnostics.push(
                    Diagnostic::error("project::template", message).at(path.at, "named here"),
                );
                None
            }
        };
        self.templates.insert(key, template.clone());
        template
    }
}

/// Puts diagnostics into the order of their places, each once.
pub fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let place = |it: &Diagnostic| it.labels.first().map(|label| label.place);
    diagnostics.sort_by(|a, b| (place(a), &a.message).cmp(&(place(b), &b.message)));
    diagnostics.dedup();
    diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let schemas =
            Arc::new(Schemas::new(Vec::<Arc<greenroom_model::schema::ProviderSchema>>::new()));
        let read = Project::read(folder.path().to_owned(), folder.path().to_owned(), schemas);
        (folder, read.unwrap())
    }

    #[test]
    fn a_project_is_found_upwards_unless_its_folder_is_given() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        let root = root.path().to_owned();
        assert!(matches!(find(&deep), Err(ProjectError::Missing(_))));
        std::fs::write(root.join(PROJECT_FILE), "").unwrap();
        assert_eq!(find(&deep).unwrap(), (root.clone(), root.clone()));
        assert_eq!(find(&root).unwrap(), (root.clone(), PathBuf::new()));
        assert!(matches!(given_folder(&deep, &deep), Err(ProjectError::MissingIn(_))));
        assert_eq!(given_folder(&root, Path::new("x")).unwrap(), root);
    }

    #[test]
    fn a_template_that_is_not_there_is_a_mistake_with_its_place() {
        let text = "[project]\nname = \"p\"\n[stage.it]\ntemplate = \"none.toml\"\n";
        let (_folder, mut project) = project(&[(PROJECT_FILE, text)]);
        let specs = project.specs_of("it");
        assert_eq!(specs.diagnostics.len(), 1, "{:?}", specs.diagnostics);
        assert!(specs.diagnostics[0].message.starts_with("cannot read the template `none.toml`"));
        let at = specs.diagnostics[0].labels[0].place;
        assert_eq!(project.sources.get(at.file).line_and_column(at.span.range().start).0, 4);
    }
}
