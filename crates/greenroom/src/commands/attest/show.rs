//! `greenroom attest show`: the attestations of an image set, and files of them for other tools.

use std::fs;
use std::path::Path;

use super::kept;
use crate::cli::AttestShowArgs;
use crate::commands::write;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::attestations::{AttestationView, AttestationsView};
use crate::view::words::short;

pub(super) async fn run(args: &AttestShowArgs, context: &Context) -> Result<Exit, Failure> {
    let project = context.sound_project()?;
    let kept = kept(context, &project).await?;
    let image_set = kept.find(&args.image_set).await?;
    let envelopes = kept.envelopes(&image_set).await?;
    let mut attestations: Vec<AttestationView> =
        envelopes.iter().map(|it| AttestationView::of(it)).collect();
    if let Some(folder) = &args.out {
        let failed = |source| Failure::File { action: "make", path: folder.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        for (envelope, view) in envelopes.iter().zip(&mut attestations) {
            view.file = Some(save(envelope, view, folder)?);
        }
    }
    context.console.data(&AttestationsView { image_set, attestations });
    Ok(Exit::Done)
}

/// Writes an envelope as it is, byte by byte, and says where.
fn save(envelope: &str, view: &AttestationView, folder: &Path) -> Result<String, Failure> {
    let about = view.stage.as_deref().unwrap_or("attestation");
    // What somebody else wrote may hold any text.
    let about: String = about.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let file = folder.join(format!("{about}-{}.dsse.json", short(&view.envelope)));
    write("write", &file, envelope.as_bytes())?;
    Ok(file.display().to_string())
}
