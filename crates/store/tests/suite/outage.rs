//! A PostgreSQL server that can be stopped and started, for one test alone.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use sqlx::{Connection, PgConnection};

use crate::postgres;

/// Takes the directory of PostgreSQL's programs and the port; then an order a line. It ends, and cleans up, when its
/// standard input does.
const SUPERVISOR: &str = r#"
set -eu
programs=$1 port=$2
umask 077
directory=$(mktemp -d /tmp/tailwater-postgres.XXXXXX)
finish() {
    "$programs/pg_ctl" -D "$directory/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 1' HUP INT PIPE TERM
options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$directory -c fsync=off"
start() {
    "$programs/pg_ctl" -D "$directory/data" -w -l "$directory/log" -o "$options" start >/dev/null 2>&1 </dev/null
}
"$programs/initdb" --no-sync --auth=trust --username=tailwater --encoding=UTF8 --locale=C \
    -D "$directory/data" >/dev/null 2>&1 </dev/null
start
echo done
while read -r order; do
    case $order in
    start) start ;;
    stop) "$programs/pg_ctl" -D "$directory/data" -w -m fast stop >/dev/null 2>&1 </dev/null ;;
    esac
    echo done
done
"#;

pub struct Outage {
    port: u16,
    supervisor: Child,
    /// Given up to end the supervisor.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Outage {
    /// A server that runs.
    pub async fn new() -> Self {
        // Another server knows where the programs are.
        let mut connection = PgConnection::connect(&postgres::new_database()).await.unwrap();
        let sql = "select setting from pg_config where name = 'BINDIR'";
        let programs: String = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
        let mut command = Command::new(if is_root { "setpriv" } else { "env" });
        if is_root {
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
        }
        let mut supervisor = command
            .args(["sh", "-c", SUPERVISOR, "supervisor", &programs, &port.to_string()])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut server = Self {
            port,
            orders: supervisor.stdin.take(),
            answers: BufReader::new(supervisor.stdout.take().unwrap()),
            supervisor,
        };
        server.wait();
        server
    }

    pub fn address(&self) -> String {
        format!("postgres://tailwater@127.0.0.1:{}/postgres", self.port)
    }

    pub fn stop(&mut self) {
        self.order("stop\n");
    }

    pub fn start(&mut self) {
        self.order("start\n");
    }

    fn order(&mut self, order: &str) {
        let mut orders = self.orders.as_ref().unwrap();
        orders.write_all(order.as_bytes()).unwrap();
        self.wait();
    }

    fn wait(&mut self) {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert_eq!(line, "done\n", "PostgreSQL does not do as it is told");
    }
}

impl Drop for Outage {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.supervisor.wait();
    }
}
