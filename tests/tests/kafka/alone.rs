//! A test in a process of its own: where its memory is measured, or where it wants a filesystem that nobody else sees.

use std::process::Command;

const ALONE: &str = "BAD_DAY_ALONE";

/// Whether this is that process. Where it is not, the test is run in one, begun with the words before it, and must pass
/// there; what it says is said here.
pub(crate) fn is_alone(test: &str, before: &[&str]) -> bool {
    if std::env::var(ALONE).is_ok_and(|name| name == test) {
        return true;
    }
    let this = std::env::current_exe().unwrap();
    let mut words = before.iter().map(std::ffi::OsString::from).chain([this.into_os_string()]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(["--exact", "--nocapture", test]).env(ALONE, test);
    // A script's reader wants to see it as it happens.
    if std::env::var_os("BAD_DAY_LIVE").is_some() {
        assert!(command.status().unwrap().success(), "{test}, alone");
        return false;
    }
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    print!("{said}");
    eprint!("{}", String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{test}, alone: {}", ended.status);
    assert!(said.contains("1 passed"), "no such test: {test}");
    false
}

/// What this process keeps in memory now, bytes.
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
