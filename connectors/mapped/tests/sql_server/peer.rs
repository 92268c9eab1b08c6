//! One end of TDS that says what a test tells it to: no SQL Server can be started here, and what matters is what is done when one
//! refuses, breaks off or is not who it should be.

use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const BATCH: u8 = 0x01;
const RPC: u8 = 0x03;
const ANSWER: u8 = 0x04;
const LOGIN: u8 = 0x10;
const PRELOGIN: u8 = 0x12;
const BYTES_OF_HEADER: usize = 8;

/// What is said of encryption before anything else: that it is not there, and that it must be.
const NO_TLS: u8 = 2;
const TLS: u8 = 3;

/// What is answered to one message.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A table of visits, whole.
    Rows(Vec<Visit>),
    /// As many rows, and then the line is cut.
    Broken(Vec<Visit>),
    /// A refusal by number, whose words repeat a value.
    Error(u32),
}

/// A row: number, child, day since the year one, and hours on the 1st of January 2026 when it was changed.
pub(crate) type Visit = (i32, Option<&'static str>, u32, u8);

/// What the sign-in comes to.
#[derive(Clone, Copy)]
pub(crate) enum Login {
    Welcome,
    /// By this number.
    Refused(u32),
    /// To this port of the same machine.
    Elsewhere(u16),
}

/// How a connection goes.
pub(crate) struct Script {
    /// The key and certificate, where TLS is spoken.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) login: Login,
    pub(crate) replies: Vec<Reply>,
}

/// A listening end; what was asked of it, in order.
pub(crate) struct Peer {
    pub(crate) port: u16,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// One connection for each script.
    pub(crate) fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for script in scripts {
                let (stream, _) = listener.accept().unwrap();
                // A client that goes away in the middle is what some tests are about.
                let _ended = speak(stream, &script, &heard);
            }
        });
        Self { port, asked }
    }
}

/// For `127.0.0.1`, signed by itself: what to trust as PEM, and the server's half.
pub(crate) fn certificate() -> (String, Arc<ServerConfig>) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    // As SQL Server speaks it inside TDS 7.
    let versions = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS12]);
    let server = versions.unwrap().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    (cert.pem(), Arc::new(server))
}

fn speak(stream: TcpStream, script: &Script, asked: &Mutex<Vec<String>>) -> Result<()> {
    let mut wire = Wire { stream, in_packets: false, left: 0 };
    let (_, _) = message(&mut wire)?;
    let level = if script.tls.is_some() { TLS } else { NO_TLS };
    // Two options: the version at 11, the encryption at 17.
    let options = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0, 0, 0, 0, level];
    send(&mut wire, &options)?;
    match &script.tls {
        None => serve(&mut wire, script, asked),
        Some(tls) => {
            let mut connection = ServerConnection::new(Arc::clone(tls)).unwrap();
            wire.in_packets = true;
            while connection.is_handshaking() {
                connection.complete_io(&mut wire)?;
            }
            wire.in_packets = false;
            serve(&mut StreamOwned::new(connection, wire), script, asked)
        }
    }
}

fn serve(wire: &mut (impl Read + Write), script: &Script, asked: &Mutex<Vec<String>>) -> Result<()> {
    let (kind, _) = message(wire)?;
    assert_eq!(kind, LOGIN);
    match script.login {
        Login::Refused(number) => return send(wire, &[error(number), done()].concat()),
        Login::Elsewhere(port) => return send(wire, &[welcome(), elsewhere(port), done()].concat()),
        Login::Welcome => send(wire, &[welcome(), done()].concat())?,
    }
    for reply in &script.replies {
        let (kind, body) = message(wire)?;
        assert!([BATCH, RPC].contains(&kind));
        let units: Vec<u16> = body.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        asked.lock().unwrap().push(String::from_utf16_lossy(&units));
        match reply {
            Reply::Error(number) => send(wire, &[error(*number), done()].concat())?,
            Reply::Rows(rows) => send(wire, &[table(rows), done()].concat())?,
            Reply::Broken(rows) => {
                let table = table(rows);
                return send(wire, &table[..table.len() - 1]);
            }
        }
    }
    Ok(())
}

/// Bytes as they come; inside the packets that a handshake travels in, where one is under way.
struct Wire {
    stream: TcpStream,
    in_packets: bool,
    left: usize,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if !self.in_packets {
            return self.stream.read(buffer);
        }
        if self.left == 0 {
            let mut header = [0; BYTES_OF_HEADER];
            self.stream.read_exact(&mut header)?;
            self.left = usize::from(u16::from_be_bytes([header[2], header[3]])) - BYTES_OF_HEADER;
        }
        let most = buffer.len().min(self.left);
        let read = self.stream.read(&mut buffer[..most])?;
        self.left -= read;
        Ok(read)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.in_packets {
            packet(&mut self.stream, PRELOGIN, bytes)?;
            return Ok(bytes.len());
        }
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

/// A whole message, of however many packets.
fn message(wire: &mut impl Read) -> Result<(u8, Vec<u8>)> {
    let mut whole = Vec::new();
    loop {
        let mut header = [0; BYTES_OF_HEADER];
        wire.read_exact(&mut header)?;
        let start = whole.len();
        whole.resize(start + usize::from(u16::from_be_bytes([header[2], header[3]])) - BYTES_OF_HEADER, 0);
        wire.read_exact(&mut whole[start..])?;
        if header[1] & 1 == 1 {
            return Ok((header[0], whole));
        }
    }
}

fn send(wire: &mut impl Write, body: &[u8]) -> Result<()> {
    packet(wire, ANSWER, body)
}

fn packet(wire: &mut impl Write, kind: u8, body: &[u8]) -> Result<()> {
    let length = u16::try_from(body.len() + BYTES_OF_HEADER).unwrap().to_be_bytes();
    wire.write_all(&[&[kind, 1, length[0], length[1], 0, 0, 1, 0], body].concat())?;
    wire.flush()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// With its length in a byte, in characters.
fn short(text: &str) -> Vec<u8> {
    [vec![u8::try_from(text.encode_utf16().count()).unwrap()], utf16(text)].concat()
}

fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &u16::try_from(body.len()).unwrap().to_le_bytes(), body].concat()
}

fn welcome() -> Vec<u8> {
    token(0xad, &[&[1, 0x74, 0, 0, 4][..], &short("a peer of the tests"), &[16, 0, 0, 0]].concat())
}

/// Another machine for those who only read.
fn elsewhere(port: u16) -> Vec<u8> {
    let host = "127.0.0.1";
    let length = u16::try_from(host.len()).unwrap().to_le_bytes();
    let route = [&[0][..], &port.to_le_bytes(), &length, &utf16(host)].concat();
    token(0xe3, &[&[20][..], &u16::try_from(route.len()).unwrap().to_le_bytes(), &route, &[0, 0]].concat())
}

fn error(number: u32) -> Vec<u8> {
    let words = "Conversion failed when converting the value 'CANARY'";
    let length = u16::try_from(words.len()).unwrap().to_le_bytes();
    token(
        0xaa,
        &[&number.to_le_bytes()[..], &[1, 16], &length, &utf16(words), &short("s"), &short(""), &[0; 4]].concat(),
    )
}

fn done() -> Vec<u8> {
    [&[0xfd][..], &[0; 12]].concat()
}

/// `visit int, child nvarchar(50), on_day date, changed_at datetime2(7)`.
fn table(rows: &[Visit]) -> Vec<u8> {
    let column = |kind: &[u8], name: &str| [&[0, 0, 0, 0, 9, 0][..], kind, &short(name)].concat();
    let mut table = vec![0x81, 4, 0];
    table.extend(column(&[0x26, 4], "visit"));
    table.extend(column(&[0xe7, 100, 0, 9, 4, 0xd0, 0, 0x34], "child"));
    table.extend(column(&[0x28], "on_day"));
    table.extend(column(&[0x2a, 7], "changed_at"));
    for (visit, child, day, hour) in rows {
        table.extend([0xd1, 4]);
        table.extend(visit.to_le_bytes());
        match child {
            Some(child) => {
                let text = utf16(child);
                table.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
                table.extend(text);
            }
            None => table.extend([0xff, 0xff]),
        }
        table.push(3);
        table.extend(&day.to_le_bytes()[..3]);
        table.push(8);
        table.extend(&(u64::from(*hour) * 3_600 * 10_000_000).to_le_bytes()[..5]);
        table.extend(&739_616_u32.to_le_bytes()[..3]);
    }
    table
}
