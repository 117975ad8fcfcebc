package sample;

import java.util.List;

import org.springframework.core.env.Environment;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /profile}: the question that the deploy asks to learn who serves. */
@RestController
class ProfileController {

    private final Environment environment;

    ProfileController(Environment environment) {
        this.environment = environment;
    }

    @GetMapping(path = "/profile", produces = MediaType.TEXT_PLAIN_VALUE)
    String profile() {
        return ServingProfile.among(List.of(environment.getActiveProfiles()));
    }
}
