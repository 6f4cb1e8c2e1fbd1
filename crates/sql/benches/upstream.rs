//! How fast SQL is read: `cargo bench -p tailwater-sql`.
//!
//! `corpus` reads the test corpus of each dialect, statement by statement; `report` is one long
//! query of the kind that a BI tool sends. Throughput is in bytes of SQL.

use std::fmt::Write as _;
use std::path::Path;

use divan::Bencher;
use divan::counter::BytesCount;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, upstream};

fn main() {
    divan::main();
}

/// The queries of a dialect's corpus file, without their comment heads.
fn corpus(dialect: Dialect) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(format!("{dialect}.sql"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split("\n----\n")
        .filter(|case| !case.contains("-- confidence: scanned"))
        .map(|case| {
            case.lines()
                .skip_while(|line| line.starts_with("--"))
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect()
}

#[divan::bench(args = Dialect::ALL)]
fn corpus_of(bencher: Bencher<'_, '_>, dialect: Dialect) {
    let queries = corpus(dialect);
    let bytes: usize = queries.iter().map(String::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        queries
            .iter()
            .map(|sql| upstream(&Request::new(sql, dialect)).tables.len())
            .sum::<usize>()
    });
}

/// A query with CTEs, joins, cases and subqueries, about 20 KB long.
fn report() -> String {
    let mut sql = String::from("with base as (select o.* from shop.orders o)");
    for number in 0..20 {
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
    for number in 1..20 {
        let _ = write!(sql, ", s{number}.net_amount as net_{number}");
    }
    sql.push_str("\nfrom step_0 s0");
    for number in 1..20 {
        let _ = write!(
            sql,
            "\njoin step_{number} s{number} on s{number}.customer_id = s0.customer_id"
        );
    }
    sql
}

#[divan::bench]
fn long_report(bencher: Bencher<'_, '_>) {
    let sql = report();
    bencher
        .counter(BytesCount::new(sql.len()))
        .bench(|| upstream(&Request::new(&sql, Dialect::Postgres)).tables.len());
}
