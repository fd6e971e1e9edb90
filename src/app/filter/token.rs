//! The words of a filter's text, in which double quotes keep words together.

/// A word of a filter, or several in double quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FilterToken<'a> {
    /// Whether it begins with `!`.
    pub negated: bool,
    /// `@`, `#` or `~`, if the token begins with one of them or has one after its `!`.
    pub mark: Option<char>,
    /// The rest of the token, without the quotes.
    pub text: &'a str,
    /// Whether the text is in quotes.
    pub quoted: bool,
}

/// The words of a text, such as `mar`, `!@owner`, `#"on call"`. A quote that is not closed ends with the text. `has_times`:
/// whether `~` is a mark; otherwise, it is a letter like any other.
pub(super) fn tokens(text: &str, has_times: bool) -> impl Iterator<Item = FilterToken<'_>> {
    let is_mark = move |letter: &char| matches!(letter, '@' | '#') || (has_times && *letter == '~');
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = rest.trim_start();
        let first = word.chars().next()?;
        let negated = first == '!';
        let word = word.strip_prefix('!').unwrap_or(word);
        let mark = word.chars().next().filter(is_mark);
        let word = mark.and_then(|mark| word.strip_prefix(mark)).unwrap_or(word);
        let (text, quoted);
        if let Some(inside) = word.strip_prefix('"') {
            let (inside, after) = inside.split_once('"').unwrap_or((inside, ""));
            (text, quoted, rest) = (inside.trim(), true, after);
        } else {
            let end = word.find(char::is_whitespace).unwrap_or(word.len());
            (text, quoted) = (word.get(..end).unwrap_or_default(), false);
            rest = word.get(end..).unwrap_or_default();
        }
        Some(FilterToken {
            negated,
            mark,
            text,
            quoted,
        })
    })
}

/// For a filter such as `#on call`, whose author may have meant one title: that title in quotes, `#"on call"`. `None`
/// if no plain word follows the hat, or if a word contains a quote.
pub(super) fn with_quotes(text: &str, has_times: bool) -> Option<String> {
    let mut words = tokens(text, has_times).skip_while(|word| word.mark != Some('#') || word.quoted);
    let first = words.next().filter(|word| !word.text.is_empty())?;
    let is_plain = |word: &FilterToken<'_>| word.mark.is_none() && !word.negated && !word.quoted;
    let more: Vec<&str> = words.take_while(is_plain).map(|word| word.text).collect();
    if first.text.contains('"') || more.iter().any(|word| word.contains('"')) {
        return None;
    }
    let not = if first.negated { "!" } else { "" };
    (!more.is_empty()).then(|| format!("{not}#\"{} {}\"", first.text, more.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        let shown = |text| -> Vec<String> {
            tokens(text, true)
                .map(|word| {
                    let not = if word.negated { "not " } else { "" };
                    format!("{not}{}[{}]", word.mark.unwrap_or(' '), word.text)
                })
                .collect()
        };
        assert_eq!(shown("mar  @o"), [" [mar]", "@[o]"]);
        assert_eq!(
            shown("\"two words\" #\"on call\""),
            [" [two words]", "#[on call]"]
        );
        assert_eq!(shown("!\"a b\" !#\"c d\""), ["not  [a b]", "not #[c d]"]);
        assert_eq!(shown("#\"on cal"), ["#[on cal]"], "closed at the end");
        assert_eq!(shown("#\"on "), ["#[on]"]);
        assert_eq!(shown("#\"on call\"mar"), ["#[on call]", " [mar]"]);
        assert_eq!(shown("~\"Sunday 18:00\""), ["~[Sunday 18:00]"]);
        assert_eq!(shown("6\"2 ! # \""), [" [6\"2]", "not  []", "#[]", " []"]);
    }

    #[test]
    fn suggests_quotes_for_titles() {
        let suggested = |text| with_quotes(text, true);
        assert_eq!(suggested("mar #on call").as_deref(), Some("#\"on call\""));
        assert_eq!(suggested("!#a b c @owner d").as_deref(), Some("!#\"a b c\""));
        for other in [
            "#5\" floppy",
            "#on",
            "on call",
            "#\"on call\" mar",
            "# call",
            "#on !call",
            "#on @o",
        ] {
            assert_eq!(suggested(other), None, "{other}");
        }
    }
}
