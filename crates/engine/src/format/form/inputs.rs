//! What a scope is made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::identity::Digest;
use greenroom_model::state::Inputs;
use greenroom_model::value::{Object, Value};
use serde::{Deserialize, Serialize};

use super::{Json, Mode, Reader, Text, marks};
use crate::format::error::Misfit;

/// Where the references of secret variables start.
pub(crate) const VARIABLES: &str = "var";
const PROVIDERS: &str = "provider";

type Values<'a> = BTreeMap<Text<'a>, Json<'a>>;

/// The form of [`Inputs`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InputsForm<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    template: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    digest: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) variables: Values<'a>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sensitive_variables: Vec<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    images: BTreeMap<Text<'a>, Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    image_set: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    providers: BTreeMap<Text<'a>, Values<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    sensitive_providers: Vec<Text<'a>>,
}

impl<'a> InputsForm<'a> {
    /// With secrets and the paths of their marks, or with references instead.
    pub(crate) fn of(inputs: &'a Inputs, mode: Mode) -> InputsForm<'a> {
        let Inputs { template, digest, variables, images, image_set, providers } = inputs;
        let marked = mode == Mode::Kept;
        InputsForm {
            template: template.as_ref().map(Text::from),
            digest: digest.as_ref().map(|digest| Text::from(&digest.0)),
            variables: marks::values(variables, mode),
            sensitive_variables: if marked { marks::of_map(variables) } else { Vec::new() },
            images: images.iter().map(|(name, id)| (name.into(), id.into())).collect(),
            image_set: image_set.as_ref().map(|digest| Text::from(&digest.0)),
            providers: providers
                .iter()
                .map(|(name, settings)| (name.into(), marks::values(settings, mode)))
                .collect(),
            sensitive_providers: if marked { marks_of_settings(providers) } else { Vec::new() },
        }
    }

    pub(crate) fn read(self, reader: &mut Reader) -> Result<Inputs, Misfit> {
        let variables = reader.values(self.variables)?;
        let images = self.images.iter().map(|(name, id)| (reader.share(name.as_str()), id.keep()));
        let images = images.collect();
        Ok(Inputs {
            template: self.template.map(|text| text.keep()),
            digest: self.digest.map(|digest| Digest(digest.keep())),
            variables: marks::put_map(variables, &self.sensitive_variables, VARIABLES)?,
            images,
            image_set: self.image_set.map(|digest| Digest(digest.keep())),
            providers: read_settings(self.providers, &self.sensitive_providers, reader)?,
        })
    }
}

fn marks_of_settings(providers: &BTreeMap<Arc<str>, Object>) -> Vec<Text<'static>> {
    let secret = |settings: &Object| settings.values().any(Value::has_sensitive);
    let marked = providers.iter().filter(|(_, settings)| secret(settings));
    let marked = marked.map(|(name, settings)| (name.clone(), Value::from(settings.clone())));
    marks::of_map(&marked.collect())
}

fn read_settings(
    providers: BTreeMap<Text<'_>, Values<'_>>,
    paths: &[Text<'_>],
    reader: &mut Reader,
) -> Result<BTreeMap<Arc<str>, Object>, Misfit> {
    let mut settings = Object::new();
    for (name, values) in providers {
        settings.insert(reader.share(name.as_str()), Value::from(reader.values(values)?));
    }
    let settings = marks::put_map(settings, paths, PROVIDERS)?;
    let objects = settings.into_iter().map(|(name, value)| match value {
        Value::Object(object) => Ok((name, Arc::unwrap_or_clone(object))),
        // Its settings as a whole were marked; marks belong to single settings.
        _ => Err(Misfit::Mark(name.to_string())),
    });
    objects.collect()
}
