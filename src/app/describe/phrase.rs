//! Forms phrases: the tense of their verb, enumerations, the first letter and the period.

/// The form of the verb that describes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    /// The change was made: `added`.
    Past,
    /// The change is proposed: `This adds`.
    Present,
    /// The change would be made: `add`, after "would".
    Infinitive,
}

/// The verbs of changes: past, present and infinitive.
const VERBS: [[&str; 3]; 11] = [
    ["added", "adds", "add"],
    ["removed", "removes", "remove"],
    ["changed", "changes", "change"],
    ["made", "makes", "make"],
    ["replaced", "replaces", "replace"],
    ["banned", "bans", "ban"],
    ["defined", "defines", "define"],
    ["renamed", "renames", "rename"],
    ["named", "names", "name"],
    ["cleared", "clears", "clear"],
    ["saved", "saves", "save"],
];

impl Tense {
    /// Puts a verb, given in the past tense, into this tense; a word that is not in the table stays unchanged.
    pub(super) fn conjugate(self, past: &str) -> &str {
        let verb = VERBS.iter().find(|[first, ..]| *first == past);
        verb.map_or(past, |[_, present, infinitive]| match self {
            Self::Past => past,
            Self::Present => present,
            Self::Infinitive => infinitive,
        })
    }
}

/// Joins parts with commas and "and": `one`, `one and two`, `one, two and three`.
pub(super) fn enumeration(mut parts: Vec<String>) -> String {
    match parts.pop() {
        Some(last) if !parts.is_empty() => format!("{} and {last}", parts.join(", ")),
        last => last.unwrap_or_default(),
    }
}

/// Puts the verb that begins a phrase into the infinitive: `add "Proctor" to …` for `added "Proctor" to …`.
pub(super) fn infinitive(phrase: &str) -> String {
    match phrase.split_once(' ') {
        Some((verb, rest)) => format!("{} {rest}", Tense::Infinitive.conjugate(verb)),
        None => phrase.into(),
    }
}

/// Prepares a sentence to follow a colon: puts its first letter into lower case, except in an abbreviation or the name
/// Prosody.
pub fn after_colon(sentence: &str) -> String {
    let word = sentence.split(|c: char| !c.is_alphabetic()).next();
    let is_name = word == Some("Prosody");
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !is_name && second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.into(),
    }
}

/// Removes the period of a sentence, so that text can follow.
pub(in crate::app) fn without_period(sentence: &str) -> &str {
    let start = sentence.trim_end().strip_suffix('.');
    // An ellipsis stays.
    start.filter(|start| !start.ends_with('.')).unwrap_or(sentence)
}

/// Puts the first letter of a text into upper case.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// Puts the first letter of a text into upper case, unless the text starts with an address.
pub(in crate::app) fn sentence(text: &str) -> String {
    let first = text.split(char::is_whitespace).next();
    if first.is_some_and(|word| word.contains('@')) {
        return text.to_owned();
    }
    capitalized(text)
}
