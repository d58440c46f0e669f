//! Dumps in text forms, back to bytes.
