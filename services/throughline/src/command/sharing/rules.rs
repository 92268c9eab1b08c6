//! Which rules a command goes by.

use std::path::{Path, PathBuf};

use anyhow::Context;
use proto::sharing::RuleTable;
use sharing::Engine;

use crate::output::Usage;

/// Which rules to go by.
#[derive(clap::Args, Debug)]
pub(super) struct Rules {
    /// A folder with another set of rules: share.cedar, and of share.cedarschema and the tables (involvement.toml ...) those
    /// that differ from this build's.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

impl Rules {
    /// The rules of the folder, or this build's.
    pub(super) fn load(&self) -> anyhow::Result<Engine> {
        self.rules.as_deref().map_or_else(|| Ok(Engine::load()?), of_folder)
    }
}

/// The rules of this name: `built-in`, or a folder.
pub(super) fn named(name: &Path) -> anyhow::Result<Engine> {
    if name == Path::new("built-in") { Ok(Engine::load()?) } else { of_folder(name) }
}

fn of_folder(folder: &Path) -> anyhow::Result<Engine> {
    let mut set = Engine::load()?.rule_set().clone();
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()));
    let mut rules_found = false;
    let files = std::fs::read_dir(folder).with_context(|| format!("cannot read the folder `{}`", folder.display()))?;
    for file in files {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name == "share.cedar" {
            set.rules = read(&path)?;
            rules_found = true;
        } else if name == "share.cedarschema" {
            set.schema = read(&path)?;
        } else if name.ends_with(".toml") {
            put_table(&mut set.tables, name, &read(&path)?)?;
        }
    }
    if !rules_found {
        return Err(Usage(format!("`{}` holds no share.cedar", folder.display())).into());
    }
    Engine::of(set).with_context(|| format!("the rules of `{}` cannot be decided by", folder.display()))
}

fn put_table(tables: &mut [RuleTable], name: &str, text: &str) -> anyhow::Result<()> {
    let known: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
    match tables.iter_mut().find(|table| table.name == name) {
        Some(table) => table.text = text.to_owned(),
        None => return Err(Usage(format!("no rule reads a table `{name}`; there are: {}", known.join(", "))).into()),
    }
    Ok(())
}
