//! `throughline dev`

mod authority;
mod init;
mod token;

use std::process::ExitCode;

/// Set up certificates, keys and readers for trying it out on one machine
///
/// It is never less than authenticated: real certificates and real tokens, from an authority that only this machine knows.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Write a configuration, keys, a certificate authority, and a certificate, token issuer and reader for each organisation.
    Init(init::Arguments),
    /// Issue a token for another person or other roles of an organisation that `init` set up.
    Token(token::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Init(arguments) => init::run(arguments)?,
        Command::Token(arguments) => token::run(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}
