//! Against a real OpenSSH server, which each test starts and stops itself on a free port.
//!
//! Where none is installed (`deploy/sftp/setup` installs one) they say so and pass; `THROUGHLINE_SFTP=required` makes that a failure.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::spool::list;
use crate::toy::Toy;

struct Sshd {
    dir: tempfile::TempDir,
    process: Child,
    port: u16,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

fn made(command: &mut Command) {
    let made = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(made.success(), "{command:?}");
}

fn user() -> String {
    let said = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

impl Sshd {
    fn start() -> Option<Self> {
        let programs = ["/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"].map(Path::new);
        if !programs.iter().all(|program| program.exists()) {
            assert_ne!(
                std::env::var("THROUGHLINE_SFTP").as_deref(),
                Ok("required"),
                "OpenSSH's server is not installed"
            );
            eprintln!("OpenSSH's server is not installed: what SFTP sources do is not tested (deploy/sftp/setup)");
            return None;
        }
        let dir = tempfile::Builder::new().prefix("throughline-sftp-").tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for key in ["host", "other-host", "client", "stranger"] {
            made(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(at(key)));
        }
        std::fs::copy(at("client.pub"), at("authorized")).unwrap();
        for folder in ["remote", "remote/out", "remote/archive"] {
            std::fs::create_dir(at(folder)).unwrap();
        }
        // Between asking for a free port and using it another may take it: then the next is asked for.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let config = format!(
                "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\n\
                 PasswordAuthentication no\nKbdInteractiveAuthentication no\nSubsystem sftp internal-sftp\nPermitRootLogin prohibit-password\n",
                at("host").display(),
                at("authorized").display()
            );
            std::fs::write(at("sshd.conf"), config).unwrap();
            let mut process = Command::new("/usr/sbin/sshd")
                .args(["-D", "-e", "-f"])
                .arg(at("sshd.conf"))
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let said = BufReader::new(process.stderr.take().unwrap());
            let mut lines = said.lines();
            if lines.by_ref().map_while(Result::ok).any(|line| line.contains("Server listening on")) {
                // Whoever stops reading what it says stops it.
                std::thread::spawn(move || lines.for_each(drop));
                let host = std::fs::read_to_string(at("host.pub")).unwrap();
                std::fs::write(at("known"), format!("[127.0.0.1]:{port} {host}")).unwrap();
                return Some(Self { dir, process, port });
            }
            let _ended = process.wait();
        }
        panic!("no server could be started")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.at("remote/out").join(name), text).unwrap();
    }

    fn names(&self, folder: &str) -> Vec<String> {
        list(&self.at(folder))
            .unwrap()
            .iter()
            .filter(|path| path.is_file())
            .map(|path| crate::run::name_of(path))
            .collect()
    }

    fn options(&self) -> Options {
        let server = Server {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: user(),
            key: self.at("client"),
            known_hosts: self.at("known"),
            ssh: "ssh".into(),
        };
        Options::of("education-toy", server, self.at("remote/out").to_str().unwrap(), self.at("state/ledger"))
    }

    /// One that has looked at nothing yet, as after a restart.
    fn sftp(&self, options: Options) -> Sftp {
        Sftp::new(Arc::new(Toy::default()), Spool::open(&self.at("drop")).unwrap(), options)
    }

    /// What is in the spool: names and contents, in order.
    fn spooled(&self) -> Vec<(String, String)> {
        let folders = list(&self.at("drop/spooled")).unwrap();
        let files = folders.iter().flat_map(|folder| list(folder).unwrap());
        files.map(|file| (crate::run::name_of(&file), std::fs::read_to_string(&file).unwrap())).collect()
    }
}

#[tokio::test]
async fn a_file_is_taken_once_it_has_settled_and_never_again() {
    let Some(sshd) = Sshd::start() else { return };
    let mut sftp = sshd.sftp(Options { files: vec!["*.csv".to_owned()], ..sshd.options() });
    sshd.put("b.csv", "id,st");
    for left_alone in ["a.csv.part", ".hidden.csv", "readme.txt"] {
        sshd.put(left_alone, "x");
    }
    std::fs::create_dir(sshd.at("remote/out/folder.csv")).unwrap();
    assert_eq!(sftp.once().await.unwrap(), Fetched { unsettled: 1, ..Fetched::default() });
    sshd.put("b.csv", "id,start\n");
    assert_eq!(sftp.once().await.unwrap().unsettled, 1, "it grew between two listings");
    assert_eq!(sftp.once().await.unwrap(), Fetched { submissions: 1, files: 1, ..Fetched::default() });
    assert_eq!(sshd.spooled(), [("b.csv".to_owned(), "id,start\n".to_owned())]);
    for _ in 0..3 {
        assert_eq!(sftp.once().await.unwrap(), Fetched::default(), "listed again, it adds nothing");
    }
    let mut another = sshd.sftp(Options { files: vec!["*.csv".to_owned()], ..sshd.options() });
    for _ in 0..3 {
        assert_eq!(another.once().await.unwrap(), Fetched::default(), "nor after a restart");
    }
    sshd.put("b.csv", "id,start\n1,2024-09-01\n");
    let _changed = (another.once().await.unwrap(), another.once().await.unwrap());
    assert_eq!(sshd.spooled().len(), 2, "changed, it is another");
    let ledger = std::fs::read_to_string(sshd.at("state/ledger")).unwrap();
    assert!(!ledger.contains("csv"), "no name of a file is kept: {ledger}");
}

#[tokio::test]
async fn what_was_taken_is_archived_or_removed_or_stays() {
    for (afterwards, left, archived) in [
        (Afterwards::Leave, ["a.csv", "b.csv"].as_slice(), [].as_slice()),
        (Afterwards::Remove, &[], &[]),
        (Afterwards::Archive(String::new()), &[], &["a.csv", "b.csv"]),
    ] {
        let Some(sshd) = Sshd::start() else { return };
        let afterwards = match afterwards {
            Afterwards::Archive(_) => Afterwards::Archive(sshd.at("remote/archive").to_str().unwrap().to_owned()),
            other => other,
        };
        sshd.put("a.csv", "id,start\n");
        sshd.put("b.csv", "id,start\n");
        let mut sftp = sshd.sftp(Options { afterwards, ..sshd.options() });
        let _seen = sftp.once().await.unwrap();
        assert_eq!(sftp.once().await.unwrap().files, 2);
        assert_eq!((sshd.names("remote/out"), sshd.names("remote/archive")), (owned(left), owned(archived)));
        let ledger = std::fs::read_to_string(sshd.at("state/ledger")).unwrap();
        let _nothing = sftp.once().await.unwrap();
        assert_eq!(
            std::fs::read_to_string(sshd.at("state/ledger")).unwrap() == ledger,
            !left.is_empty(),
            "what is gone is forgotten"
        );
        assert_eq!(sshd.spooled().len(), 2);
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn an_archived_name_that_is_taken_loses_nothing() {
    let Some(sshd) = Sshd::start() else { return };
    let folder = sshd.at("remote/archive").to_str().unwrap().to_owned();
    let mut sftp = sshd.sftp(Options { afterwards: Afterwards::Archive(folder), ..sshd.options() });
    for text in ["id,start\n", "id,start\n1,2024-09-01\n"] {
        sshd.put("a.csv", text);
        let _seen = sftp.once().await.unwrap();
        assert_eq!(sftp.once().await.unwrap().files, 1);
    }
    assert_eq!((sshd.names("remote/out").len(), sshd.names("remote/archive").len()), (0, 2));
}

#[tokio::test]
async fn a_process_that_dies_between_the_steps_takes_a_file_twice_at_most_and_never_skips_it() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.put("a.csv", "id,start\n1,2024-09-01\n");
    let look = async || {
        let mut sftp = sshd.sftp(Options { afterwards: Afterwards::Remove, ..sshd.options() });
        let _seen = sftp.once().await.unwrap();
        sftp.once().await.unwrap()
    };
    // While it came: what is staged is nobody's.
    std::fs::create_dir_all(sshd.at("drop/staged/0123")).unwrap();
    std::fs::write(sshd.at("drop/staged/0123/a.csv"), "id,st").unwrap();
    // The ledger cannot be written: the file is in the spool, and is not known to be.
    std::fs::create_dir_all(sshd.at("state")).unwrap();
    std::fs::create_dir(sshd.at("state/ledger.part")).unwrap();
    let mut sftp = sshd.sftp(Options { afterwards: Afterwards::Remove, ..sshd.options() });
    let _seen = sftp.once().await.unwrap();
    assert!(matches!(sftp.once().await, Err(SftpError::Io { doing: "write the ledger", .. })));
    assert_eq!((sshd.spooled().len(), sshd.names("remote/out").len()), (1, 1));
    std::fs::remove_dir(sshd.at("state/ledger.part")).unwrap();
    assert_eq!(look().await.files, 1, "again, for nobody knows");
    assert_eq!((sshd.spooled().len(), sshd.names("remote/out").len()), (2, 0));
    assert_eq!(look().await, Fetched::default());
    assert!(list(&sshd.at("drop/staged")).unwrap().is_empty());
    // The ledger says so, and it was not removed over there.
    sshd.put("b.csv", "id,start\n");
    let mut sftp = sshd.sftp(sshd.options());
    let _taken = (sftp.once().await.unwrap(), sftp.once().await.unwrap());
    assert_eq!((look().await.files, sshd.names("remote/out").len(), sshd.spooled().len()), (0, 0, 3));
}

#[tokio::test]
async fn nobody_is_talked_to_whose_host_key_is_not_known() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.put("a.csv", "id,start\n");
    let other = std::fs::read_to_string(sshd.at("other-host.pub")).unwrap();
    std::fs::write(sshd.at("changed"), format!("[127.0.0.1]:{} {other}", sshd.port)).unwrap();
    std::fs::write(sshd.at("nobody"), "").unwrap();
    for known in ["changed", "nobody", "is-not-there"] {
        let options = sshd.options();
        let server = Server { known_hosts: sshd.at(known), ..options.server.clone() };
        let refused = sshd.sftp(Options { server, ..options }).once().await;
        assert!(matches!(refused, Err(SftpError::HostKey)), "{known}: {refused:?}");
        assert!(!sshd.at("is-not-there").exists(), "nothing is learned");
    }
    let options = sshd.options();
    let server = Server { key: sshd.at("stranger"), ..options.server.clone() };
    let refused = sshd.sftp(Options { server, ..options.clone() }).once().await;
    assert!(matches!(refused, Err(SftpError::Refused)), "{refused:?}");
    std::fs::set_permissions(sshd.at("client"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = sshd.sftp(options.clone()).once().await;
    assert!(matches!(refused, Err(SftpError::Refused)), "a key that everybody may read: {refused:?}");
    let server = Server { ssh: "/nowhere/ssh".into(), ..options.server.clone() };
    assert!(matches!(sshd.sftp(Options { server, ..options.clone() }).once().await, Err(SftpError::NoSsh(_))));
    for host in ["-oProxyCommand=touch /tmp/x", "a b", ""] {
        let server = Server { host: host.to_owned(), ..options.server.clone() };
        assert!(matches!(sshd.sftp(Options { server, ..options.clone() }).once().await, Err(SftpError::Unreachable)));
    }
}

#[tokio::test]
async fn bounds_hold_and_say_so() {
    let Some(sshd) = Sshd::start() else { return };
    let mut sftp = sshd.sftp(Options { waiting_max: 1, ..sshd.options() });
    for name in ["a.csv", "b.csv"] {
        sshd.put(name, "id,start\n");
    }
    let _seen = sftp.once().await.unwrap();
    let fetched = sftp.once().await.unwrap();
    assert_eq!((fetched.files, fetched.is_waiting), (1, true), "one waits: the other stays where it is");
    assert!(matches!(sshd.sftp(Options { names_max: 1, ..sshd.options() }).once().await, Err(SftpError::TooMany(1))));
    let large = "x".repeat(3 << 20);
    sshd.put("c.csv", &large);
    let mut bounded = sshd.sftp(Options { file_bytes_max: 1_000, files: vec!["c.*".to_owned()], ..sshd.options() });
    let _seen = bounded.once().await.unwrap();
    assert!(matches!(bounded.once().await, Err(SftpError::TooLarge(1_000))));
    let mut whole = sshd.sftp(Options { files: vec!["c.*".to_owned()], ..sshd.options() });
    let _seen = whole.once().await.unwrap();
    assert_eq!(whole.once().await.unwrap().files, 1);
    assert!(sshd.spooled().contains(&("c.csv".to_owned(), large)), "of many blocks, every byte in its place");
    let gone = Options { folder: sshd.at("remote/nowhere").to_str().unwrap().to_owned(), ..sshd.options() };
    assert!(matches!(sshd.sftp(gone).once().await, Err(SftpError::Status { status: 2, .. })));
}

#[test]
fn patterns_stand_for_whole_names() {
    for (pattern, name, is) in [
        ("*.csv", "a.csv", true),
        ("*.csv", ".csv", true),
        ("*.csv", "a.csv.part", false),
        ("CIN_*_20??.xml", "CIN_878_2025.xml", true),
        ("CIN_*_20??.xml", "CIN_878_205.xml", false),
        ("*", "", true),
        ("", "a", false),
        ("a*b*c", "aXbXbXc", true),
        ("a*b*c", "aXc", false),
    ] {
        assert_eq!(matches(pattern, name), is, "{pattern} {name}");
    }
    let hard = format!("{}b", "*a".repeat(200));
    assert!(!matches(&hard, &"a".repeat(2_000)), "and take no time to speak of");
}
