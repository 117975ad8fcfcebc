//! The API for real, through AWS's SDK. The SDK's own limits never end on a server that accepts and stays silent, and
//! looking for credentials is under none of them, so each question as a whole stands under a limit of ours.

use std::cell::Cell;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_codedeploy::config::{ProvideCredentials, Region, RuntimeComponents, SharedHttpClient};
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};

use super::{CodeDeploy, answers, refusals};
use crate::environment;
use crate::host::codedeploy::refusal::Whom;
use crate::host::codedeploy::{Asking, Deployment, Execution, Operation, Refusal, Target};

/// How long a connection may take to come about.
const CONNECT_AT_MOST: Duration = Duration::from_secs(1);

/// AWS's SDK with the credentials and the region of this host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client;

impl CodeDeploy for Client {
    async fn deployment(&self, id: &str, asking: &Asking) -> Result<Deployment, Refusal> {
        asked(asking, async |api| deployment(&api, id).await).await
    }

    async fn targets(&self, id: &str, asking: &Asking) -> Result<Vec<Target>, Refusal> {
        asked(asking, async |api| targets(&api, id).await).await
    }

    async fn instance(&self, asking: &Asking) -> Option<String> {
        let provider = ProviderConfig::without_region().with_http_client(http_client());
        let metadata = aws_config::imds::Client::builder()
            .configure(&provider)
            .connect_timeout(CONNECT_AT_MOST)
            .max_attempts(1)
            .build();
        let answer = tokio::time::timeout(asking.at_most, metadata.get("/latest/meta-data/instance-id")).await;
        answer.ok()?.ok().map(String::from)
    }

    async fn conclude(&self, execution: &Execution, succeeded: bool, asking: &Asking) -> Result<(), Refusal> {
        asked(asking, async |api| conclude(&api, execution, succeeded).await).await
    }
}

/// Asks with the region and the credentials of this host, all of it within the limit.
async fn asked<T>(
    asking: &Asking,
    ask: impl AsyncFnOnce(aws_sdk_codedeploy::Client) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let whom = Cell::new(Whom::Host);
    // On the heap, since the SDK's futures are tens of kilobytes large.
    let work = Box::pin(async {
        let api = connect(asking).await?;
        whom.set(Whom::CodeDeploy);
        ask(api).await
    });
    let late = |_| Err(Refusal::Late { at_most: asking.at_most, whom: whom.get() });
    tokio::time::timeout(asking.at_most, work).await.unwrap_or_else(late)
}

async fn deployment(api: &aws_sdk_codedeploy::Client, id: &str) -> Result<Deployment, Refusal> {
    let answer = api.get_deployment().deployment_id(id).send().await;
    let answer = answer.map_err(|error| refusals::of(Operation::GetDeployment, &error))?;
    Ok(answers::deployment(id, answer.deployment_info.unwrap_or_else(answers::nothing_known)))
}

async fn targets(api: &aws_sdk_codedeploy::Client, id: &str) -> Result<Vec<Target>, Refusal> {
    let mut targets = Vec::new();
    let mut next = None;
    loop {
        let page = api.list_deployment_targets().deployment_id(id).set_next_token(next).send().await;
        let page = page.map_err(|error| refusals::of(Operation::ListDeploymentTargets, &error))?;
        for target in page.target_ids() {
            let answer = api.get_deployment_target().deployment_id(id).target_id(target).send().await;
            let answer = answer.map_err(|error| refusals::of(Operation::GetDeploymentTarget, &error))?;
            targets.push(answers::target(target, answer.deployment_target.as_ref()));
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(targets);
        }
    }
}

async fn conclude(api: &aws_sdk_codedeploy::Client, execution: &Execution, succeeded: bool) -> Result<(), Refusal> {
    let status = if succeeded { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
    let answer = api
        .put_lifecycle_event_hook_execution_status()
        .deployment_id(&execution.deployment)
        .lifecycle_event_hook_execution_id(&execution.id)
        .status(status)
        .send()
        .await;
    answer.map(drop).map_err(|error| refusals::of(Operation::PutLifecycleEventHookExecutionStatus, &error))
}

async fn connect(asking: &Asking) -> Result<aws_sdk_codedeploy::Client, Refusal> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_AT_MOST)
        .operation_attempt_timeout(asking.at_most / 2)
        .operation_timeout(asking.at_most)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client())
        .retry_config(RetryConfig::standard().with_max_attempts(asking.attempts))
        .timeout_config(timeouts);
    if let Some(region) = &asking.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err(Refusal::NoRegion);
    }
    let Some(provider) = config.credentials_provider() else { return Err(Refusal::NoCredentials) };
    // Asked here and not by the call, so that a host without credentials is told from an API that cannot be reached.
    let credentials = provider.provide_credentials().await.map_err(|cause| {
        tracing::debug!("no credentials: {cause}");
        Refusal::NoCredentials
    })?;
    let config = aws_sdk_codedeploy::config::Builder::from(&config).credentials_provider(credentials).build();
    Ok(aws_sdk_codedeploy::Client::from_conf(config))
}

/// HTTPS goes through the proxy of the environment. Plain HTTP never does: that is the metadata service, which no proxy
/// reaches, and which the SDK's own client would ask for through one.
fn http_client() -> SharedHttpClient {
    let first = |names: [&str; 2]| names.into_iter().find_map(environment::variable);
    let proxy = first(["HTTPS_PROXY", "https_proxy"]).or_else(|| first(["ALL_PROXY", "all_proxy"]));
    let proxy = proxy.and_then(|url| {
        let proxy = ProxyConfig::https(url);
        // The URL may hold a password: it goes into no log.
        proxy.map_err(|_| tracing::warn!("the proxy of `HTTPS_PROXY` is no URL; going without")).ok()
    });
    let proxy = proxy.map(|proxy| proxy.no_proxy(first(["NO_PROXY", "no_proxy"]).unwrap_or_default()));
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(proxy.clone());
        connector.build()
    })
}
