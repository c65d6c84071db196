//! Keys that attestations are signed with.

use greenroom_delivery::attest::keys::PublicKey;
use serde_json::json;

use super::{Fields, Kind, Message, fields};
use crate::palette::Palette;

/// A key, as far as everybody may see it.
pub(crate) struct KeyView {
    pub(crate) public: PublicKey,
    /// The files that were written.
    pub(crate) files: Vec<String>,
}

impl Message for KeyView {
    fn kind(&self) -> Kind {
        Kind::Key
    }

    fn fields(&self) -> Fields {
        let KeyView { public, files } = self;
        fields(json!({ "key": public.id(), "public": public.pem(), "files": files }))
    }

    fn text(&self, _: Palette) -> String {
        let KeyView { public, files } = self;
        let wrote = match files.is_empty() {
            true => String::new(),
            false => format!("wrote {}\n", files.join(", ")),
        };
        format!("{wrote}key {}\n{}", public.id(), public.pem())
    }
}
