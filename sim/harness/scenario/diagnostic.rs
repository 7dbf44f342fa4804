//! One error in a scenario, shown at its place in the file.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::Located;

/// The text of a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it was read from, as the user named it.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// What is wrong with a scenario, where, and what would help. Displays as a compiler's error does, over
/// several lines, without colour and without a final newline.
#[derive(Clone, Debug)]
pub struct ScenarioError {
    /// What is wrong, in one line.
    pub message: String,
    /// Where: bytes of the file.
    pub span: Option<Range<usize>>,
    /// A few words at that place.
    pub label: Option<String>,
    /// What would help.
    pub help: Option<String>,
    /// The file.
    pub source: Option<Arc<Source>>,
}

impl ScenarioError {
    /// An error without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span: None,
            label: None,
            help: None,
            source: None,
        }
    }

    /// An error at the place of `value`.
    pub fn at<T>(value: &Located<T>, message: impl Into<String>) -> Self {
        Self {
            span: value.span.clone(),
            ..Self::new(message)
        }
    }

    /// Adds a few words to show at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds what would help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// "Did you mean", if there is anything near; else the whole list.
    #[must_use]
    pub fn suggest<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let all: Vec<&str> = candidates.into_iter().collect();
        match crate::suggest::did_you_mean(word, all.iter().copied()) {
            Some(question) => self.help(question),
            None if all.is_empty() => self,
            None => self.help(format!("one of: {}", all.join(", "))),
        }
    }

    /// The file that the error is in.
    #[must_use]
    pub fn in_source(mut self, source: Option<&Arc<Source>>) -> Self {
        if self.source.is_none() {
            self.source = source.cloned();
        }
        self
    }

    /// Line and column of the place, both from 1.
    #[must_use]
    pub fn line_column(&self) -> Option<(usize, usize)> {
        let (source, span) = (self.source.as_ref()?, self.span.as_ref()?);
        let before = source.text.get(..span.start)?;
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        Some((
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        ))
    }
}

impl std::fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.source.as_ref().map(|s| s.path.display().to_string());
        let mut report = Level::ERROR
            .primary_title(self.message.as_str())
            .elements([] as [annotate_snippets::Element<'_>; 0]);
        match (&self.source, &self.span) {
            (Some(source), Some(span)) if span.end <= source.text.len() => {
                let place = AnnotationKind::Primary.span(one_line(&source.text, span));
                let place = match &self.label {
                    Some(label) => place.label(label.as_str()),
                    None => place,
                };
                let snippet = Snippet::source(source.text.as_str())
                    .path(path.as_deref())
                    .annotation(place);
                report = report.element(snippet);
            }
            (Some(_), _) => {
                if let Some(path) = &path {
                    report = report.element(annotate_snippets::Origin::path(path.as_str()));
                }
            }
            (None, _) => {}
        }
        if let Some(help) = &self.help {
            report = report.element(Level::HELP.message(help.as_str()));
        }
        f.write_str(&Renderer::plain().render(&[report]))
    }
}

impl std::error::Error for ScenarioError {}

/// The part of `span` to mark: one place, one line. A whole table is cut to its first line; a span that begins at the end of
/// a line, as of a string that is not closed, marks the last character before it.
fn one_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let begins_at_end = text[span.start..].starts_with(['\n', '\r']);
    if span.start > 0 && (begins_at_end || span.start == text.len()) {
        let last = text[..span.start]
            .char_indices()
            .next_back()
            .map_or(0, |(at, _)| at);
        return last..span.start;
    }
    let first = text[span.start..span.end]
        .lines()
        .next()
        .map_or(0, str::len);
    span.start..span.start + first.max(1).min(text.len() - span.start)
}
