//! The example configurations: the program takes each as it stands, once the files that it names are there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::harness::program::program;

pub(crate) fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("deploy")
}

/// Every example, and what an overlay puts in place of one.
fn examples() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["examples", "kubernetes/overlays/example"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(deploy().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    found.sort();
    found
}

/// Every text of a configuration.
pub(crate) fn texts(value: &toml::Value) -> Vec<&str> {
    match value {
        toml::Value::String(text) => vec![text],
        toml::Value::Array(list) => list.iter().flat_map(texts).collect(),
        toml::Value::Table(table) => table.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// An example below a folder of this test, with every file that it names.
struct LaidOut {
    dir: TempDir,
    config: PathBuf,
}

fn laid_out(example: &Path) -> LaidOut {
    let dir = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(example).unwrap();
    let below = |path: &str| dir.path().join(path.strip_prefix('/').unwrap());
    let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let table: toml::Value = toml::Value::Table(text.parse().unwrap());
    let write = |path: PathBuf, text: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    let key = format!("{}\n", "7".repeat(64));
    for path in texts(&table).into_iter().filter(|text| text.starts_with('/')) {
        match Path::new(path).extension().and_then(|extension| extension.to_str()) {
            Some("pem") => write(below(path), &certificate.cert.pem()),
            Some("key") => write(below(path), &certificate.signing_key.serialize_pem()),
            Some(other) => panic!("{}: {path}: what is in a file that ends in {other}?", example.display()),
            None => fs::create_dir_all(below(path)).unwrap(),
        }
    }
    let data = table.get("data").and_then(toml::Value::as_str);
    let keys = table.get("keys").and_then(|keys| keys.get("folder")).and_then(toml::Value::as_str);
    if let Some(folder) = keys.map(&below).or(data.map(|data| below(data).join("keys"))) {
        write(folder.join("pseudonym.key"), &key);
    }
    // What begins with a slash is a path, and now one of this test's.
    let moved = text.replace("= \"/", &format!("= \"{}/", dir.path().display()));
    let config = dir.path().join(example.file_name().unwrap());
    fs::write(&config, moved).unwrap();
    LaidOut { dir, config }
}

impl LaidOut {
    fn check(&self) -> Output {
        let name = self.config.file_stem().unwrap().to_str().unwrap();
        let config = self.config.to_str().unwrap();
        let arguments = match name {
            "up" => vec!["config", "check", "--for", "up", "--config", config],
            "serve" => vec!["config", "check", "--for", "serve", "--config", config],
            // It names a cluster and no process: without the cluster it fails, and not for the file.
            "topics" => vec!["topics", "plan", "--config", config],
            connect => {
                assert!(connect.starts_with("connect-"), "`{connect}.toml` is an example of what?");
                vec!["config", "check", "--for", "connect", "--config", config]
            }
        };
        Command::new(program()).args(arguments).current_dir(self.dir.path()).output().unwrap()
    }

    fn is_taken(&self) -> bool {
        let code = self.check().status.code().unwrap();
        let taken = if self.config.ends_with("topics.toml") { 1 } else { 0 };
        assert!(code == taken || code == 78, "{}: {code}", self.config.display());
        code == taken
    }
}

#[test]
fn the_program_takes_every_example() {
    let examples = examples();
    assert!(examples.len() >= 7, "{examples:?}");
    for example in examples {
        let example = laid_out(&example);
        // Nobody is asked: the name leads nowhere.
        let text = fs::read_to_string(&example.config).unwrap().replace("\"kafka:9093\"", "\"127.0.0.1:1\"");
        fs::write(&example.config, text).unwrap();
        assert!(example.is_taken(), "{}", String::from_utf8_lossy(&example.check().stderr));
    }
}

#[test]
fn an_example_with_a_key_too_many_or_too_few_is_refused_and_the_key_named() {
    for example in examples() {
        let example = laid_out(&example);
        let text = fs::read_to_string(&example.config).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let required = ["organisation = ", "hub_contact = ", "controllers = ", "bootstrap = ", "client_ca = "];
        let required = required.iter().filter(|key| text.contains(**key));
        // With one connector for one named organisation, who runs it can be told from that.
        for key in required.filter(|key| table.contains_key("serve") || **key != "organisation = ") {
            let without: String =
                text.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
            fs::write(&example.config, without).unwrap();
            let said = example.check();
            let said = (said.status.code(), String::from_utf8(said.stderr).unwrap());
            assert!(said.0 == Some(78) && said.1.contains(key.trim_end_matches(" = ")), "{key}: {said:?}");
        }
        for section in table.iter().filter(|(_, value)| value.is_table()).map(|(name, _)| name) {
            let head = text.lines().find(|line| line.starts_with(&format!("[{section}"))).unwrap();
            let with = text.replace(head, &format!("{head}\nnobody_reads_this = 1"));
            fs::write(&example.config, with).unwrap();
            let said = example.check();
            let said = (said.status.code(), String::from_utf8(said.stderr).unwrap());
            assert!(said.0 == Some(78) && said.1.contains("nobody_reads_this"), "{section}: {said:?}");
        }
    }
}
