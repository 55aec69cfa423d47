//! Who has been called and who has come: a hash table that a signal handler can use.
//!
//! The coordinator alone puts threads into it, and calls each only after that; a handler finds its own slot and changes
//! nothing but the slot's word. Each call of everyone is a generation, which every key and word carries: what an older one
//! left behind is free, and nobody who comes late to it can change a newer one's.

use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::SeqCst};

use super::raw::{Tid, futex_wake};

/// Where a thread is on its way. In the lower bits of a slot's word, the generation above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Phase {
    /// Ended, but not yet gone: it restricts nothing and starts nothing.
    Ended,
    /// Sent a signal.
    Called,
    /// In the handler.
    Parked,
    /// Told to try the restriction in a child.
    Try,
    /// Has tried.
    Tried,
    /// Told to restrict itself.
    Commit,
    /// Is restricted; or could not be, and waits for the end.
    Done,
    /// Free to go on as it was.
    Released,
}

const PHASE_BITS: u32 = 3;

/// The largest generation that a word has room for.
pub(super) const LAST_GENERATION: u32 = u32::MAX >> PHASE_BITS;

const fn word(generation: u32, phase: Phase) -> u32 {
    generation << PHASE_BITS | phase as u32
}

/// A thread's place in the table.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// The generation and the thread.
    key: AtomicU64,
    /// The generation and the phase. Handlers sleep on it.
    word: AtomicU32,
    /// What came of trying or restricting; before a try, the place for it.
    pub(super) result: AtomicU32,
}

impl Slot {
    pub(super) fn tid(&self) -> Tid {
        let [.., a, b, c, d] = self.key.load(SeqCst).to_be_bytes();
        Tid::from_be_bytes([a, b, c, d])
    }

    /// The word as it is, and its phase if it is of this generation.
    pub(super) fn phase(&self, generation: u32) -> (u32, Option<Phase>) {
        use Phase::{Called, Commit, Done, Ended, Parked, Released, Tried, Try};
        let now = self.word.load(SeqCst);
        let phase = [Ended, Called, Parked, Try, Tried, Commit, Done, Released]
            .into_iter()
            .find(|&phase| word(generation, phase) == now);
        (now, phase)
    }

    pub(super) fn is(&self, generation: u32, phase: Phase) -> bool {
        self.word.load(SeqCst) == word(generation, phase)
    }

    pub(super) fn set(&self, generation: u32, phase: Phase) {
        self.word.store(word(generation, phase), SeqCst);
    }

    /// Tells the thread that is parked here.
    pub(super) fn tell(&self, generation: u32, phase: Phase) {
        self.set(generation, phase);
        futex_wake(&self.word);
    }

    /// From called to parked; false if the coordinator has given up meanwhile.
    pub(super) fn park(&self, generation: u32) -> bool {
        let (called, parked) = (
            word(generation, Phase::Called),
            word(generation, Phase::Parked),
        );
        self.word
            .compare_exchange(called, parked, SeqCst, SeqCst)
            .is_ok()
    }

    /// Sleeps until somebody changes the word.
    pub(super) fn sleep(&self, seen: u32) {
        super::raw::futex_wait(&self.word, seen, None);
    }
}

/// What came of looking for a thread's slot to call it.
pub(super) enum Claim<'t> {
    /// It has one since just now.
    New,
    /// It has had one.
    Known(&'t Slot),
    /// There is no room.
    Full,
}

/// A table of one size. It is never freed: a handler that comes late may still look at it.
#[derive(Debug)]
pub(super) struct Table {
    /// As many as a power of two.
    slots: Box<[Slot]>,
}

static CURRENT: AtomicPtr<Table> = AtomicPtr::new(std::ptr::null_mut());

impl Table {
    /// The table in use.
    pub(super) fn current() -> Option<&'static Self> {
        // SAFETY: null, or what `with_room_for` leaked, which lives on unchanged but for atomics.
        unsafe { CURRENT.load(SeqCst).as_ref() }
    }

    /// A table for this many threads: the one in use, or a larger one in its place. Sizes double, so
    /// that all that were ever left behind are smaller than the last. Allocates.
    pub(super) fn with_room_for(threads: usize) -> &'static Self {
        let size = threads.saturating_mul(2).max(256).next_power_of_two();
        if let Some(table) = Self::current().filter(|table| table.slots.len() >= size) {
            return table;
        }
        let slots = std::iter::repeat_with(Slot::default).take(size).collect();
        let table: &'static mut Self = Box::leak(Box::new(Self { slots }));
        let pointer = std::ptr::from_mut(table);
        CURRENT.store(pointer, SeqCst);
        // SAFETY: leaked just now, and only shared references are made of it from here on.
        unsafe { &*pointer }
    }

    /// How many threads may have slots: some stay free, so that a search is short and ends.
    pub(super) fn room(&self) -> usize {
        self.slots.len() / 4 * 3
    }

    /// The slots of a generation.
    pub(super) fn of(&self, generation: u32) -> impl Iterator<Item = &Slot> {
        self.slots
            .iter()
            .filter(move |slot| slot.key.load(SeqCst) >> 32 == u64::from(generation))
    }

    /// A thread's slot, for its handler.
    pub(super) fn find(&self, generation: u32, tid: Tid) -> Option<&Slot> {
        self.search(generation, tid)
            .filter(|slot| slot.key.load(SeqCst) == key(generation, tid))
    }

    /// A thread's slot, made if it has none and `used` are taken. For the coordinator alone.
    pub(super) fn claim(&self, generation: u32, tid: Tid, used: &mut usize) -> Claim<'_> {
        match self.search(generation, tid) {
            Some(slot) if slot.key.load(SeqCst) == key(generation, tid) => Claim::Known(slot),
            Some(slot) if *used < self.room() => {
                *used += 1;
                slot.set(generation, Phase::Called);
                slot.key.store(key(generation, tid), SeqCst);
                Claim::New
            }
            _ => Claim::Full,
        }
    }

    /// The slot with the thread's key, or the free one where it would be.
    fn search(&self, generation: u32, tid: Tid) -> Option<&Slot> {
        let wanted = key(generation, tid);
        let start = tid.cast_unsigned().wrapping_mul(0x9e37_79b1) as usize % self.slots.len();
        let (before, after) = self.slots.split_at(start);
        after.iter().chain(before).find(|slot| {
            let found = slot.key.load(SeqCst);
            found == wanted || found >> 32 != u64::from(generation)
        })
    }
}

fn key(generation: u32, tid: Tid) -> u64 {
    u64::from(generation) << 32 | u64::from(tid.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_found_only_in_the_generation_that_called_it() {
        let slots = std::iter::repeat_with(Slot::default).take(8).collect();
        let table = Table { slots };
        let mut used = 0;
        // All of them in one place, as far as the hash goes.
        for tid in [8, 16, 24] {
            assert!(matches!(table.claim(1, tid, &mut used), Claim::New));
        }
        assert!(matches!(table.claim(1, 16, &mut used), Claim::Known(_)));
        assert_eq!(table.find(1, 24).map(Slot::tid), Some(24));
        assert!(table.find(1, 32).is_none());
        assert!(table.find(2, 24).is_none());
        assert_eq!(table.of(1).count(), 3);
        assert_eq!(table.of(2).count(), 0);
    }

    #[test]
    fn a_table_fills_up_to_its_room_and_is_free_again_for_the_next_generation() {
        let slots = std::iter::repeat_with(Slot::default).take(8).collect();
        let table = Table { slots };
        let mut used = 0;
        for tid in 1..=6 {
            assert!(matches!(table.claim(1, tid, &mut used), Claim::New));
        }
        assert!(matches!(table.claim(1, 7, &mut used), Claim::Full));
        assert!(matches!(table.claim(2, 7, &mut 0), Claim::New));
    }

    #[test]
    fn who_comes_after_the_release_is_not_parked() {
        let slot = Slot::default();
        slot.set(1, Phase::Called);
        assert!(slot.park(1));
        slot.set(2, Phase::Called);
        assert!(!slot.park(1));
        slot.set(2, Phase::Released);
        assert!(!slot.park(2));
        assert_eq!(slot.phase(2).1, Some(Phase::Released));
        assert_eq!(slot.phase(1).1, None);
    }
}
