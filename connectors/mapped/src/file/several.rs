//! Lists whose one item may stand by itself: `key = "Ref"` for `key = ["Ref"]`.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

/// As it is written.
enum Several<T> {
    One(T),
    List(Vec<Spanned<T>>),
}

impl<'de, T: Deserialize<'de> + From<String>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for Either<T> {
            type Value = Several<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list, or its one item")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Several<T>, E> {
                Ok(Several::One(text.to_owned().into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Several<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Several::List)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// A list with its place, and the place of each of its items.
type Placed<T> = Spanned<Vec<Spanned<T>>>;

pub(super) fn placed<'de, T, D>(deserializer: D) -> Result<Placed<T>, D::Error>
where
    T: Deserialize<'de> + From<String>,
    D: Deserializer<'de>,
{
    let several = Spanned::<Several<T>>::deserialize(deserializer)?;
    let at = several.span();
    Ok(match several.into_inner() {
        Several::One(one) => Spanned::new(at.clone(), vec![Spanned::new(at, one)]),
        Several::List(list) => Spanned::new(at, list),
    })
}

pub(super) fn list<'de, T, D>(deserializer: D) -> Result<Vec<Spanned<T>>, D::Error>
where
    T: Deserialize<'de> + From<String>,
    D: Deserializer<'de>,
{
    placed(deserializer).map(Spanned::into_inner)
}

pub(super) fn placed_or_none<'de, T, D>(deserializer: D) -> Result<Option<Placed<T>>, D::Error>
where
    T: Deserialize<'de> + From<String>,
    D: Deserializer<'de>,
{
    placed(deserializer).map(Some)
}
