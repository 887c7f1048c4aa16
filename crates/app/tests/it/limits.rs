//! Request rates.
