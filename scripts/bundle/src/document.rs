//! The part of a document that a command writes: between two comments that say which command.

use anyhow::Context;

/// `document` with the lines between the two comments named `name` replaced.
///
/// # Errors
/// It does not have both comments.
pub fn replaced(document: &str, name: &str, text: &str) -> anyhow::Result<String> {
    let (begin, end) = (format!("<!-- begin: {name} -->\n"), format!("<!-- end: {name} -->"));
    let told = || {
        format!("the document has no `{}` followed by `{end}`; needed both, to write between them", begin.trim_end())
    };
    let (before, rest) = document.split_once(&begin).with_context(told)?;
    let (_, after) = rest.split_once(&end).with_context(told)?;
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_comments_is_replaced() {
        let document = "# a\n<!-- begin: x -->\nold\n<!-- end: x -->\nb\n";
        let new = replaced(document, "x", "new\n").unwrap();
        assert_eq!(new, "# a\n<!-- begin: x -->\n\nnew\n\n<!-- end: x -->\nb\n");
        assert_eq!(replaced(&new, "x", "new").unwrap(), new);
        assert!(replaced("# a\n", "x", "").unwrap_err().to_string().contains("has no `<!-- begin: x -->`"));
    }
}
