//! A behaviour carried out: what goes back over the wire.

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::behaviour::Behaviour;
use crate::http::{WholeResponse, response, with_header};

/// What CodeDeploy's API calls its JSON.
const JSON: &str = "application/x-amz-json-1.1";
/// What AWS asks its customers for when they complain.
const REQUEST_ID: &str = "request-id-of-a-test";

/// The answer; nothing, if the connection is to be closed without one.
pub(crate) async fn perform(mut behaviour: Behaviour) -> Option<WholeResponse> {
    while let Behaviour::Slow(delay, inner) = behaviour {
        sleep(delay).await;
        behaviour = *inner;
    }
    Some(match behaviour {
        Behaviour::Answer(body) => answer(200, &body),
        Behaviour::Error { status, code, message } => error(status, &code, &message),
        Behaviour::Throttled => error(400, "ThrottlingException", "Rate exceeded"),
        Behaviour::ServerError => error(500, "InternalFailure", "An internal error occurred."),
        Behaviour::Html(status) => response(status, "text/html;charset=UTF-8", html(status)),
        Behaviour::Garbage => response(200, JSON, r#"{"deploymentInfo": {"deploymentId": "d-"#),
        Behaviour::Silent => std::future::pending().await,
        // A script has made steps of its sequences, and this loop has unwrapped what was slow.
        Behaviour::Disconnect | Behaviour::Sequence(_) | Behaviour::Slow(..) => return None,
    })
}

pub(crate) fn error(status: u16, code: &str, message: &str) -> WholeResponse {
    answer(status, &json!({"__type": code, "message": message}))
}

fn answer(status: u16, body: &Value) -> WholeResponse {
    with_header(response(status, JSON, body.to_string()), "x-amzn-requestid", REQUEST_ID)
}

fn html(status: u16) -> String {
    format!(
        "<html>\r\n<head><title>{status} from a proxy</title></head>\r\n<body>Ask again later.</body>\r\n</html>\r\n"
    )
}
