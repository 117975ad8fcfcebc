//! The page that `simulate.sh --html` writes, as a real browser shows it.

use tempfile::TempDir;
use workstation::{browser, files};

use crate::result::{figures, simulated};

#[cfg(test)]
mod result;

#[test]
fn f157_a_browser_shows_every_figure_of_the_result_without_a_complaint_in_light_and_dark() {
    let directory = TempDir::new().unwrap();
    let profile = directory.path().join("profile");
    let (result, page) = simulated(directory.path());
    let shown = browser::open(&page, &profile, &["--dump-dom"]).unwrap();
    assert_eq!(shown.complaints().collect::<Vec<_>>(), Vec::<&str>::new());
    let (document, text) = (&shown.document, shown.text());
    let missing: Vec<String> = figures(&result)
        .into_iter()
        .filter(|figure| !text.lines().any(|line| line.contains(figure.as_str())))
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "{text}");
    assert!(text.contains("PASSED"), "{text}");
    for told in ["role=\"img\"", "tabindex=\"0\"", "<summary>", "scope=\"col\""] {
        assert!(document.contains(told), "who cannot see the pictures, or has no mouse, needs `{told}`");
    }
    assert!(!document.contains("<script") && !document.contains("src="), "it needs nothing besides itself");
    let drawn = ["0", "1"].map(|scheme| {
        let file = directory.path().join(format!("{scheme}.png"));
        let screenshot = format!("--screenshot={}", file.display());
        let scheme = format!("--blink-settings=preferredColorScheme={scheme}");
        browser::open(&page, &profile, &[&screenshot, &scheme]).unwrap();
        files::read(&file, "a screenshot").unwrap()
    });
    assert!(drawn[0] != drawn[1], "it is dark where the reader wants it");
}

#[test]
fn f157_what_a_browser_complains_of_is_noticed() {
    let directory = TempDir::new().unwrap();
    let page = directory.path().join("page.html");
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">";
    let content = format!("<html><head>{policy}</head><body><script>1</script></body></html>");
    files::write(&page, content.as_bytes()).unwrap();
    let shown = browser::open(&page, &directory.path().join("profile"), &["--dump-dom"]).unwrap();
    assert!(shown.complaints().next().is_some(), "{}", shown.said);
}
