//! The requests over TLS: on a connection of their own, or as streams of the session that [`Mode::Http2Retry`] shares.

use super::Sender;
use crate::exchange::http2::Session;
use crate::exchange::large;
use crate::failure::{Broken, Failure};
use crate::mode::Mode;
use crate::progress::Progress;
use crate::secure::Secure;

impl Sender {
    /// Sends one request of [`Mode::SECURE`].
    pub(super) async fn attempt_over_tls(&self, mode: Mode, progress: &mut Progress) -> Result<(), Broken> {
        // `LoadBuilder::start` refuses these modes without it.
        let secure = self.secure.as_ref().ok_or_else(|| Failure::Connect.because("no address for TLS"))?;
        if mode == Mode::Tls {
            let mut connection = secure.http1(self.open_to(secure.address, progress).await?).await?;
            return large::fetch(&mut connection, self.requests.get(mode), progress).await;
        }
        let mut session = self.session(mode, secure, progress).await?;
        let mut outcome = self.fetch(&session, progress).await;
        let gone = |broken: &Broken| match broken.failure {
            Failure::Unprocessed => true,
            failure => failure.is_death_of_connection() && progress.nth_use >= 2 && progress.first_byte.is_none(),
        };
        if mode.retries() && outcome.as_ref().is_err_and(gone) {
            progress.retried = true;
            session = self.session_after(&session, secure, progress).await?;
            outcome = self.fetch(&session, progress).await;
        }
        outcome
    }

    async fn fetch(&self, session: &Session, progress: &mut Progress) -> Result<(), Broken> {
        session.fetch(&self.requests.host, &self.requests.large_path, progress).await
    }

    /// The shared session of a mode that retries, or one of its own.
    async fn session(&self, mode: Mode, secure: &Secure, progress: &mut Progress) -> Result<Session, Broken> {
        if !mode.retries() {
            return self.open_session(secure, progress).await;
        }
        let mut shared = self.session.lock().await;
        if let Some(session) = shared.as_ref().filter(|session| session.is_open()) {
            return Ok(session.clone());
        }
        Ok(shared.insert(self.open_session(secure, progress).await?).clone())
    }

    /// The shared session in the place of one that has ended: another request may have opened it already.
    async fn session_after(
        &self,
        ended: &Session,
        secure: &Secure,
        progress: &mut Progress,
    ) -> Result<Session, Broken> {
        let mut shared = self.session.lock().await;
        if let Some(session) = shared.as_ref().filter(|session| !session.is(ended)) {
            return Ok(session.clone());
        }
        Ok(shared.insert(self.open_session(secure, progress).await?).clone())
    }

    async fn open_session(&self, secure: &Secure, progress: &mut Progress) -> Result<Session, Broken> {
        let connection = secure.http2(self.open_to(secure.address, progress).await?).await?;
        Session::begin(connection, progress).await
    }
}
