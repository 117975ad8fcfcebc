package sample;

import java.io.IOException;

import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

import sample.lazy.LazyClasses;

/** {@code GET /lazy/N}: reads a class and a file from the jar, and tells when it is no longer the jar of the start. */
@RestController
class LazyController {

    private final Identity identity;

    LazyController(Identity identity) {
        this.identity = identity;
    }

    @GetMapping(path = "/lazy/{number}", produces = MediaType.TEXT_PLAIN_VALUE)
    ResponseEntity<String> lazy(@PathVariable int number) {
        if (number < 0 || number >= LazyClasses.COUNT) {
            return ResponseEntity.notFound().build();
        }
        try {
            String name = LazyClasses.load(number).getName();
            String onDisk = ReleaseFile.read();
            if (!onDisk.equals(identity.release())) {
                return broken("its file is of release `" + onDisk + "`, the process of `" + identity.release() + "`");
            }
            return ResponseEntity.ok(name + "\n");
        } catch (IOException | ReflectiveOperationException | RuntimeException | LinkageError failure) {
            // A damaged jar shows itself as any of these; each is the answer here, not an accident.
            return broken(failure.toString());
        }
    }

    private static ResponseEntity<String> broken(String reason) {
        return ResponseEntity.internalServerError().body("the jar was changed under this process: " + reason + "\n");
    }
}
