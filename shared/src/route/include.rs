//! The include: where it leads, and how it is rewritten so that every byte but the port survives. `reading` refuses what nginx would
//! read otherwise than its writer meant (F67, F68).

mod reading;

use std::fmt;
use std::ops::Range;

pub use self::reading::Complaint;
use crate::language::translated;
use crate::nginx::site::Form;
use crate::route::choice::Choice;

/// An include with the one thing in it that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    bytes: Vec<u8>,
    variable: String,
    leads: Leads,
    /// The form in which it says so, which is the one that its uses need.
    form: Form,
    /// The groups of the user's own that it may name instead of a port, with the port of each.
    groups: Vec<(String, u16)>,
    /// Where that is said: one directive, or the few that a choice is made of.
    said_at: Range<usize>,
}

/// Where an include leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To a port, until nginx reads another include.
    To {
        /// The port on 127.0.0.1.
        port: u16,
        /// Where its digits stand, or the name of the group that leads there, in bytes.
        at: Range<usize>,
    },
    /// To an upstream group of the user's own. Which port that is, nginx's configuration says.
    Named {
        /// The group's name.
        name: String,
        /// Where it stands, in bytes.
        at: Range<usize>,
    },
    /// To one of two upstream groups, by a flag that nginx looks at for each request.
    By(Choice),
}

impl fmt::Display for Leads {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Leads::To { port, .. } => formatter.write_str(&translated!("port {port}")),
            Leads::Named { name, .. } => formatter.write_str(&translated!("the group `{name}`")),
            Leads::By(_) => formatter.write_str(translated!("the flag")),
        }
    }
}

impl Include {
    /// Reads an include that sets `variable` to a port of 127.0.0.1 or to a group, or that chooses by a flag as `switch` writes it.
    ///
    /// # Errors
    /// The first thing in it that nginx would refuse, or take for something else.
    pub fn parse(bytes: &[u8], variable: &str) -> Result<Include, Complaint> {
        reading::read(bytes, variable)
    }

    /// Where it leads.
    #[must_use]
    pub fn leads(&self) -> &Leads {
        &self.leads
    }

    /// The choice that it makes, if it makes one.
    #[must_use]
    pub fn choice(&self) -> Option<&Choice> {
        match &self.leads {
            Leads::By(choice) => Some(choice),
            Leads::To { .. } | Leads::Named { .. } => None,
        }
    }

    /// The same include, where it names a group: it leads to the port of that group, and may come to name another one of them.
    #[must_use]
    pub fn among(self, groups: Vec<(String, u16)>) -> Include {
        let Leads::Named { name, at } = &self.leads else { return self };
        match groups.iter().find(|(group, _)| group == name) {
            Some((_, port)) => Include { leads: Leads::To { port: *port, at: at.clone() }, groups, ..self },
            None => self,
        }
    }

    /// The port of a group of the user's own, as far as those were asked for.
    #[must_use]
    pub fn port_of_group(&self, name: &str) -> Option<u16> {
        self.groups.iter().find(|(group, _)| group == name).map(|(_, port)| *port)
    }

    /// The form in which it says so.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The line on which it says where it leads.
    #[must_use]
    pub fn line(&self) -> usize {
        line(&self.bytes, self.said_at.start)
    }

    /// The same bytes, leading to this port: by its number, or by the name of a group where groups were named. In place of a
    /// choice stands what the scripts wrote.
    #[must_use]
    pub fn with_port(&self, port: u16) -> Vec<u8> {
        match &self.leads {
            Leads::To { at, .. } if self.groups.is_empty() => self.with(at, &port.to_string()),
            Leads::To { at, .. } | Leads::Named { at, .. } => {
                let group = self.groups.iter().find(|(_, leads_to)| *leads_to == port);
                self.with(at, &group.map_or_else(|| format!("127.0.0.1:{port}"), |(name, _)| name.clone()))
            }
            Leads::By(_) => self.with(&self.said_at, &format!("set ${} {};", self.variable, self.form.port(port))),
        }
    }

    /// The same bytes, making this choice.
    #[must_use]
    pub fn with_choice(&self, choice: &Choice) -> Vec<u8> {
        if self.choice() == Some(choice) {
            return self.bytes.clone();
        }
        self.with(&self.said_at, &choice.render(&self.variable, self.form))
    }

    /// The bytes as they were read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn with(&self, at: &Range<usize>, text: &str) -> Vec<u8> {
        let mut bytes = self.bytes[..at.start].to_owned();
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(&self.bytes[at.end..]);
        bytes
    }
}

fn line(bytes: &[u8], offset: usize) -> usize {
    bytes[..offset.min(bytes.len())].split(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    fn port(include: &Include) -> u16 {
        match include.leads() {
            Leads::To { port, .. } => *port,
            other => panic!("it leads to {other}"),
        }
    }

    #[test]
    fn f68_what_nginx_accepts_is_read_and_rewritten_with_every_other_byte_kept() {
        for (name, text) in [
            ("as the scripts wrote it", "set $service_url http://127.0.0.1:8081;\n"),
            ("without a line end", "set $service_url http://127.0.0.1:8081;"),
            ("CRLF", "set $service_url http://127.0.0.1:8081;\r\n# x\r\n"),
            ("comments around it", "# live slot: 8081\n  set   $service_url\thttp://127.0.0.1:8081 ; # 8081!\n"),
            ("other variables", "set $a 8081;\nset $service_url http://127.0.0.1:8081;\nset $b \"x; y\";\n"),
            ("a bare address", "set $service_url 127.0.0.1:8081;\n"),
            ("a port alone", "set $service_url 8081; # 8081\n"),
            ("quoted", "set $service_url \"http://127.0.0.1:8081\";\n"),
            (
                "commented out twin",
                "#set $service_url http://127.0.0.1:8081;\nset $service_url http://127.0.0.1:8081;\n",
            ),
            (
                "other directives",
                "proxy_set_header X \"{8081}\";\nif ($a) { set $c 1; }\nset $service_url http://127.0.0.1:8081;\n",
            ),
        ] {
            let include = Include::parse(text.as_bytes(), "service_url").unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(port(&include), 8081, "{name}");
            assert_eq!(include.with_port(8081), text.as_bytes(), "{name}");
            let moved = include.with_port(8082);
            assert_eq!(Include::parse(&moved, "service_url").map(|moved| port(&moved)), Ok(8082), "{name}");
            assert_eq!(
                Include::parse(&moved, "service_url").map(|moved| moved.with_port(8081)),
                Ok(text.into()),
                "{name}"
            );
        }
    }

    fn choice() -> Choice {
        Choice { without: "real1".into(), with: "real2".into(), flag: "/var/lib/service-url/green".into() }
    }

    #[test]
    fn f68_the_choice_takes_the_place_of_the_port_and_every_other_byte_survives_it_and_the_way_back() {
        let plain = "# ours\nset $a 1;\n  set $service_url http://127.0.0.1:8081; # live\nset $b 2;\n";
        let include = Include::parse(plain.as_bytes(), "service_url").unwrap();
        let chosen = include.with_choice(&choice());
        expect![[r#"
            # ours
            set $a 1;
              set $service_url http://real1;
            # real2 serves while this file exists; `switch` makes and removes it.
            if (-f /var/lib/service-url/green) {
                set $service_url http://real2;
            } # live
            set $b 2;
        "#]]
        .assert_eq(&String::from_utf8_lossy(&chosen));
        let chosen = Include::parse(&chosen, "service_url").unwrap();
        assert_eq!(chosen.choice(), Some(&choice()));
        assert_eq!(chosen.with_port(8081), plain.as_bytes());
        let other = Choice { flag: "/elsewhere/green".into(), ..choice() };
        let moved = Include::parse(&chosen.with_choice(&other), "service_url").unwrap();
        assert_eq!((moved.choice(), moved.with_port(8081)), (Some(&other), plain.into()));
    }

    #[test]
    fn f96_a_choice_is_written_in_the_form_that_the_include_had() {
        let include = Include::parse(b"set $service_url 127.0.0.1:8081;\n", "service_url").unwrap();
        let chosen = include.with_choice(&choice());
        expect![[r#"
            set $service_url real1;
            # real2 serves while this file exists; `switch` makes and removes it.
            if (-f /var/lib/service-url/green) {
                set $service_url real2;
            }
        "#]]
        .assert_eq(&String::from_utf8_lossy(&chosen));
        let chosen = Include::parse(&chosen, "service_url").unwrap();
        assert_eq!(chosen.choice(), Some(&choice()));
        assert_eq!(chosen.with_port(8081), b"set $service_url 127.0.0.1:8081;\n");
    }

    #[test]
    fn f96_a_group_of_the_users_own_is_replaced_by_the_one_that_leads_there_or_by_an_address() {
        for (text, groups, moved) in [
            ("set $service_url blue; # x\n", vec![("blue", 8081), ("green", 8082)], "set $service_url green; # x\n"),
            ("set $service_url http://blue;", vec![("blue", 8081), ("green", 8082)], "set $service_url http://green;"),
            ("set $service_url blue;", vec![("blue", 8081)], "set $service_url 127.0.0.1:8082;"),
            (
                "set $service_url \"http://app.blue\";",
                vec![("app.blue", 8081)],
                "set $service_url \"http://127.0.0.1:8082\";",
            ),
        ] {
            let include = Include::parse(text.as_bytes(), "service_url").unwrap();
            assert!(matches!(include.leads(), Leads::Named { .. }), "{text}");
            let groups: Vec<(String, u16)> = groups.into_iter().map(|(name, port)| (name.to_owned(), port)).collect();
            let include = include.among(groups);
            assert_eq!(port(&include), 8081, "{text}");
            assert_eq!(String::from_utf8_lossy(&include.with_port(8082)), moved);
            assert_eq!(include.with_port(8081), text.as_bytes());
        }
        let unknown =
            Include::parse(b"set $service_url blue;", "service_url").unwrap().among(vec![("red".to_owned(), 1)]);
        assert_eq!(unknown.leads().to_string(), "the group `blue`");
    }

    proptest! {
        #![proptest_config(random::config(500))]

        #[test]
        fn f68_any_bytes_are_either_refused_or_survive_a_move_and_back(bytes in proptest::collection::vec(any::<u8>(), 0..200), port in 1_u16..) {
            let mut text = bytes.clone();
            text.extend_from_slice(b"\nset $service_url http://127.0.0.1:8081;\n");
            text.extend_from_slice(&bytes);
            // Whatever stands in a comment is no reason to refuse: these are never all refused.
            let comment: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\n').collect();
            let commented = [b"# ", comment.as_slice(), b"\n  set $service_url http://127.0.0.1:8081; # ", &comment].concat();
            prop_assert!(Include::parse(&commented, "service_url").is_ok(), "{}", String::from_utf8_lossy(&commented));
            for candidate in [bytes, text, commented] {
                if let Ok(include) = Include::parse(&candidate, "service_url") {
                    let moved = Include::parse(&include.with_port(port), "service_url").expect("a moved include is an include");
                    prop_assert_eq!(self::port(&moved), port);
                    if let Leads::To { port: before, .. } = include.leads() {
                        prop_assert_eq!(moved.with_port(*before), candidate.clone());
                    }
                    let choosing = Include::parse(&include.with_choice(&choice()), "service_url").expect("a choosing include is an include");
                    prop_assert_eq!(choosing.choice(), Some(&choice()));
                    prop_assert_eq!(choosing.with_port(port), include.with_port(port));
                }
            }
        }
    }
}
