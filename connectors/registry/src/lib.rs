//! Every connector of the build: the crates that `Cargo.toml` here names by their path, each by its `connector`.

use connector_kit::{Registered, Whose};

/// Every connector, in order of name. `whose` answers for a return that does not say whose it is.
pub fn every(whose: &Whose) -> Vec<Registered> {
    include!(concat!(env!("OUT_DIR"), "/every.rs"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use connector_kit::Whose;
    use connector_kit::authority::sector_of;

    /// A folder that nobody listed would be left out of the program and nothing would say so.
    #[test]
    fn every_folder_of_a_source_is_in_the_program_by_its_own_name() {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folders = fs::read_dir(beside).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let folders: BTreeSet<String> = folders.filter(|name| sector_of(name).is_some()).collect();
        let every = super::every(&Whose::default());
        let listed: BTreeSet<String> = every.iter().map(|one| one.connector.descriptor().name.to_owned()).collect();
        assert_eq!(listed, folders, "each folder has its line in connectors/registry/Cargo.toml");
        assert_eq!(listed.len(), every.len(), "two connectors of one name");
    }
}
