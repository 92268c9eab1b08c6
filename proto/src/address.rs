//! What the use of an address means to whoever reads it.

use crate::events::Address;
use crate::events::address::Use;

impl Address {
    /// Whether somebody lives there or did, as far as the source says: the hospital of their birth, an office and the place
    /// where their letters go are no homes of theirs.
    pub fn is_home(&self) -> bool {
        match self.r#use() {
            Use::Unspecified | Use::Home | Use::Temporary | Use::Former => true,
            Use::Correspondence | Use::Birth | Use::Other => false,
        }
    }

    /// Whether it is known when they lived there: now, or until a day that is stated. Of a former home without such a day
    /// nothing says which days it was theirs.
    pub fn is_home_on_known_days(&self) -> bool {
        self.is_home() && (self.r#use() != Use::Former || self.to.is_some())
    }
}
