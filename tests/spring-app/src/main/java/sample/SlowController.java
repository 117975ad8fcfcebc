package sample;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /slow?milliseconds=N}: a request that takes its time, to be in flight when something happens. */
@RestController
class SlowController {

    private static final long LONGEST_MILLISECONDS = 60_000;

    @GetMapping(path = "/slow", produces = MediaType.TEXT_PLAIN_VALUE)
    String slow(@RequestParam long milliseconds) throws InterruptedException {
        long taken = Math.max(0, Math.min(milliseconds, LONGEST_MILLISECONDS));
        Thread.sleep(taken);
        return "answered after " + taken + " ms\n";
    }
}
