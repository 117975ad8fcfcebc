//! The page that `simulate.sh --html` writes, as a real browser shows it.

use tempfile::TempDir;
use workstation::files;

use crate::browser::{browse, console, figures, simulated, text};

#[cfg(test)]
mod browser;

#[test]
fn f157_a_browser_shows_every_figure_of_the_result_without_a_complaint_in_light_and_dark() {
    let directory = TempDir::new().unwrap();
    let profile = directory.path().join("profile");
    let (result, page) = simulated(directory.path());
    let (document, complaints) = browse(&profile, &["--dump-dom"], &page);
    assert_eq!(console(&complaints), Vec::<&str>::new());
    let shown = text(&document);
    let missing: Vec<String> = figures(&result)
        .into_iter()
        .filter(|figure| !shown.lines().any(|line| line.contains(figure.as_str())))
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "{shown}");
    assert!(shown.contains("PASSED"), "{shown}");
    for told in ["role=\"img\"", "tabindex=\"0\"", "<summary>", "scope=\"col\""] {
        assert!(document.contains(told), "who cannot see the pictures, or has no mouse, needs `{told}`");
    }
    assert!(!document.contains("<script") && !document.contains("src="), "it needs nothing besides itself");
    let drawn = ["0", "1"].map(|scheme| {
        let file = directory.path().join(format!("{scheme}.png"));
        let screenshot = format!("--screenshot={}", file.display());
        browse(&profile, &[&screenshot, &format!("--blink-settings=preferredColorScheme={scheme}")], &page);
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
    let (_, complaints) =
        browse(&directory.path().join("profile"), &["--dump-dom"], &format!("file://{}", page.display()));
    assert!(!console(&complaints).is_empty(), "{complaints}");
}
