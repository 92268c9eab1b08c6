//! No process sees another's credentials, keys or state: by users and folders on a host, by mounts in containers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::examples::{deploy, texts};
use crate::named::{CONNECTORS, compose, files, list, option, pod_templates, text, yaml};

/// A unit for one process: what stands in it by key, in order.
struct Unit {
    name: String,
    lines: Vec<(String, String)>,
}

impl Unit {
    fn all(&self, key: &str) -> Vec<&str> {
        self.lines.iter().filter(|(of, _)| of == key).flat_map(|(_, value)| value.split(' ')).collect()
    }

    fn one(&self, key: &str) -> &str {
        let [one] = self.all(key)[..] else { panic!("{}: {key} {:?}", self.name, self.all(key)) };
        one
    }

    fn config(&self) -> PathBuf {
        let command: Vec<String> = self.all("ExecStart").into_iter().map(str::to_owned).collect();
        PathBuf::from(option(&command, "--config"))
    }

    fn state(&self) -> PathBuf {
        Path::new("/var/lib").join(self.one("StateDirectory"))
    }
}

/// Every unit of a process that goes on running; the template once for each connector.
fn units() -> Vec<Unit> {
    let mut units = Vec::new();
    for path in files(&deploy().join("systemd"), ".service") {
        let (name, unit) = (path.file_name().unwrap().to_str().unwrap(), fs::read_to_string(&path).unwrap());
        // The backup is root's, and ends.
        if name == "throughline-backup.service" {
            continue;
        }
        for instance in if name.contains('@') { &CONNECTORS[..] } else { &[""] } {
            let lines =
                unit.lines().filter(|line| !line.starts_with(['#', '['])).filter_map(|line| line.split_once('='));
            units.push(Unit {
                name: format!("{name} {instance}"),
                lines: lines.map(|(key, value)| (key.to_owned(), value.replace("%i", instance))).collect(),
            });
        }
    }
    assert_eq!(units.len(), 5);
    units
}

/// The lines of a file of systemd-sysusers or systemd-tmpfiles, word by word.
fn words(file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(deploy().join("systemd").join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

#[test]
fn every_unit_has_a_user_of_its_own_who_is_in_no_others_group() {
    let units = units();
    let sysusers = words("throughline.sysusers");
    let users: BTreeSet<&str> = units.iter().map(|unit| unit.one("User")).collect();
    assert_eq!(users.len(), units.len(), "two units share a user: {users:?}");
    for unit in &units {
        let user = unit.one("User");
        assert_eq!(unit.one("Group"), user, "{}", unit.name);
        assert!(unit.all("SupplementaryGroups").is_empty() && user.len() <= 31, "{}", unit.name);
        assert!(sysusers.iter().any(|line| line[0] == "u" && line[1] == user), "nothing makes {user}");
    }
    for line in sysusers.iter().filter(|line| line[0] == "m") {
        assert_eq!(line[2], format!("{}-in", line[1]), "a group beside one's own opens `incoming` and nothing else");
    }
}

#[test]
fn no_unit_can_read_what_is_anothers() {
    let units = units();
    let tmpfiles = words("throughline.tmpfiles");
    let made = |path: &Path| {
        let of = |kind: &str| tmpfiles.iter().find(|line| line[0] == kind && Path::new(&line[1]) == path).cloned();
        (of("d").unwrap_or_else(|| panic!("nothing makes {}", path.display())), of("Z"))
    };
    for unit in &units {
        let user = unit.one("User");
        let own = PathBuf::from(unit.one("BindReadOnlyPaths"));
        assert_eq!(unit.one("TemporaryFileSystem"), "/etc/throughline:ro", "{}", unit.name);
        assert_eq!(unit.config().parent(), Some(own.as_path()), "{}", unit.name);
        // Both the folder and whatever is put into it: root's, and for this group.
        let (folder, within) = made(&own);
        assert_eq!(folder[2..5], ["0750", "root", user], "{}", own.display());
        assert_eq!(within.unwrap()[2..5], ["~0750", "root", user], "{}", own.display());
        // What its configuration names is in there.
        let example = deploy().join("examples").join(unit.config().file_name().unwrap());
        let example = toml::Value::Table(fs::read_to_string(&example).unwrap().parse().unwrap());
        let secrets: Vec<&str> = texts(&example).into_iter().filter(|text| text.starts_with("/etc/")).collect();
        assert!(!secrets.is_empty() && secrets.iter().all(|path| Path::new(path).starts_with(&own)), "{secrets:?}");
        assert_eq!(unit.one("StateDirectoryMode"), "0700", "{}", unit.name);
        for other in units.iter().filter(|other| other.name != unit.name) {
            assert!(!unit.state().starts_with(other.state()), "{} is within {}", unit.name, other.name);
            assert_ne!(own, Path::new(other.one("BindReadOnlyPaths")), "{}", unit.name);
        }
        for drop in texts(&example).into_iter().filter(|text| text.starts_with("/srv/")) {
            assert!(unit.all("ReadWritePaths").iter().any(|path| Path::new(drop).starts_with(path)), "{drop}");
            let senders = format!("{user}-in");
            assert_eq!(made(Path::new(drop)).0[2..5], ["0710", user, &senders], "{drop}");
            assert_eq!(made(&Path::new(drop).join("incoming")).0[2..5], ["2770", user, &senders], "{drop}");
        }
        // A path that is to be written and is not there keeps a unit from starting.
        unit.all("ReadWritePaths").iter().for_each(|path| drop(made(Path::new(path))));
    }
    let administrators = made(Path::new("/etc/throughline/topics")).0;
    assert_eq!(administrators[2..5], ["0700", "root", "root"]);
}

#[test]
fn no_container_is_given_what_is_anothers() {
    // Of Compose: a folder that two services have is one of the two nodes of serve.
    let mut of_folder: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, service) in compose()["services"].as_object().unwrap() {
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
        for volume in list(&service["volumes"]).map(|volume| text(volume).split(':').next().unwrap()) {
            let is_ones_own = volume.starts_with("./secrets/") || volume.starts_with("./state/");
            if is_ones_own {
                of_folder.entry(volume.to_owned()).or_default().insert(name.to_owned());
            }
        }
    }
    assert!(of_folder.len() >= 14, "{of_folder:?}");
    for (folder, services) in &of_folder {
        assert_eq!(services.len(), 1, "{folder}: {services:?}");
        let inner = of_folder.keys().filter(|other| *other != folder && Path::new(other).starts_with(folder));
        assert_eq!(inner.count(), 0, "{folder} holds another's");
    }
    // Of Kubernetes: the pseudonym key is everybody's; an organisation's key its connector's and serve's.
    let mut of_secret: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut note = |pod: &str, volume: &Value| {
        let projected = list(&volume["projected"]["sources"]).map(|source| &source["secret"]["name"]);
        for secret in projected.chain([&volume["secret"]["secretName"]]).filter_map(Value::as_str) {
            of_secret.entry(secret.to_owned()).or_default().insert(pod.to_owned());
        }
    };
    for (name, spec) in pod_templates() {
        list(&spec["template"]["spec"]["volumes"]).for_each(|volume| note(&name, volume));
    }
    let overlay = deploy().join("kubernetes/overlays/example");
    let kustomization = yaml(&overlay.join("kustomization.yaml")).remove(0);
    for patch in list(&kustomization["patches"]).filter(|patch| patch["path"].is_string()) {
        let added = yaml(&overlay.join(text(&patch["path"]))).remove(0);
        for step in list(&added) {
            note(text(&patch["target"]["name"]), &serde_json::json!({ "projected": { "sources": [step["value"]] } }));
        }
    }
    assert!(of_secret.len() >= 13, "{of_secret:?}");
    for (secret, pods) in &of_secret {
        let allowed = match secret.as_str() {
            "pseudonym-key" => continue,
            wrapping if wrapping.starts_with("wrapping-keys-") => 2,
            _ => 1,
        };
        assert!(pods.len() <= allowed && (allowed == 1 || pods.contains("serve")), "{secret}: {pods:?}");
    }
}
