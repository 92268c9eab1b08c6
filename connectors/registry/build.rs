//! Writes the list of connectors from the dependencies that stand beside this crate.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=Cargo.toml");
    let manifest: toml::Table = fs::read_to_string("Cargo.toml")?.parse()?;
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table).ok_or("no dependencies")?;
    let mut names: Vec<&String> = dependencies.iter().filter(|(_, on)| is_beside(on)).map(|(name, _)| name).collect();
    names.sort();
    let listed: String =
        names.iter().map(|name| format!("    {}::connector(whose),\n", name.replace('-', "_"))).collect();
    fs::write(Path::new(&env::var("OUT_DIR")?).join("every.rs"), format!("vec![\n{listed}]\n"))?;
    Ok(())
}

/// `{ path = "../education-ctf" }`.
fn is_beside(dependency: &toml::Value) -> bool {
    dependency.get("path").and_then(toml::Value::as_str).is_some_and(|path| path.starts_with("../"))
}
