//! `greenroom schema`: what can be written, for editors and for the book.

use std::path::PathBuf;

use greenroom_spec::json_schema::json_schema;
use greenroom_spec::reference_pages::{Page, reference_markdown};
use greenroom_spec::schemas::Schemas;

use crate::cli::SchemaArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::world;

pub(super) fn run(args: &SchemaArgs, context: &Context) -> Result<Exit, Failure> {
    // Schemas do not depend on where the project is.
    let schemas = world::providers(PathBuf::from("/")).schemas();
    let text = match &args.markdown {
        None => format!("{:#}\n", json_schema(&schemas)),
        Some(name) => markdown(&schemas, name.as_deref())?,
    };
    context.console.print(&text);
    Ok(Exit::Done)
}

/// The reference of everything, of a provider, or of a type.
fn markdown(schemas: &Schemas, name: Option<&str>) -> Result<String, Failure> {
    let pages = reference_markdown(schemas);
    let wanted = |page: &&Page| match name {
        None => true,
        Some(name) => {
            page.title == name || page.title.split_once('.').is_some_and(|(_, it)| it == name)
        }
    };
    let texts: Vec<&str> = pages.iter().filter(wanted).map(|page| page.text.as_str()).collect();
    match (texts.is_empty(), name) {
        (true, Some(name)) => Err(Failure::NoPage(name.to_owned())),
        _ => Ok(texts.join("\n")),
    }
}
