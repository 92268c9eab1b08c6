//! SFTP version 3 (draft-ietf-secsh-filexfer-02), as much of it as listing and fetching files takes.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest packet that is read; a server's are a little more than what it is asked for.
const PACKET_BYTES_MAX: usize = 1 << 20;
/// Asked for at a time: every server gives as much.
const BLOCK_BYTES: u32 = 32 << 10;
/// Blocks that are on their way at a time.
const BLOCKS: u64 = 16;

/// Longest name that a file system gives.
const NAME_BYTES_MAX: usize = 4_096;

const INIT: u8 = 1;
const VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const OPENDIR: u8 = 11;
const READDIR: u8 = 12;
const REMOVE: u8 = 13;
const STAT: u8 = 17;
const RENAME: u8 = 18;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRS: u8 = 105;

const END_OF_FILE: u32 = 1;
const FOR_READING: u32 = 1;
/// The kind of a file in its mode.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// What went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The other side ended.
    Ended,
    /// The other side says nothing.
    Silent,
    /// The other side said what it may not.
    Rules,
    /// The other side will not.
    Status(u32),
}

/// A file that was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) changed_at: u32,
    pub(super) is_file: bool,
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;
pub(super) type Streams = (Reader, Writer);

/// One conversation.
pub(super) struct Session {
    read: Reader,
    write: Writer,
    stall_max: Duration,
    last_id: u32,
    /// Blocks of a file that came together, the next one last.
    ahead: Vec<Vec<u8>>,
}

impl Session {
    /// Says hello.
    pub(super) async fn begin((read, write): Streams, stall_max: Duration) -> Result<Self, Fault> {
        let mut session = Self { read, write, stall_max, last_id: 0, ahead: Vec::new() };
        let mut hello = Packet::of(INIT);
        hello.number(3);
        session.send(hello).await?;
        let (kind, mut said) = session.receive().await?;
        if kind != VERSION || said.number()? < 3 {
            return Err(Fault::Rules);
        }
        Ok(session)
    }

    /// What is in a folder; `None` when there are more names than that.
    pub(super) async fn list(&mut self, folder: &str, names_max: usize) -> Result<Option<Vec<Found>>, Fault> {
        let handle = self.handle(OPENDIR, |packet| packet.text(folder.as_bytes())).await?;
        let mut all = Vec::new();
        // Names, those that cannot be used too, and an answer that has none for one: a server that never ends is given up.
        let mut told = 0_usize;
        loop {
            match self.ask(READDIR, |packet| packet.text(&handle)).await {
                Ok((NAME, mut said)) => {
                    let names = said.number()?;
                    told = told.saturating_add(usize::try_from(names.max(1)).unwrap_or(usize::MAX));
                    for _ in 0..names {
                        let name = said.text()?.to_vec();
                        let _as_a_person_reads_it = said.text()?;
                        let about = said.about()?;
                        // A name that is no text could not be asked for again, and of such a length none is.
                        if let Ok(name) = String::from_utf8(name)
                            && name.len() <= NAME_BYTES_MAX
                        {
                            all.push(Found { name, ..about });
                        }
                    }
                    if told > names_max {
                        self.close(&handle).await?;
                        return Ok(None);
                    }
                }
                Err(Fault::Status(END_OF_FILE)) => break,
                Ok(_) => return Err(Fault::Rules),
                Err(fault) => return Err(fault),
            }
        }
        self.close(&handle).await?;
        Ok(Some(all))
    }

    pub(super) async fn open(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        self.ahead.clear();
        let asked = |packet: &mut Packet| {
            packet.text(path.as_bytes());
            packet.number(FOR_READING);
            packet.number(0);
        };
        self.handle(OPEN, asked).await
    }

    /// The file's bytes from here on, as many as come; `None` at its end. To be asked for in order.
    pub(super) async fn read(&mut self, handle: &[u8], from: u64) -> Result<Option<Vec<u8>>, Fault> {
        if let Some(block) = self.ahead.pop() {
            return Ok(Some(block));
        }
        let first_id = self.last_id.wrapping_add(1);
        for block in 0..BLOCKS {
            let mut packet = Packet::of(READ);
            self.last_id = self.last_id.wrapping_add(1);
            packet.number(self.last_id);
            packet.text(handle);
            packet.long(from.saturating_add(block * u64::from(BLOCK_BYTES)));
            packet.number(BLOCK_BYTES);
            self.send(packet).await?;
        }
        let mut blocks: Vec<Option<Vec<u8>>> = vec![None; usize::try_from(BLOCKS).unwrap_or_default()];
        for _ in 0..BLOCKS {
            let (kind, mut said) = self.receive().await?;
            let place = usize::try_from(said.number()?.wrapping_sub(first_id)).map_err(|_| Fault::Rules)?;
            let place = blocks.get_mut(place).filter(|place| place.is_none()).ok_or(Fault::Rules)?;
            *place = Some(match (kind, ()) {
                (DATA, ()) => said.text()?.to_vec(),
                (STATUS, ()) => match said.number()? {
                    END_OF_FILE => Vec::new(),
                    status => return Err(Fault::Status(status)),
                },
                _ => return Err(Fault::Rules),
            });
        }
        // What stands behind a block that is short does not join on: it is asked for again.
        let full = usize::try_from(BLOCK_BYTES).unwrap_or_default();
        let mut blocks: Vec<Vec<u8>> = blocks.into_iter().flatten().collect();
        if blocks.iter().any(|block| block.len() > full) {
            return Err(Fault::Rules);
        }
        let joined = blocks.iter().position(|block| block.len() < full).map_or(blocks.len(), |short| short + 1);
        blocks.truncate(joined);
        blocks.retain(|block| !block.is_empty());
        blocks.reverse();
        self.ahead = blocks;
        Ok(self.ahead.pop())
    }

    pub(super) async fn close(&mut self, handle: &[u8]) -> Result<(), Fault> {
        self.ahead.clear();
        self.done(CLOSE, |packet| packet.text(handle)).await
    }

    pub(super) async fn about(&mut self, path: &str) -> Result<Found, Fault> {
        match self.ask(STAT, |packet| packet.text(path.as_bytes())).await? {
            (ATTRS, mut said) => said.about(),
            _ => Err(Fault::Rules),
        }
    }

    pub(super) async fn remove(&mut self, path: &str) -> Result<(), Fault> {
        self.done(REMOVE, |packet| packet.text(path.as_bytes())).await
    }

    pub(super) async fn rename(&mut self, from: &str, to: &str) -> Result<(), Fault> {
        let asked = |packet: &mut Packet| {
            packet.text(from.as_bytes());
            packet.text(to.as_bytes());
        };
        self.done(RENAME, asked).await
    }

    async fn handle(&mut self, kind: u8, asked: impl FnOnce(&mut Packet)) -> Result<Vec<u8>, Fault> {
        match self.ask(kind, asked).await? {
            (HANDLE, mut said) => Ok(said.text()?.to_vec()),
            _ => Err(Fault::Rules),
        }
    }

    async fn done(&mut self, kind: u8, asked: impl FnOnce(&mut Packet)) -> Result<(), Fault> {
        match self.ask(kind, asked).await {
            Err(Fault::Status(0)) => Ok(()),
            Err(fault) => Err(fault),
            Ok(_) => Err(Fault::Rules),
        }
    }

    /// Asks, and waits for the answer to that. A status is a fault, whichever it is.
    async fn ask(&mut self, kind: u8, asked: impl FnOnce(&mut Packet)) -> Result<(u8, Said), Fault> {
        self.last_id = self.last_id.wrapping_add(1);
        let mut packet = Packet::of(kind);
        packet.number(self.last_id);
        asked(&mut packet);
        self.send(packet).await?;
        let (kind, mut said) = self.receive().await?;
        if said.number()? != self.last_id {
            return Err(Fault::Rules);
        }
        match kind {
            STATUS => Err(Fault::Status(said.number()?)),
            kind => Ok((kind, said)),
        }
    }

    async fn send(&mut self, packet: Packet) -> Result<(), Fault> {
        let bytes = packet.framed();
        let sending = async {
            self.write.write_all(&bytes).await?;
            self.write.flush().await
        };
        let sent = tokio::time::timeout(self.stall_max, sending).await.map_err(|_| Fault::Silent)?;
        sent.map_err(|_| Fault::Ended)
    }

    async fn receive(&mut self) -> Result<(u8, Said), Fault> {
        let receiving = async {
            let length = self.read.read_u32().await.map_err(|_| Fault::Ended)?;
            let length = usize::try_from(length).ok().filter(|length| (1..=PACKET_BYTES_MAX).contains(length));
            let mut bytes = vec![0; length.ok_or(Fault::Rules)?];
            self.read.read_exact(&mut bytes).await.map_err(|_| Fault::Ended)?;
            let kind = bytes.first().copied().ok_or(Fault::Rules)?;
            Ok((kind, Said { bytes, at: 1 }))
        };
        tokio::time::timeout(self.stall_max, receiving).await.map_err(|_| Fault::Silent)?
    }
}

/// A packet that is being written.
struct Packet(Vec<u8>);

impl Packet {
    fn of(kind: u8) -> Self {
        Self(vec![kind])
    }

    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn long(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn text(&mut self, bytes: &[u8]) {
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(bytes);
    }

    fn framed(self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), self.0.as_slice()].concat()
    }
}

/// A packet that is being read.
struct Said {
    bytes: Vec<u8>,
    at: usize,
}

impl Said {
    fn take(&mut self, length: usize) -> Result<&[u8], Fault> {
        let end = self.at.checked_add(length).ok_or(Fault::Rules)?;
        let taken = self.bytes.get(self.at..end).ok_or(Fault::Rules)?;
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Fault> {
        self.take(4)?.try_into().map(u32::from_be_bytes).map_err(|_| Fault::Rules)
    }

    fn long(&mut self) -> Result<u64, Fault> {
        self.take(8)?.try_into().map(u64::from_be_bytes).map_err(|_| Fault::Rules)
    }

    fn text(&mut self) -> Result<&[u8], Fault> {
        let length = usize::try_from(self.number()?).map_err(|_| Fault::Rules)?;
        self.take(length)
    }

    /// The attributes of a file.
    fn about(&mut self) -> Result<Found, Fault> {
        let stated = self.number()?;
        let mut found = Found::default();
        if stated & 1 != 0 {
            found.size = self.long()?;
        }
        if stated & 2 != 0 {
            let (_owner, _group) = (self.number()?, self.number()?);
        }
        if stated & 4 != 0 {
            found.is_file = self.number()? & KIND == REGULAR;
        }
        if stated & 8 != 0 {
            let _read_at = self.number()?;
            found.changed_at = self.number()?;
        }
        if stated & 0x8000_0000 != 0 {
            for _ in 0..self.number()? {
                let _name = self.text()?.len();
                let _value = self.text()?.len();
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
