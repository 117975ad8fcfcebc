//! Whether a cutover would move the traffic of a site: what a careful person would find in nginx's configuration, as the first
//! reason to refuse, with the line to write, and as notes (F95 to F99).

mod instant;
#[cfg(test)]
mod tests;

use crate::config::CutoverWay;
use crate::error::{Error, Kind, Result};
use crate::language::translated;
use crate::nginx::site::address;
use crate::nginx::site::form::port_of;
use crate::nginx::site::{Door, Form, Level, Pin, Read, SetBy, Site, Sought, Use};

/// Judges a site for a way to cut over. Returns notes for the report.
///
/// # Errors
/// `Kind::Settings`: a cutover would move nobody, or not everybody, or break what works.
pub fn judge(site: &Site, sought: &Sought, way: CutoverWay) -> Result<Vec<String>> {
    is_read(site, sought)?;
    is_set_last(site, sought)?;
    is_used(site, sought)?;
    fits(site, sought)?;
    nobody_goes_past(site, sought)?;
    if way == CutoverWay::Instant {
        instant::takes_a_choice(site, sought)?;
        instant::takes_groups(site, sought)?;
    }
    Ok(notes(site, sought))
}

/// The door leads to no server block that tells of another application, or of one place for ever.
///
/// # Errors
/// `Kind::Settings` with the line of the block that it leads to.
pub fn door_leads_to_site(site: &Site, sought: &Sought, door: &Door) -> Result<()> {
    let (Some(astray), Some(read)) = (site.astray(door, &sought.upstreams), site.reads.first()) else { return Ok(()) };
    let include = sought.include.to_string_lossy();
    refuse(
        translated!(
            "the door `{}` (`proxy.door`, host `{}`) leads to the server block at {}, which does not read `{include}`",
            door.url,
            door.host,
            astray.line
        ),
        translated!(
            "name the address and the server_name of the block that reads it ({}) in `proxy.door` and `proxy.host`, or put \
             the include into that block",
            read.line
        ),
    )
}

fn refuse(what: String, advice: String) -> Result<()> {
    Err(Error::new(Kind::Settings, what).advise(advice))
}

/// Somebody reads the include, where a variable can be set.
fn is_read(site: &Site, sought: &Sought) -> Result<()> {
    let wanted = sought.include.to_string_lossy();
    let advice = translated!("put `include {wanted};` into the application's server block");
    let Some(first) = site.reads.first() else {
        return refuse(
            translated!("nginx's configuration does not read the include `{wanted}`"),
            translated!("{advice}, or correct `proxy.include` in hooks.toml"),
        );
    };
    let misplaced = |read: &&Read| matches!(read.level, Level::Other(_));
    match site.reads.iter().find(misplaced) {
        Some(Read { line, level: Level::Other(name), .. }) => refuse(
            translated!("the include `{wanted}` is read in `{name}` ({line}), where no variable can be set"),
            translated!("remove it there and {advice}"),
        ),
        _ if first.server.is_none() => {
            refuse(translated!("the include `{wanted}` is read outside of a server block ({})", first.line), advice)
        }
        _ => Ok(()),
    }
}

/// No other `set` wins over what the include says, or leads past it.
fn is_set_last(site: &Site, sought: &Sought) -> Result<()> {
    let variable = &sought.variable;
    let wins = site.uses.iter().filter(|each| each.never.is_none()).find_map(|each| match &each.set {
        // In a location, to neither place: that is another application's, beside this one in a server block.
        SetBy::Again { line, conditional, of_location, to_a_place }
            if *to_a_place || !(*conditional || *of_location) =>
        {
            Some((each, line, conditional))
        }
        _ => None,
    });
    let Some((each, line, conditional)) = wins else { return Ok(()) };
    let when = if *conditional { translated!(" in an `if`") } else { "" };
    refuse(
        translated!(
            "`${variable}` is set again{when} ({line}) after the include, so `{}` ({}) does not follow it",
            each.written,
            each.line
        ),
        translated!("remove the line {line}, or use another variable there"),
    )
}

/// Somebody uses the variable where the include has set it.
fn is_used(site: &Site, sought: &Sought) -> Result<()> {
    if site.followed().next().is_some() {
        return Ok(());
    }
    let Some(read) = site.reads.first() else { return Ok(()) };
    let (variable, form) = (&sought.variable, form_of_value(site));
    let wanted = form.use_of(variable);
    let what = translated!("nothing uses `${variable}` where the include is read ({})", read.line);
    if let Some(never) = site.uses.iter().find_map(|each| each.never.as_ref().filter(|_| each.set == SetBy::Include)) {
        return refuse(
            translated!("{what}: what stands at {never} answers everybody before"),
            translated!("put the include and `{wanted}` into the server block that serves the application"),
        );
    }
    let pinned = site.pins.iter().find(|pin| pin.server.is_some_and(|server| site.reads_in(server)));
    if let Some(Pin { written, line, port, .. }) = pinned {
        return refuse(
            translated!("{what}: `{written}` ({line}) goes to port {port}, whatever the include says"),
            translated!("write `{wanted}` at {line}, then `nginx -t && nginx -s reload`"),
        );
    }
    let unset = site.uses.iter().find(|each| each.set == SetBy::Nothing);
    if let Some(Use { written, line, .. }) = unset {
        return refuse(
            translated!("{what}; `{written}` ({line}) stands where nginx does not run it"),
            translated!(
                "put `include {};` into the server block around {line}, outside of locations",
                sought.include.to_string_lossy()
            ),
        );
    }
    refuse(
        translated!("{what}, so a cutover would move nobody"),
        translated!(
            "write `location / {{ {wanted} }}` beside it, or put the include into the application's server block"
        ),
    )
}

/// The value has the form that its uses need.
fn fits(site: &Site, sought: &Sought) -> Result<()> {
    let variable = &sought.variable;
    if let Some(each) = site.followed().find(|each| each.form == Form::Foreign) {
        let Use { written, line, .. } = each;
        let wanted = form_of_value(site).use_of(variable);
        let why = match &each.keyed {
            Some(map) => {
                translated!("the `map` at {map} takes `${variable}` for a key, which these hooks do not write")
            }
            None => translated!("`{written}` ({line}) takes `${variable}` for something else than an address or a URL"),
        };
        return refuse(why, translated!("write `{wanted}` at {line}; the application is asked by `http://`"));
    }
    let Some((value, at)) = &site.value else { return Ok(()) };
    let form = Form::of_value(value);
    let Some(each) = site.followed().find(|each| each.form != form) else { return Ok(()) };
    let use_instead = format!("`{}` at {}", form.use_of(variable), each.line);
    let advice = match (site.form(), form) {
        (Some(wanted), _) if form != Form::Foreign => {
            let group = || wanted.group(address::authority(value));
            let place = port_of(value).map_or_else(group, |port| wanted.port(port));
            translated!(
                "write `set ${variable} {place};` at {at}, or {use_instead}; then `nginx -t && nginx -s reload`"
            )
        }
        (_, Form::Foreign) => {
            let wanted = site.form().unwrap_or(each.form);
            translated!("write `set ${variable} {};` at {at} (or the port that serves)", wanted.port(sought.ports.blue))
        }
        _ => translated!("write {use_instead}; then `nginx -t && nginx -s reload`"),
    };
    refuse(
        translated!(
            "`{}` ({}) needs {}, and the include sets `{value}` ({at}): nginx answers 500",
            each.written,
            each.line,
            each.form.name()
        ),
        advice,
    )
}

/// Nobody in a server block of the site goes past the include to one of the two places.
fn nobody_goes_past(site: &Site, sought: &Sought) -> Result<()> {
    let ours =
        |pin: &&Pin| pin.never.is_none() && !pin.deliberate && pin.server.is_some_and(|server| site.is_of_site(server));
    let Some(Pin { written, line, port, through, server, .. }) = site.pins.iter().find(ours) else { return Ok(()) };
    let wanted = form_of_value(site).use_of(&sought.variable);
    let through = through.as_ref().map_or_else(String::new, |through| translated!(" through {through}"));
    let include = match server.filter(|server| !site.reads_in(*server)) {
        Some(server) => {
            let block = &site.servers[server].line;
            translated!("put `include {};` into the server block at {block}, and ", sought.include.to_string_lossy())
        }
        None => String::new(),
    };
    refuse(
        translated!("`{written}` ({line}) goes to port {port}{through} and would stay behind at a cutover"),
        translated!("{include}write `{wanted}` at {line}, then `nginx -t && nginx -s reload`"),
    )
}

/// What a person should know, and no reason to refuse.
fn notes(site: &Site, sought: &Sought) -> Vec<String> {
    let mut notes = Vec::new();
    for Pin { written, line, port, deliberate, .. } in site.pins.iter().filter(|pin| pin.never.is_none()) {
        let cost = if *deliberate {
            String::new()
        } else {
            translated!(": after one its users stay on {port} until `stop` of the next deploy ends it")
        };
        notes.push(translated!("`{written}` ({line}) goes to port {port} and follows no cutover{cost}"));
    }
    for each in &site.uses {
        match &each.set {
            SetBy::Nothing => notes.push(translated!(
                "nothing sets `${}` for `{}` ({}): nginx answers 500 there",
                sought.variable,
                each.written,
                each.line
            )),
            SetBy::Again { line, .. } if each.never.is_none() => {
                notes.push(translated!(
                    "`{}` ({}) follows no cutover where {line} sets the variable",
                    each.written,
                    each.line
                ));
            }
            SetBy::Again { .. } | SetBy::Include => {}
        }
    }
    notes.dedup();
    notes
}

/// The form of what the include sets; a URL, as in the book, where it sets nothing.
fn form_of_value(site: &Site) -> Form {
    match site.value.as_ref().map(|(value, _)| Form::of_value(value)) {
        Some(Form::Foreign) | None => site.form().filter(|form| *form != Form::Foreign).unwrap_or(Form::Url),
        Some(form) => form,
    }
}

/// The line that an include needs for its uses: for advice where it cannot be read.
#[must_use]
pub fn wanted_line(site: Option<&Site>, sought: &Sought, port: u16) -> String {
    let variable = &sought.variable;
    let form = site.and_then(Site::form).filter(|form| *form != Form::Foreign);
    match form {
        Some(form) => format!("`set ${variable} {};`", form.port(port)),
        None => translated!(
            "`set ${variable} http://127.0.0.1:{port};` (or `set ${variable} 127.0.0.1:{port};` where nginx has `{}`)",
            Form::Address.use_of(variable)
        ),
    }
}
