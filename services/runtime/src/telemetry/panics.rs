//! A panic as a log line. A library that meets what it was not made for repeats what it was given: part of somebody's record.

use std::any::Any;
use std::panic;

/// From now on, and for the whole process: a panic is told by where it was, in words only where they stand in the code.
pub fn tell_without_data() {
    panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let (thread, said) = (thread.name().unwrap_or_default(), written_in_code(panic.payload()));
        let trace = std::backtrace::Backtrace::capture();
        tracing::error!(at, thread, said, %trace, "a part of the process failed: report this line");
    }));
}

/// What a panic says, unless it was put together from values.
fn written_in_code(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("left out: it may repeat a record")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fails: impl FnOnce() + panic::UnwindSafe) -> &'static str {
        written_in_code(&*panic::catch_unwind(fails).unwrap_err())
    }

    #[test]
    fn what_was_put_together_from_values_is_left_out() {
        let name = std::hint::black_box("Zo\u{eb} (invented)".to_owned());
        assert_eq!(told(|| panic!("no such thing")), "no such thing");
        assert_eq!(told(|| panic!("no such thing as {name}")), "left out: it may repeat a record");
        assert_eq!(told(|| assert_eq!(name.get(..4), None)), "left out: it may repeat a record");
        let most = std::hint::black_box(u32::MAX);
        assert_eq!(told(|| assert_eq!(most + 1, 0)), "attempt to add with overflow");
    }
}
