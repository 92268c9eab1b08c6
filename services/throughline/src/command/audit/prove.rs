//! `throughline audit prove`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use ledger::checkpoint::Checkpoint;
use ledger::note::{Note, VerifierKey};
use ledger::proof::check_consistency;
use ledger::record_proof::RecordProof;
use ledger::rotation::keys_from;
use ledger::statement::Statement;
use ledger::{Entry, Hash};
use projection::ledger::read_note;
use proto::audit::{GetConsistencyProofRequest, GetInclusionProofRequest};

use super::key;
use crate::admin_client;
use crate::command::{ConfigFile, block_on};
use crate::output::{self, Usage};

/// Prove that one record is in what was signed, or that everything signed before is in what is signed now
///
/// Asks the running process. The proof of a record is printed as a text (C2SP tlog-proof) that `audit verify --proof` checks. With
/// `--since` the proofs are checked here, with your key: exit code 4 when one does not hold.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// The record, such as `throughline.health.v1/3@12`.
    #[arg(required_unless_present = "since", conflicts_with = "since")]
    record: Option<String>,
    /// A statement that you kept from before.
    #[arg(long, value_name = "FILE", requires = "key")]
    since: Option<PathBuf>,
    /// The ledger's public key, or a file that has it.
    #[arg(long)]
    key: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match (&arguments.record, &arguments.since, &arguments.key) {
        (Some(record), ..) => of_record(&arguments.file, record),
        (None, Some(since), Some(trusted)) => since_then(&arguments.file, since, &key(trusted)?),
        _ => Err(Usage("name a record, or a statement with --since and the key with --key".to_owned()).into()),
    }
}

fn of_record(file: &ConfigFile, record: &str) -> anyhow::Result<ExitCode> {
    let wrong = || Usage("a record is TOPIC/PARTITION@OFFSET, such as `throughline.health.v1/3@12`".to_owned());
    let (tree, offset) = record.split_once('@').ok_or_else(wrong)?;
    let offset: u64 = offset.parse().map_err(|_| wrong())?;
    let answer = block_on(async {
        let mut client = admin_client::ledger(&file.config).await?;
        let asked = client.get_inclusion_proof(GetInclusionProofRequest { tree: tree.to_owned(), offset }).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    let proof = RecordProof {
        entry: Entry::decode(&answer.entry).context("the process gave no entry")?,
        hashes: hashes(answer.hashes)?,
        checkpoint: Note::parse(answer.checkpoint.as_bytes())?,
    };
    output::line(proof.to_string().trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn since_then(file: &ConfigFile, since: &Path, trusted: &VerifierKey) -> anyhow::Result<ExitCode> {
    // Rotations are with the ledger; whoever asks may have only the key.
    let own = std::slice::from_ref(trusted);
    let settings = crate::settings::Settings::load_for(&file.config, crate::settings::Purpose::Cluster)?;
    let rotations = projection::ledger::Folder::new(&settings.ledger.folder).rotations().unwrap_or_default();
    let keys = keys_from(trusted, &rotations).unwrap_or_else(|_| own.to_vec());
    let before = Statement::believed(&read_note(since)?, &keys)?;
    let (mut from, mut to, mut differs) = (0, 0, false);
    block_on(async {
        let mut client = admin_client::ledger(&file.config).await?;
        for head in before.heads() {
            let request = GetConsistencyProofRequest { tree: head.tree.clone(), from_size: head.size, to_size: 0 };
            let asked = client.get_consistency_proof(request).await;
            let answer = match asked {
                Err(status) if status.code() == tonic::Code::OutOfRange => {
                    differs = true;
                    output::line(&format!("audit prove: {}: less is signed now than was before", head.tree))?;
                    continue;
                }
                asked => asked.map_err(|status| admin_client::refusal(&status))?.into_inner(),
            };
            let note = Note::parse(answer.checkpoint.as_bytes())?;
            note.check(&keys)?;
            let now = Checkpoint::of(&note)?;
            let proven = check_consistency((head.size, &head.root), (now.size, &now.root), &hashes(answer.hashes)?);
            if now.origin != format!("{}/{}", before.origin, head.tree) || proven.is_err() {
                differs = true;
                output::line(&format!(
                    "audit prove: {}@0..{}: what was signed before is not in what is signed now",
                    head.tree, head.size
                ))?;
            }
            (from, to) = (from + head.size, to + now.size);
        }
        anyhow::Ok(())
    })?;
    if differs {
        return Ok(ExitCode::from(output::DIFFERS));
    }
    output::line(&format!("audit prove: ok trees={} from={from} to={to}", before.heads().count()))?;
    Ok(ExitCode::SUCCESS)
}

fn hashes(given: Vec<Vec<u8>>) -> anyhow::Result<Vec<Hash>> {
    given.into_iter().map(|hash| hash.try_into().ok().context("the process gave something else than hashes")).collect()
}
