//! The library of love-note templates: what to say when words are missing.
//!
//! An opening stock is part of the program, in five languages with a hand of their own; staff add to it in `sql`, and
//! an entry of theirs with the language and key of a stock template replaces it. Both together are the
//! [`Catalogue`], which lives in memory: browsing and searching ask no store but for who is reading.
//!
//! - A template has a tier. Each plan sees its tiers and those below, up to the size of its library; a visitor sees
//!   what Basic sees. An id outlives releases, because it is made of language and key.
//! - What is read is personalised ([`personal`]), and a search finds what is read, not what is stored.
//! - A category that a language does not have is shown in English.

mod browse;
mod catalogue;
mod category;
mod entry;
mod favourites;
mod personal;
mod reader;
mod routes;
mod shelf;
mod store;
mod template;
#[cfg(test)]
mod tests;
mod view;

pub use browse::check_origin;
pub use routes::routes;
pub use shelf::Library;
pub use store::{ImportError, Imported, import};

use catalogue::Catalogue;
