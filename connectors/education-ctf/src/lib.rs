//! The common transfer file between schools, as XML.
