//! Who listens on a port.

use shared::host::{Host, Listener, Signal};

use crate::contract;
use crate::subject::{Opens, ROOT, Subject};

contract! {
    ROOT:
        on_a_port_of_nobodys_nobody_listens,
        f31_a_release_listens_from_its_boot_to_its_end,
        the_child_that_opens_the_port_is_the_listener;
    USER:
        who_holds_another_users_socket_is_not_told_but_whose_it_is;
}

fn ids(listeners: &[Listener]) -> Vec<u32> {
    listeners.iter().flat_map(|listener| &listener.processes).map(|process| process.identity.id).collect()
}

async fn on_a_port_of_nobodys_nobody_listens(subject: &impl Subject) {
    let (host, port) = (subject.host(), subject.free_port());
    assert_eq!(host.listeners(port).unwrap(), []);
    assert!(!host.is_listened_on(port).unwrap());
    assert_eq!(host.connections_towards(port).unwrap(), []);
}

async fn f31_a_release_listens_from_its_boot_to_its_end(subject: &impl Subject) {
    let (host, port, other) = (subject.host(), subject.free_port(), subject.free_port());
    let release = host.launch(&subject.launch(Opens::Itself, port)).unwrap().identity;
    subject.until("it listens", |host| host.is_listened_on(port).unwrap()).await;
    let listeners = host.listeners(port).unwrap();
    assert_eq!((listeners.len(), ids(&listeners)), (1, vec![release.id]));
    assert_eq!(listeners[0].owner, host.user().id);
    let address = listeners[0].address;
    assert!(address.is_unspecified() || address.is_loopback(), "{address}");
    assert_eq!(listeners[0].processes[0].identity, release);
    assert!(!host.is_listened_on(other).unwrap());
    assert!(host.signal(&release, Signal::Kill).unwrap());
    subject.ended(&release).await;
    assert_eq!((host.listeners(port).unwrap(), host.is_listened_on(port).unwrap()), (vec![], false));
}

async fn the_child_that_opens_the_port_is_the_listener(subject: &impl Subject) {
    let (host, port) = (subject.host(), subject.free_port());
    let wrapper = host.launch(&subject.launch(Opens::Child, port)).unwrap().identity;
    subject.until("it listens", |host| host.is_listened_on(port).unwrap()).await;
    let children: Vec<u32> = host.children(wrapper.id).iter().map(|child| child.identity.id).collect();
    assert_eq!(ids(&host.listeners(port).unwrap()), children);
    assert_eq!(children.len(), 1);
}

async fn who_holds_another_users_socket_is_not_told_but_whose_it_is(subject: &impl Subject) {
    let (host, port) = (subject.host(), subject.foreign().port);
    assert!(host.is_listened_on(port).unwrap());
    let listeners = host.listeners(port).unwrap();
    assert_eq!((listeners.len(), ids(&listeners)), (1, vec![]));
    assert_eq!(listeners[0].owner, ROOT);
    let own = subject.free_port();
    let release = host.launch(&subject.launch(Opens::Itself, own)).unwrap().identity;
    subject.until("it listens", |host| host.is_listened_on(own).unwrap()).await;
    assert_eq!(ids(&host.listeners(own).unwrap()), [release.id], "one's own is told");
}
