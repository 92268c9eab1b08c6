//! OpenSSH's own client, as the line that SFTP goes over: it knows the server by its host key and nothing else, and asks nobody
//! anything.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::process::{Child, Command};

use super::SftpError;

/// How much of what it says is read.
const SAID_BYTES_MAX: u64 = 16 << 10;

/// Where, and as whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Usually 22.
    pub port: u16,
    /// As whom.
    pub user: String,
    /// The private key, in a form that OpenSSH reads, without a passphrase.
    pub key: PathBuf,
    /// The host keys that are trusted, as `ssh-keyscan` writes them.
    pub known_hosts: PathBuf,
    /// The program.
    pub ssh: PathBuf,
}

impl Server {
    /// Whether a host or a user is written as one, and as nothing that the program would take for an option.
    pub fn is_name(text: &str) -> bool {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        !text.is_empty() && !text.starts_with('-') && text.len() <= 255 && text.chars().all(allowed)
    }

    pub(super) fn open(&self) -> Result<Process, SftpError> {
        if !Self::is_name(&self.host) || !Self::is_name(&self.user) {
            return Err(SftpError::Unreachable);
        }
        let mut command = Command::new(&self.ssh);
        command.arg("-F").arg("none").arg("-T");
        for option in [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "GlobalKnownHostsFile=none",
            "UpdateHostKeys=no",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "PreferredAuthentications=publickey",
            "ClearAllForwardings=yes",
            "ForwardAgent=no",
            "PermitLocalCommand=no",
            "ProxyCommand=none",
            "ControlMaster=no",
            "ControlPath=none",
            "ConnectTimeout=15",
            "ServerAliveInterval=15",
            "ServerAliveCountMax=2",
            "LogLevel=ERROR",
        ] {
            command.arg("-o").arg(option);
        }
        command.arg("-o").arg(format!("UserKnownHostsFile=\"{}\"", self.known_hosts.display()));
        command.arg("-o").arg(format!("IdentityFile=\"{}\"", self.key.display()));
        command
            .arg("-p")
            .arg(self.port.to_string())
            .arg("-l")
            .arg(&self.user)
            .arg("-s")
            .arg("--")
            .arg(&self.host)
            .arg("sftp");
        command.env_clear().env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.kill_on_drop(true).spawn().map_err(|error| SftpError::NoSsh(error.kind()))?;
        Ok(Process(child))
    }
}

type Streams = (Box<dyn AsyncRead + Send + Unpin>, Box<dyn AsyncWrite + Send + Unpin>);

/// The program, for one conversation. Dropped, it ends.
pub(super) struct Process(Child);

impl Process {
    pub(super) fn streams(&mut self) -> Result<Streams, SftpError> {
        let (read, write) = (self.0.stdout.take(), self.0.stdin.take());
        let (Some(read), Some(write)) = (read, write) else { return Err(SftpError::Unreachable) };
        Ok((Box::new(read), Box::new(write)))
    }

    /// Why it ended. Its own words name the host, and are not repeated.
    pub(super) async fn why(mut self) -> SftpError {
        let Some(said) = self.0.stderr.take() else { return SftpError::Unreachable };
        let mut text = Vec::new();
        let reading = said.take(SAID_BYTES_MAX);
        let mut reading = std::pin::pin!(reading);
        let _as_much_as_comes =
            tokio::time::timeout(std::time::Duration::from_secs(2), reading.read_to_end(&mut text)).await;
        let text = String::from_utf8_lossy(&text);
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED", "No matching host key"]) {
            SftpError::HostKey
        } else if says(&[
            "Permission denied",
            "Too many authentication failures",
            "Load key",
            "UNPROTECTED PRIVATE KEY",
        ]) {
            SftpError::Refused
        } else {
            SftpError::Unreachable
        }
    }
}
