//! The features of One 2 One Love, the edge that serves them, real time, and the work behind them.
//! Knows no vendor and no SDK: what is outside the process is behind `ports`.

pub mod app;
pub mod audit;
mod calls;
mod cards;
mod chat;
mod check;
mod console;
mod couples;
pub mod edge;
pub mod files;
mod fold;
mod identity;
mod languages;
pub mod mailing;
mod notes;
pub mod operator;
mod pixels;
pub mod plans;
mod presence;
pub mod problem_texts;
mod profiles;
pub mod realtime;
pub mod settings;
pub mod tables;
pub mod topics;
pub mod work;
