//! Who is in a slot, as it is found on a host in memory.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fake_host::{App, FakeHost};
use shared::config::{self, Settings, SettingsFile};
use shared::host::Host;
use shared::ledger::Ledger;
use shared::occupant::{self, Occupant};
use shared::slot::Slot;

fn find(host: &FakeHost, settings: &Settings, ledger: &Ledger, slot: Slot) -> Occupant {
    match pin!(occupant::find(host, settings, ledger, slot)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => found.unwrap_or_else(|error| unreachable!("{error}")),
        Poll::Pending => unreachable!("a host in memory never waits"),
    }
}

#[test]
fn i2_a_process_that_holds_the_other_slots_port_is_never_ours_to_end_whatever_the_ledger_says() {
    let settings = config::settings(SettingsFile::parse("", "")).unwrap();
    let host = FakeHost::new(&settings.proxy.include, &settings.proxy.pid_file, 8082);
    let live = host.place_app(App::good(), "real1", 8082);
    let mut ledger = Ledger { boot: host.boot_id(), ..Ledger::default() };
    ledger.tenants.blue.process = Some(live);
    let found = find(&host, &settings, &ledger, Slot::Blue);
    assert!(matches!(&found, Occupant::Stranger(who) if who.contains("holds the other slot's port")), "{found}");
    ledger.tenants.blue.process = None;
    assert_eq!(find(&host, &settings, &ledger, Slot::Blue), Occupant::Nobody);
}

#[test]
fn f108_a_process_that_ends_is_nobody_once_its_port_is_free_and_no_stranger_before() {
    for (name, app, dies) in
        [("it gave up", App::good().dying_after(Duration::from_secs(3)), false), ("it was killed", App::good(), true)]
    {
        for (lingers, wanted) in [(10, true), (500, true), (1900, true), (60_000, false)] {
            let settings = config::settings(SettingsFile::parse("", "")).unwrap();
            let host = FakeHost::new(&settings.proxy.include, &settings.proxy.pid_file, 8082);
            let release = host.place_app(app.clone().lingering(Duration::from_millis(lingers)), "real1", 8081);
            if dies {
                host.kill_slowly(&release);
            } else {
                host.pass(Duration::from_millis(1501));
            }
            let began = host.elapsed();
            let found = find(&host, &settings, &Ledger::default(), Slot::Blue);
            assert_eq!(found == Occupant::Nobody, wanted, "{name}, {lingers} ms: {found}");
            assert!(host.elapsed().saturating_sub(began) <= occupant::LOOKS_AGAIN.at_most, "{name}, {lingers} ms");
        }
    }
}
