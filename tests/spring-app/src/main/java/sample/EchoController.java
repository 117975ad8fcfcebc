package sample;

import java.io.IOException;
import java.io.InputStream;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code POST /echo}: answers the body, byte for byte, whatever its type. */
@RestController
class EchoController {

    @PostMapping(path = "/echo", produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
    byte[] echo(InputStream body) throws IOException {
        return body.readAllBytes();
    }
}
