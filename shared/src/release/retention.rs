//! Which releases stay on the disk. Those that served count apart from those that never did: however many deploys fail in a row, what
//! may be gone back to stays.

/// How many releases that never served stay at most, for whoever wants to see why.
const REFUSED_KEPT: usize = 2;

/// The releases that nobody needs any more: of those that are not in use, all but the newest `keep` that served, and but the last ones
/// that never did. One of which nothing is known counts as one that served. What these hooks have not named is not theirs to remove.
#[must_use]
pub fn outdated(
    mut names: Vec<String>,
    keep: usize,
    in_use: impl Fn(&str) -> bool,
    never_served: impl Fn(&str) -> bool,
) -> Vec<String> {
    names.retain(|name| is_release(name) && !in_use(name));
    names.sort();
    let (mut refused, mut served): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| never_served(name));
    served.truncate(served.len().saturating_sub(keep));
    refused.truncate(refused.len().saturating_sub(keep.min(REFUSED_KEPT)));
    served.extend(refused);
    served
}

/// Whether a name is one that `Release::of` gives: `20261122T102030500Z-d-ABC123`.
#[must_use]
pub fn is_release(name: &str) -> bool {
    let Some((made, _)) = name.split_once("Z-") else { return false };
    made.len() == 18
        && made.split_once('T').is_some_and(|(day, time)| {
            day.len() == 8 && day.bytes().chain(time.bytes()).all(|byte| byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(day: u32) -> String {
        format!("202611{day:02}T102030500Z-d-ABC")
    }

    #[test]
    fn f87_only_old_releases_that_nobody_uses_are_outdated_and_a_refused_one_takes_no_place_of_one_that_served() {
        // In use are the first and the last; what is no release of these hooks stays.
        let outdated_of = |refused: &[u32], keep| {
            let mut names: Vec<String> = [5, 1, 4, 2, 6, 3].map(name).to_vec();
            names.extend(["lost+found".to_owned(), "20261101-mine".to_owned()]);
            let is = |days: &[u32], found: &str| days.iter().any(|day| found == name(*day));
            let gone = outdated(names, keep, |found| is(&[1, 6], found), |found| is(refused, found));
            (2..6).filter(|day| gone.contains(&name(*day))).collect::<Vec<u32>>()
        };
        for (what, refused, keep, wanted) in [
            ("none is known to have been refused", &[][..], 1, &[2, 3, 4][..]),
            ("the same, with room for three", &[], 3, &[2]),
            ("the same, with room for all", &[], 9, &[]),
            ("nothing is to be kept", &[], 0, &[2, 3, 4, 5]),
            ("nothing is to be kept of the refused either", &[4, 5], 0, &[2, 3, 4, 5]),
            ("the newest was refused", &[5], 1, &[2, 3]),
            ("the oldest was refused", &[2], 1, &[3, 4]),
            ("all but the oldest were refused", &[3, 4, 5], 1, &[3, 4]),
            ("the same, with room for two", &[3, 4, 5], 2, &[3]),
            ("all were refused: two stay at most", &[2, 3, 4, 5], 9, &[2, 3]),
            ("those in use were refused", &[1, 6], 1, &[2, 3, 4]),
        ] {
            assert_eq!(outdated_of(refused, keep), wanted, "{what}");
        }
    }
}
