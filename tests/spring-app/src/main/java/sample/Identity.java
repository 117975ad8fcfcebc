package sample;

import java.io.IOException;
import java.util.UUID;

import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Which release this process runs, and which start of it this is. */
@Component
final class Identity {

    private final String release = ReleaseFile.read();

    private final String instance = UUID.randomUUID().toString();

    Identity() throws IOException {
        LoggerFactory.getLogger(Identity.class).info("release {}, instance {}", release, instance);
    }

    String release() {
        return release;
    }

    String instance() {
        return instance;
    }
}
