//! Diagnostics: every mistake with file, line, column and an underline.

use std::fmt;
use std::sync::Arc;

use greenroom_spec::diagnostic::{Diagnostic, Label, Severity};
use greenroom_spec::source::{FileId, Source, Sources};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode, ThemeCharacters,
    ThemeStyles,
};
use serde_json::{Value as Json, json};

use super::words::counted;
use super::{Fields, Kind, Message, fields};
use crate::palette::{Palette, Tone};

/// How wide a report may be, in columns.
const WIDTH: usize = 100;

/// Diagnostics with the files that they are about.
pub(crate) struct Diagnostics<'a> {
    /// The files.
    pub(crate) sources: &'a Sources,
    /// The diagnostics, in the order in which they are shown.
    pub(crate) diagnostics: &'a [Diagnostic],
}

impl Diagnostics<'_> {
    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|it| it.severity == severity).count()
    }

    fn handler(palette: Palette) -> GraphicalReportHandler {
        let characters = if palette.is_unicode() {
            ThemeCharacters::unicode()
        } else {
            ThemeCharacters::ascii()
        };
        let styles = if palette.is_coloured() { ThemeStyles::ansi() } else { ThemeStyles::none() };
        GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
            .with_width(WIDTH)
            .with_links(false)
            .with_context_lines(1)
    }

    fn total(&self, palette: Palette) -> String {
        let (mistakes, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let mistakes =
            (mistakes > 0).then(|| palette.paint(Tone::Bad, counted(mistakes, "mistake")));
        let warnings =
            (warnings > 0).then(|| palette.paint(Tone::Changed, counted(warnings, "warning")));
        let total: Vec<String> = mistakes.into_iter().chain(warnings).collect();
        total.join(", ")
    }
}

impl Message for Diagnostics<'_> {
    fn kind(&self) -> Kind {
        Kind::Diagnostics
    }

    fn fields(&self) -> Fields {
        let diagnostics: Vec<Json> =
            self.diagnostics.iter().map(|it| diagnostic_json(self.sources, it)).collect();
        fields(json!({
            "mistakes": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "diagnostics": diagnostics,
        }))
    }

    fn text(&self, palette: Palette) -> String {
        if self.diagnostics.is_empty() {
            return String::new();
        }
        let handler = Diagnostics::handler(palette);
        let mut text = String::new();
        for diagnostic in self.diagnostics {
            let report = Report::of(self.sources, diagnostic);
            // A string takes everything, so that only a broken span could fail here.
            if handler.render_report(&mut text, &report).is_err() {
                text.push_str(&format!("error: {diagnostic}\n"));
            }
            text.push('\n');
        }
        text.push_str(&self.total(palette));
        text.push('\n');
        text
    }
}

fn diagnostic_json(sources: &Sources, diagnostic: &Diagnostic) -> Json {
    let labels: Vec<Json> =
        diagnostic.labels.iter().map(|label| label_json(sources, label)).collect();
    json!({
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "code": diagnostic.code,
        "message": diagnostic.message,
        "labels": labels,
        "help": diagnostic.help,
    })
}

fn label_json(sources: &Sources, label: &Label) -> Json {
    let source = sources.get(label.place.file);
    let range = label.place.span.range();
    let (line, column) = source.line_and_column(range.start);
    let (end_line, end_column) = source.line_and_column(range.end);
    json!({
        "file": source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "text": label.text,
    })
}

/// A diagnostic as miette draws it: the labels of one file, and a report of its own for each
/// further file.
#[derive(Debug)]
struct Report {
    message: String,
    code: Option<&'static str>,
    severity: miette::Severity,
    help: Option<String>,
    source: Option<NamedSource<Arc<str>>>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Report>,
}

impl Report {
    fn of(sources: &Sources, diagnostic: &Diagnostic) -> Report {
        let mut files: Vec<FileId> = Vec::new();
        for label in &diagnostic.labels {
            if !files.contains(&label.place.file) {
                files.push(label.place.file);
            }
        }
        let mut reports = files.into_iter().map(|file| {
            let labels = diagnostic.labels.iter().filter(|it| it.place.file == file);
            Report::about(sources.get(file), labels)
        });
        let main = reports.next().unwrap_or_else(Report::nowhere);
        Report {
            message: diagnostic.message.clone(),
            code: Some(diagnostic.code),
            severity: match diagnostic.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            help: diagnostic.help.clone(),
            elsewhere: reports.collect(),
            ..main
        }
    }

    fn about<'a>(source: &Source, labels: impl Iterator<Item = &'a Label>) -> Report {
        let span = |label: &Label| {
            let range = label.place.span.range();
            // Text may have been read from elsewhere since; a label outside of it would not draw.
            let start = range.start.min(source.text.len());
            let length = range.end.min(source.text.len()).saturating_sub(start);
            LabeledSpan::new(Some(label.text.clone()), start, length)
        };
        Report {
            message: format!("see also {}", source.name),
            source: Some(NamedSource::new(&*source.name, source.text.clone())),
            labels: labels.map(span).collect(),
            ..Report::nowhere()
        }
    }

    fn nowhere() -> Report {
        Report {
            message: String::new(),
            code: None,
            severity: miette::Severity::Advice,
            help: None,
            source: None,
            labels: Vec::new(),
            elsewhere: Vec::new(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let related = self.elsewhere.iter().map(|report| report as &dyn miette::Diagnostic);
        (!self.elsewhere.is_empty()).then(|| Box::new(related) as Box<_>)
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::span::Span;
    use greenroom_spec::source::Place;

    use super::*;

    fn sample() -> (Sources, Vec<Diagnostic>) {
        let mut sources = Sources::default();
        let project = sources.add("greenroom.toml", "[project]\nname = \"shop\"\n");
        let template =
            sources.add("environment.toml", "[output.url]\nvalue = \"${aws_lb.wob.dns}\"\n");
        let place = |file, start, end| Place { file, span: Span::new(start, end) };
        let diagnostics = vec![
            Diagnostic::error("spec::unknown_reference", "unknown resource `aws_lb.wob`")
                .at(place(template, 24, 34), "referred to here")
                .help("did you mean `aws_lb.web`?"),
            Diagnostic::error("spec::no_front", "stage `it` has no front")
                .at(place(template, 24, 30), "nothing to refer to")
                .at(place(project, 10, 14), "this project"),
            Diagnostic::warning("spec::empty", "nothing is declared"),
        ];
        (sources, diagnostics)
    }

    fn shown(palette: Palette) -> String {
        let (sources, diagnostics) = sample();
        Diagnostics { sources: &sources, diagnostics: &diagnostics }.text(palette)
    }

    #[test]
    fn all_mistakes_are_shown_with_their_places() {
        insta::assert_snapshot!(shown(Palette::PLAIN), @r#"
        spec::unknown_reference

          × unknown resource `aws_lb.wob`
           ╭─[environment.toml:2:12]
         1 │ [output.url]
         2 │ value = "${aws_lb.wob.dns}"
           ·            ─────┬────
           ·                 ╰── referred to here
           ╰────
          help: did you mean `aws_lb.web`?

        spec::no_front

          × stage `it` has no front
           ╭─[environment.toml:2:12]
         1 │ [output.url]
         2 │ value = "${aws_lb.wob.dns}"
           ·            ───┬──
           ·               ╰── nothing to refer to
           ╰────

        Advice: 
          ☞ see also greenroom.toml
           ╭─[greenroom.toml:2:1]
         1 │ [project]
         2 │ name = "shop"
           · ──┬─
           ·   ╰── this project
           ╰────

        spec::empty

          ⚠ nothing is declared

        2 mistakes, 1 warning
        "#);
    }

    #[test]
    fn nothing_but_ascii_is_drawn_where_nothing_else_is_understood() {
        assert!(shown(Palette::new(false, false)).is_ascii());
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        let coloured = shown(Palette::new(true, true));
        assert!(coloured.contains("\u{1b}["));
        assert!(!shown(Palette::PLAIN).contains('\u{1b}'));
    }

    #[test]
    fn labels_have_lines_and_columns_in_json() {
        let (sources, diagnostics) = sample();
        let view = Diagnostics { sources: &sources, diagnostics: &diagnostics };
        let fields = view.fields();
        assert_eq!(fields["mistakes"], 2);
        assert_eq!(fields["warnings"], 1);
        let label = &fields["diagnostics"][0]["labels"][0];
        assert_eq!(label["file"], "environment.toml");
        assert_eq!((&label["line"], &label["column"]), (&json!(2), &json!(12)));
        assert_eq!((&label["end_line"], &label["end_column"]), (&json!(2), &json!(22)));
    }

    #[test]
    fn a_place_outside_of_its_file_is_no_reason_to_panic() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml", "é");
        let far = Place { file, span: Span::new(7, 99) };
        let diagnostics = [Diagnostic::error("spec::far", "far away").at(far, "here")];
        let view = Diagnostics { sources: &sources, diagnostics: &diagnostics };
        assert!(view.text(Palette::PLAIN).contains("far away"));
    }
}
