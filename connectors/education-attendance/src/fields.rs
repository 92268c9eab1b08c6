//! The names under which feeds have what is read here.

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Field {
    /// Authority and establishment, seven digits.
    School,
    /// The authority's three digits, where the establishment's four stand apart.
    Authority,
    Establishment,
    Upn,
    Uln,
    Surname,
    Forename,
    Birth,
    Sex,
    On,
    /// The date, or the day of the week.
    Day,
    /// AM or PM.
    Session,
    /// The session by another name, or which lesson of the day: only a word tells, since a number may be either.
    Period,
    Code,
    MorningCode,
    AfternoonCode,
    /// Of a record's one mark, or of the one of a day's two that is late.
    MinutesLate,
    MorningMinutesLate,
    AfternoonMinutesLate,
    Comment,
    MorningComment,
    AfternoonComment,
    /// When the mark was last changed.
    Changed,
    /// When the file was made.
    Made,
    /// Names the record, the pupil or the school in the feed's own system, or says of them what other sources say (the year group,
    /// the registration group). Nothing of it is in any event, so whatever else a register says stands under no name here: it is kept.
    Plumbing,
}

const NAMES: &[(Field, &[&str])] = &[
    (
        Field::School,
        &["laestab", "dfenumber", "dfeno", "schoollaestab", "schooldfenumber", "schoolnumber", "laestabno"],
    ),
    (Field::Authority, &["la", "lea", "lacode", "schoollacode", "localauthority", "schoollea"]),
    (
        Field::Establishment,
        &["estab", "establishment", "establishmentnumber", "schoolestab", "schoolestablishmentnumber"],
    ),
    (Field::Upn, &["upn", "pupilupn", "studentupn", "learnerupn", "uniquepupilnumber", "studenteducationdetailsupn"]),
    (Field::Uln, &["uln", "uniquelearnernumber", "pupiluln", "studentuln"]),
    (Field::Surname, &["surname", "lastname", "familyname", "pupilsurname", "studentsurname", "legalsurname"]),
    (Field::Forename, &["forename", "firstname", "givenname", "pupilforename", "studentforename", "legalforename"]),
    (
        Field::Birth,
        &["dob", "dateofbirth", "birthdate", "pupildob", "studentdob", "studentdateofbirth", "studentdateofbirthdate"],
    ),
    (Field::Sex, &["sex", "gender", "pupilgender", "studentgender"]),
    (
        Field::On,
        &[
            "date",
            "attendancedate",
            "sessiondate",
            "markdate",
            "datedate",
            "registerdate",
            "schooldate",
            "calendardate",
            "registrationdatetime",
        ],
    ),
    (Field::Day, &["day"]),
    (Field::Session, &["session", "ampm", "sessionname", "sessiontype"]),
    (
        Field::Period,
        &["period", "periodname", "periodnumber", "registrationperiod", "lesson", "lessonname", "lessonnumber"],
    ),
    (
        Field::Code,
        &[
            "code",
            "mark",
            "attendancecode",
            "attendancemark",
            "markcode",
            "attendancecodecode",
            "sessioncode",
            "sessionmark",
            "attendancemarkcode",
            "attendancemarksymbol",
            "registermark",
            "registermarkcode",
            "attendancesymbol",
            "symbol",
            "markvalue",
        ],
    ),
    (
        Field::MorningCode,
        &[
            "am",
            "amcode",
            "ammark",
            "morning",
            "morningmark",
            "morningcode",
            "amattendancecode",
            "amattendancemark",
            "amsession",
        ],
    ),
    (
        Field::AfternoonCode,
        &[
            "pm",
            "pmcode",
            "pmmark",
            "afternoon",
            "afternoonmark",
            "afternooncode",
            "pmattendancecode",
            "pmattendancemark",
            "pmsession",
        ],
    ),
    (Field::MinutesLate, &["minuteslate", "minslate", "lateminutes", "numberofminuteslate"]),
    (Field::MorningMinutesLate, &["amminuteslate", "amminslate", "amlateminutes", "morningminuteslate"]),
    (Field::AfternoonMinutesLate, &["pmminuteslate", "pmminslate", "pmlateminutes", "afternoonminuteslate"]),
    (Field::Comment, &["comment", "comments", "note", "notes"]),
    (Field::MorningComment, &["amcomment", "amcomments", "amnote", "amnotes", "morningcomment"]),
    (Field::AfternoonComment, &["pmcomment", "pmcomments", "pmnote", "pmnotes", "afternooncomment"]),
    (
        Field::Changed,
        &[
            "updatedat",
            "lastupdated",
            "modified",
            "modifiedat",
            "recordedat",
            "changedat",
            "updatedatdate",
            "lastmodified",
        ],
    ),
    (
        Field::Made,
        &[
            "generatedat",
            "exportedat",
            "createdon",
            "extractedat",
            "filedatetime",
            "asof",
            "generated",
            "extractdatetime",
        ],
    ),
    (
        Field::Plumbing,
        &[
            "id",
            "misid",
            "recordid",
            "pupilid",
            "studentid",
            "schoolid",
            "schoolname",
            "school",
            "urn",
            "schoolurn",
            "ukprn",
            "yeargroup",
            "registrationgroup",
            "createdat",
            "createdatdate",
            "attendancecodeid",
            "attendancecodetype",
            "attendancemarktype",
            "attendancemarkdescription",
            "attendancemarkid",
            "attendancecodedescription",
            "codedescription",
            "codetype",
            "metapagination",
            "timezone",
            "datetimezone",
            "updatedattimezone",
            "createdattimezone",
            "datetimezonetype",
            "middlenames",
            "fullname",
            "pupilname",
            "studentname",
            "reg",
            "registrationform",
            "upi",
            "studentupi",
            "currentncyear",
            "educationdetailscurrentncyear",
            "studenteducationdetailscurrentncyear",
        ],
    ),
];

impl Field {
    /// What the field of this name holds.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = simple(name);
        NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(field, _)| *field)
    }
}

/// In lower case, without what separates words.
pub(crate) fn simple(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_spelt() {
        for (name, field) in [
            ("LAESTAB", Field::School),
            ("Date of birth", Field::Birth),
            ("attendance_code", Field::Code),
            ("AM", Field::MorningCode),
            ("minutes-late", Field::MinutesLate),
            ("updated_at", Field::Changed),
        ] {
            assert_eq!(Field::named(name), Some(field), "{name}");
        }
        assert_eq!(Field::named("favourite colour"), None);
    }

    #[test]
    fn no_name_means_two_things() {
        let mut names: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
