//! Input as it comes on a bad day. Small, fixed, and invented.

use std::fs;
use std::path::Path;

use crate::GenerateError;

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Every record in this file is invented. -->\n<Message><Header><CollectionDetails>\
<Collection>CIN</Collection><Year>2025</Year><ReferenceDate>2025-03-31</ReferenceDate></CollectionDetails><Source><SourceLevel>L</SourceLevel>\
<LEA>878</LEA><SerialNo>009</SerialNo><DateTime>2025-08-01T10:00:00</DateTime></Source></Header><Children>\
<Child><ChildIdentifiers><LAchildID>B0000001</LAchildID><UPNunknown>UN1</UPNunknown><PersonBirthDate>2023-05-01</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>\
<ChildCharacteristics><Ethnicity>WBRI</Ethnicity></ChildCharacteristics><CINdetails><CINreferralDate>2024-05-07</CINreferralDate>\
<ReferralSource>3A</ReferralSource><ReferralNFA>1</ReferralNFA></CINdetails></Child>\
<Child><ChildIdentifiers><LAchildID>B0000002</LAchildID><UPNunknown>UN1</UPNunknown><PersonBirthDate>2023-06-01</PersonBirthDate><Sex>M</Sex></ChildIdentifiers>\
<ChildCharacteristics><Ethnicity>WBRI</Ethnicity></ChildCharacteristics><CINdetails><CINreferralDate>2024-06-04</CINreferralDate>\
<ReferralSource>6</ReferralSource><ReferralNFA>1</ReferralNFA></CINdetails></Child></Children></Message>\n";

const CSV: &str = "pupilonrolltableid,NativeId,pupilonrollorderseqcolumn,sourceid,schoolcensustableid,upn,surname,forename,dob,entrydate,sex\n\
B00001,SCH1,1,S1,C1,,Invented,Ann,2015-Mar-04 00:00:00,2019-Sep-04 00:00:00,F\n\
B00002,SCH1,1,S2,C1,,Invented,Łucja,2015-Apr-05 00:00:00,2019-Sep-04 00:00:00,F\n";

fn hl7(key: &str, birth: &str) -> String {
    format!(
        "MSH|^~\\&|INVENTED-PAS|RH8|THROUGHLINE|878|20250901093000||ADT^A28|{key}|P|2.4\rEVN|A28|20250901093000\r\
         PID|1||{key}^^^RH8^MR||Invented^Bad^Day||{birth}|F\r"
    )
}

/// A message in an MLLP frame.
fn framed(message: &str) -> Vec<u8> {
    let mut frame = vec![0x0B];
    frame.extend_from_slice(message.as_bytes());
    frame.extend_from_slice(&[0x1C, 0x0D]);
    frame
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

/// The bad files, as (path under the folder, bytes, what is wrong).
fn files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let (_, without_header) = CSV.split_once('\n').unwrap_or_default();
    let cut = |text: &str, from_end: usize| {
        text.get(..text.len().saturating_sub(from_end)).unwrap_or_default().as_bytes().to_vec()
    };
    let mut stopped = framed(&hl7("B100001", "20150304"));
    stopped.extend(framed(&hl7("B100002", "20150405")));
    stopped.truncate(stopped.len().saturating_sub(25));
    let shapes = [
        "2015-03-04",
        "04/03/2015",
        "2015-Mar-04 00:00:00",
        "20150304",
        "03/04/2015 14:30:00",
        "zz/03/2015",
        "2015-02-30",
        "42067",
    ];
    let dates = shapes.iter().enumerate().fold(
        CSV.lines().next().unwrap_or_default().to_owned() + "\n",
        |text, (at, shape)| {
            text + &format!("B0001{at},SCH1,1,S{at},C1,,Invented,Shape,{shape},2019-Sep-04 00:00:00,F\n")
        },
    );
    let hl7_dates = ["2015", "201503", "20150304", "201503041430", "20150304143000+0000", "03/04/2015 14:30:00"];
    let hl7_dates =
        hl7_dates.iter().enumerate().map(|(at, shape)| hl7(&format!("B20000{at}"), shape)).collect::<String>();
    vec![
        ("social-care-cin-census/truncated.xml", cut(XML, 260), "stops in the middle of the second child"),
        (
            "social-care-cin-census/not-xml.xml",
            b"LAchildID,Sex\nB0000001,F\n".to_vec(),
            "is a CSV file by another name",
        ),
        ("social-care-cin-census/empty.xml", Vec::new(), "is empty"),
        (
            "social-care-cin-census/wrong-collection.xml",
            XML.replace(">CIN<", ">CLA<").into_bytes(),
            "is a return of another collection",
        ),
        (
            "social-care-cin-census/no-header.xml",
            XML.replace("<LEA>878</LEA>", "").replace("<Year>2025</Year>", "").into_bytes(),
            "names neither authority nor year",
        ),
        (
            "social-care-cin-census/one-bad-child.xml",
            XML.replacen("<LAchildID>B0000001</LAchildID>", "", 1).into_bytes(),
            "has a child without an id beside a good one",
        ),
        ("education-school-census/2025_spring_pupilonroll_utf16.csv", utf16(CSV), "is in UTF-16"),
        (
            "education-school-census/2025_spring_pupilonroll_bom.csv",
            format!("\u{feff}{CSV}").into_bytes(),
            "begins with a byte order mark",
        ),
        (
            "education-school-census/2025_spring_pupilonroll_no_header.csv",
            without_header.as_bytes().to_vec(),
            "has no header",
        ),
        (
            "education-school-census/2025_spring_pupilonroll_ragged.csv",
            CSV.replace(",2019-Sep-04 00:00:00,F\n", "\n").into_bytes(),
            "has rows shorter than its header",
        ),
        ("education-school-census/2025_spring_pupilonroll_cut.csv", cut(CSV, 30), "stops in the middle of a row"),
        (
            "education-school-census/2025_spring_pupilonroll_dates.csv",
            dates.into_bytes(),
            "writes dates in many shapes",
        ),
        (
            "education-school-census/2025_spring_pupilonroll_latin1.csv",
            CSV.replace('Ł', "\u{1}").bytes().map(|byte| if byte == 1 { 0xC9 } else { byte }).collect(),
            "is in Latin-1",
        ),
        ("health-hl7v2/stops-mid-frame.hl7", stopped, "stops in the middle of its second frame"),
        ("health-hl7v2/dates.hl7", hl7_dates.into_bytes(), "writes dates in many shapes"),
        (
            "health-hl7v2/no-msh.hl7",
            hl7("B300001", "20150304").replacen("MSH", "XXX", 1).into_bytes(),
            "has no header segment",
        ),
        (
            "health-hl7v2/no-pid.hl7",
            hl7("B300002", "20150304").replace("PID|", "ZZZ|").into_bytes(),
            "says nothing of whom it is about",
        ),
        (
            "health-hl7v2/unknown-trigger.hl7",
            hl7("B300003", "20150304").replace("ADT^A28", "ADT^A99").into_bytes(),
            "has a trigger that nobody knows",
        ),
        (
            "health-hl7v2/mixed-line-ends.hl7",
            (hl7("B300004", "20150304").replace('\r', "\r\n") + &hl7("B300005", "20150304").replace('\r', "\n"))
                .into_bytes(),
            "ends its lines in more than one way",
        ),
    ]
}

/// Writes a small folder of bad input under `out`, in a folder for each source, with a `README.txt` that says what is
/// wrong with each. Same bytes every time.
pub fn write_bad_files(out: &Path) -> Result<(), GenerateError> {
    let mut readme = String::from("Input as it comes on a bad day. Every record is invented.\n\n");
    for (name, bytes, wrong) in files() {
        let path = out.join(name);
        let failed = |source| GenerateError::Io { path: path.clone(), source };
        fs::create_dir_all(path.parent().unwrap_or(out)).map_err(failed)?;
        fs::write(&path, bytes).map_err(failed)?;
        readme.push_str(&format!("{name}: {wrong}.\n"));
    }
    let path = out.join("README.txt");
    fs::write(&path, readme).map_err(|source| GenerateError::Io { path, source })
}
