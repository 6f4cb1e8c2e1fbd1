//! What can be done with refreshes: asking for one, cancelling one.
