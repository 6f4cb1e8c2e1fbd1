//! How fast SQL is read, on one core: `cargo bench -p tailwater-sql --bench upstream`.
//!
//! - `mixed`: the test corpus of every dialect, statement by statement; `corpus_of`: that of one.
//! - `warehouse`: ten long queries of the kind that analysts write of a star schema.
//! - `short`: what an editor or a BI tool sends most.
//! - `report`: one query of so many steps; it shows whether time grows faster than the text.
//!
//! Bytes and items are of SQL and statements. The allocator is that of the program.

use std::fmt::Write as _;
use std::path::Path;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use mimalloc::MiMalloc;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, upstream};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    divan::main();
}

/// A statement and what it is written in.
type Statement = (String, Dialect);

fn read_all(bencher: Bencher<'_, '_>, statements: &[Statement]) {
    let bytes: usize = statements.iter().map(|(sql, _)| sql.len()).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(statements.len()))
        .bench_local(|| {
            statements
                .iter()
                .map(|(sql, dialect)| upstream(&Request::new(sql, *dialect)).tables.len())
                .sum::<usize>()
        });
}

/// The queries of a dialect's corpus files, without their comment heads. Those that no grammar accepts are rare in
/// life and left out.
fn corpus(dialect: Dialect) -> Vec<Statement> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    [format!("{dialect}.sql"), format!("{dialect}-more.sql")]
        .into_iter()
        .filter_map(|file| std::fs::read_to_string(directory.join(file)).ok())
        .flat_map(|text| text.split("\n----\n").map(str::to_owned).collect::<Vec<_>>())
        .filter(|case| !case.contains("-- confidence: scanned"))
        .map(|case| {
            let lines: Vec<_> = case.lines().skip_while(|line| line.starts_with("--")).collect();
            (lines.join("\n"), dialect)
        })
        .collect()
}

#[divan::bench]
fn mixed(bencher: Bencher<'_, '_>) {
    let statements: Vec<_> = Dialect::ALL.into_iter().flat_map(corpus).collect();
    read_all(bencher, &statements);
}

#[divan::bench(args = Dialect::ALL)]
fn corpus_of(bencher: Bencher<'_, '_>, dialect: Dialect) {
    read_all(bencher, &corpus(dialect));
}

#[divan::bench]
fn warehouse(bencher: Bencher<'_, '_>) {
    let queries = include_str!("warehouse.sql").split("\n----\n");
    let statements: Vec<_> = queries.map(|sql| (sql.to_owned(), Dialect::Snowflake)).collect();
    read_all(bencher, &statements);
}

#[divan::bench]
fn short(bencher: Bencher<'_, '_>) {
    let shapes = [
        "select * from shop.orders",
        "select o.order_id, o.amount from shop.orders o where o.status = 'paid' limit 1000",
        "SELECT region, SUM(amount) AS total FROM sales.public.orders GROUP BY region ORDER BY total DESC",
        "select c.name, count(*) from customers c left join orders o on o.customer_id = c.id group by c.name",
        "select max(updated_at) from analytics.fct_orders",
    ];
    let statements: Vec<_> = Dialect::ALL
        .into_iter()
        .flat_map(|dialect| shapes.map(|sql| (sql.to_owned(), dialect)))
        .collect();
    read_all(bencher, &statements);
}

/// A query with CTEs, joins, cases and subqueries; twenty steps are 15 KB.
fn query_of(steps: usize) -> String {
    let mut sql = String::from("with base as (select o.* from shop.orders o)");
    for number in 0..steps {
        let _ = write!(
            sql,
            ",\nstep_{number} as (
  select c.customer_id, c.region, date_trunc('month', b.ordered_at) as month_{number},
         sum(case when b.status = 'returned' then -1 * b.amount else b.amount end) as net_amount,
         count(distinct b.order_id) as orders, max(b.ordered_at) filter (where b.kind <> 'test') as last_order
  from base b
  join shop.customers c on c.customer_id = b.customer_id and c.valid_to is null
  left join shop.refunds_{number} r on r.order_id = b.order_id
  where b.ordered_at >= date '2024-01-01' and c.country in ('DE', 'FR', 'IT')
    and exists (select 1 from shop.payments p where p.order_id = b.order_id and p.amount > 0)
  group by c.customer_id, c.region, date_trunc('month', b.ordered_at)
)"
        );
    }
    sql.push_str("\nselect s0.region, s0.net_amount");
    for number in 1..steps {
        let _ = write!(sql, ", s{number}.net_amount as net_{number}");
    }
    sql.push_str("\nfrom step_0 s0");
    for number in 1..steps {
        let _ = write!(
            sql,
            "\njoin step_{number} s{number} on s{number}.customer_id = s0.customer_id"
        );
    }
    sql
}

#[divan::bench(args = [2, 20, 200])]
fn report(bencher: Bencher<'_, '_>, steps: usize) {
    read_all(bencher, &[(query_of(steps), Dialect::Postgres)]);
}
