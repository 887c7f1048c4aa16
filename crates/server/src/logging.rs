//! Logs of background work, on standard error: one JSON object a line, or text for people on a terminal.
//!
//! Secrets stay out by their type (`base::Secret` prints «secret»), and because the modules below that could print
//! what passes through them are held at a level at which they do not, unless `log.level` names them.

use crate::config::{Format, Log};
use std::io::{self, IsTerminal as _};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, filter, fmt, layer::SubscriberExt as _};

/// Modules that tell statements, headers or frames when asked for more.
const QUIET: &str = "sqlx=warn,hyper=info,hyper_util=info,tungstenite=info,tokio_tungstenite=info,rustls=info";

#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("log.level: {0}")]
    Level(#[from] filter::ParseError),
    #[error("logging was set up already")]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Sets up the logs of this process; once.
pub fn init(log: &Log) -> Result<(), LoggingError> {
    let pretty = match log.format {
        Format::Auto => io::stderr().is_terminal(),
        Format::Json => false,
        Format::Pretty => true,
    };
    Ok(tracing::subscriber::set_global_default(subscriber(&log.level, pretty, io::stderr)?)?)
}

fn subscriber<W>(level: &str, pretty: bool, writer: W) -> Result<impl Subscriber + Send + Sync, filter::ParseError>
where
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    // Of two directives for one module the later wins, so the operator's come last.
    let filter = EnvFilter::builder().parse(format!("{QUIET},{level}"))?;
    let layer = if pretty {
        fmt::layer().with_writer(writer).with_ansi(true).boxed()
    } else {
        fmt::layer().with_writer(writer).json().flatten_event(true).with_span_list(false).boxed()
    };
    Ok(Registry::default().with(layer.with_filter(filter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Secret;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, pretty: bool, work: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(subscriber(level, pretty, move || writer.clone()).unwrap(), work);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_is_an_object_a_line_without_secrets() {
        let text = logged("info", false, || {
            tracing::info!(token = ?Secret::new("hunter2"), jobs = 3, "two\nlines");
            tracing::debug!("not this");
        });
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (&lines[0]["message"], &lines[0]["jobs"], &lines[0]["level"]),
            (&"two\nlines".into(), &3.into(), &"INFO".into())
        );
        assert_eq!(lines[0]["token"], "«secret»");
        assert!(lines[0]["timestamp"].is_string());
    }

    #[test]
    fn talkative_modules_need_to_be_named() {
        let work = || {
            tracing::debug!(target: "sqlx::query", "a statement");
            tracing::debug!(target: "app", "ours");
        };
        let text = logged("debug", true, work);
        assert!(text.contains("ours") && !text.contains("a statement"));
        assert!(logged("debug,sqlx=debug", true, work).contains("a statement"));
    }

    #[test]
    fn a_level_that_is_none_is_an_error() {
        assert!(subscriber("app=loud", false, io::sink).is_err());
    }
}
