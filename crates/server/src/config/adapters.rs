//! One section per port; `kind` chooses the adapter. All kinds are known to every build, so that a configuration means
//! the same everywhere; whether this build has the adapter is a second question ([`missing`]).
//!
//! Keys with a default here are those a section of another kind may leave out; the presets show the same values.

use base::Secret;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Declares the kinds of one section. The enum is read with `kind` as its tag by [`super::decode`].
macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$note:meta])* $kind:ident { $($(#[$attr:meta])* $key:ident : $type:ty),* $(,)? }),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, Serialize)]
        #[serde(rename_all = "snake_case", deny_unknown_fields)]
        pub enum $name {
            $($(#[$note])* $kind { $($(#[$attr])* $key: $type),* }),+
        }
    };
}

section! {
    /// Accounts, profiles, couples, plans.
    Sql {
        Sqlite { path: PathBuf },
        Postgres {
            url: Secret,
            /// A read replica; empty: none.
            #[serde(default)]
            read_url: Secret,
            #[serde(default = "connections")]
            max_connections: u32,
        },
    }
}

section! {
    /// Partition-shaped, high-volume data.
    Items {
        Sqlite { path: PathBuf },
        Dynamodb {
            region: String,
            /// Empty: AWS's own, here and below.
            #[serde(default)]
            endpoint: String,
            #[serde(default = "table_prefix")]
            table_prefix: String,
        },
    }
}

section! {
    /// What may be lost at any moment.
    Cache {
        Memory {},
        Redis { url: Secret, #[serde(default = "yes")] cluster: bool },
    }
}

section! {
    /// Live events to every node.
    Fanout {
        Memory {},
        Redis { url: Secret, #[serde(default = "yes")] cluster: bool },
    }
}

section! {
    /// Work to do once.
    Queue {
        /// In the file of the embedded store ([`super::Config::store_path`]).
        Items {},
        Sqs {
            region: String,
            #[serde(default)]
            endpoint: String,
            #[serde(default = "queue_prefix")]
            queue_prefix: String,
        },
    }
}

section! {
    /// Facts that others consume.
    Stream {
        Items {},
        Kafka {
            brokers: Vec<String>,
            #[serde(default = "yes")]
            iam: bool,
            #[serde(default)]
            topic_prefix: String,
        },
    }
}

section! {
    /// Uploads, exports, backups.
    Objects {
        Folder { path: PathBuf },
        S3 {
            region: String,
            bucket: String,
            #[serde(default)]
            endpoint: String,
            #[serde(default)]
            path_style: bool,
        },
    }
}

section! {
    /// Mail; `from` is `name <address>`.
    Mail {
        Local { from: String },
        Ses {
            from: String,
            region: String,
            #[serde(default)]
            endpoint: String,
            #[serde(default)]
            configuration_set: String,
        },
        Smtp {
            from: String,
            host: String,
            #[serde(default = "smtp_port")]
            port: u16,
            #[serde(default)]
            security: SmtpSecurity,
            #[serde(default)]
            username: String,
            #[serde(default)]
            password: Secret,
        },
    }
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    #[default]
    Starttls,
    Tls,
    None,
}

section! {
    /// Text messages.
    Sms {
        Local {},
        EndUserMessaging {
            region: String,
            #[serde(default)]
            endpoint: String,
            #[serde(default)]
            origination_identity: String,
            #[serde(default)]
            configuration_set: String,
        },
        Sns {
            region: String,
            #[serde(default)]
            endpoint: String,
            #[serde(default)]
            sender_id: String,
        },
        Twilio { account_sid: String, api_key: String, api_secret: Secret, from: String },
    }
}

section! {
    /// Keys and passwords.
    Secrets {
        File { path: PathBuf },
        SecretsManager { region: String, #[serde(default)] endpoint: String },
    }
}

fn yes() -> bool {
    true
}
fn connections() -> u32 {
    20
}
fn smtp_port() -> u16 {
    587
}
fn table_prefix() -> String {
    "o2o_".to_owned()
}
fn queue_prefix() -> String {
    "o2o-".to_owned()
}

/// Every section with its kinds: those of every build, then those of the feature `cloud`.
pub const KINDS: &[(&str, &[&str], &[&str])] = &[
    ("sql", &["sqlite", "postgres"], &[]),
    ("items", &["sqlite"], &["dynamodb"]),
    ("cache", &["memory"], &["redis"]),
    ("fanout", &["memory"], &["redis"]),
    ("queue", &["items"], &["sqs"]),
    ("stream", &["items"], &["kafka"]),
    ("objects", &["folder"], &["s3"]),
    ("mail", &["local"], &["ses", "smtp"]),
    ("sms", &["local"], &["end_user_messaging", "sns", "twilio"]),
    ("secrets", &["file"], &["secrets_manager"]),
];

/// Why this build cannot serve `section` with `kind`; none when it can.
pub(super) fn missing(section: &str, kind: &str) -> Option<String> {
    let everywhere = KINDS.iter().any(|(name, built_in, _)| *name == section && built_in.contains(&kind));
    (!everywhere && !cfg!(feature = "cloud")).then(|| {
        format!(
            "the adapter \"{kind}\" is not in this build; build with the feature `cloud` (cargo build --features cloud)"
        )
    })
}
