//! What nginx really does with the include: one walk over its configuration finds who reads it, who uses its variable and who
//! goes past it, and a `verdict` says whether a cutover would move anybody (F95 to F99).

pub mod address;
mod answer;
mod deliberate;
pub mod door;
pub mod form;
pub mod group;
pub mod line;
pub mod server;
mod variables;
pub mod verdict;
mod walk;

use std::path::PathBuf;

pub use self::door::Door;
pub use self::form::Form;
pub use self::group::Group;
pub use self::line::Line;
pub use self::server::{Listen, Location, Server};
use crate::config::Settings;
use crate::nginx::configuration::tree::Node;
use crate::slot::{BySlot, Slot};

/// What a site is looked for: how an application's traffic is told to nginx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// The include, by the one name that the tree has for it.
    pub include: PathBuf,
    /// The variable that it sets, without the `$`.
    pub variable: String,
    /// The ports of the two places.
    pub ports: BySlot<u16>,
    /// The file of the groups that the instant cutover chooses from.
    pub upstreams: PathBuf,
    /// The names of those groups.
    pub groups: BySlot<String>,
}

impl Sought {
    /// What these settings name.
    #[must_use]
    pub fn of(settings: &Settings) -> Sought {
        let place = |slot: Slot| settings.place(slot);
        Sought {
            include: settings.proxy.include.clone(),
            variable: settings.proxy.variable.clone(),
            ports: BySlot { blue: place(Slot::Blue).port, green: place(Slot::Green).port },
            upstreams: settings.proxy.upstreams.clone(),
            groups: settings.proxy.groups.clone(),
        }
    }
}

/// What was found in nginx's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The server blocks of `http`, in their order.
    pub servers: Vec<Server>,
    /// The upstream groups of `http`.
    pub groups: Vec<Group>,
    /// Where the include is read.
    pub reads: Vec<Read>,
    /// What the include sets its variable to, the last line of it that stands in no `if`.
    pub value: Option<(String, Line)>,
    /// Where its variable is used.
    pub uses: Vec<Use>,
    /// Where traffic goes to one of the two places, whatever the include says.
    pub pins: Vec<Pin>,
    /// What somebody gets to in a server block that sends requests on: its index in `servers`, and the port of this host.
    pub passes: Vec<(usize, Option<u16>)>,
    /// Where the file of the groups is read below the level of `http`, where no group may stand.
    pub groups_below: Vec<Line>,
}

/// An `include` that reads ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Where it stands.
    pub line: Line,
    /// In what.
    pub level: Level,
    /// In which server block: its index in `servers`.
    pub server: Option<usize>,
    /// The `try_files` beside it in the same location.
    pub try_files: Option<Line>,
}

/// In what an `include` stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// In a server block itself.
    Server,
    /// In a location.
    Location,
    /// In an `if`.
    If,
    /// In something that cannot set a variable, by its name: `http`, `upstream`.
    Other(String),
}

/// A `proxy_pass` with the variable in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Where it stands.
    pub line: Line,
    /// The directive, as it is written.
    pub written: String,
    /// In which server block: its index in `servers`.
    pub server: usize,
    /// The form that the variable has to have for it.
    pub form: Form,
    /// What sets the variable there.
    pub set: SetBy,
    /// The `Host` header that the application gets there; nothing where it is what stands in `proxy_pass`.
    pub host: Option<String>,
    /// The `return`, or the redirect of everybody, because of which nobody gets there.
    pub never: Option<Line>,
    /// The `map` that has the variable for its key.
    pub keyed: Option<Line>,
}

/// What sets the variable for a use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// The include.
    Include,
    /// Another `set`, after the include.
    Again {
        /// Where.
        line: Line,
        /// Whether it stands in an `if`.
        conditional: bool,
        /// Whether it stands in a location.
        of_location: bool,
        /// Whether it leads to one of the two places.
        to_a_place: bool,
    },
    /// Nothing: nginx answers 500.
    Nothing,
}

/// Something that sends traffic to one of the two places, whatever the include says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Where it stands.
    pub line: Line,
    /// The directive, as it is written.
    pub written: String,
    /// In which server block: its index in `servers`; nothing for `stream`.
    pub server: Option<usize>,
    /// The port that it leads to.
    pub port: u16,
    /// The `set`, `map` or `upstream` that says so, where the directive itself does not.
    pub through: Option<Line>,
    /// The `return`, or the redirect of everybody, because of which nobody gets there.
    pub never: Option<Line>,
    /// Whether somebody wants it so: it is closed to users, or leads to either of the two places.
    pub deliberate: bool,
}

impl Site {
    /// Looks through nginx's configuration.
    #[must_use]
    pub fn of(tree: &[Node], sought: &Sought) -> Site {
        walk::walk(tree, sought)
    }

    /// Whether a server block reads the include, in itself or in one of its locations.
    #[must_use]
    pub fn reads_in(&self, server: usize) -> bool {
        self.reads.iter().any(|read| read.server == Some(server))
    }

    /// Whether a server block is of the site that follows the include: it reads it, or has a name in common with one that does, as
    /// those for http and https have.
    #[must_use]
    pub fn is_of_site(&self, server: usize) -> bool {
        let names: Vec<&str> = self.servers[server].own_names().collect();
        let shares = |other: usize| self.servers[other].own_names().any(|name| names.contains(&name));
        self.reads_in(server) || self.reads.iter().filter_map(|read| read.server).any(shares)
    }

    /// The uses that go by what the include says and that somebody gets to.
    pub fn followed(&self) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(|each| each.set == SetBy::Include && each.never.is_none())
    }

    /// The group of `http` with this name, which nginx reads without regard to capitals.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name.eq_ignore_ascii_case(name))
    }

    /// The form in which the site uses the variable, where it is one. Where nothing sets it yet, every use counts.
    #[must_use]
    pub fn form(&self) -> Option<Form> {
        let nobody = self.followed().next().is_none();
        let counts = |each: &&Use| nobody || (each.set == SetBy::Include && each.never.is_none());
        let mut forms = self.uses.iter().filter(counts).map(|each| each.form);
        let first = forms.next()?;
        forms.all(|form| form == first).then_some(first)
    }
}
