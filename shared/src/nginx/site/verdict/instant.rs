//! What the instant cutover needs besides: an `if` is written into the include, and groups are what traffic goes to.

use super::refuse;
use crate::error::Result;
use crate::language::translated;
use crate::nginx::site::{Form, Level, Read, Site, Sought};
use crate::slot::Slot;

/// The include may hold an `if`, by which the flag is looked at.
pub(super) fn takes_a_choice(site: &Site, sought: &Sought) -> Result<()> {
    let include = sought.include.to_string_lossy();
    let advice = translated!(
        "put `include {include};` into the server block, outside of locations; or set `proxy.cutover = \"reload\"`"
    );
    for Read { line, level, try_files, .. } in &site.reads {
        if *level == Level::If {
            return refuse(
                translated!(
                    "the include is read in an `if` ({line}), in which nginx allows no other `if`, and so no flag"
                ),
                advice,
            );
        }
        if let Some(try_files) = try_files {
            return refuse(
                translated!(
                    "the include stands beside `try_files` ({line}, {try_files}), which the flag's `if` would switch off"
                ),
                advice,
            );
        }
    }
    if let Some(each) = site.followed().find(|each| each.form == Form::Port) {
        return refuse(
            translated!("`{}` ({}) takes a port only, and the flag chooses between groups", each.written, each.line),
            translated!(
                "write `{}` there and an address in the include, or set `proxy.cutover = \"reload\"`",
                Form::Address.use_of(&sought.variable)
            ),
        );
    }
    Ok(())
}

/// The groups may stand where their file is read, and their names may be a `Host` header where they become one.
pub(super) fn takes_groups(site: &Site, sought: &Sought) -> Result<()> {
    if let Some(line) = site.groups_below.first() {
        let file = sought.upstreams.to_string_lossy();
        return refuse(
            translated!("`{file}` is read inside of a server block ({line}), where nginx allows no groups"),
            translated!(
                "name the files one by one at {line}, or give `proxy.upstreams` in hooks.toml another directory"
            ),
        );
    }
    let is_no_host =
        |name: &&String| !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let groups = Slot::BOTH.map(|slot| sought.groups.get(slot));
    let (Some(name), Some(each)) =
        (groups.into_iter().find(is_no_host), site.followed().find(|each| each.host.is_none()))
    else {
        return Ok(());
    };
    refuse(
        translated!(
            "`{}` ({}) would send `Host: {name}`, a group's name, which is no valid host name",
            each.written,
            each.line
        ),
        translated!("write `proxy_set_header Host $http_host;` beside {}", each.line),
    )
}
