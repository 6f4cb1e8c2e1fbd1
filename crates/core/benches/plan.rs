//! Measures planning.

fn main() {
    divan::main();
}
