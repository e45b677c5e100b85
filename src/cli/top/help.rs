//! The help of `kaizen top`.

/// What the keys do.
pub(super) const HELP: &str = "\
q, Esc, Ctrl-C  quit; the run goes on
s               stop: the run ends after its present edit (`kaizen stop`)
h               hold: the plan waits after the present edit (`kaizen hold`);
                if it is on hold already, release it (`kaizen release`)
r               write the report and open it (`kaizen report`)
?               close this help

The view reads files and takes no lock. Any number of views can be open, and
closing one changes nothing. `kaizen status` prints the same for scripts.";
