//! A line as it was typed in bash, and text that can be put into it. bash takes what it is given as it stands, so what is
//! special to it is quoted here; and it replaces only what follows the last `:`, `@` or `=`, so that is all it gets.

/// What was typed up to the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TypedLine {
    /// The words after the command's name, without quotes.
    pub(super) words: Vec<String>,
    /// The one that the cursor is in, without quotes.
    pub(super) current: String,
    /// What of it stands before the part that is replaced, without quotes. `None`: there is no telling.
    kept: Option<String>,
    quote: Option<char>,
}

/// A word, as far as it goes.
#[derive(Debug, Clone, Default)]
struct ShellWord {
    raw: String,
    plain: String,
    quote: Option<char>,
}

impl TypedLine {
    /// `part` is what bash will replace of the line.
    pub(super) fn of(line: &str, part: &str) -> Self {
        let mut words = words(line);
        let last = words.pop().unwrap_or_default();
        let kept = last.raw.strip_suffix(part);
        let kept = kept.map(|raw| self::words(raw).pop().unwrap_or_default().plain);
        // What stands before the command, such as a variable for it, is none of its words.
        let is_variable =
            |word: &&ShellWord| word.plain.split_once('=').is_some_and(|(name, _)| is_name(name));
        let before = words.iter().take_while(is_variable).count();
        Self {
            words: words
                .into_iter()
                .skip(before + 1)
                .map(|word| word.plain)
                .collect(),
            current: last.plain,
            kept,
            quote: last.quote,
        }
    }

    /// What to put in the place of the part, so that the word becomes this; `None` where that cannot be written.
    pub(super) fn insertion(&self, value: &str) -> Option<String> {
        let rest = value.strip_prefix(self.kept.as_deref()?)?;
        match self.quote {
            Some('\'') => (!rest.contains('\'')).then(|| rest.to_owned()),
            // An exclamation mark brings back an earlier line, whatever stands before it.
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

fn is_name(text: &str) -> bool {
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

/// The words of a line; the last is the one that is not finished, perhaps empty.
fn words(line: &str) -> Vec<ShellWord> {
    let mut all = vec![ShellWord::default()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let begins = all.last().is_some_and(|word| word.raw.is_empty());
        let Some(word) = all.last_mut() else { break };
        if word.quote.is_none() && c.is_whitespace() {
            if !begins {
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
                // In double quotes it stands for itself before anything that is not special there.
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
        TypedLine::of(line, part)
    }

    #[test]
    fn a_line_is_read_as_bash_reads_it() {
        let it = typed("A=b hatrack show 'a b'\\ c \"d\\\"\\e\" x\\ y", "x\\ y");
        assert_eq!(it.words, ["show", "a b c", "d\"\\e"]);
        assert_eq!(
            (it.current.as_str(), it.kept.as_deref(), it.quote),
            ("x y", Some(""), None)
        );
        let it = typed("hatrack show ", "");
        assert_eq!(
            (it.words.as_slice(), it.current.as_str()),
            (&["show".to_owned()][..], "")
        );
        let it = typed("hatrack show 'a b", "a b");
        assert_eq!(
            (it.current.as_str(), it.kept.as_deref(), it.quote),
            ("a b", Some(""), Some('\''))
        );
        assert_eq!(
            typed("hatrack show urn:x\\ y:a", "a").kept.as_deref(),
            Some("urn:x y:")
        );
        assert_eq!(typed("hatrack show ab", "x").insertion("abc"), None);
    }

    #[test]
    fn nothing_that_is_put_in_is_run() {
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
