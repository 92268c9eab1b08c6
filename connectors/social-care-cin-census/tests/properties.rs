//! What holds of every return.
#![cfg(test)]

mod support;

use proptest::prelude::*;
use support::{Told as _, census, child, referral, translate};

/// Referrals with parts, of few dates so that many are equal.
fn any_referral() -> impl Strategy<Value = String> {
    let on = prop::sample::select(vec!["2024-06-03", "2024-06-03", "2024-07-01", "soon", ""]);
    let part = prop::sample::select(vec![
        "<Assessments><AssessmentActualStartDate>2024-06-05</AssessmentActualStartDate></Assessments>",
        "<Assessments><AssessmentActualStartDate>2024-06-05</AssessmentActualStartDate>\
         <AssessmentAuthorisationDate>2024-07-05</AssessmentAuthorisationDate></Assessments>",
        "<Assessments><AssessmentActualStartDate>2024-06-05</AssessmentActualStartDate>\
         <FactorsIdentifiedAtAssessment><AssessmentFactors>2B</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>",
        "<CINPlanDates><CINPlanStartDate>2024-06-20</CINPlanStartDate></CINPlanDates>",
        "<Section47><S47ActualStartDate>2024-06-20</S47ActualStartDate></Section47>",
        "<PreProceedingsandFGDM><PPStartDate>2024-06-20</PPStartDate></PreProceedingsandFGDM>",
        "<PreProceedingsandFGDM><PPStartDate>2024-06-21</PPStartDate></PreProceedingsandFGDM>",
    ]);
    (on, prop::collection::vec(part, 0..4)).prop_map(|(on, parts)| referral(on, &parts.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_the_file_changes_no_draft(
        (children, shuffled) in prop::collection::vec(prop::collection::vec(any_referral(), 0..4), 0..5)
            .prop_map(|children| {
                children.into_iter().enumerate().collect::<Vec<_>>()
            })
            .prop_flat_map(|children| (Just(children.clone()), Just(children).prop_shuffle()))
    ) {
        let file = |children: &[(usize, Vec<String>)], turned: bool| {
            let of = |(id, referrals): &(usize, Vec<String>)| {
                let mut referrals = referrals.clone();
                if turned {
                    referrals.reverse();
                }
                child(&format!("A{id}"), &referrals.concat())
            };
            census(&children.iter().map(of).collect::<String>())
        };
        let (as_is, turned) = (translate(file(&children, false)), translate(file(&shuffled, true)));
        prop_assert_eq!(as_is.sorted_drafts(), turned.sorted_drafts());
        prop_assert_eq!(as_is.rejections.len(), turned.rejections.len());
        prop_assert_eq!(&translate(file(&children, false)), &as_is);
        // Keys tell the drafts of a return apart.
        let mut keys: Vec<_> = as_is.drafts.iter().map(|d| (&d.subject.value, &d.record_key, d.ordinal)).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), count);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(translate(&bytes).whole.is_empty());
    }

    #[test]
    fn a_return_with_bytes_put_wrong_never_panics(
        at in 0usize..2000,
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'<'), Just(b'>'), Just(b'/'), Just(b'&')], 1..5),
    ) {
        let mut file = census(&child("A1", &referral("2024-06-03", "<New><x/></New>"))).into_bytes();
        let at = at.min(file.len());
        file.splice(at..at, bytes);
        let collected = translate(&file);
        prop_assert!(collected.rejections.iter().all(|rejection| !rejection.message.is_empty()));
    }
}
