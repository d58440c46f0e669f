//! The word that was meant by one that is not known.

/// The known word that is most like `unknown`, where one is so like it that it can have been meant.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = unknown.chars().count();
    let most = (letters / 3).max(1);
    let all = known
        .into_iter()
        .map(|word| (distance(unknown, word), word));
    let found = all.filter(|(away, _)| *away <= most && *away < letters);
    found.min_by_key(|(away, _)| *away).map(|(_, word)| word)
}

/// Letters that have to be put in, left out, changed or exchanged with the next to make one word of the other; small
/// and capital letters are the same.
pub fn distance(a: &str, b: &str) -> usize {
    let letters = |word: &str| -> Vec<char> { word.chars().flat_map(char::to_lowercase).collect() };
    let (a, b) = (letters(a), letters(b));
    // Row by row of the table of all beginnings; the row above the last one is for exchanged letters.
    let mut above: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at =
                |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&last, j) + usize::from(x != y))
                .min(at(&last, j + 1) + 1)
                .min(at(&row, j) + 1);
            let exchanged = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if exchanged {
                best = best.min(at(&above, j - 1) + 1);
            }
            row.push(best);
        }
        above = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_are_one_apart() {
        for (a, b, away) in [
            ("json", "json", 0),
            ("json", "JSON", 0),
            ("jsn", "json", 1),
            ("jsoon", "json", 1),
            ("jdon", "json", 1),
            ("josn", "json", 1),
            ("", "json", 4),
            ("json", "", 4),
            ("kitten", "sitting", 3),
            ("zähler", "zahler", 1),
        ] {
            assert_eq!(distance(a, b), away, "{a} {b}");
            assert_eq!(distance(b, a), away, "{b} {a}");
        }
    }

    #[test]
    fn the_nearest_word_is_found_and_none_that_cannot_be_meant() {
        let known = ["lu", "lu-full", "nl5", "nl42"];
        assert_eq!(nearest("nl6", known), Some("nl5"));
        assert_eq!(nearest("lu-fll", known), Some("lu-full"));
        assert_eq!(nearest("ul", known), Some("lu"));
        assert_eq!(nearest("x", known), None);
        assert_eq!(nearest("holland", known), None);
        assert_eq!(nearest("", known), None);
    }
}
