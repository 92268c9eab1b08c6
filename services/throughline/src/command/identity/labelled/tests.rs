use super::*;

fn settings(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.toml");
    std::fs::write(&file, text).unwrap();
    Settings::load(&file).unwrap()
}

fn files(texts: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let files = texts.iter().enumerate().map(|(at, text)| {
        let file = folder.path().join(format!("{at}.csv"));
        std::fs::write(&file, text).unwrap();
        file
    });
    let files = files.collect();
    (folder, files)
}

fn told(settings: &Settings, texts: &[&str]) -> String {
    let (_folder, files) = files(texts);
    settings.records(&files).err().map(|error| format!("{error:#}")).unwrap_or_default()
}

const FIELDS: &str = "[fields.name]\nkind = \"given_name\"\ncolumns = [\"first_name\", \"forename\"]\n\
    [fields.born]\nkind = \"birth_date\"\ncolumns = [\"dob\"]\norder = \"month_first\"\n\
    [fields.ssn]\nkind = \"identifier\"\n";

#[test]
fn columns_are_found_by_any_of_their_names_and_a_field_that_no_file_has_is_left_out() {
    let settings = settings(&format!("[label]\ncolumn = \"cluster\"\n{FIELDS}"));
    let (_folder, files) =
        files(&["cluster,first_name,dob\n1,Ann,3/9/2015\n", "DOB;Forename;Cluster\n9 Mar 2015;Anne;1\n"]);
    let (schema, labelled) = settings.records(&files).unwrap();
    assert_eq!(schema.fields().iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["born", "name"]);
    assert_eq!(labelled.labels, ["1", "1"]);
    let born = labelled.members.iter().map(|member| member.record.values(0)).collect::<Vec<_>>();
    assert_eq!(born, [["20150309"], ["20150309"]]);
    assert!(labelled.counts(0, 1) && labelled.places[1].ends_with("1.csv:2"));
}

#[test]
fn two_files_that_each_name_everybody_once_are_two_sources() {
    let settings = settings(&format!("[label]\ncolumn = \"id\"\n[files]\nunique = true\n{FIELDS}"));
    let one = "id,first_name,dob\n1,Ann,3/9/2015\n2,Ann,3/9/2015\n";
    let (_folder, files) = files(&[one, one]);
    let (schema, labelled) = settings.records(&files).unwrap();
    assert!(!labelled.counts(0, 1) && labelled.counts(0, 2));
    assert_eq!(schema.fields().last().unwrap().kind, Kind::Local);
    assert_eq!(labelled.members[1].record.values(2), ["0|3"]);
}

#[test]
fn an_error_says_what_to_do() {
    let settings = settings(&format!("[label]\ncolumn = \"cluster\"\n{FIELDS}"));
    let no_label = told(&settings, &["first_name,dob\nAnn,2015-03-09\n"]);
    assert!(no_label.contains("no column `cluster`") && no_label.contains("`first_name`, `dob`"), "{no_label}");
    let empty = told(&settings, &["cluster,first_name,dob\n,Ann,2015-03-09\n"]);
    assert!(empty.contains("line 2") && empty.contains("empty_is_alone"), "{empty}");
    let alone = told(&settings, &["cluster,first_name,dob\n1,Ann,2015-03-09\n2,Ann,2015-03-09\n"]);
    assert!(alone.contains("no pair to find"), "{alone}");
    let few = told(&settings, &["cluster,dob\n1,2015-03-09\n1,2015-03-09\n"]);
    assert!(few.contains("two fields") && few.contains("`cluster`, `dob`"), "{few}");
}
