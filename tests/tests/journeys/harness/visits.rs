//! Visits of a hospital's own service, invented: rows of which many wait in quarantine until their mapping is put right.

use proto::sharing::Purpose;

use super::{Place, ask};

pub(crate) const SOURCE: &str = "health-visits";
/// Rows whose day is written as the first mapping does not know: so many that a redrive of a few a second is interrupted before its end
/// however slow the machine is.
pub(crate) const DOTTED: usize = 200;
/// How days are written that the first mapping knows, and the mended one.
pub(crate) const SLASHES: &str = "\"%d/%m/%Y\"";
pub(crate) const SLASHES_AND_DOTS: &str = "\"%d/%m/%Y\", \"%d.%m.%Y\"";

/// The mapping, with days written so.
pub(crate) fn mapping(revision: u32, dates: &str) -> String {
    format!(
        "name = \"{SOURCE}\"\nabout = \"Visits (invented)\"\nrevision = {revision}\ncontroller = \"ods-rh8\"\nkey = [\"Visit\"]\n\
         dates = [{dates}]\n[source]\nformat = \"csv\"\n[delivery]\nkind = \"snapshot\"\nscope = \"ods-rh8/visits\"\n[subject]\n\
         scheme = \"provider_person\"\nissuer = \"ods-rh8/{SOURCE}\"\ncolumn = \"Patient\"\n[[identifier]]\nscheme = \"upn\"\n\
         column = \"UPN\"\n[[event]]\nbecomes = \"TherapyStarted\"\neffective = \"start_on\"\nrequired = true\n[event.fields]\n\
         course = \"Visit\"\ntherapy = {{ column = \"Therapy\", set = \"therapy\" }}\nstart_on = \"From\"\n"
    )
}

/// A file of a child's visits: two that are read, those with dots, and one on no day.
pub(crate) fn file(upn: &str) -> String {
    let row = |course: &str, from: &str| format!("P1,{upn},{course},physiotherapy,{from}\n");
    let day = |at: usize| format!("{:02}.{:02}.2025", at % 28 + 1, at / 28 + 1);
    let dotted: String = (0..DOTTED).map(|at| row(&dotted_course(at), &day(at))).collect();
    let rows = [row("G1", "12/01/2026"), dotted, row("N1", "next week"), row("G2", "13/01/2026")].concat();
    format!("Patient,UPN,Visit,Therapy,From\n{rows}")
}

fn dotted_course(at: usize) -> String {
    format!("D{at:03}")
}

/// The courses of the rows that are read once the mapping is mended, in order.
pub(crate) fn all_courses() -> Vec<String> {
    (0..DOTTED).map(dotted_course).chain(["G1".to_owned(), "G2".to_owned()]).collect()
}

/// Courses of therapy on the child's timeline, as the hospital sees it, in order.
pub(crate) fn courses(place: &Place) -> Vec<String> {
    let child = place.demo_child("UPN");
    let answer = ask(place, &place.demo_organisation("hospital"), &child, Purpose::DirectCare).unwrap();
    let course = |event: &proto::events::Event| match &event.kind {
        Some(proto::events::event::Kind::TherapyStarted(started)) => started.course.clone(),
        _ => None,
    };
    let mut courses: Vec<_> = answer.entries.iter().filter_map(|entry| course(entry.event.as_ref()?)).collect();
    courses.sort();
    courses
}
