use proptest::prelude::*;

use super::*;

const SHAPE: Shape = Shape { roots: &["message"], holders: &["persons", "old"], records: &["person"] };

/// What a file reads as: each step with the text of its record's own `n`.
fn steps(xml: &str) -> (Vec<(Step, String)>, Option<String>) {
    let mut records = Records::open(xml.as_bytes(), SHAPE).unwrap();
    let mut read = Vec::new();
    loop {
        match records.step() {
            Ok(Step::Ended) => return (read, None),
            Ok(step) => read.push((step, records.record().map_or("", |record| record.text_of("n")).to_owned())),
            Err(broken) => return (read, Some(broken.to_string())),
        }
    }
}

fn record(whole: Whole, n: &str) -> (Step, String) {
    (Step::Record(whole), n.to_owned())
}

#[test]
fn records_stand_in_holders_however_deep() {
    let (read, broken) = steps(
        "<?xml version='1.0'?><x:Message xmlns:x='u'><Header><N>0</N></Header><Persons><Person><N>1</N></Person>\
         <OLD><PERSON><n>2</n></PERSON><Odd/></OLD><Person/></Persons></x:Message>\n<!-- end -->",
    );
    assert_eq!(broken, None);
    assert_eq!(
        read,
        [
            (Step::Section(Whole::Yes), "0".to_owned()),
            record(Whole::Yes, "1"),
            record(Whole::Yes, "2"),
            (Step::Section(Whole::Yes), String::new()),
            record(Whole::Yes, ""),
        ]
    );
}

#[test]
fn a_record_that_is_not_closed_costs_no_other() {
    for (inner, first) in [
        ("<Person><n>1<Person><n>2</n></Person>", Whole::Unpaired),
        ("<Person><n>1</Person><Person><n>2</n></Person>", Whole::Unpaired),
        ("<Person><n>1</n></m></Person><Person><n>2</n></Person>", Whole::Unpaired),
    ] {
        let (read, broken) = steps(&format!("<Message><Persons>{inner}</Persons></Message>"));
        assert_eq!(broken, None, "{inner}");
        assert_eq!(read[0].0, Step::Record(first), "{inner}");
        assert_eq!(read[1], record(Whole::Yes, "2"), "{inner}");
    }
    let (read, broken) = steps("<Message><Persons><Person><n>1</n></Persons></Message>");
    assert_eq!((read, broken), (vec![record(Whole::Unpaired, "1")], None), "closed over by what holds it");
}

#[test]
fn what_cannot_be_read_says_why() {
    for (xml, told) in [
        ("", "the file is empty"),
        ("a,b\n1,2\n", "the file is not xml"),
        (
            "<Other/>",
            "the outermost element is `other`, where this format has `message`: give the file to the connector of its own collection",
        ),
        ("<Message><Persons>", "the file breaks off before its outermost element ends"),
        ("<Message/><Message/>", "something stands behind the end of the outermost element"),
        ("<Message></Persons></Message>", "the tags do not pair"),
    ] {
        assert_eq!(steps(xml).1.as_deref(), Some(told), "{xml}");
    }
    let (read, broken) = steps("<Message>text<Persons/></Message>");
    assert_eq!((read.len(), read[0].0, broken), (1, Step::StrayText, None));
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!(
        "<Message><Person>{}{}</Person><Person><n>2</n></Person></Message>",
        "<a>".repeat(60),
        "</a>".repeat(60)
    );
    assert_eq!(steps(&deep).0, [record(Whole::TooLarge, ""), record(Whole::Yes, "2")]);
    let part = format!("<b>{}</b>", "x".repeat(200_000));
    let long = format!("<Message><Person>{}</Person><Person><n>2</n></Person></Message>", part.repeat(8));
    assert_eq!(steps(&long).0, [record(Whole::TooLarge, ""), record(Whole::Yes, "2")]);
}

#[test]
fn no_entity_but_the_known_is_resolved() {
    let (read, _) =
        steps("<!DOCTYPE Message [<!ENTITY e 'x'>]><Message><Person><n>&amp;&#65;&e;</n></Person></Message>");
    assert_eq!(read[0].1, "&A&e;");
}

proptest! {
    #[test]
    fn arbitrary_bytes_end(bytes: Vec<u8>) {
        let mut records = match Records::open(bytes.as_slice(), SHAPE) {
            Ok(records) => records,
            Err(_) => return Ok(()),
        };
        for _ in 0..=bytes.len() + 1 {
            match records.step() {
                Ok(Step::Ended) | Err(_) => return Ok(()),
                Ok(_) => {}
            }
        }
        prop_assert!(false, "it does not end");
    }

    #[test]
    fn tags_in_any_order_end(parts in proptest::collection::vec(prop::sample::select(vec![
        "<Message>", "</Message>", "<Persons>", "</Persons>", "<Person>", "</Person>", "<n>", "</n>", "<old>", "</old>", "x", "<Person/>",
    ]), 0..40)) {
        let xml = parts.concat();
        let mut records = Records::open(xml.as_bytes(), SHAPE).unwrap();
        for _ in 0..=parts.len() + 1 {
            match records.step() {
                Ok(Step::Ended) | Err(_) => return Ok(()),
                Ok(_) => { records.record(); }
            }
        }
        prop_assert!(false, "it does not end");
    }
}
