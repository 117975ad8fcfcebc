//! What the host does not give: a port, a file, room, a connection. The last of them fits what others above tell better.
//! `own_port` is the port that the release was to listen on.

use crate::cause::Row;
use crate::language::text;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "port-taken",
        looks_for: &["Port {own_port} was already in use", "Port {own_port} is already in use"],
        also: &[],
        says: &[text!("port {own_port} was taken by another process when it began to listen")],
        remedy: &[text!("see who holds it (`ss -ltnp 'sport = :{own_port}'`), end that, and deploy again")],
    },
    Row {
        id: "other-port-taken",
        looks_for: &["Port {port} was already in use", "Port {port} is already in use"],
        also: &[],
        says: &[text!(
            "it also listens on port {port}, which another process has, perhaps the live release; its slot's port is {own_port}"
        )],
        remedy: &[text!(
            "give each slot a port of its own for that as well (`management.server.port` in the properties of each profile), then deploy again"
        )],
    },
    Row {
        id: "address-taken",
        looks_for: &["java.net.BindException: Address already in use"],
        also: &[],
        says: &[text!("a port that it wants to listen on is taken (`BindException: Address already in use`)")],
        remedy: &[text!("see who holds it (`ss -ltnp`); what both slots open needs a port for each of them")],
    },
    Row {
        id: "file-denied",
        looks_for: &[
            "java.nio.file.AccessDeniedException: {file}",
            "java.io.FileNotFoundException: {file} (Permission denied)",
        ],
        also: &[],
        says: &[text!("its user may not open `{file}`")],
        remedy: &[text!("let the user that runs the release own it (`ls -ld` shows who does), then deploy again")],
    },
    Row {
        id: "disk-full",
        looks_for: &["No space left on device", "Disk quota exceeded"],
        also: &[],
        says: &[text!("no room was left on a disk that it writes to")],
        remedy: &[text!("make room (`df -h`, `df -i`), then deploy again")],
    },
    Row {
        id: "keystore-password",
        looks_for: &["keystore password was incorrect", "Keystore was tampered with, or password was incorrect"],
        also: &["Could not load store from '{store}'"],
        says: &[
            text!("the password does not open the key store `{store}`"),
            text!("the password does not open a key store"),
        ],
        remedy: &[text!(
            "correct the password of the key store (`server.ssl.key-store-password`, or that of the bundle) on this host, then deploy again"
        )],
    },
    Row {
        id: "certificate",
        looks_for: &["unable to find valid certification path to requested target", "PKIX path building failed"],
        also: &[],
        says: &[text!("it does not trust the certificate of a server that it asks (`PKIX path building failed`)")],
        remedy: &[text!(
            "put that server's issuer into the trust store that java uses (`keytool -importcert -cacerts`), then deploy again"
        )],
    },
    Row {
        id: "connection-refused",
        looks_for: &["java.net.ConnectException: Connection refused"],
        also: &[],
        says: &[text!("a service that it needs took no connection")],
        remedy: &[text!(
            "see which one it asks (the lines above, and its log), that it runs, and that this host may reach it; then deploy again"
        )],
    },
];
