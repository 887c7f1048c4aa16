//! The contract of this port: one case per sentence of its documentation.
