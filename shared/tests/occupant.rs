//! Who is in a slot, as it is found on a host in memory.

use fake_host::{App, FakeHost};
use shared::config::{self, SettingsFile};
use shared::host::Host;
use shared::ledger::Ledger;
use shared::occupant::{self, Occupant};
use shared::slot::Slot;

#[test]
fn i2_a_process_that_holds_the_other_slots_port_is_never_ours_to_end_whatever_the_ledger_says() {
    let settings = config::settings(SettingsFile::parse("", "")).unwrap();
    let host = FakeHost::new(&settings.proxy.include, &settings.proxy.pid_file, 8082);
    let live = host.place_app(App::good(), "real1", 8082);
    let mut ledger = Ledger { boot: host.boot_id(), ..Ledger::default() };
    ledger.tenants.blue.process = Some(live);
    let found = occupant::find(&host, &settings, &ledger, Slot::Blue).unwrap();
    assert!(matches!(&found, Occupant::Stranger(who) if who.contains("holds the other slot's port")), "{found}");
    ledger.tenants.blue.process = None;
    assert_eq!(occupant::find(&host, &settings, &ledger, Slot::Blue), Ok(Occupant::Nobody));
}
