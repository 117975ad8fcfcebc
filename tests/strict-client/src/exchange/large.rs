//! A GET of a large page, whose body must be as long as was asked for, compressed or not.

use std::io::{self, Write};

use flate2::write::GzDecoder;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::connection::Connection;
use crate::failure::{Broken, Failure};
use crate::progress::Progress;
use crate::request::LARGE;

/// Sends the request and reads the response.
pub(crate) async fn fetch(
    connection: &mut Connection<impl AsyncRead + AsyncWrite + Unpin>,
    request: &[u8],
    progress: &mut Progress,
) -> Result<(), Broken> {
    connection.begin(request, progress).await?;
    let mut page = Page::default();
    connection.receive(progress, |piece| page.take(piece).map(|()| 0)).await?;
    page.end(progress)
}

/// The body as it comes in. It is text, so that the first byte of a compressed one tells what it is.
#[derive(Debug, Default)]
pub(crate) enum Page {
    #[default]
    Nothing,
    Plain(Length),
    Compressed(Box<GzDecoder<Length>>),
}

/// How many bytes went in.
#[derive(Debug, Default)]
pub(crate) struct Length(u64);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    /// Takes the next bytes of the body.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<(), Broken> {
        if let (Self::Nothing, Some(first)) = (&self, piece.first()) {
            *self = match first {
                0x1f => Self::Compressed(Box::new(GzDecoder::new(Length::default()))),
                _ => Self::Plain(Length::default()),
            };
        }
        match self {
            Self::Nothing => Ok(()),
            Self::Plain(length) => length.write_all(piece).map_err(|error| damaged(&error)),
            Self::Compressed(decoder) => decoder.write_all(piece).map_err(|error| damaged(&error)),
        }
    }

    /// The response has ended: is the page whole? gzip's own checksum tells of its bytes.
    pub(crate) fn end(self, progress: &mut Progress) -> Result<(), Broken> {
        if !progress.has_succeeded() {
            return Ok(());
        }
        let length = match self {
            Self::Nothing => 0,
            Self::Plain(Length(length)) => length,
            Self::Compressed(decoder) => decoder.finish().map_err(|error| damaged(&error))?.0,
        };
        if length != LARGE {
            return Err(Failure::WrongBody.because(format!("{length} of {LARGE} bytes came")));
        }
        progress.exchanges = 1;
        Ok(())
    }
}

fn damaged(error: &io::Error) -> Broken {
    Failure::WrongBody.because(format!("it cannot be decompressed: {error}"))
}
