//! A template as a run has seen it: what it says, and every file that it reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::identity::Digest;
use serde::{Deserialize, Serialize};

/// A template with the files that its functions read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateSeen {
    /// The digest of what the template says.
    pub template: Digest,
    /// The digests of the files' contents, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<Arc<str>, Digest>,
}

/// How a template is another than the one that was attested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateChange {
    /// It says something else.
    #[error("the template was {attested}, and is {now}")]
    Template {
        /// What was attested.
        attested: Digest,
        /// What it is now.
        now: Digest,
    },
    /// A file that it reads has other content.
    #[error("the file `{0}` has changed")]
    File(Arc<str>),
    /// It reads a file that it did not read then.
    #[error("it reads the file `{0}`, and did not then")]
    FileMore(Arc<str>),
}

impl TemplateSeen {
    /// One digest over all of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let files = self.files.iter().map(|(path, digest)| format!("\n{digest} {path:?}"));
        Digest::of(format!("{}{}", self.template, files.collect::<String>()).as_bytes())
    }

    /// How this, attested, differs from what there is `now`. That it read files which are not read
    /// now is no difference: what it reads may depend on what was there to be found.
    #[must_use]
    pub fn changes(&self, now: &TemplateSeen) -> Vec<TemplateChange> {
        let template = (self.template != now.template).then(|| TemplateChange::Template {
            attested: self.template.clone(),
            now: now.template.clone(),
        });
        let files = now.files.iter().filter_map(|(path, digest)| match self.files.get(path) {
            Some(attested) if attested == digest => None,
            Some(_) => Some(TemplateChange::File(path.clone())),
            None => Some(TemplateChange::FileMore(path.clone())),
        });
        template.into_iter().chain(files).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(template: &str, files: &[(&str, &str)]) -> TemplateSeen {
        let digest = |text: &str| Digest::of(text.as_bytes());
        let files = files.iter().map(|(path, text)| ((*path).into(), digest(text))).collect();
        TemplateSeen { template: digest(template), files }
    }

    #[test]
    fn the_digest_covers_the_template_and_each_file_by_path_and_content() {
        let all = [
            seen("t", &[]),
            seen("u", &[]),
            seen("t", &[("a", "1")]),
            seen("t", &[("a", "2")]),
            seen("t", &[("b", "1")]),
            seen("t", &[("a", "1"), ("b", "1")]),
        ];
        let digests: std::collections::BTreeSet<Digest> =
            all.iter().map(TemplateSeen::digest).collect();
        assert_eq!(digests.len(), all.len());
        assert_eq!(seen("t", &[("a", "1")]).digest(), all[2].digest());
    }

    #[test]
    fn what_is_read_now_must_have_been_read_then() {
        let attested = seen("t", &[("a", "1"), ("b", "1")]);
        assert_eq!(attested.changes(&seen("t", &[("a", "1")])), []);
        let changes = attested.changes(&seen("t", &[("a", "2"), ("c", "1")]));
        let changed = [TemplateChange::File("a".into()), TemplateChange::FileMore("c".into())];
        assert_eq!(changes, changed);
        let other = attested.changes(&seen("u", &[]));
        assert!(matches!(other[..], [TemplateChange::Template { .. }]), "{other:?}");
    }
}
