//! `throughline dev init`

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use connector_kit::Descriptor;
use connector_kit::authority::sector_of;
use proto::events::Family;
use serde_json::Value;

use super::authority::{self, Authority, Person};
use crate::output;
use crate::reader::Reader;
use crate::vault::Vault;

/// Make everything that one machine needs to run and to ask: a configuration, the log's keys, a certificate authority, and
/// for each organisation of a facts file a client certificate, a token issuer and a reader to ask as.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct Arguments {
    /// The folder to write to; it must not hold a configuration already.
    #[arg(long, default_value = "throughline-dev")]
    out: PathBuf,
    /// A generated authority's folder: its organisations become readers, and its facts, completed with their certificates,
    /// are written to `facts.jsonl` for `throughline facts record`.
    #[arg(long)]
    authority: PathBuf,
    /// The service's address. Port 0 takes one that is free now.
    #[arg(long, default_value = "127.0.0.1:7443")]
    listen: std::net::SocketAddr,
    /// Where HL7 v2 messages are listened for. Port 0 takes one that is free now.
    #[arg(long, default_value = "127.0.0.1:7444")]
    mllp_listen: std::net::SocketAddr,
    /// The store's engine: sled or fjall.
    #[arg(long, default_value = "sled")]
    engine: projection::store::Engine,
    /// How many hours tokens hold.
    #[arg(long, default_value_t = 12, value_parser = authority::hours())]
    token_hours: u64,
}

/// The organisation that runs the service on this machine.
const HUB: &str = "throughline-local-hub";

pub(super) fn run(given: &Arguments) -> anyhow::Result<()> {
    let arguments =
        &Arguments { listen: with_port(given.listen)?, mllp_listen: with_port(given.mllp_listen)?, ..given.clone() };
    let out = &arguments.out;
    let config = out.join("throughline.toml");
    if config.exists() {
        bail!("`{}` is there already: choose another folder, or remove it", config.display());
    }
    for folder in ["tls", "readers", "organisations", "drop"] {
        std::fs::create_dir_all(out.join(folder))?;
    }
    Vault::create(&out.join("data/keys"))?;
    let authority = Authority::create()?;
    std::fs::write(out.join("tls/ca.pem"), &authority.certificate_pem)?;
    let server = authority.issue(&["localhost", "127.0.0.1"], true)?;
    std::fs::write(out.join("tls/service.pem"), &server.certificate_pem)?;
    authority::write_private(&out.join("tls/service.key"), &server.key_pem)?;
    let organisations = complete_facts(arguments, &authority)?;
    std::fs::write(&config, configuration(arguments))?;
    output::line(&format!(
        "dev: ok `{}`: configuration, keys, certificates, and {} organisations to ask as in `{}`",
        config.display(),
        organisations,
        out.join("readers").display()
    ))
}

/// Copies the facts, giving each organisation a certificate and an issuer on the way.
fn complete_facts(arguments: &Arguments, authority: &Authority) -> anyhow::Result<usize> {
    let facts = arguments.authority.join("facts.jsonl");
    let text = std::fs::read_to_string(&facts)
        .with_context(|| format!("`{}` cannot be read: is it a generated authority?", facts.display()))?;
    let mut completed = std::io::BufWriter::new(std::fs::File::create(arguments.out.join("facts.jsonl"))?);
    let mut organisations: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (at, line) in (1..).zip(text.lines()) {
        let mut fact: Value =
            serde_json::from_str(line).with_context(|| format!("`{}` line {at} is no JSON", facts.display()))?;
        if fact.get("kind").and_then(Value::as_str) == Some("OrganisationRecorded") {
            let fields = fact.get_mut("fields").and_then(Value::as_object_mut);
            let fields = fields.with_context(|| format!("`{}` line {at} has no fields", facts.display()))?;
            let id = fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let sector = fields.get("sector").and_then(Value::as_str).unwrap_or_default().to_owned();
            let keys = match organisations.get(&id) {
                Some((_, public)) => public.clone(),
                None => {
                    let public = organisation(arguments, authority, &id, &sector)?;
                    organisations.insert(id.clone(), (sector, public.clone()));
                    public
                }
            };
            fields.insert("certificateName".to_owned(), authority::certificate_name(&id).into());
            fields.insert("tokenIssuer".to_owned(), authority::token_issuer(&id).into());
            fields.insert("tokenKeyPem".to_owned(), keys.into());
        }
        writeln!(completed, "{fact}")?;
    }
    if !organisations.contains_key(HUB) {
        let public = organisation(arguments, authority, HUB, "SECTOR_OVERSIGHT")?;
        writeln!(completed, "{}", hub(&public))?;
        organisations.insert(HUB.to_owned(), (String::new(), public));
        people_of_the_hub(arguments)?;
    }
    completed.flush()?;
    Ok(organisations.len())
}

/// The organisation that runs the service, as a fact: its people review which records are of one child, and audit.
fn hub(token_key_pem: &str) -> Value {
    serde_json::json!({
        "subject": {"scheme": "ORGANISATION", "issuer": "throughline", "value": HUB},
        "kind": "OrganisationRecorded",
        "fields": {
            "id": HUB, "name": "The information hub (invented)", "sector": "SECTOR_OVERSIGHT",
            "contact": "The information hub, on the council's main number",
            "certificateName": authority::certificate_name(HUB), "tokenIssuer": authority::token_issuer(HUB),
            "tokenKeyPem": token_key_pem, "vouchesForPeople": true,
        },
    })
}

/// Two reviewers of identity, since contested links take two people; and two who approve the rules, for the same reason.
fn people_of_the_hub(arguments: &Arguments) -> anyhow::Result<()> {
    let key = arguments.out.join("organisations").join(HUB).join("token-issuer.key");
    let private = std::fs::read_to_string(&key).with_context(|| format!("`{}` cannot be read", key.display()))?;
    let people = [
        ("reviewer-1", "identity_reviewer"),
        ("reviewer-2", "identity_reviewer"),
        ("approver-1", "information_governance"),
        ("approver-2", "information_governance"),
    ];
    for (name, role) in people {
        let person = Person {
            issuer: &authority::token_issuer(HUB),
            name,
            standing: "staff",
            roles: &[role],
            hours: arguments.token_hours,
        };
        write_reader(&arguments.out, name, HUB, &authority::token(&private, &person)?, &service(arguments))?;
    }
    Ok(())
}

/// Writes one organisation's files, and gives the public key of its issuer.
fn organisation(arguments: &Arguments, authority: &Authority, id: &str, sector: &str) -> anyhow::Result<String> {
    let well_formed = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    anyhow::ensure!(well_formed, "an organisation's id must be letters, digits and hyphens");
    let folder = arguments.out.join("organisations").join(id);
    std::fs::create_dir_all(&folder)?;
    let issued = authority.issue(&[&authority::certificate_name(id)], false)?;
    std::fs::write(folder.join("certificate.pem"), &issued.certificate_pem)?;
    authority::write_private(&folder.join("key.pem"), &issued.key_pem)?;
    let (private, public) = authority::token_key()?;
    authority::write_private(&folder.join("token-issuer.key"), &private)?;
    let roles = usual_roles(sector);
    let person = Person {
        issuer: &authority::token_issuer(id),
        name: "invented.reader",
        standing: "staff",
        roles,
        hours: arguments.token_hours,
    };
    write_reader(&arguments.out, id, id, &authority::token(&private, &person)?, &service(arguments))?;
    Ok(public)
}

/// Writes a reader's file and token.
pub(super) fn write_reader(
    out: &Path,
    name: &str,
    organisation: &str,
    token: &str,
    service: &str,
) -> anyhow::Result<()> {
    let readers = out.join("readers");
    authority::write_private(&readers.join(format!("{name}.token")), token)?;
    let folder = PathBuf::from("../organisations").join(organisation);
    let reader = Reader {
        service: service.to_owned(),
        service_ca: "../tls/ca.pem".into(),
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
        token: format!("{name}.token").into(),
    };
    Ok(std::fs::write(readers.join(format!("{name}.toml")), toml::to_string(&reader)?)?)
}

fn service(arguments: &Arguments) -> String {
    format!("https://localhost:{}", arguments.listen.port())
}

/// The roles that the first reader of an organisation gets.
fn usual_roles(sector: &str) -> &'static [&'static str] {
    match sector {
        "SECTOR_EDUCATION" => &["safeguarding", "school_pastoral"],
        "SECTOR_SOCIAL_CARE" => &["safeguarding", "case_holding"],
        "SECTOR_HEALTH" => &["clinical", "safeguarding"],
        "SECTOR_OVERSIGHT" => &["auditor"],
        _ => &["safeguarding"],
    }
}

fn configuration(arguments: &Arguments) -> String {
    let Arguments { listen, mllp_listen, engine, .. } = arguments;
    let others = other_connectors();
    format!(
        r#"# Written by `throughline dev init` for trying it out on one machine.
data = "data"

[store]
engine = "{engine}"

[serve]
listen = "{listen}"
certificate = "tls/service.pem"
key = "tls/service.key"
client_ca = "tls/ca.pem"
organisation = "{HUB}"
hub_contact = "The information hub, on the council's main number"

[connectors.education-school-census]
controllers = ["school-*"]
drop_folder = "drop/education-school-census"
poll_ms = 250

[connectors.social-care-cin-census]
controllers = ["la-*"]
drop_folder = "drop/social-care-cin-census"
poll_ms = 250

[connectors.health-hl7v2]
controllers = ["ods-*"]
drop_folder = "drop/health-hl7v2"
poll_ms = 250
mllp_listen = "{mllp_listen}"

# Every other connector of this build: take the `#` away, and drop files into its folder.
{others}
# A source with no connector: a mapping file, and the mapping's own name (connectors/README.md).
# [connectors.health-visits]
# mapping = "health-visits.toml"
# controllers = ["ods-*"]
# drop_folder = "drop/health-visits"

# Posts, to any connector: `printf %s TOKEN | sha256sum > case-system.sha256` (docs/OPERATING.md, "Posts").
# [connectors.social-care-dfe-api.receive]
# listen = "127.0.0.1:7450"
# certificate = "tls/service.pem"
# key = "tls/service.key"
# [connectors.social-care-dfe-api.receive.callers.case-system]
# tokens = "case-system.sha256"

# FHIR: files, posts to /fhir and /fhir/$process-message, and a server that is searched (docs/OPERATING.md, "FHIR").
# [connectors.health-fhir.receive]
# listen = "127.0.0.1:7451"
# certificate = "tls/service.pem"
# key = "tls/service.key"
# [connectors.health-fhir.receive.callers.trust-engine]
# tokens = "trust-engine.sha256"
# [connectors.health-fhir.poll]
# url = "https://fhir.example/r4/Immunization"
# ca = "/etc/ssl/certs/ca-certificates.crt"
# token_file = "fhir.token"

# A server that is asked by HTTP, and one whose files are fetched by SFTP.
# [connectors.NAME.poll]
# url = "https://records.example/changes"
# ca = "/etc/ssl/certs/ca-certificates.crt"
# token_file = "records.token"
# [connectors.NAME.sftp]
# host = "sftp.example"
# user = "council"
# key = "sftp.key"
# known_hosts = "known_hosts"
# folder = "/out"

[telemetry]
log = "json"
level = "info"
"#
    )
}

/// Connectors that the configuration turns on.
const ON: [&str; 3] = ["education-school-census", "social-care-cin-census", "health-hl7v2"];

/// A section for each of the others, commented out.
fn other_connectors() -> String {
    let mut sections = String::new();
    for connector in crate::connectors::all() {
        let connector = connector.descriptor();
        if ON.contains(&connector.name) {
            continue;
        }
        let controllers = match sector_of(connector.name) {
            Some(Family::Education) => r#"["school-*", "la-*"]"#,
            // One authority, for returns that do not say whose they are.
            Some(Family::SocialCare) => r#"["la-878-social-care"]"#,
            _ => r#"["ods-*"]"#,
        };
        let Descriptor { name, about, .. } = connector;
        sections += &format!(
            "# {about}\n# [connectors.{name}]\n# controllers = {controllers}\n# drop_folder = \"drop/{name}\"\n# poll_ms = 250\n"
        );
    }
    sections
}

/// The address, with a port that is free now in place of 0.
fn with_port(address: std::net::SocketAddr) -> anyhow::Result<std::net::SocketAddr> {
    if address.port() != 0 {
        return Ok(address);
    }
    Ok(std::net::TcpListener::bind(address)?.local_addr()?)
}
