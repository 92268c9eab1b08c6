//! What happens in a child's life, as it truly happened: the writers tell it as each system would.

pub(crate) mod care;
pub(crate) mod education;
pub(crate) mod health;
pub(crate) mod services;
pub(crate) mod social_care;
