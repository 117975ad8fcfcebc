package sample;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** Whether this process is the one that users get: the hooks say so in a file. */
@Component
class LiveSlot {

    private final String file;

    private final Environment environment;

    LiveSlot(@Value("${LIVE_SLOT_FILE:}") String file, Environment environment) {
        this.file = file;
        this.environment = environment;
    }

    boolean isLive() {
        if (file.isEmpty()) {
            return true; // Not started by the hooks: on a developer's machine there is only one.
        }
        Properties told = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(file))) {
            told.load(reader);
        } catch (IOException unread) {
            return false; // Nobody has said so yet: rather none than two.
        }
        return environment.matchesProfiles(told.getProperty("live", "none"));
    }
}
