//! What the Compose file, the Kubernetes manifests and the systemd units name is there: every command and option, every
//! configuration, every path and port in it, and the pages that are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::examples::{deploy, texts};
use crate::harness::program::program;

/// A process as something starts it.
#[derive(Debug)]
struct Started {
    /// Who starts it, for a person.
    by: String,
    arguments: Vec<String>,
    /// The example that its `--config` leads to.
    example: PathBuf,
    /// What it sees: files that are put there, and folders.
    files: BTreeSet<String>,
    folders: Vec<String>,
    /// Ports by name, where ports have names.
    ports: BTreeMap<String, u64>,
    /// How long it may take to stop, seconds.
    stops_within_s: u64,
}

pub(crate) fn yaml(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(crate) fn option(arguments: &[String], name: &str) -> String {
    let at = arguments.iter().position(|argument| argument == name).unwrap_or_else(|| panic!("no {name}"));
    arguments[at + 1].clone()
}

/// Every file in a folder and below it whose name ends so.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let generated = ["secrets", "state"].iter().any(|name| path.ends_with(Path::new("compose").join(name)));
        if path.is_dir() && !generated {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

pub(crate) const CONNECTORS: [&str; 3] = ["education-school-census", "health-hl7v2", "social-care-cin-census"];

fn seconds(text: &str) -> u64 {
    text.trim_end_matches('s').parse().unwrap()
}

pub(crate) fn compose() -> Value {
    yaml(&deploy().join("compose/compose.yaml")).remove(0)
}

fn of_compose() -> Vec<Started> {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    let ours = services.iter().filter(|(_, service)| text(&service["image"]).starts_with("throughline:"));
    ours.map(|(name, service)| {
        let arguments: Vec<String> = list(&service["command"]).map(|part| text(part).to_owned()).collect();
        let config = list(&service["configs"]).find(|c| c["target"] == option(&arguments, "--config")).unwrap();
        let file = text(&compose["configs"][text(&config["source"])]["file"]);
        let mounts = list(&service["volumes"]).map(|volume| text(volume).split(':').nth(1).unwrap().to_owned());
        let ports = list(&service["ports"]).map(|port| text(port).rsplit(':').next().unwrap().parse().unwrap());
        Started {
            by: format!("compose {name}"),
            example: deploy().join("compose").join(file).canonicalize().unwrap(),
            arguments,
            files: BTreeSet::new(),
            folders: mounts.collect(),
            ports: ports.map(|port: u64| (port.to_string(), port)).collect(),
            stops_within_s: seconds(text(&service["stop_grace_period"])),
        }
    })
    .collect()
}

pub(crate) fn pod_templates() -> Vec<(String, Value)> {
    let documents = files(&deploy().join("kubernetes"), ".yaml").into_iter().flat_map(|path| match path.file_name() {
        // A patch is a list and no object.
        Some(name) if name.to_str().unwrap().starts_with("keys-") => Vec::new(),
        _ => yaml(&path),
    });
    let templates = documents.filter(|document| document["spec"]["template"].is_object());
    templates.map(|document| (text(&document["metadata"]["name"]).to_owned(), document["spec"].clone())).collect()
}

fn of_kubernetes() -> Vec<Started> {
    pod_templates()
        .into_iter()
        .map(|(name, spec)| {
            let pod = &spec["template"]["spec"];
            let container = &pod["containers"][0];
            let arguments: Vec<String> = list(&container["args"]).map(|part| text(part).to_owned()).collect();
            let mounts: BTreeMap<&str, &str> =
                list(&container["volumeMounts"]).map(|m| (text(&m["name"]), text(&m["mountPath"]))).collect();
            let mut files = BTreeSet::new();
            for volume in list(&pod["volumes"]) {
                let mounted =
                    mounts.get(text(&volume["name"])).unwrap_or_else(|| panic!("{name}: {volume} is not mounted"));
                let projected = list(&volume["projected"]["sources"]).map(|source| &source["secret"]["items"]);
                for items in projected.chain([&volume["secret"]["items"]]) {
                    files.extend(list(items).map(|item| format!("{mounted}/{}", text(&item["path"]))));
                }
            }
            let config = option(&arguments, "--config");
            let file = Path::new(&config).file_name().unwrap().to_owned();
            assert!(Path::new(&config).starts_with(mounts["config"]), "{name}: {config} is not where the ConfigMap is");
            Started {
                by: format!("kubernetes {name}"),
                example: deploy().join("examples").join(file),
                files,
                // What a Secret or a ConfigMap fills is there only by its items.
                folders: ["data", "drop"].iter().filter_map(|m| mounts.get(m)).map(|&path| path.to_owned()).collect(),
                ports: list(&container["ports"])
                    .map(|port| (text(&port["name"]).to_owned(), port["containerPort"].as_u64().unwrap()))
                    .collect(),
                stops_within_s: pod["terminationGracePeriodSeconds"].as_u64().unwrap_or(30),
                arguments,
            }
        })
        .collect()
}

fn of_systemd() -> Vec<Started> {
    let mut started = Vec::new();
    for path in files(&deploy().join("systemd"), ".service") {
        let unit = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let instances = if name.contains('@') { &CONNECTORS[..] } else { &[""] };
        for instance in instances {
            let unit = unit.replace("%i", instance);
            let of = |key: &str| unit.lines().find_map(|line| line.strip_prefix(&format!("{key}="))).map(str::to_owned);
            let command = of("ExecStart").unwrap();
            let arguments: Vec<String> =
                command.strip_prefix("/usr/local/bin/throughline ").unwrap().split(' ').map(str::to_owned).collect();
            let config = option(&arguments, "--config");
            let state = of("StateDirectory").map(|state| format!("/var/lib/{state}"));
            let writable = of("ReadWritePaths").unwrap_or_default();
            let read = of("BindReadOnlyPaths").unwrap_or_default();
            started.push(Started {
                by: format!("systemd {name} {instance}"),
                example: deploy().join("examples").join(Path::new(&config).file_name().unwrap()),
                files: BTreeSet::new(),
                folders: state.into_iter().chain(writable.split(' ').map(str::to_owned)).chain([read]).collect(),
                ports: BTreeMap::new(),
                stops_within_s: of("TimeoutStopSec").map_or(90, |text| seconds(&text)),
                arguments,
            });
        }
    }
    started
}

fn all() -> Vec<Started> {
    let (compose, kubernetes, systemd) = (of_compose(), of_kubernetes(), of_systemd());
    assert_eq!((compose.len(), kubernetes.len(), systemd.len()), (6, 6, 6));
    compose.into_iter().chain(kubernetes).chain(systemd).collect()
}

fn configuration(started: &Started) -> toml::Value {
    let text = fs::read_to_string(&started.example);
    toml::Value::Table(
        text.unwrap_or_else(|_| panic!("{}: no {}", started.by, started.example.display())).parse().unwrap(),
    )
}

fn port(value: Option<&toml::Value>) -> Option<u64> {
    value.and_then(toml::Value::as_str).map(|address| address.rsplit(':').next().unwrap().parse().unwrap())
}

/// The ports of a configuration by the names that manifests give them.
fn ports(configuration: &toml::Value) -> BTreeMap<String, u64> {
    let of = |section: &str, key: &str| port(configuration.get(section).and_then(|section| section.get(key)));
    let connectors = configuration.get("connectors").and_then(toml::Value::as_table);
    let connectors: Vec<&toml::Value> = connectors.into_iter().flat_map(|all| all.values()).collect();
    let mllp = connectors.iter().find_map(|one| port(one.get("mllp_listen")));
    let posts = connectors.iter().find_map(|one| port(one.get("receive")?.get("listen")));
    let [grpc, health] = ["serve", "telemetry"].map(|section| of(section, "listen"));
    let named = [("grpc", grpc), ("health", health), ("mllp", mllp), ("posts", posts)];
    named.into_iter().filter_map(|(name, port)| Some((name.to_owned(), port?))).collect()
}

#[test]
fn every_command_and_option_that_is_started_is_one_of_the_programs() {
    for started in all() {
        let words: Vec<&String> = started.arguments.iter().take_while(|word| !word.starts_with("--")).collect();
        let output = Command::new(program()).args(&words).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}: {words:?}", started.by);
        // clap gives help of the deepest subcommand that it knows; what is left must be its argument.
        let usage = help.lines().find(|line| line.starts_with("Usage:")).unwrap();
        assert!(usage.contains(&format!(" {} ", words[0])), "{}: {usage}", started.by);
        for option in started.arguments.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(&format!("{option} <")), "{}: {words:?} has no {option}", started.by);
        }
        if words[0] == "connect" {
            let connectors = configuration(&started);
            assert!(
                connectors["connectors"].get(words[1]).is_some(),
                "{}: its file is of another connector",
                started.by
            );
        }
    }
}

#[test]
fn every_path_that_a_configuration_names_is_where_the_process_sees_it() {
    for started in all() {
        let configuration = configuration(&started);
        let under = |folder: &String, path: &str| !folder.is_empty() && Path::new(path).starts_with(folder);
        for path in texts(&configuration).into_iter().filter(|text| text.starts_with('/')) {
            let seen = started.files.iter().any(|file| file == path || Path::new(file).starts_with(path))
                || started.folders.iter().any(|folder| under(folder, path))
                // A backup reads what others write.
                || started.arguments[0] == "backup";
            assert!(seen, "{}: it does not see {path}", started.by);
        }
    }
}

#[test]
fn every_port_is_the_one_that_the_configuration_listens_on() {
    let mut listens = BTreeSet::new();
    for started in all() {
        let ours = ports(&configuration(&started));
        listens.extend(ours.values().copied());
        for (name, port) in &started.ports {
            assert!(ours.values().any(|ours| ours == port), "{}: nothing listens on {port}", started.by);
            assert!(
                name.parse::<u64>().is_ok() || ours.get(name) == Some(port),
                "{}: {name} is not {port}",
                started.by
            );
        }
        if started.by.starts_with("kubernetes") && !ours.is_empty() {
            assert_eq!(started.ports, ours, "{}", started.by);
        }
    }
    // Prometheus reads each process that Compose starts, where it listens for that.
    let prometheus = yaml(&deploy().join("compose/prometheus.yaml")).remove(0);
    let scrape = &prometheus["scrape_configs"][0];
    assert_eq!(scrape["metrics_path"], "/metrics");
    let read: BTreeSet<String> = list(&scrape["static_configs"][0]["targets"]).map(|t| text(t).to_owned()).collect();
    let composed = of_compose();
    let there = composed.iter().filter_map(|s| {
        let health = ports(&configuration(s)).get("health").copied()?;
        Some(format!("{}:{health}", s.by.strip_prefix("compose ").unwrap()))
    });
    assert_eq!(read, there.collect());
    // Services lead to named ports of pods.
    for document in
        files(&deploy().join("kubernetes"), ".yaml").iter().filter(|p| !p.ends_with("keys")).flat_map(|p| yaml(p))
    {
        if document["kind"] == "Service" {
            for port in list(&document["spec"]["ports"]) {
                assert!(["grpc", "health", "mllp", "posts"].contains(&text(&port["targetPort"])), "{port}");
                assert!(listens.contains(&port["port"].as_u64().unwrap()), "{port}");
            }
        }
    }
    let image = fs::read_to_string(deploy().join("container/Containerfile")).unwrap();
    let exposed = image.lines().find_map(|line| line.strip_prefix("EXPOSE ")).unwrap();
    assert!(exposed.split(' ').all(|port| listens.contains(&port.parse().unwrap())), "{exposed}");
}

/// The policies of the base.
fn policies() -> Vec<Value> {
    yaml(&deploy().join("kubernetes/base/network-policy.yaml"))
}

/// Whether a policy is for pods of these labels.
fn selects(policy: &Value, labels: &Value) -> bool {
    let wanted = policy["spec"]["podSelector"]["matchLabels"].as_object();
    wanted.is_none_or(|wanted| wanted.iter().all(|(name, value)| &labels[name] == value))
}

#[test]
fn every_door_is_opened_to_those_it_is_for_and_no_other_is() {
    let everything = serde_json::json!({"matchLabels": {}});
    let closed = policies().into_iter().find(|policy| policy["metadata"]["name"] == "default-deny").unwrap();
    assert_eq!(closed["spec"]["podSelector"], serde_json::json!({}));
    assert_eq!(closed["spec"]["policyTypes"], serde_json::json!(["Ingress", "Egress"]));
    let templates = pod_templates();
    let mut opened = BTreeSet::new();
    for policy in policies() {
        let name = text(&policy["metadata"]["name"]).to_owned();
        for rule in list(&policy["spec"]["ingress"]).chain(list(&policy["spec"]["egress"])) {
            let peers: Vec<&Value> = list(&rule["from"]).chain(list(&rule["to"])).collect();
            assert!(!peers.is_empty(), "{name}: to or from everybody");
            assert!(peers.iter().all(|peer| peer["namespaceSelector"] != everything), "{name}: {peers:?}");
            assert!(list(&rule["ports"]).next().is_some(), "{name}: every port");
        }
        let chosen: Vec<_> =
            templates.iter().filter(|(_, spec)| selects(&policy, &spec["template"]["metadata"]["labels"])).collect();
        for port in list(&policy["spec"]["ingress"]).flat_map(|rule| list(&rule["ports"])) {
            assert!(!chosen.is_empty(), "{name} opens a door of nobody's");
            for (pod, spec) in &chosen {
                let ports = list(&spec["template"]["spec"]["containers"][0]["ports"]);
                // The one that makes topics listens for nobody.
                let has = ports.filter(|of| of["name"] == port["port"]).count() == 1 || pod == "topics";
                assert!(has, "{name}: {pod} has no port {}", port["port"]);
                opened.insert((pod.clone(), text(&port["port"]).to_owned()));
            }
        }
    }
    for (pod, spec) in &templates {
        for port in list(&spec["template"]["spec"]["containers"][0]["ports"]) {
            let door = (pod.clone(), text(&port["name"]).to_owned());
            assert!(opened.contains(&door), "nobody is let in at {door:?}");
        }
    }
    // Where a process fetches from by itself: the ports that it goes to where a configuration names none.
    let fetches = policies().into_iter().find(|policy| policy["metadata"]["name"] == "fetches").unwrap();
    let ports = list(&fetches["spec"]["egress"]).flat_map(|rule| list(&rule["ports"]));
    assert_eq!(ports.map(|port| port["port"].as_u64().unwrap()).collect::<Vec<_>>(), [443, 22, 5432, 1433]);
}

#[test]
fn nobody_is_stopped_before_it_has_drained_and_readers_are_sent_elsewhere_at_once() {
    for started in all() {
        let drain =
            configuration(&started).get("serve").and_then(|serve| serve.get("drain_s")?.as_integer()).unwrap_or(5);
        assert!(
            started.stops_within_s >= u64::try_from(drain).unwrap() + 15,
            "{}: {}",
            started.by,
            started.stops_within_s
        );
    }
    for (name, spec) in pod_templates().into_iter().filter(|(name, _)| name != "topics") {
        let container = &spec["template"]["spec"]["containers"][0];
        for (probe, page) in [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
            assert_eq!(container[probe]["httpGet"], serde_json::json!({"path": page, "port": "health"}), "{name}");
        }
    }
}

#[test]
fn no_pod_may_more_than_the_strictest_profile_gives() {
    for (name, spec) in pod_templates() {
        let pod = &spec["template"]["spec"];
        assert_eq!(
            (&pod["automountServiceAccountToken"], &pod["securityContext"]["runAsNonRoot"]),
            (&Value::Bool(false), &Value::Bool(true)),
            "{name}"
        );
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        for container in list(&pod["containers"]) {
            let may = &container["securityContext"];
            assert_eq!(may["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(may["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(may["capabilities"]["drop"], serde_json::json!(["ALL"]), "{name}");
            assert!(container["resources"]["limits"]["memory"].is_string(), "{name}");
        }
        for volume in list(&pod["volumes"]).filter(|v| v["secret"].is_object() || v["projected"].is_object()) {
            let mode = [&volume["secret"], &volume["projected"]].iter().find_map(|of| of["defaultMode"].as_u64());
            assert_eq!(mode, Some(0o400), "{name}: {volume}");
        }
    }
}

#[test]
fn compose_names_files_that_are_there_and_the_broker_that_the_tests_run() {
    let folder = deploy().join("compose");
    let secrets = fs::read_to_string(folder.join("secrets.sh")).unwrap();
    let compose = compose();
    let mut named: Vec<&str> = compose["services"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|service| list(&service["volumes"]))
        .map(|volume| text(volume).split(':').next().unwrap())
        .collect();
    for group in ["configs", "secrets"] {
        named.extend(compose[group].as_object().unwrap().values().map(|file| text(&file["file"])));
    }
    for path in named {
        let made = ["./secrets/", "./state/"].iter().find_map(|of| path.strip_prefix(of));
        match made {
            // Made before the first start, by its own name.
            Some(made) => {
                let name = made.strip_prefix("connect-").or(made.strip_prefix("drop/")).unwrap_or(made);
                assert!(secrets.contains(name.split('/').next().unwrap()), "secrets.sh does not make {path}");
            }
            None => assert!(folder.join(path).exists(), "{path} is not there"),
        }
    }
    let pom = fs::read_to_string(deploy().join("kafka/pom.xml")).unwrap();
    let version = pom.split("<kafka.version>").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(compose["services"]["kafka"]["image"], format!("apache/kafka:{version}"));
    for (name, service) in compose["services"].as_object().unwrap() {
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        let image = text(&service["image"]);
        assert!(image.rsplit(':').next().unwrap().starts_with(|c: char| c.is_ascii_digit() || c == 'v'), "{image}");
        let local = list(&service["ports"]).all(|port| text(port).starts_with("127.0.0.1:"));
        assert!(local, "{name} listens beyond this host");
    }
}
