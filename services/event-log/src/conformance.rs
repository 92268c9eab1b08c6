//! What every log must hold, as tests that a backend runs against itself.
