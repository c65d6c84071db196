//! What a scope is made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::identity::Digest;
use greenroom_model::state::{Image, Inputs};
use greenroom_model::value::{Object, Value};
use serde::{Deserialize, Serialize};

use super::{Json, Mode, Reader, Text, marks};
use crate::format::error::Misfit;

/// Where the references of secret variables start.
pub(crate) const VARIABLES: &str = "var";
const PROVIDERS: &str = "provider";

type Values<'a> = BTreeMap<Text<'a>, Json<'a>>;
type Texts<'a> = BTreeMap<Text<'a>, Text<'a>>;
type IdsForm<'a> = BTreeMap<Text<'a>, BTreeMap<Text<'a>, Option<Text<'a>>>>;

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
    images: Texts<'a>,
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    image_digests: Texts<'a>,
    /// Ids by provider configuration, null where an image is not.
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    image_ids: IdsForm<'a>,
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
            images: images.iter().map(|(name, image)| (name.into(), (&image.id).into())).collect(),
            image_digests: digests_of(images),
            image_ids: ids_of(images),
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
        let images = read_images(self.images, self.image_digests, self.image_ids, reader);
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

fn digests_of(images: &BTreeMap<Arc<str>, Image>) -> Texts<'_> {
    let digests = images.iter().filter_map(|(name, image)| {
        let digest = image.digest.as_ref()?;
        Some((name.into(), Text::from(&digest.0)))
    });
    digests.collect()
}

fn ids_of(images: &BTreeMap<Arc<str>, Image>) -> IdsForm<'_> {
    let several = images.iter().filter(|(_, image)| !image.at.is_empty());
    let ids = several.map(|(name, image)| {
        let at = image.at.iter().map(|(place, id)| (place.into(), id.as_ref().map(Text::from)));
        (name.into(), at.collect())
    });
    ids.collect()
}

fn read_images<'a>(
    ids: Texts<'a>,
    mut digests: Texts<'a>,
    mut by_configuration: IdsForm<'a>,
    reader: &mut Reader,
) -> BTreeMap<Arc<str>, Image> {
    let mut images = BTreeMap::new();
    for (name, id) in ids {
        let at = by_configuration.remove(&name).unwrap_or_default();
        let image = Image {
            id: id.keep(),
            digest: digests.remove(&name).map(|it| Digest(it.keep())),
            at: at.into_iter().map(|(place, id)| (place.keep(), id.map(|it| it.keep()))).collect(),
        };
        images.insert(reader.share(name.as_str()), image);
    }
    images
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
