//! What java itself says: of the jar, of its options, of memory. The release has not begun then, or is at its end.

use crate::cause::Row;
use crate::language::text;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "class-version",
        looks_for: &[
            "UnsupportedClassVersionError: {class} has been compiled by a more recent version of the Java Runtime (class file version {needs:class}), this version of the Java Runtime only recognizes class file versions up to {has:class}",
        ],
        also: &[],
        says: &[text!("`{class}` was compiled for Java {needs}, and Java {has} runs it")],
        remedy: &[text!(
            "run it with Java {needs} (`app.java` in hooks.toml), or build it for Java {has}; then deploy again"
        )],
    },
    Row {
        id: "jar-missing",
        looks_for: &["Error: Unable to access jarfile {jar}"],
        also: &[],
        says: &[text!("java cannot read `{jar}`")],
        remedy: &[text!(
            "see that it is there and that the release's user may read it and pass each directory above it"
        )],
    },
    Row {
        id: "jar-broken",
        looks_for: &[
            "Error: Invalid or corrupt jarfile {jar}",
            "Error opening zip file or JAR manifest missing : {jar}",
        ],
        also: &[],
        says: &[text!("`{jar}` is no whole jar")],
        remedy: &[text!("build it again, see that nothing cuts it off on its way, and deploy again")],
    },
    Row {
        id: "jar-plain",
        looks_for: &["no main manifest attribute, in {jar}"],
        also: &[],
        says: &[text!("`{jar}` is a plain jar: its manifest names no main class")],
        remedy: &[text!(
            "deploy the jar that `bootJar` (Gradle) or `spring-boot:repackage` (Maven) makes, not the `-plain` one"
        )],
    },
    Row {
        id: "main-class",
        looks_for: &["Error: Could not find or load main class {class}"],
        also: &["Caused by: java.lang.ClassNotFoundException: {missing}"],
        says: &[text!("java does not find the main class `{class}`")],
        remedy: &[text!("correct the main class in the build, or in `app.command`, and deploy again")],
    },
    Row {
        id: "jvm-option",
        looks_for: &[
            "Unrecognized VM option '{option}'",
            "Unrecognized option: {option}",
            "Invalid maximum heap size: {option}",
            "Invalid initial heap size: {option}",
            "Improperly specified VM option '{option}'",
        ],
        also: &[],
        says: &[text!("this java does not take the option `{option}`")],
        remedy: &[text!(
            "correct `app.jvm_options` in hooks.toml (or `JAVA_TOOL_OPTIONS`), or run the Java that it was written for"
        )],
    },
    Row {
        id: "jvm-heap-order",
        looks_for: &["Initial heap size set to a larger value than the maximum heap size"],
        also: &[],
        says: &[text!("the heap begins larger than it may become (`-Xms` above `-Xmx`)")],
        remedy: &[text!("lower `-Xms` or raise `-Xmx` in `app.jvm_options`, then deploy again")],
    },
    Row {
        id: "jvm-no-memory",
        looks_for: &[
            "There is insufficient memory for the Java Runtime Environment to continue",
            "Could not reserve enough space for {size} object heap",
        ],
        also: &["Native memory allocation (mmap) failed to map {bytes} bytes"],
        says: &[
            text!("this host did not give java the {size} that its heap asks for"),
            text!("this host did not give java {bytes} bytes of memory"),
            text!("this host has too little memory left for java"),
        ],
        remedy: &[text!("lower `-Xmx` and `-Xms` in `app.jvm_options`, or add memory or swap; then deploy again")],
    },
    Row {
        id: "jvm-crash",
        looks_for: &["# A fatal error has been detected by the Java Runtime Environment"],
        also: &["#  {signal} at pc="],
        says: &[text!("java itself crashed: {signal}"), text!("java itself crashed")],
        remedy: &[text!(
            "update java, and look into the file `hs_err_pid….log` that it names; native libraries and agents are what crashes most"
        )],
    },
    Row {
        id: "heap-full",
        looks_for: &[
            "java.lang.OutOfMemoryError: Java heap space",
            "java.lang.OutOfMemoryError: GC overhead limit exceeded",
        ],
        also: &[],
        says: &[text!("its heap was full (`OutOfMemoryError`)")],
        remedy: &[text!(
            "raise `-Xmx` in `app.jvm_options` if this host has the memory, or find what fills the heap (`-XX:+HeapDumpOnOutOfMemoryError`)"
        )],
    },
    Row {
        id: "metaspace-full",
        looks_for: &["java.lang.OutOfMemoryError: Metaspace"],
        also: &[],
        says: &[text!("its classes did not fit into the metaspace (`OutOfMemoryError`)")],
        remedy: &[text!("raise or remove `-XX:MaxMetaspaceSize` in `app.jvm_options`, then deploy again")],
    },
    Row {
        id: "threads",
        looks_for: &["java.lang.OutOfMemoryError: unable to create native thread"],
        also: &[],
        says: &[text!("the system gave it no more threads (`unable to create native thread`)")],
        remedy: &[text!(
            "raise the limit of its user or unit (`ulimit -u`, `TasksMax=`), or let it start fewer threads; then deploy again"
        )],
    },
];
