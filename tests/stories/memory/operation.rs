//! What can happen to a site in a random schedule.

use std::time::Duration;

use fake_host::{App, AppAnswer, Binding, OnTerminate, PidFile, Reloading};
use proptest::prelude::*;

use crate::exit::Hook;

/// Something that happens to a site.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Deploy(Behaviour),
    Single(Hook, u8),
    Interrupted(Hook, usize),
    KilledAt(Hook, usize),
    WriteFails(Hook, usize),
    KillLive,
    KillStandby,
    NginxDown(PidFile),
    NginxUp,
    Configuration(bool),
    DoorNoHelp,
    DoorHelps,
    NextReload(Reloading),
    ForeignReload,
    DamageLedger,
    LoseLedger,
    Reboot,
    Wait(u64),
}

/// How the next release behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behaviour {
    Good,
    Slow,
    Wrapped,
    Stubborn,
    Unhealthy,
    WrongProfile,
    Dies,
    DiesLater,
    UnreachableThroughNginx,
}

impl Behaviour {
    /// As the host in memory takes it.
    pub(crate) fn app(self) -> App {
        match self {
            Behaviour::Good => App::good(),
            Behaviour::Slow => App::good().booting_for(Duration::from_secs(40)),
            Behaviour::Wrapped => App::good().binding(Binding::ByChild),
            Behaviour::Stubborn => App::good().on_terminate(OnTerminate::Ignores),
            Behaviour::Unhealthy => App::good().answering(AppAnswer::Says(403, String::new())),
            Behaviour::WrongProfile => App::good().answering(AppAnswer::Says(200, "real".into())),
            Behaviour::Dies => App::good().dying_after(Duration::from_millis(300)),
            Behaviour::DiesLater => App::good().dying_after(Duration::from_mins(1)),
            Behaviour::UnreachableThroughNginx => App::good().answering_nginx(AppAnswer::Says(502, String::new())),
        }
    }
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        6 => Just(Behaviour::Good),
        1 => Just(Behaviour::Slow),
        1 => Just(Behaviour::Wrapped),
        1 => Just(Behaviour::Stubborn),
        1 => Just(Behaviour::Unhealthy),
        1 => Just(Behaviour::WrongProfile),
        1 => Just(Behaviour::Dies),
        1 => Just(Behaviour::DiesLater),
        1 => Just(Behaviour::UnreachableThroughNginx),
    ]
}

fn hook() -> impl Strategy<Value = Hook> {
    prop::sample::select(vec![Hook::Stop, Hook::Start, Hook::Health, Hook::Switch, Hook::Back, Hook::Restart])
}

/// Any operation, those that deploys are made of more often.
pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    let reloading = prop::sample::select(vec![
        Reloading::Refused,
        Reloading::NewWorkersDie,
        Reloading::OldWorkersStay,
        Reloading::WorksLate(Duration::from_secs(2)),
        Reloading::WorksLate(Duration::from_secs(7)),
    ]);
    prop_oneof![
        8 => behaviour().prop_map(Operation::Deploy),
        8 => (hook(), 0_u8..3).prop_map(|(hook, who)| Operation::Single(hook, who)),
        3 => (hook(), 1_usize..25).prop_map(|(hook, wait)| Operation::Interrupted(hook, wait)),
        3 => (hook(), 1_usize..40).prop_map(|(hook, point)| Operation::KilledAt(hook, point)),
        2 => (hook(), 1_usize..5).prop_map(|(hook, nth)| Operation::WriteFails(hook, nth)),
        1 => Just(Operation::KillLive),
        1 => Just(Operation::KillStandby),
        1 => prop::sample::select(vec![PidFile::Removed, PidFile::Left]).prop_map(Operation::NginxDown),
        2 => Just(Operation::NginxUp),
        2 => any::<bool>().prop_map(Operation::Configuration),
        1 => Just(Operation::DoorNoHelp),
        1 => Just(Operation::DoorHelps),
        1 => reloading.prop_map(Operation::NextReload),
        1 => Just(Operation::ForeignReload),
        1 => Just(Operation::DamageLedger),
        1 => Just(Operation::LoseLedger),
        1 => Just(Operation::Reboot),
        2 => (0_u64..40).prop_map(Operation::Wait),
    ]
}
