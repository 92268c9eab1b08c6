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
    /// Names that the pupil is called by, where they are not the legal ones.
    PreferredSurname,
    PreferredForename,
    /// Both, the surname first and a comma between them.
    Name,
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
        &[
            "laestab",
            "dfe",
            "dfenumber",
            "dfeno",
            "dfecode",
            "schoollaestab",
            "schooldfenumber",
            "schoolnumber",
            "laestabno",
        ],
    ),
    (Field::Authority, &["la", "lea", "lacode", "schoollacode", "localauthority", "schoollea"]),
    (
        Field::Establishment,
        &["estab", "establishment", "establishmentnumber", "schoolestab", "schoolestablishmentnumber"],
    ),
    (Field::Upn, &["upn", "pupilupn", "studentupn", "learnerupn", "uniquepupilnumber", "studenteducationdetailsupn"]),
    (Field::Uln, &["uln", "uniquelearnernumber", "pupiluln", "studentuln"]),
    (Field::Surname, &["surname", "lastname", "familyname", "legalsurname", "legallastname", "legalfamilyname"]),
    (Field::Forename, &["forename", "firstname", "givenname", "legalforename", "legalfirstname", "legalgivenname"]),
    (Field::PreferredSurname, &["preferredsurname", "preferredlastname", "preferredfamilyname"]),
    (Field::PreferredForename, &["preferredforename", "preferredfirstname", "preferredgivenname"]),
    (Field::Name, &["pupilname", "studentname", "fullname", "pupilfullname", "studentfullname", "learnername"]),
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
            "amattendance",
            "markam",
            "sessionam",
            "session1",
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
            "pmattendance",
            "markpm",
            "sessionpm",
            "session2",
        ],
    ),
    (Field::MinutesLate, &["minuteslate", "minslate", "lateminutes", "latemins", "numberofminuteslate"]),
    (Field::MorningMinutesLate, &["amminuteslate", "amminslate", "amlateminutes", "amlatemins", "morningminuteslate"]),
    (
        Field::AfternoonMinutesLate,
        &["pmminuteslate", "pmminslate", "pmlateminutes", "pmlatemins", "afternoonminuteslate"],
    ),
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
            "markdescription",
            "codetype",
            "wondeid",
            "ncyear",
            "nationalcurriculumyear",
            "year",
            "metapagination",
            "timezone",
            "datetimezone",
            "updatedattimezone",
            "createdattimezone",
            "datetimezonetype",
            "middlenames",
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

/// What a name may begin with that says of what the rest is, and what that may then be: an object's own name stands before those of
/// its fields (`student_first_name`). Of anything else the rest may be another's: a teacher has a first name too.
const OWNERS: [(&str, &[Field]); 8] = [
    ("studentperson", &OF_PUPIL),
    ("student", &OF_PUPIL),
    ("pupil", &OF_PUPIL),
    ("learner", &OF_PUPIL),
    ("attendance", &[Field::On, Field::Session, Field::Code, Field::MinutesLate, Field::Comment]),
    ("rollcallregister", &OF_REGISTER),
    ("rollcall", &OF_REGISTER),
    ("register", &OF_REGISTER),
];
const OF_PUPIL: [Field; 9] = [
    Field::Upn,
    Field::Uln,
    Field::Surname,
    Field::Forename,
    Field::PreferredSurname,
    Field::PreferredForename,
    Field::Name,
    Field::Birth,
    Field::Sex,
];
/// Of every mark in it.
const OF_REGISTER: [Field; 2] = [Field::On, Field::Session];

impl Field {
    /// What the field of this name holds.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = simple(name);
        let known = |name: &str| NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(field, _)| *field);
        known(&name).or_else(|| {
            OWNERS
                .iter()
                .find_map(|(owner, of_it)| known(name.strip_prefix(owner)?).filter(|field| of_it.contains(field)))
        })
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
            ("Mark AM", Field::MorningCode),
            ("PM Attendance", Field::AfternoonCode),
            ("Session 2", Field::AfternoonCode),
            ("student_unique_pupil_number", Field::Upn),
            ("student_last_name", Field::Surname),
            ("attendance_session", Field::Session),
            ("Pupil Name", Field::Name),
            ("pupilSurname", Field::Surname),
            ("student_legalLastName", Field::Surname),
            ("student_person_legalFirstName", Field::Forename),
            ("preferredLastName", Field::PreferredSurname),
            ("rollCallRegister_date", Field::On),
            ("rollCall_session", Field::Session),
        ] {
            assert_eq!(Field::named(name), Some(field), "{name}");
        }
        for of_another in
            ["favourite colour", "teacher_first_name", "student_contact_surname", "recorded_date", "student_date"]
        {
            assert_eq!(Field::named(of_another), None, "{of_another}");
        }
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
