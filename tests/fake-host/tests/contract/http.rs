//! HTTP: whatever the server does is an answer.

use std::time::Duration;

use fake_host::AppAnswer;
use shared::host::{Answer, Host, ProxiedRequest, Request, TimedAnswer};

use crate::contract;
use crate::subject::{Opens, PROFILE, Subject};

contract! {
    ROOT:
        an_answer_is_told_with_its_status_and_its_trimmed_body,
        a_redirect_is_told_without_what_follows_the_question_mark_and_not_followed,
        no_more_than_64_kib_of_a_body_are_told,
        where_nobody_listens_the_connection_is_refused,
        who_does_not_answer_is_given_up_in_time,
        a_launched_release_answers_with_its_profile,
        what_is_asked_as_a_proxy_comes_at_once_in_order_and_without_bodies;
}

async fn ask(subject: &impl Subject, port: u16, at_most: Duration) -> Answer {
    let request = Request { url: format!("http://127.0.0.1:{port}/profile"), host: None, at_most };
    subject.host().get(&request).await.unwrap()
}

const GENEROUS: Duration = Duration::from_mins(2);

async fn an_answer_is_told_with_its_status_and_its_trimmed_body(subject: &impl Subject) {
    for (status, body, told) in [(200, " real2\r\n", "real2"), (404, "", ""), (503, "down", "down")] {
        let port = subject.serve(AppAnswer::Says(status, body.to_owned()));
        let answer = ask(subject, port, GENEROUS).await;
        assert_eq!(answer, Answer::Response { status, location: None, body: told.to_owned() });
    }
}

async fn a_redirect_is_told_without_what_follows_the_question_mark_and_not_followed(subject: &impl Subject) {
    let port = subject.serve(AppAnswer::Redirects("/login?token=secret".to_owned()));
    let answer = ask(subject, port, GENEROUS).await;
    assert_eq!(answer, Answer::Response { status: 302, location: Some("/login".to_owned()), body: String::new() });
}

async fn no_more_than_64_kib_of_a_body_are_told(subject: &impl Subject) {
    let port = subject.serve(AppAnswer::Says(200, "x".repeat(100_000)));
    let Answer::Response { body, .. } = ask(subject, port, GENEROUS).await else { panic!("no answer") };
    assert_eq!(body.len(), 65_536);
}

async fn where_nobody_listens_the_connection_is_refused(subject: &impl Subject) {
    assert_eq!(ask(subject, subject.free_port(), GENEROUS).await, Answer::Silence("connection refused".to_owned()));
}

async fn who_does_not_answer_is_given_up_in_time(subject: &impl Subject) {
    let port = subject.serve(AppAnswer::Hangs);
    let before = subject.host().elapsed();
    let at_most = Duration::from_millis(200);
    let Answer::Silence(why) = ask(subject, port, at_most).await else { panic!("an answer") };
    assert!(why.starts_with("no whole answer within"), "{why}");
    assert!(subject.host().elapsed() >= before + at_most);
}

async fn a_launched_release_answers_with_its_profile(subject: &impl Subject) {
    let (host, port) = (subject.host(), subject.free_port());
    host.launch(&subject.launch(Opens::Itself, port)).unwrap();
    subject.until("it listens", |host| host.is_listened_on(port).unwrap()).await;
    let answer = ask(subject, port, GENEROUS).await;
    assert_eq!(answer, Answer::Response { status: 200, location: None, body: PROFILE.to_owned() });
}

async fn what_is_asked_as_a_proxy_comes_at_once_in_order_and_without_bodies(subject: &impl Subject) {
    let hanging = subject.serve(AppAnswer::Hangs);
    let redirecting = subject.serve(AppAnswer::Redirects("https://a.example/owners?token=secret".to_owned()));
    let long = subject.serve(AppAnswer::Says(200, "x".repeat(300_000)));
    let at_most = Duration::from_secs(1);
    let ports = [hanging, hanging, redirecting, subject.free_port(), long];
    let requests = ports.map(|port| ProxiedRequest {
        request: Request {
            url: format!("http://127.0.0.1:{port}/owners"),
            host: Some("shop.example.com".to_owned()),
            at_most: if port == hanging { at_most } else { GENEROUS },
        },
        https: false,
        cookie: None,
        closes: true,
        as_browser: false,
    });
    let before = subject.host().elapsed();
    let timed = subject.host().get_as_proxy(&requests).await.unwrap();
    let answers: Vec<&Answer> = timed.iter().map(|TimedAnswer { answer, .. }| answer).collect();
    let response = |status, location: Option<&str>| Answer::Response {
        status,
        location: location.map(str::to_owned),
        body: String::new(),
    };
    assert!(answers[0].is_late() && answers[1].is_late(), "{answers:?}");
    assert_eq!(*answers[2], response(302, Some("https://a.example/owners")));
    assert_eq!(*answers[3], Answer::Silence("connection refused".to_owned()));
    assert_eq!(*answers[4], response(200, None));
    assert!(timed[0].took >= at_most && subject.host().elapsed() >= before + at_most, "{timed:?}");
    assert_eq!(subject.host().get_as_proxy(&[]).await.unwrap(), Vec::new());
}
