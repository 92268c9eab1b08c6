//! Who saw what, over TLS: decided, recorded, and metadata alone.
