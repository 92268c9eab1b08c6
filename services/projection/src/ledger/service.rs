//! The ledger as the operator asks it: what was signed, and proofs by it. Every call is on record as a disclosure before it is
//! answered; it names no child, and when which partition grew is for nobody who only reads timelines.

use std::sync::Arc;

use event_log::EventLog;
use ledger::note::{Note, VerifierKey};
use ledger::proof::{self, Hashes as _};
use ledger::statement::Head;
use ledger::tile::{self, Of, Tile, WIDTH};
use proto::audit::ledger_server::Ledger;
use proto::audit::{
    AddCosignatureRequest, AddCosignatureResponse, GetCheckpointRequest, GetCheckpointResponse,
    GetConsistencyProofRequest, GetConsistencyProofResponse, GetInclusionProofRequest, GetInclusionProofResponse,
    GetTileRequest, GetTileResponse,
};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::{Folder, LedgerError, Signed, entry_of, tree_of};
use crate::disclose::Recorder;

/// Answers by what was signed last.
#[derive(Clone)]
pub struct LedgerService {
    /// The log: what entries are made of.
    pub log: Arc<dyn EventLog>,
    /// The ledger's folder.
    pub folder: Folder,
    /// What was signed last.
    pub signed: watch::Receiver<Option<Arc<Signed>>>,
    /// The ledger's keys.
    pub keys: Vec<VerifierKey>,
    /// Witnesses whose signatures are taken in.
    pub witnesses: Vec<VerifierKey>,
    /// Puts each call on record.
    pub recorder: Arc<Recorder>,
}

impl LedgerService {
    fn signed(&self) -> Result<Arc<Signed>, Status> {
        self.signed.borrow().clone().ok_or_else(|| Status::unavailable("nothing is signed yet"))
    }

    /// What was signed of a tree, and its checkpoint.
    fn head(&self, signed: &Signed, tree: &str) -> Result<(Head, String), Status> {
        let missing = || {
            Status::not_found(
                "`tree` must be a topic and partition that has a record, such as `throughline.health.v1/3`",
            )
        };
        let head = signed.statement.head(tree).cloned().ok_or_else(missing)?;
        let checkpoint = signed.statement.checkpoint(tree).ok_or_else(missing)?;
        Ok((head, checkpoint.to_string()))
    }

    async fn entries(&self, tree: &str, from: u64, count: u64) -> Result<Vec<Vec<u8>>, Status> {
        let (topic, partition) = tree_of(tree).ok_or_else(|| Status::not_found("`tree` is none"))?;
        let mut entries = Vec::new();
        while (entries.len() as u64) < count {
            let left = usize::try_from(count).unwrap_or_default() - entries.len();
            let read = self.log.read(topic, partition, from + entries.len() as u64, left).await;
            let records = read.map_err(|error| Status::unavailable(error.to_string()))?;
            if records.is_empty() {
                return Err(Status::data_loss("the log ends before what was signed"));
            }
            entries.extend(records.iter().map(|record| entry_of(record).encode().to_vec()));
        }
        Ok(entries)
    }

    async fn on_record(&self, command: &str) -> Result<(), Status> {
        self.recorder.record_operator(command).await.map_err(|error| Status::unavailable(error.to_string()))
    }
}

#[tonic::async_trait]
impl Ledger for LedgerService {
    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        let signed = self.signed()?;
        let tree = request.into_inner().tree;
        let note = if tree.is_empty() { signed.note.to_string() } else { self.head(&signed, &tree)?.1 };
        self.on_record("audit checkpoint").await?;
        Ok(Response::new(GetCheckpointResponse { note }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<GetInclusionProofResponse>, Status> {
        let signed = self.signed()?;
        let GetInclusionProofRequest { tree, offset } = request.into_inner();
        let (head, checkpoint) = self.head(&signed, &tree)?;
        if offset >= head.size {
            return Err(Status::out_of_range("`offset` is beyond what was signed: ask again in a second"));
        }
        let hashes = proof::inclusion(&self.folder.levels(&tree), offset, head.size).map_err(internal)?;
        let entry = self.entries(&tree, offset, 1).await?.pop().unwrap_or_default();
        self.on_record("audit prove").await?;
        let hashes = hashes.into_iter().map(|hash| hash.to_vec()).collect();
        Ok(Response::new(GetInclusionProofResponse { entry, hashes, checkpoint }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<GetConsistencyProofRequest>,
    ) -> Result<Response<GetConsistencyProofResponse>, Status> {
        let signed = self.signed()?;
        let GetConsistencyProofRequest { tree, from_size, to_size } = request.into_inner();
        let (head, checkpoint) = self.head(&signed, &tree)?;
        let to_size = if to_size == 0 { head.size } else { to_size };
        if from_size == 0 || from_size > to_size || to_size > head.size {
            return Err(Status::out_of_range("`from_size` must be 1 to `to_size`, and that no more than was signed"));
        }
        let hashes = proof::consistency(&self.folder.levels(&tree), from_size, to_size).map_err(internal)?;
        self.on_record("audit prove").await?;
        let hashes = hashes.into_iter().map(|hash| hash.to_vec()).collect();
        Ok(Response::new(GetConsistencyProofResponse { hashes, to_size, checkpoint }))
    }

    async fn get_tile(&self, request: Request<GetTileRequest>) -> Result<Response<GetTileResponse>, Status> {
        let signed = self.signed()?;
        let GetTileRequest { tree, path } = request.into_inner();
        let (head, _) = self.head(&signed, &tree)?;
        let tile = Tile::parse(&path).filter(|tile| tile.is_of(head.size) && tile.width <= WIDTH);
        let tile = tile.ok_or_else(|| Status::not_found("`path` is no tile of what was signed"))?;
        let bytes = match tile.of {
            Of::Entries => tile::bundle(self.entries(&tree, tile.from(), tile.width).await?),
            Of::Hashes(level) => {
                let hashes = self.folder.levels(&tree).hashes(level, tile.from(), tile.width);
                hashes.map_err(internal)?.as_flattened().to_vec()
            }
        };
        self.on_record("audit tile").await?;
        Ok(Response::new(GetTileResponse { tile: bytes }))
    }

    async fn add_cosignature(
        &self,
        request: Request<AddCosignatureRequest>,
    ) -> Result<Response<AddCosignatureResponse>, Status> {
        let note = Note::parse(request.into_inner().note.as_bytes());
        let note = note.map_err(|error| Status::invalid_argument(error.to_string()))?;
        match self.folder.accept(&note, &self.keys, &self.witnesses) {
            Ok(witnesses) => Ok(Response::new(AddCosignatureResponse { witnesses })),
            Err(error @ LedgerError::Unbelieved(_)) => Err(Status::invalid_argument(error.to_string())),
            Err(error) => Err(internal(error)),
        }
    }
}

fn internal(error: LedgerError) -> Status {
    Status::internal(error.to_string())
}
