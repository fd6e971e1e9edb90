//! Joins three sorted lists.

use std::cmp::Ordering;
use std::iter::Peekable;

/// A key, and its values in three lists.
pub(super) type Joined<'a, K, A, B, C> = (&'a K, Option<A>, Option<B>, Option<C>);

/// Iterates over the keys of three lists, each sorted by key, in ascending order; each key once, with its values.
pub(super) struct Join<A: Iterator, B: Iterator, C: Iterator> {
    a: Peekable<A>,
    b: Peekable<B>,
    c: Peekable<C>,
}

/// Joins three lists of keys and values, each sorted by key without duplicates.
pub(super) fn join<'a, K, A, B, C, I, J, L>(a: I, b: J, c: L) -> Join<I::IntoIter, J::IntoIter, L::IntoIter>
where
    K: Ord + 'a,
    I: IntoIterator<Item = (&'a K, A)>,
    J: IntoIterator<Item = (&'a K, B)>,
    L: IntoIterator<Item = (&'a K, C)>,
{
    Join {
        a: a.into_iter().peekable(),
        b: b.into_iter().peekable(),
        c: c.into_iter().peekable(),
    }
}

impl<'a, K: Ord + 'a, A, B, C, I, J, L> Iterator for Join<I, J, L>
where
    I: Iterator<Item = (&'a K, A)>,
    J: Iterator<Item = (&'a K, B)>,
    L: Iterator<Item = (&'a K, C)>,
{
    type Item = Joined<'a, K, A, B, C>;

    fn next(&mut self) -> Option<Self::Item> {
        let a = self.a.peek().map(|(key, _)| *key);
        let b = self.b.peek().map(|(key, _)| *key);
        let c = self.c.peek().map(|(key, _)| *key);
        let key = [a, b, c].into_iter().flatten().min()?;
        let is_next = |first: Option<&K>| first.is_some_and(|first| first.cmp(key) == Ordering::Equal);
        Some((
            key,
            is_next(a)
                .then(|| self.a.next())
                .flatten()
                .map(|(_, value)| value),
            is_next(b)
                .then(|| self.b.next())
                .flatten()
                .map(|(_, value)| value),
            is_next(c)
                .then(|| self.c.next())
                .flatten()
                .map(|(_, value)| value),
        ))
    }
}
