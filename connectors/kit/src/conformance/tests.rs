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
