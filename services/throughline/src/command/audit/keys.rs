//! `throughline audit keys`

use std::process::ExitCode;

use anyhow::Context;
use projection::ledger::{KeyFolder, read_key};

use crate::command::ConfigFile;
use crate::output;
use crate::settings::{Purpose, Settings};

/// Make, change and list the keys that sign the ledger
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make the first key. `throughline up` does it by itself, where it makes keys.
    Make {
        #[command(flatten)]
        file: ConfigFile,
        /// What the ledger is called for ever: an address of yours without its scheme, such as `council.example.org/ledger`.
        #[arg(long)]
        origin: String,
    },
    /// Make the next key, and the note that says so, signed by both. It signs from the next start of the process on; what the one before
    /// signed stays signed.
    Rotate {
        #[command(flatten)]
        file: ConfigFile,
    },
    /// Print every public key, the oldest first.
    List {
        #[command(flatten)]
        file: ConfigFile,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let folder = |file: &ConfigFile| -> anyhow::Result<KeyFolder> {
        Ok(KeyFolder::new(&Settings::load_for(&file.config, Purpose::Cluster)?.ledger.keys))
    };
    match &arguments.command {
        Command::Make { file, origin } => {
            let keys = folder(file)?;
            anyhow::ensure!(
                keys.newest() == 0,
                "there is a key already: `throughline audit keys rotate` makes the next"
            );
            let made = keys.make(origin, rand::random()).context("the key is not made")?;
            output::line(&made.to_string())?;
            output::note("give this line to whoever audits, and keep a backup of the keys' folder");
        }
        Command::Rotate { file } => {
            let keys = folder(file)?;
            let second = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
            output::line(&keys.rotate(rand::random(), second)?.to_string())?;
            output::note("restart the process that signs; keep the old key's public half, which proves what it signed");
        }
        Command::List { file } => {
            let keys = folder(file)?;
            for number in (1..).take_while(|number| keys.public_path(*number).exists()) {
                output::line(&read_key(&keys.public_path(number))?.to_string())?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
