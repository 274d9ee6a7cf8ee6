//! What one evaluation may use. regorus asks its clock before each of its steps; the clock is ours, so steps, memory and
//! time are all judged there. What was exceeded is kept beside regorus, which loses the kind of an error on its way up.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Once};
use std::time::{Duration, Instant};

use regorus::utils::limits::{set_time_source, ExecutionTimerConfig, TimeSource};

pub const STACK_BYTES: usize = 64 << 20;
/// No value that one step makes is larger: what follows from it is then bounded too.
pub const MAX_BLOCK_BYTES: usize = 1 << 20;
const STEPS_PER_CLOCK: u64 = 16;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exceeded {
    None,
    Steps,
    Memory,
    Time,
    /// A builtin's argument or result.
    Size,
}

#[derive(Clone, Copy)]
pub struct Limits {
    pub steps: u64,
    pub memory_bytes: u64,
    pub time: Duration,
}

struct State {
    active: Cell<bool>,
    exceeded: Cell<Exceeded>,
    steps: Cell<u64>,
    max_steps: Cell<u64>,
    live: Cell<i64>,
    max_live: Cell<i64>,
    largest: Cell<usize>,
    deadline: Cell<Option<Instant>>,
}

thread_local! {
    static STATE: State = const {
        State {
            active: Cell::new(false),
            exceeded: Cell::new(Exceeded::None),
            steps: Cell::new(0),
            max_steps: Cell::new(0),
            live: Cell::new(0),
            max_live: Cell::new(0),
            largest: Cell::new(0),
            deadline: Cell::new(None),
        }
    };
}

/// Counts what each thread holds.
struct Counting;

fn count(size: usize, freed: usize) {
    STATE.with(|s| {
        s.live.set(s.live.get() + size as i64 - freed as i64);
        if size > s.largest.get() {
            s.largest.set(size);
        }
    });
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        System.alloc(layout)
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        System.alloc_zeroed(layout)
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        System.realloc(old, layout, size)
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        count(0, layout.size());
        System.dealloc(old, layout)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

pub fn exceed(what: Exceeded) {
    STATE.with(|s| {
        if s.exceeded.get() == Exceeded::None {
            s.exceeded.set(what);
        }
    });
}

pub fn exceeded() -> Exceeded {
    STATE.with(|s| s.exceeded.get())
}

fn check_time(s: &State) {
    if s.deadline.get().is_some_and(|deadline| Instant::now() > deadline) {
        exceed(Exceeded::Time);
    }
}

fn step(s: &State) {
    let steps = s.steps.get() + 1;
    s.steps.set(steps);
    if steps > s.max_steps.get() {
        exceed(Exceeded::Steps);
    } else if s.live.get() > s.max_live.get() || s.largest.get() > MAX_BLOCK_BYTES {
        exceed(Exceeded::Memory);
    } else if steps % STEPS_PER_CLOCK == 0 {
        check_time(s);
    }
}

/// regorus' clock: it stands still until something was exceeded.
struct StepClock;

impl TimeSource for StepClock {
    fn now(&self) -> Option<Duration> {
        Some(STATE.with(|s| {
            if !s.active.get() {
                return Duration::ZERO;
            }
            step(s);
            match s.exceeded.get() {
                Exceeded::None => Duration::ZERO,
                _ => Duration::from_secs(2),
            }
        }))
    }
}

static CLOCK: StepClock = StepClock;
static ONCE: Once = Once::new();

pub fn timer_config() -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit: Duration::from_secs(1), check_interval: NonZeroU32::MIN }
}

/// begin counts from here on, on this thread; time since `start`.
pub fn begin(limits: &Limits, start: Instant) {
    STATE.with(|s| {
        s.exceeded.set(Exceeded::None);
        s.steps.set(0);
        s.max_steps.set(limits.steps);
        s.max_live.set(s.live.get().saturating_add(limits.memory_bytes.min(i64::MAX as u64) as i64));
        s.largest.set(0);
        s.deadline.set(start.checked_add(limits.time));
        s.active.set(true);
        check_time(s);
    });
}

/// outside runs `work`, which reads and orders a policy's text, without counting its steps and memory.
pub fn outside<T>(work: impl FnOnce() -> T) -> T {
    let (largest, live) = STATE.with(|s| {
        s.active.set(false);
        (s.largest.get(), s.live.get())
    });
    let done = work();
    STATE.with(|s| {
        s.largest.set(largest);
        s.max_live.set(s.max_live.get().saturating_add((s.live.get() - live).max(0)));
        s.active.set(true);
        check_time(s);
    });
    done
}

pub enum Failure {
    /// The work went on in one step long after its time: its thread is left behind.
    Stuck,
    /// As many threads as may be are left behind.
    Busy,
    Panicked,
    NoThread,
}

/// Threads that were left behind and go on, of all policies: each takes a core until it ends.
static LEFT: AtomicUsize = AtomicUsize::new(0);
pub const MAX_LEFT: usize = 8;

const RUNNING: u8 = 0;
const ENDED: u8 = 1;
const LEFT_BEHIND: u8 = 2;

/// What a thread and who waits for it know of each other.
#[derive(Clone)]
struct Shared {
    state: Arc<AtomicU8>,
    /// Of the policy: how many of its threads were left behind and go on.
    left: Arc<AtomicUsize>,
}

impl Shared {
    /// leave gives the thread up, unless it has ended.
    fn leave(&self) -> bool {
        self.left.fetch_add(1, Ordering::AcqRel);
        LEFT.fetch_add(1, Ordering::AcqRel);
        let left = self.state.compare_exchange(RUNNING, LEFT_BEHIND, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !left {
            self.is_back();
        }
        left
    }

    fn is_back(&self) {
        self.left.fetch_sub(1, Ordering::AcqRel);
        LEFT.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Ends with the thread's work, also where that panics.
struct Running(Shared);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.state.swap(ENDED, Ordering::AcqRel) == LEFT_BEHIND {
            self.0.is_back();
        }
    }
}

/// on_thread runs `work` with a stack of its own and waits for twice `time` and a second. `left` counts it for as long as it
/// goes on behind that.
pub fn on_thread<T: Send + 'static>(
    time: Duration,
    left: &Arc<AtomicUsize>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    ONCE.call_once(|| {
        let _ = set_time_source(&CLOCK);
        std::panic::set_hook(Box::new(|_| {}));
    });
    if LEFT.load(Ordering::Acquire) >= MAX_LEFT {
        return Err(Failure::Busy);
    }
    let (send, receive) = mpsc::sync_channel(1);
    let shared = Shared { state: Arc::new(AtomicU8::new(RUNNING)), left: left.clone() };
    let running = Running(shared.clone());
    let thread = std::thread::Builder::new()
        .name("rego".into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let _running = running;
            let done = work();
            let _ = send.send(());
            done
        })
        .map_err(|_| Failure::NoThread)?;
    // What it made comes by the join, which a race detector understands; its end is all that is waited for here.
    match receive.recv_timeout(time.saturating_mul(2).saturating_add(Duration::from_secs(1))) {
        Err(mpsc::RecvTimeoutError::Timeout) if shared.leave() => Err(Failure::Stuck),
        _ => thread.join().map_err(|_| Failure::Panicked),
    }
}
