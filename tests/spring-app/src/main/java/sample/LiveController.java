package sample;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /live}: whether this process takes itself for the live one, and how often what may run only there has run. */
@RestController
class LiveController {

    private final LiveSlot slot;

    private final OnlyOnce onlyOnce;

    LiveController(LiveSlot slot, OnlyOnce onlyOnce) {
        this.slot = slot;
        this.onlyOnce = onlyOnce;
    }

    @GetMapping(path = "/live", produces = MediaType.TEXT_PLAIN_VALUE)
    String live() {
        return "live: " + slot.isLive() + "\nruns: " + onlyOnce.runs() + "\n";
    }
}
