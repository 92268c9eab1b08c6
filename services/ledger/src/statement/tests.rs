use proptest::prelude::*;

use super::*;
use crate::note::KeyKind;

fn key(seed: u8) -> SigningKey {
    SigningKey::new("example.org/ledger", KeyKind::Note, [seed; 32]).unwrap()
}

fn head(tree: &str, size: u64, root: u8) -> Head {
    Head { tree: tree.to_owned(), size, root: [root; 32] }
}

#[test]
fn a_statement_gives_a_checkpoint_of_each_tree() {
    let key = key(1);
    let heads =
        vec![head("throughline.education.v1/0", 3, 9), head("throughline.education.v1/1", 0, 9), head("b/2", 5, 8)];
    let (statement, note) = Statement::sign(&key, 1_763_812_345, heads, None).unwrap();
    assert_eq!(statement.heads().count(), 2, "a tree without leaves is not in it");
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    let keys = [key.public().clone()];
    assert_eq!(Statement::believed(&read, &keys).unwrap(), statement);
    let checkpoint = statement.checkpoint("b/2").unwrap();
    checkpoint.check(&keys).unwrap();
    let text = checkpoint.to_string();
    assert!(
        text.starts_with(
            "example.org/ledger/b/2\n5\nCAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=\n\n— example.org/ledger "
        ),
        "{text}"
    );
    assert_eq!(Checkpoint::of(&checkpoint).unwrap().size, 5);
    assert!(Checkpoint::of(&note).is_err(), "neither can be read as the other");
    assert!(Statement::of(&checkpoint).is_err());
    assert!(statement.checkpoint("c/1").is_none());
    assert_eq!(statement.leaves(), 8);
}

#[test]
fn what_stands_as_it_stood_is_not_signed_again() {
    let (first, _) = Statement::sign(&key(1), 5, vec![head("a/0", 3, 9), head("b/0", 3, 9)], None).unwrap();
    let mut forged = first.clone();
    forged.heads[0].1.bytes[0] ^= 1;
    let (second, _) = Statement::sign(&key(1), 6, vec![head("a/0", 3, 9), head("b/0", 4, 9)], Some(&forged)).unwrap();
    assert_eq!(second.heads[0], forged.heads[0]);
    assert_ne!(second.heads[1], first.heads[1]);
    // A new key signs everything.
    let (third, _) = Statement::sign(&key(2), 7, vec![head("a/0", 3, 9)], Some(&forged)).unwrap();
    third.checkpoint("a/0").unwrap().check(&[key(2).public().clone()]).unwrap();
}

#[test]
fn a_statement_that_cannot_follow_is_seen() {
    let of = |heads: Vec<Head>| Statement::sign(&key(1), 5, heads, None).unwrap().0;
    let first = of(vec![head("a/0", 3, 9), head("b/0", 3, 9)]);
    assert_eq!(first.contradicted_by(&first), None);
    assert_eq!(first.contradicted_by(&of(vec![head("a/0", 4, 1), head("b/0", 3, 9), head("c/0", 1, 1)])), None);
    let at = |tree: &str, size, later| Some(Contradiction { tree: tree.to_owned(), size, later });
    assert_eq!(first.contradicted_by(&of(vec![head("a/0", 3, 9), head("b/0", 3, 8)])), at("b/0", 3, 3));
    assert_eq!(first.contradicted_by(&of(vec![head("a/0", 2, 9), head("b/0", 3, 9)])), at("a/0", 2, 2));
    assert_eq!(first.contradicted_by(&of(vec![head("a/0", 3, 9)])), at("b/0", 0, 0));
}

#[test]
fn a_statement_under_another_name_is_not_believed() {
    let other = SigningKey::new("example.org/other", KeyKind::Note, [1; 32]).unwrap();
    let (_, note) = Statement::sign(&key(1), 5, vec![head("a/0", 3, 9)], None).unwrap();
    let mut signed_by_other = Note::new(note.text().to_owned()).unwrap();
    signed_by_other.add(other.sign(note.text(), 5));
    assert_eq!(Statement::believed(&signed_by_other, &[other.public().clone()]), Err(NoteError::Unsigned));
}

proptest! {
    #[test]
    fn any_text_is_a_statement_of_one_spelling_or_none(at in any::<usize>(), put in "[ -~\n]{0,3}", cut in 0usize..3) {
        let (_, note) = Statement::sign(&key(1), 5, vec![head("a/0", 3, 9), head("b/10", 30, 7)], None).unwrap();
        let text = note.text();
        let at = at % (text.len() - cut);
        let given = format!("{}{put}{}", &text[..at], &text[at + cut..]);
        if let Some(statement) = Statement::of_text(&given) {
            prop_assert_eq!(statement.text(), given);
        }
    }
}
