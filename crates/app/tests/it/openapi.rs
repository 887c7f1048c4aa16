//! The OpenAPI document and the router agree.
