//! Names that nobody in particular has, by tradition, and how else each may be written.

mod lists;

use crate::dice::Dice;
use lists::*;

/// Where a family's names come from.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tradition {
    #[default]
    English,
    Welsh,
    Irish,
    SouthAsian,
    Polish,
    African,
}

const DIMINUTIVES: &[(&str, &str)] = &[
    ("Abigail", "Abby"),
    ("Aleksander", "Olek"),
    ("Aleksandra", "Ola"),
    ("Alexander", "Alex"),
    ("Amelia", "Millie"),
    ("Angharad", "Haz"),
    ("Beatrice", "Bea"),
    ("Benjamin", "Ben"),
    ("Bartosz", "Bartek"),
    ("Catrin", "Cat"),
    ("Charlotte", "Lottie"),
    ("Chukwuemeka", "Emeka"),
    ("Dafydd", "Dai"),
    ("Daniel", "Danny"),
    ("Edward", "Ted"),
    ("Eleanor", "Ellie"),
    ("Elizabeth", "Lizzie"),
    ("Florence", "Flo"),
    ("Frederick", "Freddie"),
    ("Georgina", "Georgie"),
    ("Gruffydd", "Griff"),
    ("Gurpreet", "Gary"),
    ("Hannah", "Han"),
    ("Harriet", "Hattie"),
    ("Henry", "Harry"),
    ("Imogen", "Immy"),
    ("Isabella", "Bella"),
    ("Jacob", "Jake"),
    ("Jakub", "Kuba"),
    ("Jessica", "Jess"),
    ("Joseph", "Joe"),
    ("Joshua", "Josh"),
    ("Katarzyna", "Kasia"),
    ("Katherine", "Kate"),
    ("Lewis", "Lew"),
    ("Małgorzata", "Gosia"),
    ("Matilda", "Tilly"),
    ("Matthew", "Matt"),
    ("Megan", "Meg"),
    ("Mohammed", "Mo"),
    ("Nathaniel", "Nate"),
    ("Oliver", "Ollie"),
    ("Olivia", "Liv"),
    ("Oluwaseun", "Seun"),
    ("Rebecca", "Becky"),
    ("Rhiannon", "Rhi"),
    ("Samuel", "Sam"),
    ("Sebastian", "Seb"),
    ("Siobhán", "Shiv"),
    ("Sophie", "Soph"),
    ("Stanisław", "Staś"),
    ("Temitope", "Temi"),
    ("Thomas", "Tom"),
    ("Victoria", "Tori"),
    ("Wiktoria", "Wika"),
    ("William", "Will"),
    ("Wojciech", "Wojtek"),
    ("Zuzanna", "Zuzia"),
];

/// A given name of a tradition.
pub(crate) fn given(tradition: Tradition, girl: bool, dice: &mut Dice) -> &'static str {
    dice.pick(match (tradition, girl) {
        (Tradition::English, true) => GIRLS_ENGLISH,
        (Tradition::English, false) => BOYS_ENGLISH,
        (Tradition::Welsh, true) => GIRLS_WELSH,
        (Tradition::Welsh, false) => BOYS_WELSH,
        (Tradition::Irish, true) => GIRLS_IRISH,
        (Tradition::Irish, false) => BOYS_IRISH,
        (Tradition::SouthAsian, true) => GIRLS_SOUTH_ASIAN,
        (Tradition::SouthAsian, false) => BOYS_SOUTH_ASIAN,
        (Tradition::Polish, true) => GIRLS_POLISH,
        (Tradition::Polish, false) => BOYS_POLISH,
        (Tradition::African, true) => GIRLS_AFRICAN,
        (Tradition::African, false) => BOYS_AFRICAN,
    })
}

fn surname_part(tradition: Tradition, dice: &mut Dice) -> &'static str {
    dice.pick(match tradition {
        Tradition::English => SURNAMES_ENGLISH,
        Tradition::Welsh => SURNAMES_WELSH,
        Tradition::Irish => SURNAMES_IRISH,
        Tradition::SouthAsian => SURNAMES_SOUTH_ASIAN,
        Tradition::Polish => SURNAMES_POLISH,
        Tradition::African => SURNAMES_AFRICAN,
    })
}

/// A family's surname; one in twelve is double-barrelled.
pub(crate) fn surname(tradition: Tradition, dice: &mut Dice) -> String {
    let first = surname_part(tradition, dice);
    if dice.chance(1.0 / 12.0) {
        format!("{first}-{}", surname_part(Tradition::English, dice))
    } else {
        first.to_owned()
    }
}

/// What somebody of that given name is called for short.
pub(crate) fn diminutive(given: &str) -> Option<&'static str> {
    DIMINUTIVES.iter().find(|(long, _)| *long == given).map(|(_, short)| *short)
}

/// Names that are written in several ways, each line one name: mostly such as were first written in another script.
const SPELLINGS: &[&[&str]] = &[
    &["Mohammed", "Muhammad", "Mohamed", "Mohammad", "Muhammed"],
    &["Aisha", "Ayesha", "Aysha"],
    &["Abdullah", "Abdulla", "Abdallah"],
    &["Ahmed", "Ahmad"],
    &["Aleksander", "Alexander"],
    &["Choudhury", "Chowdhury", "Choudhary"],
    &["Chaudhry", "Chaudry", "Choudhry"],
    &["Ebrahim", "Ibrahim"],
    &["Fatima", "Fatimah", "Fathima"],
    &["Hussain", "Hussein", "Husain"],
    &["Jakub", "Jacob"],
    &["Katarzyna", "Katarina"],
    &["Maryam", "Mariam", "Maryum"],
    &["Michał", "Michael"],
    &["Qureshi", "Quraishi"],
    &["Rahman", "Rehman"],
    &["Siddiqui", "Siddique"],
    &["Usman", "Osman", "Uthman"],
    &["Wiktoria", "Victoria"],
    &["Yusuf", "Yousef", "Yousuf"],
    &["Zainab", "Zaynab"],
    &["Zofia", "Sofia"],
];

/// The same name in another spelling, where it has one.
pub(crate) fn other_spelling(name: &str, dice: &mut Dice) -> Option<&'static str> {
    let line = SPELLINGS.iter().find(|line| line.contains(&name))?;
    let others: Vec<&str> = line.iter().copied().filter(|other| *other != name).collect();
    Some(dice.pick(&others)).filter(|other| !other.is_empty())
}

/// The text with one slip of the key: a letter left out, doubled, changed for its neighbour in the alphabet, or two turned.
/// The first letter stands.
pub(crate) fn mistyped(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let last = letters.len().saturating_sub(1);
    if last < 2 {
        return text.to_owned();
    }
    let at = dice.between(1, last as i32 - 1) as usize;
    match dice.between(0, 3) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters.get(at).copied().unwrap_or_default()),
        2 => letters.swap(at, at + 1),
        _ => {
            if let Some(letter) = letters.get_mut(at) {
                *letter = match *letter {
                    'a'..='y' | 'A'..='Y' | '0'..='8' => char::from_u32(*letter as u32 + 1).unwrap_or(*letter),
                    'z' => 'y',
                    'Z' => 'Y',
                    '9' => '8',
                    other => other,
                };
            }
        }
    }
    letters.into_iter().collect()
}

/// The name as a system without accents keeps it.
pub(crate) fn without_marks(name: &str) -> String {
    let plain = |letter| match letter {
        'á' | 'â' | 'ą' => 'a',
        'ë' | 'é' | 'ę' => 'e',
        'í' | 'î' => 'i',
        'ó' | 'ô' => 'o',
        'ŷ' => 'y',
        'ł' => 'l',
        'ń' => 'n',
        'ś' => 's',
        'ż' | 'ź' => 'z',
        'Ł' => 'L',
        'É' => 'E',
        'Ó' => 'O',
        'Á' => 'A',
        other => other,
    };
    name.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_diminutive_shortens_a_name_of_the_lists() {
        let lists = [
            GIRLS_ENGLISH,
            BOYS_ENGLISH,
            GIRLS_WELSH,
            BOYS_WELSH,
            GIRLS_IRISH,
            BOYS_IRISH,
            GIRLS_SOUTH_ASIAN,
            BOYS_SOUTH_ASIAN,
            GIRLS_POLISH,
            BOYS_POLISH,
            GIRLS_AFRICAN,
            BOYS_AFRICAN,
        ];
        for (long, short) in DIMINUTIVES {
            assert!(lists.iter().any(|list| list.contains(long)), "{long}");
            assert_ne!(long, short);
        }
    }

    #[test]
    fn names_without_marks_are_ascii() {
        for list in [SURNAMES_IRISH, SURNAMES_POLISH, GIRLS_IRISH, BOYS_IRISH, GIRLS_POLISH, BOYS_POLISH, BOYS_WELSH] {
            assert!(list.iter().all(|name| without_marks(name).is_ascii()), "{list:?}");
        }
    }
}
