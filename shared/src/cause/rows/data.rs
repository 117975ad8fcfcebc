//! What becomes of a release whose database or Redis is not there, does not let it in, or has other tables than it needs.

use crate::cause::Row;
use crate::language::text;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "database-login",
        looks_for: &[
            "password authentication failed for user \"{user}\"",
            "Access denied for user {user} (using password: ",
        ],
        also: &[],
        says: &[text!("the database refused the login of user `{user}`")],
        remedy: &[text!(
            "correct `spring.datasource.username` and `spring.datasource.password` where this host has them, then deploy again"
        )],
    },
    Row {
        id: "database-unknown",
        looks_for: &["FATAL: database \"{name}\" does not exist", "Unknown database '{name}'"],
        also: &[],
        says: &[text!("the database server has no database `{name}`")],
        remedy: &[text!("create it, or correct `spring.datasource.url`; then deploy again")],
    },
    Row {
        id: "unknown-host",
        looks_for: &["java.net.UnknownHostException: {host}: ", "java.net.UnknownHostException: {host}"],
        also: &[],
        says: &[text!("this host finds no address for the name `{host}`")],
        remedy: &[text!(
            "correct the name in the application's settings, or the DNS of this host (`getent hosts {host}`); then deploy again"
        )],
    },
    Row {
        id: "database-refused",
        looks_for: &[
            "Connection to {address} refused. Check that",
            "Socket fail to connect to {address}. Connection refused",
            "Communications link failure",
        ],
        also: &[],
        says: &[text!("the database at `{address}` took no connection"), text!("the database took no connection")],
        remedy: &[text!(
            "see that it runs and that this host may reach it (security group, `spring.datasource.url`), then deploy again"
        )],
    },
    Row {
        id: "database-file-held",
        looks_for: &["Database may be already in use: \"{file}\""],
        also: &[],
        says: &[text!("another process, perhaps the live release, holds the database `{file}`")],
        remedy: &[text!(
            "H2 opens a file for one process: let both slots use a database server (for a trial `;AUTO_SERVER=TRUE` in the URL)"
        )],
    },
    Row {
        id: "redis-refused",
        looks_for: &["Unable to connect to Redis"],
        also: &["AnnotatedConnectException: Connection refused: {address}"],
        says: &[text!("Redis at `{address}` took no connection"), text!("Redis took no connection")],
        remedy: &[text!(
            "see that it runs and that this host may reach it (security group, `spring.data.redis.host`), then deploy again"
        )],
    },
    Row {
        id: "datasource-url",
        looks_for: &["Failed to configure a DataSource: 'url' attribute is not specified"],
        also: &[],
        says: &[text!("no database is configured: `spring.datasource.url` is set nowhere that this profile reads")],
        remedy: &[text!(
            "put it into the properties of this profile, or see that `app.config_locations` names the file that has it"
        )],
    },
    Row {
        id: "database-driver",
        looks_for: &[
            "Cannot load driver class: {class}",
            "Failed to load driver class {class} in",
            "Failed to determine a suitable driver class",
            "Driver {class} claims to not accept jdbcUrl",
        ],
        also: &[],
        says: &[
            text!("the driver `{class}` is not in the jar, or is not for this database"),
            text!("no driver fits the database's address"),
        ],
        remedy: &[text!("add the driver to the build, or correct `spring.datasource.url`; then deploy again")],
    },
    Row {
        id: "flyway-database",
        looks_for: &["FlywayException: Unsupported Database: {database}"],
        also: &[],
        says: &[text!("Flyway in this jar has no part for {database}")],
        remedy: &[text!(
            "add it to the build (`flyway-database-postgresql`, `flyway-mysql`), or a newer Flyway; then deploy again"
        )],
    },
    Row {
        id: "flyway-validation",
        looks_for: &["Validate failed: Migrations have failed validation"],
        also: &[
            "Migration checksum mismatch for migration version {version}",
            "Detected resolved migration not applied to database: {version}",
            "Detected applied migration not resolved locally: {version}",
        ],
        says: &[
            text!("Flyway's migration {version} is not the one that this database has had"),
            text!("the migrations in the jar are not those that this database has had (Flyway)"),
        ],
        remedy: &[text!(
            "never change a migration that was applied: put the old one back and add another; `flyway repair` if the change was meant"
        )],
    },
    Row {
        id: "flyway-migration",
        looks_for: &["Failed to execute script {script}", "Script {script} failed", "Migration {script} failed"],
        also: &["Message    : {message}; SQL statement:", "Message    : {message}"],
        says: &[
            text!("Flyway's migration `{script}` failed: {message}"),
            text!("Flyway's migration `{script}` failed"),
        ],
        remedy: &[text!("correct the migration, take back what it has half done, and deploy again")],
    },
    Row {
        id: "liquibase-lock",
        looks_for: &["Could not acquire change log lock.  Currently locked by {who}"],
        also: &[],
        says: &[text!("Liquibase's lock is held, by {who}")],
        remedy: &[text!(
            "if no release migrates just now, a killed one has left it: `UPDATE DATABASECHANGELOGLOCK SET LOCKED = FALSE`; then deploy again"
        )],
    },
    Row {
        id: "schema",
        looks_for: &["Schema validation: {what}", "Schema-validation: {what}"],
        also: &[],
        says: &[text!("the database does not have the tables that the entities describe: {what}")],
        remedy: &[text!(
            "add the migration that makes them, then deploy again; the live release has to run with that as well"
        )],
    },
];
