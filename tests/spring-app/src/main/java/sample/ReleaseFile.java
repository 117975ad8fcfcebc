package sample;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The file in the jar that says which release the jar is. */
final class ReleaseFile {

    private static final String PATH = "/release.properties";

    private ReleaseFile() {
    }

    /** Reads the jar anew each time, so it tells what the jar on disk is now, not what it was at the start. */
    static String read() throws IOException {
        try (InputStream file = ReleaseFile.class.getResourceAsStream(PATH)) {
            if (file == null) {
                throw new FileNotFoundException("`" + PATH + "` is not in the jar; build the jar again");
            }
            Properties properties = new Properties();
            properties.load(file);
            String release = properties.getProperty("release", "");
            if (release.isBlank()) {
                throw new IOException("`" + PATH + "` names no release; build with -Drelease=NAME");
            }
            return release;
        }
    }
}
