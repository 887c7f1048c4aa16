//! Identity: accounts, sessions, passwords.
