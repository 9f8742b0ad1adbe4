//! The reports that a command line asks for: each a format and a destination.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::report::Format;

const FORMAT: &str = "format";
const OUTPUT: &str = "output";

/// A report to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) format: Format,
    /// The file. `None` is standard output.
    pub(super) file: Option<PathBuf>,
}

/// The reports of a scan, in the order of the command line. At most one of them goes to standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reports(pub(super) Vec<Wanted>);

impl Reports {
    /// Returns the files that are written.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter_map(|report| report.file.as_deref())
    }
}

impl clap::Args for Reports {
    fn augment_args(command: Command) -> Command {
        let format = Arg::new(FORMAT)
            .long(FORMAT)
            .value_name("FORMAT")
            .value_parser(value_parser!(Format))
            .action(ArgAction::Append)
            .help("How to write the report [default: text]; may be repeated, each with its --output")
            .long_help(
                "How to write the report [default: text]\n\nMay be repeated. Each --output is for the --format before \
                 it. If all reports of several go to files, standard output gets the text.",
            );
        let output = Arg::new(OUTPUT)
            .long(OUTPUT)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .action(ArgAction::Append)
            .help("Write the report to FILE, whole or not at all; `-` is standard output");
        command.arg(format).arg(output)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Reports {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let formats = given::<Format>(matches, FORMAT);
        let outputs = given::<PathBuf>(matches, OUTPUT);
        pair(formats, outputs).map_err(|why| clap::Error::raw(ErrorKind::ArgumentConflict, why))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Returns the values of an option, each with its place on the command line.
fn given<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Vec<(usize, T)> {
    if matches.value_source(name) != Some(ValueSource::CommandLine) {
        return Vec::new();
    }
    let values = matches.get_many::<T>(name).into_iter().flatten().cloned();
    matches.indices_of(name).into_iter().flatten().zip(values).collect()
}

/// Gives each format its output.
fn pair(formats: Vec<(usize, Format)>, outputs: Vec<(usize, PathBuf)>) -> Result<Reports, String> {
    let is_several = formats.len() > 1 || outputs.len() > 1;
    let file = |path: PathBuf| Some(path).filter(|path| path != Path::new("-"));
    if !is_several {
        // The order of two options does not matter.
        let format = formats.into_iter().next().map(|(_, format)| format).unwrap_or_default();
        let output = outputs.into_iter().next().and_then(|(_, path)| file(path));
        return Ok(Reports(vec![Wanted { format, file: output }]));
    }
    let mut reports: Vec<(usize, Wanted)> =
        formats.into_iter().map(|(at, format)| (at, Wanted { format, file: None })).collect();
    let mut has_output = vec![false; reports.len()];
    for (at, path) in outputs {
        let owner = reports.partition_point(|(format, _)| *format < at).checked_sub(1);
        let owner = owner.filter(|owner| has_output.get(*owner) == Some(&false));
        let report = owner.and_then(|owner| Some((has_output.get_mut(owner)?, reports.get_mut(owner)?)));
        let Some((has_output, (_, report))) = report else {
            return Err(format!("--output {} does not follow a --format of its own\n", path.display()));
        };
        *has_output = true;
        report.file = file(path);
    }
    let mut reports: Vec<Wanted> = reports.into_iter().map(|(_, report)| report).collect();
    match reports.iter().filter(|report| report.file.is_none()).count() {
        0 => reports.push(Wanted { format: Format::Text, file: None }),
        1 => {}
        _ => {
            return Err("several reports would go to standard output; --output FILE after a --format gives it a file\n"
                .to_owned());
        }
    }
    for (number, report) in reports.iter().enumerate() {
        let earlier = reports.iter().take(number);
        if let Some(file) =
            report.file.as_ref().filter(|_| earlier.clone().any(|other| other.file == report.file))
        {
            return Err(format!("two reports would be written to {}\n", file.display()));
        }
    }
    Ok(Reports(reports))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(words: &str) -> Result<String, String> {
        let (mut formats, mut outputs) = (Vec::new(), Vec::new());
        for (at, word) in words.split_whitespace().enumerate() {
            match word {
                "text" => formats.push((at, Format::Text)),
                "json" => formats.push((at, Format::Json)),
                path => outputs.push((at, PathBuf::from(path))),
            }
        }
        let show = |report: &Wanted| {
            let file = report.file.as_ref().map_or("-".to_owned(), |file| file.display().to_string());
            format!("{:?}>{file}", report.format)
        };
        pair(formats, outputs).map(|reports| reports.0.iter().map(show).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn each_output_is_for_the_format_before_it() {
        for (words, expected) in [
            ("", "Text>-"),
            ("json", "Json>-"),
            ("a", "Text>a"),
            ("a json", "Json>a"),
            ("json a", "Json>a"),
            ("json -", "Json>-"),
            ("json a text", "Json>a Text>-"),
            ("text json a", "Text>- Json>a"),
            ("json a json b", "Json>a Json>b Text>-"),
            ("json a text -", "Json>a Text>-"),
        ] {
            assert_eq!(reports(words).as_deref(), Ok(expected), "{words}");
        }
        for (words, says) in [
            ("json text", "several reports"),
            ("a json b", "--output a does not follow"),
            ("json a b", "--output b does not follow"),
            ("a b", "--output a does not follow"),
            ("json a text a", "two reports would be written to a"),
            ("json - text -", "several reports"),
        ] {
            assert!(reports(words).is_err_and(|why| why.contains(says)), "{words}");
        }
    }
}
