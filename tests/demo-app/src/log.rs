//! What the service prints, in the shape of Spring Boot's log. A failed write is not reported: a Java program's
//! output stream never fails the one who prints, and a stand-in must not die of a log that nobody reads.

use std::io::{self, Write};

/// A line of the service's log.
pub(crate) fn information(text: &str) {
    let process = std::process::id();
    drop(writeln!(io::stdout(), " INFO {process} --- [           main] demo.Application : {text}"));
}

/// A line of the virtual machine's, for the standard error.
pub(crate) fn error_line(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Spring Boot's report of a start that failed.
pub(crate) fn failed_to_start(description: &str) {
    for line in [
        "",
        "***************************",
        "APPLICATION FAILED TO START",
        "***************************",
        "",
        "Description:",
        "",
        description,
        "",
    ] {
        error_line(line);
    }
}

/// A stack trace as a bean that cannot be made leaves it.
pub(crate) fn stack_trace() {
    for line in [
        "org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'dataSource'",
        "\tat org.springframework.beans.factory.support.AbstractBeanFactory.doGetBean(AbstractBeanFactory.java:337)",
        "\tat org.springframework.boot.SpringApplication.run(SpringApplication.java:1361)",
        "\tat demo.Application.main(Application.java:12)",
        "Caused by: java.net.ConnectException: Connection refused",
        "\t... 26 more",
    ] {
        error_line(line);
    }
}

/// Five kilobytes without a line break, coloured, with a last byte that is not UTF-8.
pub(crate) fn flood() {
    let mut line = Vec::new();
    while line.len() < 5 * 1024 {
        line.extend_from_slice(b"\x1b[31mERROR\x1b[0m \x1b[1;33mflood\x1b[0m ");
    }
    line.push(0xff);
    let mut output = io::stdout();
    drop(output.write_all(&line).and_then(|()| output.flush()));
}
