//! The command line. Every command takes the same preset, file, data folder and environment.

use crate::config::{Config, ConfigError, Flags, Preset};
use app::{operator::StaffRole, plans::Feature};
use base::{Time, time::DAY};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{ffi::OsStr, net::SocketAddr, path::PathBuf};

/// One 2 One Love: the server for couples.
#[derive(Debug, Parser)]
#[command(
    name = "o2o",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "\
The configuration is a preset, a file of yours over it, and variables O2O__SECTION__KEY over both.
Exit codes: 0 success, 1 failure, 2 wrong usage."
)]
pub struct Cli {
    #[command(flatten)]
    pub shared: Shared,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Shared {
    /// The configuration to begin with
    #[arg(long, global = true, value_enum, default_value_t, value_name = "NAME")]
    pub preset: Preset,
    /// A TOML file with what differs from the preset
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data folder [default: the configuration's, ./data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// One JSON document on standard output, also when it fails
    #[arg(long, global = true)]
    pub json: bool,
}

impl Shared {
    /// The configuration of these flags, with `listen` where the command has such a flag.
    pub fn load<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        &self,
        env: impl IntoIterator<Item = (K, V)>,
        listen: Option<SocketAddr>,
    ) -> Result<Config, ConfigError> {
        Config::load(self.preset, self.config.as_deref(), env, &Flags { data: self.data.clone(), listen })
    }

    /// Everything wrong with it, adapters that this build lacks included.
    pub fn check<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        &self,
        env: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), ConfigError> {
        Config::check(self.preset, self.config.as_deref(), env, &Flags { data: self.data.clone(), listen: None })
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(ServeArgs),
    Migrate(MigrateArgs),
    #[command(subcommand)]
    Config(ConfigCommand),
    Doctor(DoctorArgs),
    #[command(subcommand)]
    Member(MemberCommand),
    #[command(subcommand)]
    Jobs(JobsCommand),
    #[command(subcommand)]
    Templates(TemplatesCommand),
    #[command(subcommand)]
    Backup(BackupCommand),
    Seed(SeedArgs),
    Completion(CompletionArgs),
    Man(ManArgs),
}

/// Start the server
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The address is printed on standard output: listening on http://127.0.0.1:8080

Examples:
  o2o serve                                  on this machine, data in ./data
  o2o serve --data /var/lib/o2o --listen 0.0.0.0:80
  O2O__EDGE__TRUSTED_PROXIES=1 o2o serve     behind one proxy")]
pub struct ServeArgs {
    /// Address and port; port 0 picks a free one [default: the configuration's, 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
}

/// Bring the databases to this release; `serve` does it too
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  o2o migrate --data /var/lib/o2o")]
pub struct MigrateArgs {}

/// Look at the configuration
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "\
Examples:
  o2o config check --config my.toml
  o2o config show --preset aws --json")]
pub enum ConfigCommand {
    /// Say OK, or list every mistake
    Check,
    /// Print what is in force, as TOML or JSON; secrets are masked
    Show,
}

/// Examine data and dependencies; works beside a running server
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  o2o doctor --data /var/lib/o2o --json")]
pub struct DoctorArgs {}

/// Change members; works beside a running server
#[derive(Debug, Clone, Subcommand)]
pub enum MemberCommand {
    /// Give a member a plan
    #[command(after_help = "Example:\n  o2o member grant-plan --email ana@example.com --plan premiere")]
    GrantPlan {
        /// The member's address
        #[arg(long)]
        email: String,
        /// The plan
        #[arg(long, value_enum, ignore_case = true)]
        plan: PlanName,
    },
    /// Give a member one feature besides the plan
    #[command(after_help = "\
Examples:
  o2o member grant-feature --email ana@example.com --feature surprise_messages
  o2o member grant-feature --email ana@example.com --feature vip_badge --until 2027-01-31")]
    GrantFeature {
        /// The member's address
        #[arg(long)]
        email: String,
        /// The feature's key
        #[arg(long, value_name = "KEY", value_parser = feature)]
        feature: Feature,
        /// The last day it is given for, in UTC [default: for good]
        #[arg(long, value_name = "DATE", value_parser = last_day)]
        until: Option<Time>,
    },
    /// Give a member a staff role, or take it away
    #[command(after_help = "\
A role counts in sessions that began with the second factor.

Examples:
  o2o member grant-staff --email ana@example.com --role support
  o2o member grant-staff --email ana@example.com --role none")]
    GrantStaff {
        /// The member's address
        #[arg(long)]
        email: String,
        /// The role; none takes it away
        #[arg(long, value_enum, ignore_case = true)]
        role: RoleName,
    },
}

/// An entitlement key.
fn feature(key: &str) -> Result<Feature, String> {
    let found = Feature::parse(key).filter(|feature| feature.is_key());
    found.ok_or_else(|| {
        let keys = Feature::all().filter(|feature| feature.is_key()).map(Feature::key);
        format!("there are {}", keys.collect::<Vec<_>>().join(", "))
    })
}

/// The instant after a day in UTC.
fn last_day(text: &str) -> Result<Time, String> {
    base::zone::date(text).ok_or("not a date such as 2027-01-31")?;
    let midnight = format!("{text}T00:00:00Z").parse::<Time>().map_err(|error| error.to_string())?;
    Ok(midnight.plus(DAY))
}

/// Look after jobs that were parked; works beside a running server
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "\
Examples:
  o2o jobs parked --data /var/lib/o2o
  o2o jobs redrive --data /var/lib/o2o")]
pub enum JobsCommand {
    /// List what was given up after too many attempts, the longest parked first
    Parked,
    /// Give every parked job its attempts anew
    Redrive,
}

/// Look after the templates of love notes; works beside a running server
#[derive(Debug, Clone, Subcommand)]
pub enum TemplatesCommand {
    /// Add and change the templates of a file, all or none
    #[command(after_help = "\
The file is TOML. An entry with the language and key of a template that is there, also of the opening
stock, takes its place; with active = false it takes it out of the library.

  language = \"en\"

  [[template]]
  key = \"kitchen-slow-dance\"
  category = \"romantic\"
  tier = \"premiere\"
  title = \"A slow dance at the sink\"
  content = \"…\"
  tags = [\"dance\", \"home\", \"evening\"]

Example:
  o2o templates import autumn.toml --data /var/lib/o2o")]
    Import {
        /// The templates
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Copy the whole data folder into one file, beside a running server, and back
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = "\
Examples:
  o2o backup create --data /var/lib/o2o --to /backups/monday.o2o
  o2o backup verify /backups/monday.o2o
  o2o backup restore /backups/monday.o2o --data /var/lib/o2o-new

The file is as secret as the server: it holds its keys.")]
pub enum BackupCommand {
    /// Write everything into one file; works beside a running server
    Create {
        /// The file; an older backup of this name is replaced when the new one is complete
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Read a backup whole, compare it with its digests and examine its databases
    Verify {
        /// The backup
        file: PathBuf,
    },
    /// Put a backup into a data folder that is empty or not there
    Restore {
        /// The backup
        file: PathBuf,
    },
}

/// Fill a data folder with couples to look at
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  o2o seed --demo --couples 25 --data ./demo && o2o serve --data ./demo

The same number gives the same people with the same words. Two addresses to sign in with are printed.")]
pub struct SeedArgs {
    /// Couples of a demonstration: profiles, notes in five languages, a note for tomorrow
    #[arg(long, required = true)]
    pub demo: bool,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub couples: usize,
    /// Also into a folder that has members; fails where an address is taken
    #[arg(long)]
    pub force: bool,
}

/// Print a script that completes commands and flags in a shell
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  o2o completion bash > /etc/bash_completion.d/o2o
  o2o completion zsh > \"${fpath[1]}/_o2o\"
  o2o completion fish > ~/.config/fish/completions/o2o.fish")]
pub struct CompletionArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Print the manual page
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  o2o man > /usr/local/share/man/man1/o2o.1")]
pub struct ManArgs {}

/// The plans by name; case does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanName {
    #[value(alias = "basis")]
    Basic,
    Premiere,
    Exclusive,
}

impl PlanName {
    /// As stored and returned.
    pub fn key(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Premiere => "premiere",
            Self::Exclusive => "exclusive",
        }
    }
}

/// Staff roles by name; case does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    Support,
    Moderator,
    #[value(name = "content_editor", alias = "content-editor")]
    ContentEditor,
    Finance,
    Superadmin,
    None,
}

impl RoleName {
    /// As stored and returned; none for no role.
    pub fn role(self) -> Option<StaffRole> {
        match self {
            Self::Support => Some(StaffRole::Support),
            Self::Moderator => Some(StaffRole::Moderator),
            Self::ContentEditor => Some(StaffRole::ContentEditor),
            Self::Finance => Some(StaffRole::Finance),
            Self::Superadmin => Some(StaffRole::Superadmin),
            Self::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, error::ErrorKind};

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn shared_flags_stand_before_or_after_the_command() {
        for line in [
            "o2o serve --preset aws --data /d --config c.toml --listen 0.0.0.0:0",
            "o2o --preset aws --data /d --config c.toml serve --listen 0.0.0.0:0",
        ] {
            let whole = read(line).unwrap();
            assert_eq!(whole.shared.preset, Preset::Aws);
            assert_eq!(whole.shared.data.as_deref(), Some("/d".as_ref()));
            assert_eq!(whole.shared.config.as_deref(), Some("c.toml".as_ref()));
            assert!(matches!(whole.command, Command::Serve(ServeArgs { listen: Some(at) }) if at.port() == 0));
        }
        let bare = read("o2o doctor --json").unwrap();
        assert_eq!(bare.shared.preset, Preset::Laptop);
        assert!(bare.shared.json && matches!(bare.command, Command::Doctor(DoctorArgs {})));
        assert!(matches!(read("o2o migrate --data /d").unwrap().command, Command::Migrate(MigrateArgs {})));
        let show = read("o2o config show --json --preset aws").unwrap();
        assert!(show.shared.json && matches!(show.command, Command::Config(ConfigCommand::Show)));
        let restore = read("o2o backup restore x.o2o --data /d").unwrap();
        assert_eq!(restore.shared.data.as_deref(), Some("/d".as_ref()));
        assert!(matches!(restore.command, Command::Backup(BackupCommand::Restore { file }) if file == *"x.o2o"));
    }

    #[test]
    fn plans_are_read_as_people_write_them() {
        for (text, key) in
            [("basic", "basic"), ("Basis", "basic"), ("PREMIERE", "premiere"), ("exclusive", "exclusive")]
        {
            let line = format!("o2o member grant-plan --data /d --email a@b.c --plan {text}");
            let Command::Member(MemberCommand::GrantPlan { email, plan }) = read(&line).unwrap().command else {
                panic!("not a grant")
            };
            assert_eq!((email.as_str(), plan.key()), ("a@b.c", key));
        }
    }

    #[test]
    fn a_grant_lasts_through_its_last_day() {
        let line = "o2o member grant-feature --email a@b.c --feature vip_badge --until 2026-12-31";
        let Command::Member(MemberCommand::GrantFeature { feature, until, .. }) = read(line).unwrap().command else {
            panic!("not a grant")
        };
        assert_eq!((feature, until.unwrap().to_string().as_str()), (Feature::VipBadge, "2027-01-01T00:00:00.000Z"));
        let line = "o2o member grant-feature --email a@b.c --feature custom_theme";
        let command = read(line).unwrap().command;
        assert!(matches!(command, Command::Member(MemberCommand::GrantFeature { until: None, .. })));
    }

    #[test]
    fn a_file_of_templates_is_named() {
        let Command::Templates(TemplatesCommand::Import { file }) =
            read("o2o templates import a.toml --data /d").unwrap().command
        else {
            panic!("not an import")
        };
        assert_eq!(file, PathBuf::from("a.toml"));
        assert_eq!(read("o2o templates import").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn roles_are_read_as_they_are_stored() {
        let mut read_back = Vec::new();
        for text in ["support", "Moderator", "content_editor", "content-editor", "FINANCE", "superadmin", "none"] {
            let line = format!("o2o member grant-staff --data /d --email a@b.c --role {text}");
            let Command::Member(MemberCommand::GrantStaff { role, .. }) = read(&line).unwrap().command else {
                panic!("not a grant")
            };
            read_back.push(role.role().map_or("none", StaffRole::key));
        }
        let stored = ["support", "moderator", "content_editor", "content_editor", "finance", "superadmin", "none"];
        assert_eq!(read_back, stored);
        let wrong = read("o2o member grant-staff --email a@b.c --role owner").unwrap_err();
        assert_eq!(wrong.exit_code(), 2);
    }

    #[test]
    fn wrong_usage_is_2_and_help_is_0() {
        for line in [
            "o2o",
            "o2o dance",
            "o2o serve --listen here",
            "o2o member grant-plan --email a@b.c",
            "o2o backup create",
            "o2o seed --couples 3",
            "o2o seed --demo --couples 0",
            "o2o backup verify",
            "o2o completion tcsh",
            "o2o member grant-feature --email a@b.c --feature gold",
            "o2o member grant-feature --email a@b.c --feature couples_dashboard",
            "o2o member grant-feature --email a@b.c --feature vip_badge --until tomorrow",
            "o2o member grant-feature --email a@b.c --feature vip_badge --until 2027-02-29",
            "o2o --preset gcp serve",
        ] {
            assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line}");
        }
        for (line, kind) in [
            ("o2o --version", ErrorKind::DisplayVersion),
            ("o2o serve --help", ErrorKind::DisplayHelp),
            ("o2o help member", ErrorKind::DisplayHelp),
        ] {
            let answer = read(line).unwrap_err();
            assert_eq!((answer.kind(), answer.exit_code()), (kind, 0), "{line}");
        }
        assert!(read("o2o serve --help").unwrap_err().to_string().contains("o2o serve --data /var/lib/o2o"));
        assert!(read("o2o --help").unwrap_err().to_string().contains("Bring the databases to this release"));
    }
}
