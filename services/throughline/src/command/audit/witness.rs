//! `throughline audit witness`

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use ledger::note::{KeyKind, SigningKey};
use ledger::statement::Statement;
use projection::ledger::read_note;
use proto::audit::AddCosignatureRequest;

use super::key;
use crate::command::{ConfigFile, block_on};
use crate::{admin_client, output};

/// Sign as a witness what you have verified, and hand a witness's signature in
///
/// A witness is somebody else: who keeps the last statement that they signed, verifies that nothing of it was taken back, and signs the
/// next. A ledger with witnesses cannot show two histories to two people.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make a witness's key, and print its public half.
    Make {
        /// The witness, such as `witness.example.org`.
        #[arg(long)]
        name: String,
        /// The new file of the private key.
        #[arg(long)]
        out: PathBuf,
    },
    /// Sign a statement, and print it with the signature. Verify before: this holds it only to the statement that you signed last.
    Sign {
        /// The statement.
        statement: PathBuf,
        /// The file of your private key.
        #[arg(long)]
        with: PathBuf,
        /// The ledger's public key, or a file that has it.
        #[arg(long)]
        key: String,
        /// The statement that you signed last.
        #[arg(long)]
        after: Option<PathBuf>,
    },
    /// Hand in a statement that a witness of the configuration signed, to the running process.
    Add {
        #[command(flatten)]
        file: ConfigFile,
        /// The statement, signed.
        statement: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Make { name, out } => {
            let made = SigningKey::new(name, KeyKind::Witness, rand::random())?;
            let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
            let mut file = opened.with_context(|| format!("`{}` cannot be made", out.display()))?;
            writeln!(file, "{}", made.to_secret_text())?;
            output::line(&made.public().to_string())?;
        }
        Command::Sign { statement, with, key: ledger, after } => {
            let text = std::fs::read_to_string(with).with_context(|| format!("`{}` cannot be read", with.display()))?;
            let own = SigningKey::parse(text.trim_end())?;
            let keys = [key(ledger)?];
            let mut note = read_note(statement)?;
            let said = Statement::believed(&note, &keys)?;
            if let Some(after) = after {
                let before = Statement::believed(&read_note(after)?, &keys)?;
                if let Some(contradiction) = before.contradicted_by(&said) {
                    output::line(&format!(
                        "audit witness: {}@{}: contradicts what you signed last; nothing is signed",
                        contradiction.tree, contradiction.size
                    ))?;
                    return Ok(ExitCode::from(output::DIFFERS));
                }
            }
            let second = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
            note.add(own.sign(note.text(), second));
            output::line(note.to_string().trim_end())?;
        }
        Command::Add { file, statement } => {
            let note = read_note(statement)?.to_string();
            let witnesses = block_on(async {
                let mut client = admin_client::ledger(&file.config).await?;
                let asked = client.add_cosignature(AddCosignatureRequest { note }).await;
                Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner().witnesses)
            })?;
            output::line(&format!("audit witness: ok {}", witnesses.join(", ")))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
