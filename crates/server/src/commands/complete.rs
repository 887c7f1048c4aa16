//! `o2o completion` and `o2o man`: what is derived from the command line's own definition.

use crate::{
    cli::{Cli, CompletionArgs},
    wire::Failure,
};
use clap::CommandFactory as _;
use std::{io::Write, process::ExitCode};

pub fn completion(args: &CompletionArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "o2o", &mut script);
    out.write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// One page: the program, then each command with its flags.
pub fn man(out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let mut command = Cli::command();
    command.build();
    let page = clap_mangen::Man::new(command.clone()).section("1").manual("One 2 One Love");
    let mut text = Vec::new();
    page.render(&mut text)?;
    sections(&command, &mut text)?;
    out.write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What the page says of each command below `command`.
fn sections(command: &clap::Command, text: &mut Vec<u8>) -> Result<(), Failure> {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        if below.has_subcommands() {
            sections(below, text)?;
            continue;
        }
        let name = below.get_bin_name().unwrap_or(below.get_name()).to_uppercase();
        writeln!(text, ".SH \"{name}\"")?;
        let page = clap_mangen::Man::new(below.clone());
        page.render_synopsis_section(text)?;
        page.render_description_section(text)?;
        page.render_options_section(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap_complete::Shell;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut out = Vec::new();
            completion(&CompletionArgs { shell }, &mut out).unwrap();
            let script = String::from_utf8(out).unwrap();
            for word in ["serve", "backup", "restore", "grant-plan", "--preset", "laptop"] {
                let word = if shell == Shell::Fish { word.trim_start_matches('-') } else { word };
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn the_page_has_every_command_with_its_flags() {
        let mut out = Vec::new();
        man(&mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(page.contains(".TH o2o 1"), "{page}");
        for heading in [".SH \"O2O SERVE\"", ".SH \"O2O BACKUP CREATE\"", ".SH \"O2O MEMBER GRANT-PLAN\""] {
            assert!(page.contains(heading), "{heading}");
        }
        assert!(page.contains("\\-\\-listen") && page.contains("\\-\\-to"), "{page}");
    }
}
