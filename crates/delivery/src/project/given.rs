//! Values for variables that come from outside of the specs.

use std::path::{Path, PathBuf};

use greenroom_apply::Workbench;
use greenroom_engine::resolve::{Given, GivenVariable};
use greenroom_model::span::Span;
use greenroom_model::state::State;
use greenroom_model::value::{Number, Object, Value};
use greenroom_spec::diagnostic::Diagnostic;
use greenroom_spec::project::Project as Spec;
use greenroom_spec::source::{Place, Sources};

use crate::images::{Choice, ChooseError, Chosen, Shelf};

/// How the names of environment variables with values start.
pub(crate) const PREFIX: &str = "GREENROOM_VAR_";

/// What the specs are given beside the process's environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Variables' values by name, over everything else.
    pub var: Vec<(String, String)>,
    /// TOML files with variables' values.
    pub var_file: Vec<PathBuf>,
    /// Images' ids by name, instead of those in `greenroom.toml` and of baked ones.
    pub image: Vec<(String, String)>,
    /// The image set that is wished for: its digest, or the start of it.
    pub image_set: Option<String>,
    /// The baked images that are used.
    pub baked: Chosen,
}

impl Inputs {
    /// Chooses the baked images for `stage`, whose environment has `state`.
    ///
    /// # Errors
    ///
    /// [`ChooseError`].
    pub async fn choose_images(
        &mut self,
        workbench: &Workbench,
        project: &Spec,
        stage: &str,
        state: Option<&State>,
    ) -> Result<(), ChooseError> {
        let shelf = Shelf::new(workbench.store.clone(), &project.name.value)?;
        let choice = Choice { shelf: &shelf, providers: &workbench.providers, project, stage };
        self.baked = choice.choose(self.image_set.as_deref(), state).await?;
        Ok(())
    }
}

/// All values that are given, the weakest first: the environment, files, then `--var`.
pub fn given(
    inputs: &Inputs,
    environment: impl IntoIterator<Item = (String, String)>,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<GivenVariable> {
    let mut given: Vec<GivenVariable> = environment
        .into_iter()
        .filter_map(|(key, text)| {
            let name = key.strip_prefix(PREFIX).filter(|name| !name.is_empty())?.to_owned();
            Some(GivenVariable { name, value: Given::Text(text), origin: key })
        })
        .collect();
    // The system's order means nothing.
    given.sort_by(|a, b| a.name.cmp(&b.name));
    for file in &inputs.var_file {
        match read(file, sources) {
            Ok(values) => given.extend(values),
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    given.extend(inputs.var.iter().map(|(name, text)| GivenVariable {
        name: name.clone(),
        value: Given::Text(text.clone()),
        origin: "--var".to_owned(),
    }));
    given
}

fn read(file: &Path, sources: &mut Sources) -> Result<Vec<GivenVariable>, Box<Diagnostic>> {
    let shown = file.display().to_string();
    let mistake = |message: String| Diagnostic::error("project::var_file", message);
    let text = std::fs::read_to_string(file)
        .map_err(|error| mistake(format!("cannot read the variables in `{shown}`: {error}")))?;
    let id = sources.add(shown.clone(), text);
    let table: toml::Table = toml::from_str(&sources.get(id).text).map_err(|error| {
        let span = error.span().map_or_else(Span::default, Span::of);
        mistake(format!("`{shown}` is not TOML: {}", error.message()))
            .at(Place { file: id, span }, "here")
    })?;
    let variable = |(name, value): (String, toml::Value)| {
        let value = Given::Value(convert(value).map_err(|problem| {
            mistake(format!("the variable `{name}` in `{shown}`: {problem}"))
        })?);
        Ok(GivenVariable { name, value, origin: shown.clone() })
    };
    table.into_iter().map(variable).collect()
}

fn convert(value: toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(integer) => Value::from(integer),
        toml::Value::Float(float) => {
            Number::try_from(float).map_err(|_| format!("{float} is no finite number"))?.into()
        }
        toml::Value::Boolean(truth) => Value::from(truth),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(elements) => {
            elements.into_iter().map(convert).collect::<Result<Vec<Value>, String>>()?.into()
        }
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(name, value)| Ok((name.into(), convert(value)?)))
            .collect::<Result<Object, String>>()?
            .into(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn shown(inputs: &Inputs, environment: &[(&str, &str)]) -> (Vec<String>, Vec<Diagnostic>) {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let mut diagnostics = Vec::new();
        let given = given(inputs, environment, &mut Sources::default(), &mut diagnostics);
        let value = |value: &Given| match value {
            Given::Text(text) => format!("text {text}"),
            Given::Value(value) => format!("{value:?}"),
        };
        (
            given.iter().map(|it| format!("{} = {}", it.name, value(&it.value))).collect(),
            diagnostics,
        )
    }

    #[test]
    fn the_strongest_comes_last() {
        let values = file("count = 2\nnames = [\"a\", 1.5, true]\nat = 2026-01-02\n");
        let inputs = Inputs {
            var: vec![("count".to_owned(), "3".to_owned())],
            var_file: vec![values.path().to_owned()],
            ..Inputs::default()
        };
        let environment = [("GREENROOM_VAR_count", "1"), ("HOME", "/"), ("GREENROOM_VAR_", "x")];
        let (given, diagnostics) = shown(&inputs, &environment);
        assert_eq!(
            given,
            [
                "count = text 1",
                r#"at = "2026-01-02""#,
                "count = 2",
                r#"names = ["a", 1.5, true]"#,
                "count = text 3",
            ]
        );
        assert_eq!(diagnostics, []);
    }

    #[test]
    fn mistakes_in_files_do_not_hide_each_other() {
        let (bad, infinite) = (file("a = "), file("a = inf"));
        let inputs = Inputs {
            var_file: vec![
                bad.path().to_owned(),
                infinite.path().to_owned(),
                "/no/such/file".into(),
            ],
            ..Inputs::default()
        };
        let (given, diagnostics) = shown(&inputs, &[]);
        assert!(given.is_empty());
        let messages: Vec<&str> = diagnostics.iter().map(|it| it.message.as_str()).collect();
        assert!(messages[0].contains("is not TOML"), "{messages:?}");
        assert!(messages[1].ends_with("inf is no finite number"), "{messages:?}");
        assert!(messages[2].starts_with("cannot read the variables"), "{messages:?}");
        assert_eq!(diagnostics[0].labels.len(), 1);
    }
}
