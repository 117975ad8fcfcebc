//! Two deployments on one host, their hooks in every order (b10, F10, F109, I6).

use shared::error::Kind;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Site, User};

/// All the ways to lay two rows of four hooks into one.
fn interleavings() -> Vec<Vec<usize>> {
    let orders = (0_u32..256).filter(|order| order.count_ones() == 4);
    orders.map(|order| (0..8).map(|bit| usize::from(order >> bit & 1 == 1)).collect()).collect()
}

#[test]
fn b10_f10_of_two_deployments_at_once_each_either_wins_whole_or_is_told_that_it_lost() {
    let names = ["d-A", "d-B"];
    assert_eq!(interleavings().len(), 70);
    for order in interleavings() {
        let site = Site::of_scripts(Slot::Blue, User::Application);
        let mut next = [0, 0];
        let mut lost = [None, None];
        let mut won = Vec::new();
        let mut launched = [None, None];
        for who in &order {
            let hook = Hook::DEPLOY[next[*who]];
            next[*who] += 1;
            if lost[*who].is_some() {
                continue;
            }
            let exit = site.run(hook, Some(names[*who]));
            match exit.kind() {
                None if hook == Hook::Start => launched[*who] = site.host.launches().last().copied(),
                None if hook == Hook::Switch => {
                    won.push(*who);
                    assert_eq!(site.host.live(), launched[*who], "{order:?}: who switched serves what it launched");
                }
                None => {}
                Some(kind) => {
                    assert!(matches!(kind, Kind::Busy | Kind::Settings), "{order:?}: {hook:?} ended with {exit:?}");
                    lost[*who] = Some(kind);
                }
            }
        }
        let told = format!("{order:?}: won {won:?}, lost {lost:?}");
        let switched_last = won.last().map(|who| launched[*who]);
        assert_eq!(switched_last, Some(site.host.live()), "the one that switched last serves; {told}");
        for who in [0, 1] {
            assert_ne!(won.contains(&who), lost[who].is_some(), "{told}");
        }
    }
}

#[test]
fn f109_a_deployment_that_never_held_the_slot_is_told_that_stop_did_not_run_and_one_that_lost_it_who_has_it() {
    for hook in [Hook::Start, Hook::Health, Hook::Switch] {
        let site = Site::of_scripts(Slot::Blue, User::Application);
        site.deploys("d-0");
        assert_eq!(site.run(hook, Some("d-1")).kind(), Some(Kind::Settings), "{hook:?}, the last one ended long ago");
        assert!(site.run(Hook::Stop, Some("d-2")).is_done());
        assert_eq!(site.run(hook, Some("d-1")).kind(), Some(Kind::Settings), "{hook:?}, one is under way");
        assert!(site.run(Hook::Stop, Some("d-3")).is_done());
        assert_eq!(site.run(hook, Some("d-2")).kind(), Some(Kind::Busy), "{hook:?}, its slot was taken");
        assert!(site.deploy_from(Hook::Start, "d-3").1.is_done());
        assert_eq!(site.run(hook, Some("d-2")).kind(), Some(Kind::Busy), "{hook:?}, and is in use");
        site.deploys("d-2");
        assert_eq!(site.run(Hook::Start, Some("d-1")).kind(), Some(Kind::Settings));
    }
}
