//! The model: who has come, whose handlers are in the chain of a signal, and so who gets it and what
//! is installed; and the same in truth.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use siglatch::{InfoQueue, Signal, send};
use signal_hook::SigId;
use signal_hook::low_level::{register, unregister};
use support::foreign::{self, Foreign};
use support::oracle::{self, RawAction};
use support::recorder;

pub(super) static OURS: InfoQueue<4> = InfoQueue::new();
static OURS_TOO: InfoQueue<4> = InfoQueue::new();
pub(super) static OTHERS: siglatch_other::InfoQueue<4> = siglatch_other::InfoQueue::new();
static HOOKED: AtomicU32 = AtomicU32::new(0);

/// Who shares the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    We,
    /// Another receiver in this version of the crate.
    WeToo,
    OtherVersion,
    SignalHook,
    C,
    SecondC,
    Deaf,
    Rude,
}

use Party::{C, Deaf, OtherVersion, Rude, SecondC, SignalHook, We, WeToo};

const ALL: [Party; 8] = [We, WeToo, OtherVersion, SignalHook, C, SecondC, Deaf, Rude];

impl Party {
    /// The handler of a party that is C code.
    pub(super) fn in_c(self) -> Option<&'static Foreign> {
        match self {
            C | Deaf | Rude => Some(foreign::first()),
            SecondC => Some(foreign::second()),
            We | WeToo | OtherVersion | SignalHook => None,
        }
    }

    /// Whose handler serves it.
    fn owner(self) -> Self {
        if self == WeToo { We } else { self }
    }

    /// Whether one handler of it serves all who want the signal.
    fn is_siglatch(self) -> bool {
        matches!(self.owner(), We | OtherVersion)
    }
}

/// Who has come, where each stands, and who has left.
pub(super) struct Process {
    signo: i32,
    /// The action that was there first.
    first: RawAction,
    /// Whose handlers are in the chain, the lowest first, and the action of each.
    pub(super) chain: Vec<(Party, RawAction)>,
    /// Who gets the signal. The handler of who does not may still be in the chain.
    here: Vec<Party>,
    /// The versions of this crate that may be in the chain by what they know, and what each replaced.
    noted: Vec<(Party, RawAction)>,
    hook: Option<SigId>,
}

impl Process {
    pub(super) fn new(signo: i32) -> Self {
        let first = oracle::raw_action(signo);
        Self { signo, first, chain: Vec::new(), here: Vec::new(), noted: Vec::new(), hook: None }
    }

    #[track_caller]
    pub(super) fn come(&mut self, party: Party) {
        let found = oracle::raw_action(self.signo);
        match party {
            We => assert_eq!(OURS.catch(ours(self.signo)), Ok(())),
            WeToo => assert_eq!(OURS_TOO.catch(ours(self.signo)), Ok(())),
            OtherVersion => assert_eq!(OTHERS.catch(others(self.signo)), Ok(())),
            SignalHook => {
                let count = || _ = HOOKED.fetch_add(1, SeqCst);
                // SAFETY: an atomic addition may be made in signal context.
                self.hook = Some(unsafe { register(self.signo, count) }.expect("register"));
            }
            C | SecondC | Rude => party.in_c().expect("C code").come(self.signo),
            Deaf => drop(foreign::first().come_alone(self.signo)),
        }
        self.here.retain(|other| *other != party);
        self.here.push(party);
        let owner = party.owner();
        if self.top() != Some(owner) && !self.stays(owner, &found) {
            self.chain.push((owner, oracle::raw_action(self.signo)));
            if owner.is_siglatch() {
                self.forget(owner);
                self.noted.push((owner, found));
            }
        }
        self.assert_in_force();
    }

    #[track_caller]
    pub(super) fn go(&mut self, party: Party) {
        self.here.retain(|other| *other != party);
        match party {
            We => assert_eq!(OURS.release(ours(self.signo)).map(drop), Ok(())),
            WeToo => assert_eq!(OURS_TOO.release(ours(self.signo)).map(drop), Ok(())),
            OtherVersion => assert_eq!(OTHERS.release(others(self.signo)).map(drop), Ok(())),
            SignalHook => assert!(unregister(self.hook.take().expect("it has come"))),
            C | SecondC | Deaf | Rude => {}
        }
        if party == Rude {
            return self.go_rudely();
        }
        let owner = party.owner();
        if self.top() == Some(owner) {
            self.pop_if_idle();
        } else if !self.here.iter().any(|other| other.owner() == owner)
            && !is_handler(&oracle::raw_action(self.signo))
        {
            self.forget(owner);
        }
        self.c_goes();
        self.assert_in_force();
    }

    /// Whether a version of this crate leaves the action that it finds alone: it may be under it.
    fn stays(&self, owner: Party, found: &RawAction) -> bool {
        let noted = self.noted.iter().find(|(party, _)| *party == owner);
        is_handler(found) && noted.is_some_and(|(_, replaced)| replaced != found)
    }

    fn forget(&mut self, owner: Party) {
        self.noted.retain(|(party, _)| *party != owner);
    }

    fn top(&self) -> Option<Party> {
        self.chain.last().map(|(party, _)| *party)
    }

    /// A version of this crate whose handler is installed, and which nobody wants the signal of, takes
    /// it away. Returns `true` if that is so.
    fn pop_if_idle(&mut self) -> bool {
        let served = |owner| self.here.iter().any(|party| party.owner() == owner);
        let idle = self.top().filter(|top| top.is_siglatch() && !served(*top));
        if let Some(owner) = idle {
            self.chain.pop();
            self.forget(owner);
        }
        idle.is_some()
    }

    /// C code that wants to leave does so once its handler is installed.
    #[track_caller]
    fn c_goes(&mut self) {
        while let Some(party) = self.top().filter(|top| !self.here.contains(top)) {
            let Some(code) = party.in_c() else { return };
            assert!(code.is_installed(self.signo));
            code.leave(self.signo);
            self.chain.pop();
        }
    }

    /// Restores what it replaced, and who came over it notices nothing, until he looks again.
    #[track_caller]
    fn go_rudely(&mut self) {
        foreign::first().leave(self.signo);
        let stands = self.chain.iter().position(|(party, _)| *party == Rude);
        let over = self.chain.split_off(stands.expect("it has come"));
        self.assert_in_force();
        for (owner, _) in over {
            let again: Vec<Party> = self.here.clone();
            for party in again.into_iter().filter(|party| party.owner() == owner) {
                self.come(party);
            }
        }
    }

    /// The installed action is that of the highest in the chain, or the first one.
    #[track_caller]
    fn assert_in_force(&self) {
        let now = oracle::raw_action(self.signo);
        let wanted = self.chain.last().map_or(self.first, |(_, action)| *action);
        if self.chain.is_empty() {
            assert_eq!(now, wanted, "the last out restores what was first");
        } else {
            // What C code restores goes through the C library.
            let [now, wanted] = [now, wanted].map(RawAction::without_restorer);
            assert_eq!(now, wanted, "installed, of {:x?}", self.chain);
        }
    }

    /// The signal comes: all who are there see it once, and nobody else does.
    #[track_caller]
    pub(super) fn send(&mut self) {
        let recorded = recorder::count();
        raise(self.signo);
        let deaf = self.chain.iter().rposition(|(party, _)| *party == Deaf);
        let heard = self.chain.split_at(deaf.unwrap_or_default()).1;
        for party in ALL {
            let handler_is_called = heard.iter().any(|(owner, _)| *owner == party.owner());
            // C code that could not leave yet is still called.
            let is_here = self.here.contains(&party) || party.in_c().is_some();
            if party.in_c().is_none() || handler_is_called {
                let wanted = usize::from(handler_is_called && is_here);
                assert_eq!(party_saw(party), wanted, "{party:?} in {:x?}", self.chain);
            }
        }
        for code in [foreign::first(), foreign::second()] {
            assert_eq!(code.take_calls(), 0, "C code that is not there");
        }
        let first = deaf.is_none() && self.first.handler == recorder::address();
        let calls = recorder::count().wrapping_sub(recorded);
        assert_eq!(calls, u32::from(first), "the first handler");
        // Versions of this crate that nobody is over any more step aside, C code after them.
        while self.pop_if_idle() {}
        self.assert_in_force();
        self.c_goes();
    }

    /// Signals come until nobody can leave any more.
    #[track_caller]
    pub(super) fn settle(&mut self) {
        assert_eq!(self.here, [], "all have left");
        let mut left = usize::MAX;
        while self.chain.len() < left {
            left = self.chain.len();
            self.send();
        }
        self.assert_in_force();
        let stays = self.chain.iter().any(|(party, _)| *party == SignalHook);
        assert_eq!(self.top(), stays.then_some(SignalHook), "only signal-hook stays installed");
    }
}

fn is_handler(action: &RawAction) -> bool {
    !matches!(action.handler, libc::SIG_DFL | libc::SIG_IGN)
}

/// How often it has seen the signal since this was asked last.
pub(super) fn party_saw(party: Party) -> usize {
    match party {
        We => OURS.drain().count(),
        WeToo => OURS_TOO.drain().count(),
        OtherVersion => OTHERS.drain().count(),
        SignalHook => HOOKED.swap(0, SeqCst) as usize,
        C | SecondC | Deaf | Rude => party.in_c().expect("C code").take_calls() as usize,
    }
}

fn ours(signo: i32) -> Signal {
    Signal::from_raw(signo).expect("a signal")
}

fn others(signo: i32) -> siglatch_other::Signal {
    siglatch_other::Signal::from_raw(signo).expect("a signal")
}

#[track_caller]
pub(super) fn raise(signo: i32) {
    assert_eq!(send::raise(ours(signo)), Ok(()));
}
