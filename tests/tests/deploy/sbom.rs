//! The bill of materials. The tool that writes it knows crates; the C libraries that some of them bring along in source, and
//! which end up in the program, are added here. `make sbom` sets `SBOM` to the file.

use std::fs;
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand, Package};
use serde_json::{Value, json};

/// A C library in the program.
struct Bundled {
    name: &'static str,
    licence: &'static str,
    /// What CPE calls its maker and it: by this advisories find it.
    cpe: &'static str,
    /// The crate that brings it.
    by: &'static str,
    /// Where that crate says which version it is.
    version: Version,
}

enum Version {
    /// After the plus of the crate's own version.
    Crate,
    /// In quotes after this name in a header of the crate.
    Header(&'static str, &'static str),
    /// The same as one number, two digits each of minor and patch.
    Number(&'static str, &'static str),
}

const BUNDLED: [Bundled; 5] = [
    Bundled {
        name: "librdkafka",
        licence: "BSD-2-Clause",
        cpe: "confluent:librdkafka",
        by: "rdkafka-sys",
        version: Version::Crate,
    },
    Bundled {
        name: "openssl",
        licence: "Apache-2.0",
        cpe: "openssl:openssl",
        by: "openssl-src",
        version: Version::Crate,
    },
    Bundled {
        name: "zlib",
        licence: "Zlib",
        cpe: "zlib:zlib",
        by: "libz-sys",
        version: Version::Header("src/zlib/zlib.h", "ZLIB_VERSION"),
    },
    Bundled {
        name: "aws-lc",
        licence: "ISC AND (Apache-2.0 OR ISC) AND MIT AND BSD-3-Clause",
        cpe: "amazon:aws-lc",
        by: "aws-lc-sys",
        version: Version::Header("aws-lc/include/openssl/base.h", "AWSLC_VERSION_NUMBER_STRING"),
    },
    Bundled {
        name: "mimalloc",
        licence: "MIT",
        cpe: "microsoft:mimalloc",
        by: "libmimalloc-sys",
        version: Version::Number("c_src/mimalloc/v3/include/mimalloc.h", "MI_MALLOC_VERSION"),
    },
];

impl Bundled {
    fn version(&self, package: &Package) -> String {
        match self.version {
            Version::Crate => package.version.build.to_string(),
            Version::Header(header, name) => {
                let text = fs::read_to_string(package.manifest_path.with_file_name(header)).unwrap();
                let after = text.split(&format!("#define {name} \"")).nth(1);
                after.unwrap_or_else(|| panic!("{header} has no {name}")).split('"').next().unwrap().to_owned()
            }
            Version::Number(header, name) => {
                let text = fs::read_to_string(package.manifest_path.with_file_name(header)).unwrap();
                let after =
                    text.split(&format!("#define {name} ")).nth(1).and_then(|after| after.split_whitespace().next());
                let number: u32 = after.unwrap_or_else(|| panic!("{header} has no {name}")).parse().unwrap();
                format!("{}.{}.{}", number / 10_000, number / 100 % 100, number % 100)
            }
        }
    }

    fn component(&self, version: &str) -> Value {
        let Self { name, licence, cpe, by, .. } = self;
        json!({
            "type": "library",
            "bom-ref": format!("bundled:{name}@{version}"),
            "name": name,
            "version": version,
            "description": format!("C library, built from the source in the crate {by} and linked in"),
            "scope": "required",
            "licenses": [{ "expression": licence }],
            "cpe": format!("cpe:2.3:a:{cpe}:{version}:*:*:*:*:*:*:*"),
            "purl": format!("pkg:generic/{name}@{version}"),
        })
    }
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).exec().unwrap()
}

/// Adds the C libraries, and takes the folder that the bill was written in out of it.
fn completed(mut bill: Value, folder: &str, libraries: Vec<Value>) -> Value {
    bill["components"].as_array_mut().unwrap().extend(libraries);
    serde_json::from_str(&bill.to_string().replace(folder, "/throughline")).unwrap()
}

#[test]
fn the_c_libraries_in_the_program_are_in_its_bill_of_materials() {
    let metadata = metadata();
    let libraries: Vec<Value> = BUNDLED
        .iter()
        .map(|bundled| {
            let package = metadata.packages.iter().find(|package| package.name.as_str() == bundled.by);
            let version = bundled.version(package.unwrap_or_else(|| panic!("{} is no dependency", bundled.by)));
            let plain = version.chars().all(|c| c.is_ascii_digit() || c == '.');
            assert!(plain && version.split('.').count() >= 3, "{}: {version}", bundled.name);
            bundled.component(&version)
        })
        .collect();
    // A crate that builds C and is not on the list would be missing from the bill.
    let known = [
        "linux-raw-sys",
        "js-sys",
        "web-sys",
        "windows-sys",
        "core-foundation-sys",
        "security-framework-sys",
        "openssl-sys",
    ];
    for package in metadata.packages.iter().filter(|package| package.name.ends_with("-sys") && package.links.is_some())
    {
        let name = package.name.as_str();
        assert!(BUNDLED.iter().any(|bundled| bundled.by == name) || known.contains(&name), "{name} brings what?");
    }
    let Ok(file) = std::env::var("SBOM") else { return };
    let bill: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let folder = Path::new(&file).parent().unwrap().join("tree").canonicalize().unwrap();
    let bill = completed(bill, folder.to_str().unwrap(), libraries);
    fs::write(&file, serde_json::to_string_pretty(&bill).unwrap() + "\n").unwrap();
    let components = bill["components"].as_array().unwrap().len();
    println!("sbom: ok {file}: {components} components, {} of them C libraries", BUNDLED.len());
}
