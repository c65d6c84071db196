//! A stage's matrix: one environment for each combination of values of its variables.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_spec::near;
use greenroom_spec::node::{Node, NodeKind};
use greenroom_spec::project::Stage;

use crate::names;
use crate::project::Project;

/// One combination; without a matrix, the one without values.
#[derive(Clone, Debug, Default)]
pub struct Combination {
    /// The values, for people and programs.
    pub values: BTreeMap<String, serde_json::Value>,
    nodes: BTreeMap<Arc<str>, Node>,
}

/// Why there is no combination.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// The stage's matrix has no such variable.
    #[error("the matrix of stage `{stage}` has no variable `{name}`; nothing was changed")]
    Unknown {
        /// The stage.
        stage: String,
        /// The name as given.
        name: String,
        /// A near name, or all of them.
        help: Option<String>,
    },
    /// The variable has no such value there.
    #[error("the matrix of stage `{stage}` has no value {value} for `{name}`; nothing was changed")]
    NoValue {
        /// The stage.
        stage: String,
        /// The variable.
        name: String,
        /// The value as given.
        value: String,
    },
}

/// The combinations of a stage's matrix, in the order of their values; of those, the ones with the
/// values that are `chosen`.
///
/// # Errors
///
/// [`MatrixError`] if no combination has one of the chosen values.
pub fn combinations(
    stage: &Stage,
    chosen: &[(String, String)],
) -> Result<Vec<Combination>, MatrixError> {
    let mut all = vec![Combination::default()];
    for (name, nodes) in &stage.matrix {
        let with = |(before, node): (&Combination, &Node)| {
            let mut combination = before.clone();
            combination.values.insert(name.to_string(), json(node));
            combination.nodes.insert(name.clone(), node.clone());
            combination
        };
        all =
            all.iter().flat_map(|it| nodes.iter().map(move |node| (it, node))).map(with).collect();
    }
    for (name, value) in chosen {
        let stage_name = || stage.name.value.to_string();
        if !stage.matrix.contains_key(&**name) {
            let help = near::suggestion(name, stage.matrix.keys().map(|it| &**it));
            return Err(MatrixError::Unknown { stage: stage_name(), name: name.clone(), help });
        }
        all.retain(|it| it.values.get(name).is_some_and(|it| text(it) == *value));
        if all.is_empty() {
            let (name, value) = (name.clone(), value.clone());
            return Err(MatrixError::NoValue { stage: stage_name(), name, value });
        }
    }
    Ok(all)
}

impl Combination {
    /// Gives the variables of `stage` these values.
    pub fn put_into(&self, project: &mut Project, stage: &str) {
        if let Some(stage) = project.spec.stages.get_mut(stage) {
            stage.variables.extend(self.nodes.clone());
        }
    }

    /// The name of the environment of this combination, where the build's is `name`.
    #[must_use]
    pub fn environment(&self, name: &str) -> String {
        match self.values.is_empty() {
            true => name.to_owned(),
            false => names::derived(&format!("{name} {self}")),
        }
    }
}

impl std::fmt::Display for Combination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs: Vec<String> =
            self.values.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
        f.write_str(&pairs.join(", "))
    }
}

/// A value as it is written on a command line.
#[must_use]
pub fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A node of a project, which has no expressions, as JSON.
fn json(node: &Node) -> serde_json::Value {
    match &node.kind {
        NodeKind::Literal(value) => serde_json::to_value(value).unwrap_or_default(),
        NodeKind::Array(elements) => elements.iter().map(json).collect(),
        NodeKind::Table(entries) => {
            entries.iter().map(|(name, it)| (name.to_string(), json(&it.value))).collect()
        }
        NodeKind::Expression(_) | NodeKind::Invalid => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use greenroom_spec::parse::parse_project;
    use greenroom_spec::schemas::Schemas;
    use greenroom_spec::source::Sources;

    use super::*;

    fn stage(matrix: &str) -> Stage {
        let text = format!("[project]\nname = \"p\"\n[stage.it]\ntemplate = \"t\"\n{matrix}\n");
        let mut sources = Sources::default();
        let file = sources.add("greenroom.toml", text);
        let schemas: Vec<Arc<greenroom_model::schema::ProviderSchema>> = Vec::new();
        let project = parse_project(&sources, file, &Schemas::new(schemas)).value;
        project.stages["it"].clone()
    }

    fn names(stage: &Stage, chosen: &[(&str, &str)]) -> Result<Vec<String>, MatrixError> {
        let chosen: Vec<_> =
            chosen.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(combinations(stage, &chosen)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_value_meets_every_other_and_some_can_be_chosen() {
        let stage = stage("matrix = { size = [1, 2], db = [\"pg\", \"my\"] }");
        let all = ["db=pg, size=1", "db=pg, size=2", "db=my, size=1", "db=my, size=2"];
        assert_eq!(names(&stage, &[]).unwrap(), all);
        assert_eq!(names(&stage, &[("size", "2")]).unwrap(), [all[1], all[3]]);
        assert_eq!(names(&stage, &[("size", "2"), ("db", "my")]).unwrap(), [all[3]]);
        assert!(matches!(names(&stage, &[("sise", "2")]), Err(MatrixError::Unknown { help, .. })
            if help.as_deref() == Some("did you mean `size`?")));
        assert!(matches!(names(&stage, &[("size", "3")]), Err(MatrixError::NoValue { .. })));
    }

    #[test]
    fn combinations_have_environments_of_their_own() {
        let stage = stage("matrix = { size = [1, 2] }");
        let names: Vec<String> = combinations(&stage, &[])
            .unwrap()
            .iter()
            .map(|combination| combination.environment("pr-17"))
            .collect();
        assert!(names[0].starts_with("pr-17-size-1-"), "{names:?}");
        assert_ne!(names[0], names[1]);
        let alone = self::stage("");
        assert_eq!(combinations(&alone, &[]).unwrap()[0].environment("pr-17"), "pr-17");
    }
}
