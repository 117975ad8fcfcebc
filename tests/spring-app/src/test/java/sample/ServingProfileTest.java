package sample;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;

/** The rule of {@link ServingProfile}, case by case. */
class ServingProfileTest {

    @Test
    void aProfileTheProxyKnowsWinsOverOneThatStandsBeforeIt() {
        assertEquals("real", ServingProfile.among(List.of("oauth", "real", "real-db")));
        assertEquals("real1", ServingProfile.among(List.of("real-db", "real1")));
        assertEquals("real2", ServingProfile.among(List.of("oauth", "real2")));
    }

    @Test
    void theFirstWinsAmongSeveralTheProxyKnows() {
        assertEquals("real2", ServingProfile.among(List.of("real2", "real1", "real")));
    }

    @Test
    void theFirstOfAllIsTakenWhenTheProxyKnowsNone() {
        assertEquals("oauth", ServingProfile.among(List.of("oauth", "real-db", "real3")));
    }

    @Test
    void noActiveProfileIsDefault() {
        assertEquals("default", ServingProfile.among(List.of()));
    }
}
