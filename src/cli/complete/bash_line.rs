//! Splits a command line like bash, and quotes candidates. bash inserts candidates literally, so special characters are
//! quoted here. bash replaces only the text after the last `:`, `@` or `=` of the word, so only that part of a candidate
//! is returned.

/// A command line up to the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TypedLine {
    /// The words after the name of the program, unquoted.
    pub(super) words: Vec<String>,
    /// The word at the cursor, unquoted.
    pub(super) current: String,
    /// The part of `current` before the part that bash replaces, unquoted; `None` if it cannot be determined.
    prefix: Option<String>,
    /// The quotation mark that is open at the cursor; `None` outside quotes.
    quote: Option<char>,
}

/// A word, possibly unfinished.
#[derive(Debug, Clone, Default)]
struct ShellWord {
    /// The word as typed.
    raw: String,
    /// The word without quotes.
    plain: String,
    /// The quotation mark that is open at the end; `None` if the word does not end inside quotes.
    quote: Option<char>,
}

impl TypedLine {
    /// Parses a line up to the cursor. `replaced` is the end of the line that bash will replace.
    pub(super) fn parse(line: &str, replaced: &str) -> Self {
        let mut words = words(line);
        let last = words.pop().unwrap_or_default();
        let prefix = last.raw.strip_suffix(replaced);
        let prefix = prefix.map(|raw| self::words(raw).pop().unwrap_or_default().plain);
        // The name of the program and the variable assignments before it are skipped.
        let is_assignment = |word: &&ShellWord| {
            word.plain
                .split_once('=')
                .is_some_and(|(name, _)| is_variable_name(name))
        };
        let assignment_count = words.iter().take_while(is_assignment).count();
        Self {
            words: words
                .into_iter()
                .skip(assignment_count + 1)
                .map(|word| word.plain)
                .collect(),
            current: last.plain,
            prefix,
            quote: last.quote,
        }
    }

    /// Returns the quoted text that completes the word to `value`, without the part that bash keeps; `None` if there is no
    /// such text.
    pub(super) fn insertion(&self, value: &str) -> Option<String> {
        let rest = value.strip_prefix(self.prefix.as_deref()?)?;
        match self.quote {
            Some('\'') => (!rest.contains('\'')).then(|| rest.to_owned()),
            // In double quotes, nothing prevents history expansion of an exclamation mark.
            Some(_) if rest.contains('!') => None,
            Some(_) => Some(escaped(rest, |c| matches!(c, '"' | '\\' | '$' | '`'))),
            None => Some(escaped(rest, |c| {
                let is_plain = c.is_alphanumeric()
                    || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '%' | '+' | ',' | '=');
                !is_plain
            })),
        }
    }
}

fn is_variable_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Returns the text with a backslash before each special character.
fn escaped(text: &str, is_special: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_special(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Returns the words of a line. The last word is unfinished and may be empty.
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

    fn typed(line: &str, replaced: &str) -> TypedLine {
        TypedLine::parse(line, replaced)
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
