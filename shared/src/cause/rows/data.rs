//! What becomes of a release whose database or Redis is not there, does not let it in, or has other tables than it needs.

use crate::cause::Row;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "database-login",
        looks_for: &[
            "password authentication failed for user \"{user}\"",
            "Access denied for user {user} (using password: ",
        ],
        also: &[],
        says: &["the database refused the login of user `{user}`"],
        remedy: &[
            "correct `spring.datasource.username` and `spring.datasource.password` where this host has them, then deploy again",
        ],
    },
    Row {
        id: "database-unknown",
        looks_for: &["FATAL: database \"{name}\" does not exist", "Unknown database '{name}'"],
        also: &[],
        says: &["the database server has no database `{name}`"],
        remedy: &["create it, or correct `spring.datasource.url`; then deploy again"],
    },
    Row {
        id: "unknown-host",
        looks_for: &["java.net.UnknownHostException: {host}: ", "java.net.UnknownHostException: {host}"],
        also: &[],
        says: &["this host finds no address for the name `{host}`"],
        remedy: &[
            "correct the name in the application's settings, or the DNS of this host (`getent hosts {host}`); then deploy again",
        ],
    },
    Row {
        id: "database-refused",
        looks_for: &[
            "Connection to {address} refused. Check that",
            "Socket fail to connect to {address}. Connection refused",
            "Communications link failure",
        ],
        also: &[],
        says: &["the database at `{address}` took no connection", "the database took no connection"],
        remedy: &[
            "see that it runs and that this host may reach it (security group, `spring.datasource.url`), then deploy again",
        ],
    },
    Row {
        id: "database-file-held",
        looks_for: &["Database may be already in use: \"{file}\""],
        also: &[],
        says: &["another process, perhaps the live release, holds the database `{file}`"],
        remedy: &[
            "H2 opens a file for one process: let both slots use a database server (for a trial `;AUTO_SERVER=TRUE` in the URL)",
        ],
    },
    Row {
        id: "redis-refused",
        looks_for: &["Unable to connect to Redis"],
        also: &["AnnotatedConnectException: Connection refused: {address}"],
        says: &["Redis at `{address}` took no connection", "Redis took no connection"],
        remedy: &[
            "see that it runs and that this host may reach it (security group, `spring.data.redis.host`), then deploy again",
        ],
    },
    Row {
        id: "datasource-url",
        looks_for: &["Failed to configure a DataSource: 'url' attribute is not specified"],
        also: &[],
        says: &["no database is configured: `spring.datasource.url` is set nowhere that this profile reads"],
        remedy: &[
            "put it into the properties of this profile, or see that `app.config_locations` names the file that has it",
        ],
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
            "the driver `{class}` is not in the jar, or is not for this database",
            "no driver fits the database's address",
        ],
        remedy: &["add the driver to the build, or correct `spring.datasource.url`; then deploy again"],
    },
    Row {
        id: "flyway-database",
        looks_for: &["FlywayException: Unsupported Database: {database}"],
        also: &[],
        says: &["Flyway in this jar has no part for {database}"],
        remedy: &[
            "add it to the build (`flyway-database-postgresql`, `flyway-mysql`), or a newer Flyway; then deploy again",
        ],
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
            "Flyway's migration {version} is not the one that this database has had",
            "the migrations in the jar are not those that this database has had (Flyway)",
        ],
        remedy: &[
            "never change a migration that was applied: put the old one back and add another; `flyway repair` if the change was meant",
        ],
    },
    Row {
        id: "flyway-migration",
        looks_for: &["Failed to execute script {script}", "Script {script} failed", "Migration {script} failed"],
        also: &["Message    : {message}; SQL statement:", "Message    : {message}"],
        says: &["Flyway's migration `{script}` failed: {message}", "Flyway's migration `{script}` failed"],
        remedy: &["correct the migration, take back what it has half done, and deploy again"],
    },
    Row {
        id: "liquibase-lock",
        looks_for: &["Could not acquire change log lock.  Currently locked by {who}"],
        also: &[],
        says: &["Liquibase's lock is held, by {who}"],
        remedy: &[
            "if no release migrates just now, a killed one has left it: `UPDATE DATABASECHANGELOGLOCK SET LOCKED = FALSE`; then deploy again",
        ],
    },
    Row {
        id: "schema",
        looks_for: &["Schema validation: {what}", "Schema-validation: {what}"],
        also: &[],
        says: &["the database does not have the tables that the entities describe: {what}"],
        remedy: &[
            "add the migration that makes them, then deploy again; the live release has to run with that as well",
        ],
    },
];
