//! The features of One 2 One Love, the edge that serves them, real time, and the work behind them.
//! Knows no vendor and no SDK: what is outside the process is behind `ports`.

pub mod mailing;
pub mod problem_texts;
pub mod settings;
