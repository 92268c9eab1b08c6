//! Which observations are measures of a child, and which are screens. All others are results.

use proto::events::Coded;

/// What an observation becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// Of the body: growth, signs of life, scores at birth.
    Measure,
    /// Of a programme that every newborn or young child is offered.
    Screen,
    Result,
}

/// LOINC and SNOMED CT codes of heights, weights, head circumferences, body mass, temperature, pulse, breathing, blood pressure,
/// oxygen, and Apgar scores.
const MEASURES: &str = "8302-2 8306-3 3137-7 8308-9 29463-7 3141-9 8339-4 8335-2 9843-4 8287-5 39156-5 59576-9 8310-5 8331-1 \
     8867-4 9279-1 8480-6 8462-4 59408-5 2708-6 9272-6 9274-2 9271-8 11884-4 \
     50373000 248333004 27113001 363808001 364589006 363812007 169876006 60621009 386725007 364075005 86290005 271649006 \
     271650006 431314004 169895004 169909004 169922007";

/// LOINC and SNOMED CT codes of the blood spot screens, the hearing screen and the physical examinations of newborns.
const SCREENS: &str = "54108-6 54109-4 54089-8 73700-7 57085-3 \
     314081000 314090007 314080004 400984005 428056008 940201000000107 940221000000103 940131000000109 940151000000102 \
     417491009 252957005 446077004 281016006 170107008 276781000000109";

/// Words that feeds write where they have codes of their own, as whole words, lower case.
const MEASURED_WORDS: &[&str] = &[
    "height",
    "body height",
    "length",
    "body length",
    "weight",
    "body weight",
    "birth weight",
    "head circumference",
    "bmi",
    "body mass index",
    "temperature",
    "heart rate",
    "pulse",
    "respiratory rate",
    "blood pressure",
];

const SCREEN_WORDS: &[&str] = &[
    "newborn hearing",
    "hearing screen",
    "newborn blood spot",
    "blood spot",
    "bloodspot",
    "guthrie",
    "nipe",
    "newborn examination",
    "newborn and infant physical examination",
];

/// Of one test, or of the panel that it stands in, by what each is called in any system.
pub(crate) fn form(test: &[Coded], panel: &[Coded]) -> Form {
    let is_one_of = |codes: &str, coded: &Coded| codes.split_whitespace().any(|code| code == coded.code);
    let screen = |coded: &Coded| {
        let words = words(coded);
        is_one_of(SCREENS, coded) || SCREEN_WORDS.iter().any(|screen| words.contains(&format!(" {screen} ")))
    };
    if test.iter().chain(panel).any(screen) {
        return Form::Screen;
    }
    // A measure is called by its name and no more: "weight" is one, "molecular weight" is not.
    let measure = |coded: &Coded| {
        let words = words(coded);
        is_one_of(MEASURES, coded) || MEASURED_WORDS.contains(&words.trim())
    };
    if test.iter().any(measure) { Form::Measure } else { Form::Result }
}

/// The text, else the code, in lower case, what is no letter or digit a blank, blanks at either end.
fn words(coded: &Coded) -> String {
    let text = coded.text.as_deref().unwrap_or(&coded.code);
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    format!(" {} ", plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(code: &str, text: &str) -> Coded {
        Coded { code: code.into(), code_set: "list".into(), text: (!text.is_empty()).then(|| text.into()) }
    }

    #[test]
    fn a_measure_a_screen_and_a_result_are_told_apart() {
        let of = |code, text| form(&[coded(code, text)], &[]);
        assert_eq!(of("27113001", ""), Form::Measure);
        assert_eq!(of("WT", "Weight"), Form::Measure);
        assert_eq!(of("X", "Molecular weight"), Form::Result);
        assert_eq!(of("314081000", ""), Form::Screen);
        assert_eq!(of("NH1", "Newborn hearing - left ear"), Form::Screen);
        assert_eq!(of("HB", "Haemoglobin"), Form::Result);
        // What stands in a panel of screens is one, whatever it is called.
        assert_eq!(form(&[coded("PKU", "")], &[coded("NBS", "Newborn blood spot")]), Form::Screen);
        assert_eq!(form(&[coded("27113001", "")], &[coded("G", "Growth")]), Form::Measure);
        assert_eq!(form(&[], &[]), Form::Result);
    }
}
