//! The daily attendance feed of schools.
