//! Just enough XML to be correct: elements, attributes, text.

use std::fmt::Write as _;

/// Writes a document, indented by nothing: white space in it is content.
pub(super) struct Xml {
    out: String,
    open: Vec<&'static str>,
}

impl Xml {
    pub(super) fn new() -> Self {
        Self {
            out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
            open: Vec::new(),
        }
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes, "");
        self.open.push(name);
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes, "/");
        self.out.push('\n');
    }

    /// Text in the element that is open.
    pub(super) fn text(&mut self, text: &str) {
        escape(&mut self.out, text, false);
    }

    /// A line break between elements.
    pub(super) fn line(&mut self) {
        self.out.push('\n');
    }

    /// Closes the element that was opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            let _ = writeln!(self.out, "</{name}>");
        }
    }

    /// The document; what is open is closed.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) {
        let _ = write!(self.out, "<{name}");
        for (key, value) in attributes {
            let _ = write!(self.out, " {key}=\"");
            escape(&mut self.out, value, true);
            self.out.push('"');
        }
        let _ = write!(self.out, "{end}>");
    }
}

/// XML 1.0 §2.2 has characters that no document may hold, however written: they become U+FFFD. A parser makes a space of a
/// line break in an attribute (§3.3.3), and a line feed of a carriage return anywhere (§2.11), so those are written as numbers.
fn escape(out: &mut String, text: &str, attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\n' | '\t' if attribute => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            '\0'..='\x1F' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_of_a_parser() {
        let nasty = "a<b>&\"c\" ]]> 'd'\tä\n\r\n←";
        let mut xml = Xml::new();
        xml.open("outer", &[("key", nasty)]);
        xml.empty("inner", &[("e", "")]);
        xml.text(nasty);
        xml.text("\0\x1B[31m\u{FFFF}");
        let text = xml.finish();
        let document = roxmltree::Document::parse(&text).unwrap();
        let outer = document.root_element();
        assert_eq!(outer.attribute("key"), Some(nasty));
        let texts: String = outer.children().filter_map(|c| c.text()).collect();
        assert_eq!(
            texts.trim_start_matches('\n'),
            format!("{nasty}\u{FFFD}\u{FFFD}[31m\u{FFFD}")
        );
    }
}
