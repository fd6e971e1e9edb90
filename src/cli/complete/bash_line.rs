//! Splits a command line like bash, and quotes candidates. bash inserts candidates literally, so special characters are
//! quoted here. It replaces only the text after the last `:`, `@` or `=`, so only the part from there is returned.

/// A command line up to the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TypedLine {
    /// The words after the name of the program, unquoted.
    pub(super) words: Vec<String>,
    /// The word at the cursor, unquoted.
    pub(super) current: String,
    /// The part of that word before the part that bash replaces, unquoted; `None` if it cannot be determined.
    prefix: Option<String>,
    /// The quotation mark that is open at the cursor.
    quote: Option<char>,
}

/// A word, possibly unfinished.
#[derive(Debug, Clone, Default)]
struct ShellWord {
    /// The word as typed.
    raw: String,
    /// The word without quotes.
    plain: String,
    /// The quotation mark that is open at the end.
    quote: Option<char>,
}

impl TypedLine {
    /// Parses `line`, of which bash will replace `part`.
    pub(super) fn parse(line: &str, part: &str) -> Self {
        let mut words = words(line);
        let last = words.pop().unwrap_or_default();
        let prefix = last.raw.strip_suffix(part);
        let prefix = prefix.map(|raw| self::words(raw).pop().unwrap_or_default().plain);
        // Variable assignments before the program name are not its words.
        let is_variable = |word: &&ShellWord| {
            word.plain
                .split_once('=')
                .is_some_and(|(name, _)| is_variable_name(name))
        };
        let before = words.iter().take_while(is_variable).count();
        Self {
            words: words
                .into_iter()
                .skip(before + 1)
                .map(|word| word.plain)
                .collect(),
            current: last.plain,
            prefix,
            quote: last.quote,
        }
    }

    /// Returns the quoted text with which bash must replace its part, so that the word becomes `value`; `None` if that
    /// is impossible.
    pub(super) fn insertion(&self, value: &str) -> Option<String> {
        let rest = value.strip_prefix(self.prefix.as_deref()?)?;
        match self.quote {
            Some('\'') => (!rest.contains('\'')).then(|| rest.to_owned()),
            // In double quotes, nothing prevents history expansion of an exclamation mark.
            Some(_) if rest.contains('!') => None,
            Some(_) => Some(escaped(rest, |c| matches!(c, '"' | '\\' | '$' | '`'))),
            None => Some(escaped(rest, |c| {
                let plain = c.is_alphanumeric()
                    || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '%' | '+' | ',' | '=');
                !plain
            })),
        }
    }
}

fn is_variable_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn escaped(text: &str, special: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The words of a line; the last one is unfinished and may be empty.
fn words(line: &str) -> Vec<ShellWord> {
    let mut all = vec![ShellWord::default()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let is_empty = all.last().is_some_and(|word| word.raw.is_empty());
        let Some(word) = all.last_mut() else { break };
        if word.quote.is_none() && c.is_whitespace() {
            if !is_empty {
                all.push(ShellWord::default());
            }
            continue;
        }
        word.raw.push(c);
        match (word.quote, c) {
            (None, '\'' | '"') => word.quote = Some(c),
            (Some(quote), c) if c == quote => word.quote = None,
            (None | Some('"'), '\\') => {
                let Some(next) = chars.next() else { break };
                word.raw.push(next);
                // In double quotes, a backslash before an ordinary character is literal.
                if word.quote.is_some() && !matches!(next, '"' | '\\' | '$' | '`') {
                    word.plain.push('\\');
                }
                word.plain.push(next);
            }
            (_, c) => word.plain.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str, part: &str) -> TypedLine {
        TypedLine::parse(line, part)
    }

    #[test]
    fn splits_line_like_bash() {
        let line = typed("A=b hatrack show 'a b'\\ c \"d\\\"\\e\" x\\ y", "x\\ y");
        assert_eq!(line.words, ["show", "a b c", "d\"\\e"]);
        assert_eq!(
            (line.current.as_str(), line.prefix.as_deref(), line.quote),
            ("x y", Some(""), None)
        );
        let line = typed("hatrack show ", "");
        assert_eq!(
            (line.words.as_slice(), line.current.as_str()),
            (&["show".to_owned()][..], "")
        );
        let line = typed("hatrack show 'a b", "a b");
        assert_eq!(
            (line.current.as_str(), line.prefix.as_deref(), line.quote),
            ("a b", Some(""), Some('\''))
        );
        assert_eq!(
            typed("hatrack show urn:x\\ y:a", "a").prefix.as_deref(),
            Some("urn:x y:")
        );
        assert_eq!(typed("hatrack show ab", "x").insertion("abc"), None);
    }

    #[test]
    fn inserted_text_is_never_executed() {
        let evil = "urn:x:$(touch x)`y`;&|<>\"'\\ !~*?[]{}#é";
        assert_eq!(
            typed("hatrack show ", "").insertion(evil).unwrap(),
            "urn:x:\\$\\(touch\\ x\\)\\`y\\`\\;\\&\\|\\<\\>\\\"\\'\\\\\\ \\!\\~\\*\\?\\[\\]\\{\\}\\#é"
        );
        assert_eq!(
            typed("hatrack show urn:x:", "").insertion("urn:x:$(a)").unwrap(),
            "\\$\\(a\\)"
        );
        assert_eq!(typed("hatrack show 'urn", "urn").insertion(evil), None);
        assert_eq!(
            typed("hatrack show 'urn", "urn")
                .insertion("urn:$(x) \"")
                .unwrap(),
            "urn:$(x) \""
        );
        assert_eq!(typed("hatrack show \"urn", "urn").insertion(evil), None);
        assert_eq!(
            typed("hatrack show \"urn", "urn")
                .insertion("urn:$(x)`'\\\"")
                .unwrap(),
            "urn:\\$(x)\\`'\\\\\\\""
        );
    }
}
