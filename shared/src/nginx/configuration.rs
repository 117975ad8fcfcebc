//! nginx's own configuration, tested by nginx itself before anything is changed: it must be valid, and it must read the
//! include, or a cutover could never take effect (F60, F70).

pub mod tree;

use std::path::Path;
use std::time::Duration;

use self::tree::Node;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, first_line};
use crate::nginx::access::Access;
use crate::sudo;

/// How long the test may take. Names of upstreams are resolved during it.
pub const TEST_AT_MOST: Duration = Duration::from_secs(10);

/// Tests the configuration that a reload would read, and reads it.
///
/// # Errors
/// `Kind::ProxyBroken` with nginx's own complaint, `Kind::Settings` if it does not read the include,
/// `Kind::NotAllowed` if this user may not test it.
pub async fn test(host: &impl Host, access: &Access) -> Result<Vec<Node>> {
    let command = access.dump();
    let output = host.run(&command, TEST_AT_MOST).await?;
    if output.success {
        let tree = tree::parse(&output.output);
        return reads_include(&tree, &access.include.path).map(|()| tree);
    }
    if command.first().is_some_and(|program| program == "sudo") && !output.complaint.contains("nginx: ") {
        let said = first_line(&output.complaint);
        return Err(sudo::refused(host, &access.include.path, &[command], said));
    }
    Err(Error::new(Kind::ProxyBroken, format!("nginx refuses its configuration: {}", complaint(&output.complaint)))
        .advise("put that right until `nginx -t` passes as root; nginx goes on with what it read before"))
}

/// The line of nginx's that says what is wrong.
fn complaint(text: &str) -> &str {
    text.lines()
        .find(|line| line.contains("[emerg]") || line.contains("[alert]"))
        .unwrap_or_else(|| first_line(text))
        .trim_start_matches("nginx: ")
}

fn reads_include(tree: &[Node], include: &Path) -> Result<()> {
    if tree::any(tree, &|node| node.reads(include)) {
        return Ok(());
    }
    let wanted = include.to_string_lossy();
    Err(Error::new(Kind::Settings, format!("nginx's configuration does not read the include `{wanted}`")).advise(
        format!(
            "put `include {wanted};` into the application's server block, or correct `proxy.include` in hooks.toml"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f60_the_complaint_is_nginxs_own_line() {
        let said = "nginx: [warn] the \"user\" directive makes sense only if …\nnginx: [emerg] unknown directive \"lsten\" in /etc/nginx/conf.d/a.conf:3\nnginx: configuration file /etc/nginx/nginx.conf test failed\n";
        assert_eq!(complaint(said), "[emerg] unknown directive \"lsten\" in /etc/nginx/conf.d/a.conf:3");
    }
}
