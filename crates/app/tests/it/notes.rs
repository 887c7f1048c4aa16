//! Love notes: send, read, open, allowance.
