use super::*;
use crate::toy::{Fault, Toy};

const FILES: &[(&str, &[u8])] = &[(
    "toy-2025-01-16.csv",
    b"id,name,start,end\n1,Zebedee,2024-09-01,\n2,Quill,2024-09-01,2024-12-20\n,Zebedee,2024-09-01,\n4,Yarrow,soon,\n5,Vole,2024-09-02,\n",
)];

fn problems_of(fault: Fault) -> Vec<String> {
    let sample = Sample::new(FILES).canaries(&["Zebedee", "Quill", "Yarrow", "Vole"]).end_is_not_marked();
    problems(&Toy::with(fault), &sample)
}

#[test]
fn a_connector_that_holds_the_bargain_passes() {
    assert_eq!(problems_of(Fault::None), Vec::<String>::new());
}

#[test]
fn each_fault_is_found() {
    for (fault, told) in [
        (Fault::Leaks, "canary"),
        (Fault::AlwaysWhole, "still whole"),
        (Fault::AllOrNothing, "are lost"),
        (Fault::SwallowsGarbage, "not rejected"),
    ] {
        let problems = problems_of(fault);
        assert!(problems.iter().any(|problem| problem.contains(told)), "{told}: {problems:?}");
    }
}

#[test]
#[should_panic(expected = "education-toy")]
fn check_fails_the_test() {
    check(&Toy::with(Fault::AlwaysWhole), &Sample::new(FILES).end_is_not_marked());
}

const JANUARY: Files<'_> = &[("toy-2025-01-16.csv", b"id,name,start,end\n1,Ada,2024-09-01,\n2,Quill,2024-09-01,\n")];
const FEBRUARY: Files<'_> = &[("toy-2025-02-16.csv", b"id,name,start,end\n1,Ada,2024-09-02,\n3,Vole,2024-09-02,\n")];
const MARCH: Files<'_> =
    &[("toy-2025-03-16.csv", b"id,name,start,end\n1,Ada,2024-09-02,\n2,Quill,2024-09-01,2025-03-01\n")];

const RENAMED: Files<'_> = &[("toy-2025-02-16.csv", b"id,name,start,end\n1,Bea,2024-09-02,\n")];

#[test]
fn overlapping_submissions_may_come_in_any_order() {
    check_overlapping(&Toy::with(Fault::None), &[JANUARY, FEBRUARY, MARCH]);
}

#[test]
fn each_fault_of_submissions_that_overlap_is_found() {
    let of = |fault, submissions: &[Files<'_>]| problems_of_overlapping(&Toy::with(fault), submissions);
    for (problems, told) in [
        (of(Fault::OneDay, &[JANUARY, FEBRUARY, MARCH]), "stand otherwise"),
        (of(Fault::OneVersion, &[RENAMED, MARCH]), "the id of another"),
        (of(Fault::None, &[JANUARY]), "in common"),
        (of(Fault::None, &[JANUARY, JANUARY]), "says what another says"),
    ] {
        assert!(problems.iter().any(|problem| problem.contains(told)), "{told}: {problems:?}");
    }
}

#[test]
fn every_order_of_few_is_tried() {
    assert_eq!(overlap::orders(3).len(), 6);
    assert_eq!(overlap::orders(6).len(), 12);
}
