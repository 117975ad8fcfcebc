//! From the SDK's errors to the reasons that people are told.

use std::error::Error;

use aws_sdk_codedeploy::config::http::HttpResponse;
use aws_sdk_codedeploy::error::{ProvideErrorMetadata, SdkError};

use crate::host::codedeploy::{Operation, Refusal};
use crate::language::translated;

pub(super) fn of<E: ProvideErrorMetadata>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Refusal {
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            by_code(operation, status, context.err().code(), context.err().message().unwrap_or_default())
        }
        SdkError::DispatchFailure(failure) => {
            let why = failure.as_connector_error().map_or_else(String::new, |cause| innermost(cause));
            if why.contains("certificate") { Refusal::Untrusted(why) } else { Refusal::Unreachable(why) }
        }
        SdkError::TimeoutError(_) => {
            Refusal::Unreachable(translated!("it accepts connections and does not answer").to_owned())
        }
        SdkError::ResponseError(context) => Refusal::Faulty(Some(context.raw().status().as_u16())),
        _ => Refusal::Faulty(None),
    }
}

fn by_code(operation: Operation, status: u16, code: Option<&str>, message: &str) -> Refusal {
    match code {
        Some("AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation") => Refusal::Denied(operation),
        Some(
            "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded" | "SlowDown",
        ) => Refusal::Throttled,
        Some(
            code @ ("ExpiredTokenException"
            | "ExpiredToken"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "InvalidClientTokenId"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignature"),
        ) => Refusal::BadCredentials(code.to_owned()),
        Some(code) if status < 500 => Refusal::Reason { code: code.to_owned(), message: message.to_owned() },
        _ => Refusal::Faulty(Some(status)),
    }
}

/// The cause at the bottom says what happened ("Connection refused"); the ones above it repeat that something did.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_by_its_code_and_without_one_by_its_status() {
        let reason = |code: &str| Refusal::Reason { code: code.into(), message: "m".into() };
        for (status, code, wanted) in [
            (400, Some("AccessDeniedException"), Refusal::Denied(Operation::GetDeployment)),
            (400, Some("ThrottlingException"), Refusal::Throttled),
            (400, Some("ExpiredTokenException"), Refusal::BadCredentials("ExpiredTokenException".into())),
            (400, Some("DeploymentDoesNotExistException"), reason("DeploymentDoesNotExistException")),
            (500, Some("InternalFailure"), Refusal::Faulty(Some(500))),
            (502, None, Refusal::Faulty(Some(502))),
            (403, None, Refusal::Faulty(Some(403))),
        ] {
            assert_eq!(by_code(Operation::GetDeployment, status, code, "m"), wanted, "{status} {code:?}");
        }
    }
}
