//! The command line: that of `java` (options and the jar in any order, what follows the jar belongs to the
//! program), or `--artifact X --profile P --port N`.

use std::ffi::OsString;
use std::path::PathBuf;

use thiserror::Error;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Invocation {
    /// Print a version, as `java -version` does.
    Version,
    /// Run these arguments (the program's name first) in a child process.
    Wrap(Vec<OsString>),
    /// Serve.
    Serve(Launch),
}

/// What is to be served, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    pub(crate) artifact: PathBuf,
    pub(crate) profile: String,
    pub(crate) port: u16,
    /// A second port with the same answers, as Spring has one for its management endpoints.
    pub(crate) management_port: Option<u16>,
}

/// Why a command line was refused. The first three sentences are those of the `java` command.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum ArgumentError {
    #[error("Unrecognized option: {0}\nError: Could not create the Java Virtual Machine.")]
    UnknownOption(String),
    #[error("Could not find or load main class {0}")]
    NoJarOption(String),
    #[error("-jar requires jar file specification")]
    NoJar,
    #[error("argument {0:?} is unknown; needed `--artifact JAR --profile NAME --port NUMBER`, or what `java` takes")]
    UnknownArgument(String),
    #[error("argument `{0}` has no value; give it one")]
    NoValue(&'static str),
    #[error("port is {0:?}; needed a number from 1 to 65535")]
    InvalidPort(String),
    #[error("profile `{0}` has no port; give `--server.port=NUMBER`, or set `DEMO_PORT_{0}`")]
    NoPort(String),
}

/// The values as they stand on the command line.
#[derive(Default)]
struct Given {
    artifact: Option<PathBuf>,
    profiles: Option<String>,
    port: Option<String>,
    management_port: Option<String>,
}

/// Reads the command line, the program's name first, with a look at the environment for the port.
pub(crate) fn parse(
    arguments: &[OsString],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Invocation, ArgumentError> {
    if arguments.iter().skip(1).any(|argument| argument == "--wrapper") {
        return Ok(Invocation::Wrap(arguments.iter().filter(|argument| *argument != "--wrapper").cloned().collect()));
    }
    let arguments: Vec<String> =
        arguments.iter().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    if arguments.iter().any(|argument| argument == "-version" || argument == "--version") {
        return Ok(Invocation::Version);
    }
    let is_program = arguments.iter().any(|argument| argument == "--artifact" || argument.starts_with("--artifact="));
    let given = if is_program { parse_program(arguments)? } else { parse_java(arguments)? };
    let artifact = given.artifact.ok_or(ArgumentError::NoJar)?;
    let profile = chosen_profile(given.profiles.as_deref().unwrap_or(""));
    let port = given.port.or_else(|| variable(&format!("DEMO_PORT_{profile}")));
    let port = port.ok_or_else(|| ArgumentError::NoPort(profile.clone()))?;
    let number = |port: String| port.parse().ok().filter(|number| *number > 0).ok_or(ArgumentError::InvalidPort(port));
    let management_port = given.management_port.map(number).transpose()?;
    Ok(Invocation::Serve(Launch { artifact, profile, port: number(port)?, management_port }))
}

fn parse_java(arguments: Vec<String>) -> Result<Given, ArgumentError> {
    let mut given = Given::default();
    let mut jar_option = false;
    for argument in arguments {
        // A program's argument comes after the jar and outranks a system property, as Spring has it.
        let of_the_program = given.artifact.is_some();
        let property = argument.strip_prefix(if of_the_program { "--" } else { "-D" });
        if let Some((name, value)) = property.and_then(|property| property.split_once('=')) {
            match name {
                "spring.profiles.active" => given.profiles = Some(value.to_owned()),
                "server.port" => given.port = Some(value.to_owned()),
                "management.server.port" => given.management_port = Some(value.to_owned()),
                _ => {}
            }
        } else if of_the_program || argument.starts_with("-D") {
            // A property without a value, or a word for the program: of no meaning here.
        } else if argument == "-jar" {
            jar_option = true;
        } else if argument.starts_with('-') {
            let known = ["-X", "-ea", "-server", "-javaagent:", "--add-opens=", "--enable-native-access="];
            if !known.iter().any(|option| argument.starts_with(option)) {
                return Err(ArgumentError::UnknownOption(argument));
            }
        } else if jar_option {
            given.artifact = Some(PathBuf::from(argument));
        } else {
            return Err(ArgumentError::NoJarOption(argument));
        }
    }
    Ok(given)
}

fn parse_program(arguments: Vec<String>) -> Result<Given, ArgumentError> {
    let mut given = Given::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let mut value = |name| value.clone().or_else(|| arguments.next()).ok_or(ArgumentError::NoValue(name));
        match name {
            "--artifact" => given.artifact = Some(PathBuf::from(value("--artifact")?)),
            "--profile" => given.profiles = Some(value("--profile")?),
            "--port" => given.port = Some(value("--port")?),
            _ => return Err(ArgumentError::UnknownArgument(argument)),
        }
    }
    Ok(given)
}

/// What the service answers to `/profile`: the first of its active profiles that stands for a slot, else the
/// first, else Spring's name for none.
fn chosen_profile(active: &str) -> String {
    let mut profiles = active.split(',').map(str::trim).filter(|profile| !profile.is_empty());
    let first = profiles.clone().next().unwrap_or("default");
    profiles.find(|profile| ["real", "real1", "real2"].contains(profile)).unwrap_or(first).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Invocation, ArgumentError> {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        parse(&arguments, |name| (name == "DEMO_PORT_real1").then(|| "20081".to_owned()))
    }

    #[test]
    fn every_documented_command_line_is_understood() {
        let table = [
            (
                "java -jar -Dspring.config.location=classpath:/application.properties,/app/application-oauth.properties \
                 -Dspring.profiles.active=real1 X.jar",
                ("X.jar", "real1", 20081),
            ),
            ("java -Dspring.profiles.active=real2 -Xmx64m -jar X.jar --server.port=20082", ("X.jar", "real2", 20082)),
            ("java -jar -XX:+UseSerialGC X.jar --server.port=9 --other=1 word", ("X.jar", "default", 9)),
            ("java -Dserver.port=1 -Dflag -jar X.jar --server.port=2", ("X.jar", "default", 2)),
            ("java -Dserver.port=1 -Dspring.profiles.active=real1 -jar X.jar", ("X.jar", "real1", 1)),
            ("java -jar X.jar --spring.profiles.active=oauth,real1,real-db", ("X.jar", "real1", 20081)),
            ("java -Dserver.port=1 -Dspring.profiles.active=oauth,real-db -jar X.jar", ("X.jar", "oauth", 1)),
            ("demo-app --artifact X.jar --profile green --port 20082", ("X.jar", "green", 20082)),
            ("demo-app --port=20082 --profile=green --artifact=X.jar", ("X.jar", "green", 20082)),
        ];
        for (line, (artifact, profile, port)) in table {
            let launch =
                Launch { artifact: PathBuf::from(artifact), profile: profile.to_owned(), port, management_port: None };
            assert_eq!(parse_line(line), Ok(Invocation::Serve(launch)), "{line}");
        }
    }

    #[test]
    fn a_version_and_a_wrapper_are_asked_for_by_their_options() {
        assert_eq!(parse_line("java -version"), Ok(Invocation::Version));
        let inner = ["java", "-jar", "X.jar"].map(OsString::from).to_vec();
        assert_eq!(parse_line("java --wrapper -jar X.jar"), Ok(Invocation::Wrap(inner)));
    }

    #[test]
    fn a_command_line_that_cannot_be_served_is_refused_with_the_reason() {
        let table = [
            ("java", ArgumentError::NoJar),
            ("java -jar", ArgumentError::NoJar),
            ("java X.jar", ArgumentError::NoJarOption("X.jar".to_owned())),
            ("java -nonsense -jar X.jar", ArgumentError::UnknownOption("-nonsense".to_owned())),
            ("java -jar X.jar --server.port=high", ArgumentError::InvalidPort("high".to_owned())),
            ("java -jar X.jar --server.port=0", ArgumentError::InvalidPort("0".to_owned())),
            ("java -Dspring.profiles.active=real2 -jar X.jar", ArgumentError::NoPort("real2".to_owned())),
            ("demo-app --artifact X.jar --port", ArgumentError::NoValue("--port")),
            ("demo-app --artifact X.jar --colour red", ArgumentError::UnknownArgument("--colour".to_owned())),
        ];
        for (line, error) in table {
            assert_eq!(parse_line(line), Err(error), "{line}");
        }
    }
}
