//! Filter → program: a balanced search for the number, then the tests of that call.
//!
//! The numbers are cut into intervals with one verdict each, and these gathered into runs, which are intervals
//! of the same verdict and one or two single numbers between them. A tree of comparisons finds the run: its
//! depth grows with the logarithm of their count. A single number is then told by one comparison, where its
//! two borders would take two. Nothing else than the architecture
//! and the number is loaded on the way to an interval without tests, so that the kernel can keep
//! such answers in its cache of constant actions and need not run the program at all (Linux 5.11,
//! `seccomp_is_const_allow` in `kernel/seccomp.c`).
//!
//! The program is made from its end: where a jump leads to is known when the jump is written. What is
//! written already and within reach is not written again. That is for the start of the sandbox: the
//! kernel's compiler takes most of the time that installing a filter does, and as long as the program
//! is.

use ringfence_sys::seccomp::Instruction;
use ringfence_sys::seccomp::code::{
    AND, JUMP, JUMP_ANY_BIT, JUMP_AT_LEAST, JUMP_EQUAL, LOAD, RETURN,
};

use super::arch::{Arch, X32_BIT};
use super::call::Syscall;
use super::filter::{Action, Filter, Is, Test, Verdict};
use super::program::{FilterTooLong, Program, answer, offset};

impl Filter {
    /// The filter as a program for this architecture.
    ///
    /// # Errors
    /// If the kernel would not take a program of that length.
    pub fn compile(&self, arch: Arch) -> Result<Program, FilterTooLong> {
        let mut assembler = Assembler::new();
        let found = assembler.search(&runs(&self.intervals(arch)));
        assembler.goto(found);
        assembler.load(offset::NUMBER);
        let native = assembler.here();
        let foreign = assembler.answer(self.foreign);
        assembler.branch(JUMP_EQUAL, arch.audit(), native, foreign);
        assembler.load(offset::AUDIT);
        assembler.finish()
    }

    /// The verdict from each number up to the next, in order.
    pub(super) fn intervals(&self, arch: Arch) -> Vec<(u32, &Verdict)> {
        let mut by_number = [None; 512];
        for call in Syscall::all() {
            if let Some(slot) = call
                .number(arch)
                .and_then(|number| by_number.get_mut(number as usize))
            {
                *slot = Some(call);
            }
        }
        let mut intervals: Vec<(u32, &Verdict)> = Vec::with_capacity(Syscall::COUNT);
        let mut add = |from, verdict| {
            if intervals.last().is_none_or(|(_, last)| *last != verdict) {
                intervals.push((from, verdict));
            }
        };
        for (number, call) in (0..).zip(by_number) {
            add(
                number,
                call.map_or(&self.unknown, |call| self.verdict(call)),
            );
        }
        if arch == Arch::X86_64 {
            add(X32_BIT, &self.x32);
        }
        intervals
    }
}

/// How many numbers of a run may have verdicts of their own. Each makes the program shorter by a comparison, and
/// the way of all other numbers of the run longer by one.
const MOST_EXCEPTIONS: usize = 2;

/// Neighbouring numbers, of which all but a few have the same verdict.
struct Run<'f> {
    from: u32,
    usual: &'f Verdict,
    exceptions: Vec<(u32, &'f Verdict)>,
}

fn runs<'f>(intervals: &[(u32, &'f Verdict)]) -> Vec<Run<'f>> {
    let ends = intervals.iter().skip(1).map(|(next, _)| Some(*next));
    let ends = ends.chain(std::iter::once(None));
    let intervals: Vec<_> = (intervals.iter().zip(ends))
        .map(|(&(from, verdict), end)| (from, verdict, end == from.checked_add(1)))
        .collect();
    let mut runs = Vec::with_capacity(intervals.len());
    let mut rest = &intervals[..];
    while let Some(&(from, first, _)) = rest.first() {
        let wide = rest.iter().find(|(.., is_single)| !is_single);
        let mut usual = wide.map_or(first, |(_, verdict, _)| *verdict);
        let mut exceptions = Vec::new();
        let mut has_usual = false;
        let taken = rest.iter().take_while(|(number, verdict, is_single)| {
            if *verdict == usual {
                has_usual = true;
            } else if *is_single && exceptions.len() < MOST_EXCEPTIONS {
                exceptions.push((*number, *verdict));
            } else {
                return false;
            }
            true
        });
        rest = rest.split_at(taken.count()).1;
        if !has_usual && let Some((_, last)) = exceptions.pop() {
            usual = last;
        }
        runs.push(Run {
            from,
            usual,
            exceptions,
        });
    }
    runs
}

/// A place in the program, counted from its end.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place(usize);

/// What the machine's one register holds: bits of half an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Loaded {
    offset: u32,
    mask: u32,
}

struct Assembler<'f> {
    /// The last instruction first.
    backwards: Vec<Instruction>,
    /// Where each answer was written last.
    answers: Vec<(Action, Place)>,
    /// Where branches of the verdict at hand were written.
    verdicts: Vec<(&'f Verdict, Option<Loaded>, Place)>,
}

impl<'f> Assembler<'f> {
    fn new() -> Self {
        Self {
            backwards: Vec::with_capacity(512),
            answers: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// Where the instruction is that was written last.
    fn here(&self) -> Place {
        Place(self.backwards.len())
    }

    /// Instructions between the one that will be written next and a place behind it.
    fn distance(&self, to: Place) -> usize {
        self.backwards.len() - to.0
    }

    /// Whether a place is so near that a comparison will reach it, even a few instructions from here.
    fn is_near(&self, place: Place) -> bool {
        self.distance(place) < usize::from(u8::MAX) - 16
    }

    fn finish(mut self) -> Result<Program, FilterTooLong> {
        self.backwards.reverse();
        Program::new(self.backwards)
    }

    fn push(&mut self, code: u16, jump: [u8; 2], operand: u32) {
        self.backwards.push(Instruction {
            code,
            jump,
            operand,
        });
    }

    fn load(&mut self, offset: u32) {
        self.push(LOAD, [0, 0], offset);
    }

    fn answer(&mut self, action: Action) -> Place {
        let known = self.answers.iter().position(|(known, _)| *known == action);
        if let Some(known) = known
            && self.is_near(self.answers[known].1)
        {
            return self.answers[known].1;
        }
        self.push(RETURN, [0, 0], answer(action));
        let place = self.here();
        match known {
            Some(known) => self.answers[known].1 = place,
            None => self.answers.push((action, place)),
        }
        place
    }

    /// Sees that what is written next is followed by what is at a place.
    fn goto(&mut self, place: Place) {
        if place != self.here() {
            self.bring(place);
        }
    }

    /// A comparison that goes on at one of two places. It reaches 255 instructions far; to one
    /// farther off a jump of its own is put behind it.
    fn branch(&mut self, code: u16, operand: u32, yes: Place, no: Place) {
        let no = self.within_reach(no);
        let yes = self.within_reach(yes);
        let reach = |place, assembler: &Self| {
            u8::try_from(assembler.distance(place)).expect("brought within reach above")
        };
        let jump = [reach(yes, self), reach(no, self)];
        self.push(code, jump, operand);
    }

    /// A place that a comparison reaches, and still does with one more jump before it.
    fn within_reach(&mut self, place: Place) -> Place {
        if self.distance(place) < usize::from(u8::MAX) {
            return place;
        }
        self.bring(place);
        self.here()
    }

    /// Writes an instruction that does what the one at a place does: itself if it is an answer, else a
    /// jump to it.
    fn bring(&mut self, place: Place) {
        let instruction = self.backwards[place.0 - 1];
        if instruction.code == RETURN {
            return self.backwards.push(instruction);
        }
        let distance = u32::try_from(self.distance(place)).unwrap_or(u32::MAX);
        self.push(JUMP, [0, 0], distance);
    }

    /// Finds the run of the number, which is in the register.
    fn search(&mut self, runs: &[Run<'f>]) -> Place {
        if let [run] = runs {
            return self.run(run);
        }
        let (low, high) = runs.split_at(runs.len() / 2);
        let at_least = self.search(high);
        let below = self.search(low);
        self.branch(JUMP_AT_LEAST, high[0].from, at_least, below);
        self.here()
    }

    fn run(&mut self, run: &Run<'f>) -> Place {
        let exceptions: Vec<(u32, Place)> = (run.exceptions.iter())
            .map(|&(number, verdict)| (number, self.call(verdict)))
            .collect();
        let mut place = self.call(run.usual);
        for (number, exception) in exceptions.into_iter().rev() {
            self.branch(JUMP_EQUAL, number, exception, place);
            place = self.here();
        }
        place
    }

    /// The tests of one call, of which others write their own.
    fn call(&mut self, verdict: &'f Verdict) -> Place {
        self.verdicts.clear();
        self.verdict(verdict, None)
    }

    /// The tests of one call. `loaded` is what the register holds when it comes here.
    fn verdict(&mut self, verdict: &'f Verdict, loaded: Option<Loaded>) -> Place {
        let (test, then, otherwise) = match verdict {
            Verdict::Always(action) => return self.answer(*action),
            Verdict::If(test, then, otherwise) => (test, then, otherwise),
        };
        let same = |&&(known, with, _): &&(&Verdict, _, _)| with == loaded && known == verdict;
        if let Some(&(_, _, place)) = self.verdicts.iter().find(same)
            && self.is_near(place)
        {
            return place;
        }
        // Only the half that is looked at last is in the register on both ways out.
        let (then, otherwise) = match test.is() {
            Is::Not(_) => (otherwise, then),
            Is::Exactly(_) | Is::NonZero => (then, otherwise),
        };
        let any_bit = test.is() == Is::NonZero;
        let halves = Half::of(test);
        let halves = halves.as_slice();
        let place = if halves.is_empty() {
            // A test of no bit: none of them is set, and all are as they should be.
            self.verdict(if any_bit { otherwise } else { then }, loaded)
        } else {
            let last = (halves.len() == 1).then(|| halves[0].loaded());
            let no = self.verdict(otherwise, last);
            let yes = self.verdict(then, last);
            self.test(any_bit, halves, yes, no, loaded);
            self.here()
        };
        self.verdicts.push((verdict, loaded, place));
        place
    }

    fn test(
        &mut self,
        any_bit: bool,
        halves: &[Half],
        mut yes: Place,
        mut no: Place,
        loaded: Option<Loaded>,
    ) {
        for (place, half) in halves.iter().enumerate().rev() {
            // The half before this one decides alone if it can, else goes on here.
            if any_bit {
                self.branch(JUMP_ANY_BIT, half.mask, yes, no);
            } else {
                self.branch(JUMP_EQUAL, half.value, yes, no);
            }
            if place > 0 || loaded != Some(half.loaded()) {
                if !any_bit && half.mask != u32::MAX {
                    self.push(AND, [0, 0], half.mask);
                }
                self.load(half.offset);
            }
            if any_bit {
                no = self.here();
            } else {
                yes = self.here();
            }
        }
    }
}

/// The part of a test that looks at 32 bits, which is what the machine loads.
struct Half {
    offset: u32,
    mask: u32,
    value: u32,
    masked: bool,
}

/// The halves of an argument that a test looks at.
enum Halves {
    None,
    One([Half; 1]),
    Both([Half; 2]),
}

impl Halves {
    fn as_slice(&self) -> &[Half] {
        match self {
            Self::None => &[],
            Self::One(half) => half,
            Self::Both(halves) => halves,
        }
    }
}

impl Half {
    #[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
    fn of(test: &Test) -> Halves {
        let (value, masked) = match test.is() {
            Is::Exactly(value) | Is::Not(value) => (value, true),
            Is::NonZero => (0, false),
        };
        let half = |offset, shift: u32| Self {
            offset,
            mask: (test.mask() >> shift) as u32,
            value: (value >> shift) as u32,
            masked,
        };
        let low = half(offset::low(test.argument()), 0);
        let high = half(offset::high(test.argument()), 32);
        match (low.matters(), high.matters()) {
            (true, true) => Halves::Both([low, high]),
            (true, false) => Halves::One([low]),
            (false, true) => Halves::One([high]),
            (false, false) => Halves::None,
        }
    }

    fn matters(&self) -> bool {
        self.mask != 0 || self.value != 0
    }

    /// A test of single bits leaves the whole word in the register.
    fn loaded(&self) -> Loaded {
        Loaded {
            offset: self.offset,
            mask: if self.masked { self.mask } else { u32::MAX },
        }
    }
}
