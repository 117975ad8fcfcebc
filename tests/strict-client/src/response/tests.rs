//! Whole, cut, chunked and malformed responses, in every way of cutting them to pieces.

use super::*;

/// Feeds `text` in pieces of `size` bytes.
fn read(text: &str, size: usize) -> Result<ResponseReader, Broken> {
    Ok(read_body(text, size)?.0)
}

fn read_body(text: &str, size: usize) -> Result<(ResponseReader, String), Broken> {
    let mut reader = ResponseReader::new();
    let mut body = String::new();
    for piece in text.as_bytes().chunks(size) {
        reader.take(piece, &mut |bytes: &[u8]| {
            body.push_str(std::str::from_utf8(bytes).unwrap());
            Ok(())
        })?;
    }
    Ok((reader, body))
}

#[test]
fn a_whole_response_is_complete_however_it_was_cut() {
    let table = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nreal1",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nreal\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: y\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ];
    for text in table {
        for size in 1..=text.len() {
            let reader = read(text, size).unwrap();
            assert!(reader.is_complete(), "{text:?} in pieces of {size}");
        }
        for end in 0..text.len() {
            let reader = read(&text[..end], 64).unwrap();
            assert!(!reader.is_complete(), "{:?}", &text[..end]);
            let failure = if end == 0 { Failure::EofBeforeResponse } else { Failure::EofWithinResponse };
            let is_between_heads = text[..end].ends_with("\r\n\r\n") && text.starts_with("HTTP/1.1 100");
            assert!(reader.end() == Err(failure) || is_between_heads, "{:?}", &text[..end]);
        }
    }
}

#[test]
fn the_head_tells_status_release_instance_and_whether_the_connection_may_be_used_again() {
    let marks = "X-Release: v2\r\nx-instance: ab12cd34\r\n";
    let table = [
        (format!("HTTP/1.1 200 OK\r\n{marks}Content-Length: 1\r\n\r\n"), true),
        (format!("HTTP/1.1 200 OK\r\n{marks}Content-Length: 1\r\nConnection: Close\r\n\r\n"), false),
        (format!("HTTP/1.0 200 OK\r\n{marks}Content-Length: 1\r\n\r\n"), false),
        (format!("HTTP/1.0 200 OK\r\n{marks}Content-Length: 1\r\nConnection: keep-alive\r\n\r\n"), true),
        (format!("HTTP/1.1 200 OK\r\n{marks}\r\n"), false),
    ];
    for (text, reuse) in table {
        let head = read(&text, 1024).unwrap().take_head().unwrap();
        assert_eq!(
            (head.status, head.release.as_deref(), head.instance.as_deref()),
            (200, Some("v2"), Some("ab12cd34"))
        );
        assert_eq!(head.allows_reuse(), reuse, "{text:?}");
    }
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let reader = read("HTTP/1.0 200 OK\r\n\r\nsome", 3).unwrap();
    assert!(!reader.is_complete());
    assert_eq!(reader.end(), Ok(()));
}

#[test]
fn what_is_no_response_is_refused() {
    let table = [
        ("SSH-2.0-OpenSSH\r\n\r\n", "a head that is none (invalid HTTP version): \"SSH-2.0-OpenSSH\""),
        ("HTTP/2 200\r\n\r\n", "a head that is none (invalid HTTP version): \"HTTP/2 200\""),
        ("HTTP/1.1 OK\r\n\r\n", "a head that is none (invalid response status): \"HTTP/1.1 OK\""),
        (
            "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
            "a head that is none (invalid header name): \"HTTP/1.1 200 OK\\r\\nnonsense\"",
        ),
        ("HTTP/1.1 2000 OK\r\n\r\n", "a head that is none (invalid response status): \"HTTP/1.1 2000 OK\""),
        (
            "HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n",
            "a head that is none (invalid header name): \"HTTP/1.1 200 OK\\r\\nX Y: z\"",
        ),
        ("HTTP/1.1 200 OK\nX: y\r\n\r\n", "a head that is none (a bare line feed): \"HTTP/1.1 200 OK\\nX: y\""),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "a content length \"-1\""),
        ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "a content length \"+1\""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n", "a chunk of the size \"+1\""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "a chunk of the size \"zz\""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", "a chunk that ends with \"bc\""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay", "2 bytes after the response's end"),
    ];
    for (text, message) in table {
        assert_eq!(read(text, 1024).unwrap_err(), malformed(message), "{text:?}");
    }
}

#[test]
fn the_body_is_handed_on_whole_and_only_if_the_status_is_one_of_success() {
    let table = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nreal1", "real1"),
        (
            "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nr\r\nl\r\nA\r\n0123456789\r\n0\r\n\r\n",
            "r\r\nl0123456789",
        ),
        ("HTTP/1.0 200 OK\r\n\r\nsome\n\n", "some\n\n"),
        ("HTTP/1.1 502 Bad\r\nContent-Length: 5\r\n\r\nwrong", ""),
    ];
    for (text, body) in table {
        for size in 1..=text.len() {
            assert_eq!(read_body(text, size).unwrap().1, body, "{text:?} in pieces of {size}");
        }
    }
}
