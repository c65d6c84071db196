//! `greenroom keys`: the keys that attestations are signed with. Needs no project.

use greenroom_delivery::attest::keys::{PublicKey, SigningKey};

use crate::cli::KeysCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::key::KeyView;

pub(super) fn run(command: &KeysCommand, context: &Context) -> Result<Exit, Failure> {
    let view = match command {
        KeysCommand::Generate(args) => {
            let key = SigningKey::generate()?;
            let public = key.write(&args.out)?;
            let files = [&args.out, &public].map(|it| it.display().to_string()).into();
            KeyView { public: key.public(), files }
        }
        KeysCommand::Show(args) => {
            KeyView { public: PublicKey::read(&args.file)?, files: Vec::new() }
        }
    };
    context.console.data(&view);
    Ok(Exit::Done)
}
