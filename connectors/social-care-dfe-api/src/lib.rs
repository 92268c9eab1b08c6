//! The DfE's children's social care data, as JSON, from files and over HTTP.
