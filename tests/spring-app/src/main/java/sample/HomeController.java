package sample;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /}: a page for people that tells release, instance and profile. */
@RestController
class HomeController {

    private final Identity identity;

    private final ProfileController profile;

    HomeController(Identity identity, ProfileController profile) {
        this.identity = identity;
        this.profile = profile;
    }

    @GetMapping(path = "/", produces = MediaType.TEXT_PLAIN_VALUE)
    String home() {
        return "release: " + identity.release() + "\n"
                + "instance: " + identity.instance() + "\n"
                + "profile: " + profile.profile() + "\n";
    }
}
