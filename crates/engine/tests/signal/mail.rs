//! Letters to a mail server on this machine.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tailwater_engine::signal::DeliveryState;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::stage::Bench;

/// What a mail server says of sealing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seal {
    Nothing,
    Offered,
}

/// Takes letters on this machine: what was said in `MAIL`, `RCPT` and `DATA`. After `STARTTLS`, the first bytes that
/// follow are kept in their place.
async fn mail_catcher(seal: Seal) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let letters = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&letters);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.into_split();
            let mut reader = BufReader::new(reader);
            let mut letter = String::new();
            let mut in_data = false;
            let _ = writer.write_all(b"220 catcher\r\n").await;
            let mut line = String::new();
            while reader.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                let said = std::mem::take(&mut line);
                let said = said.trim_end_matches(['\r', '\n']);
                letter.push_str(said);
                letter.push('\n');
                let answer: &[u8] = match said {
                    hello if hello.starts_with("EHLO") && seal == Seal::Offered => {
                        b"250-catcher\r\n250 STARTTLS\r\n"
                    }
                    "STARTTLS" if seal == Seal::Offered => {
                        let _ = writer.write_all(b"220 go on\r\n").await;
                        let mut first = [0_u8; 2];
                        let _ = reader.read_exact(&mut first).await;
                        let _ = write!(letter, "{first:02x?}");
                        kept.lock().expect("letters").push(letter);
                        break;
                    }
                    "." if in_data => {
                        in_data = false;
                        kept.lock().expect("letters").push(std::mem::take(&mut letter));
                        b"250 taken\r\n"
                    }
                    _ if in_data => continue,
                    "DATA" => {
                        in_data = true;
                        b"354 go on\r\n"
                    }
                    "QUIT" => b"221 bye\r\n",
                    _ => b"250 ok\r\n",
                };
                if writer.write_all(answer).await.is_err() {
                    break;
                }
            }
        }
    });
    (port, letters)
}

#[tokio::test]
async fn an_owner_gets_a_letter_and_no_name_adds_a_reader() {
    let (port, letters) = mail_catcher(Seal::Nothing).await;
    let mail = |name: &str, more: &str| {
        format!(
            "name = '{name}'\nkind = 'email'\nhost = '127.0.0.1'\nport = {port}\ntls = 'none'\n\
             from = 'Tailwater <data@acme.com>'\nto_owners = true\n{more}"
        )
    };
    let bench = Bench::new(&[
        &mail("owners", ""),
        &mail("elsewhere", "owner_domains = ['other.example']"),
    ]);
    bench.build("error");
    let (_, mut signals) = bench.process().await;
    signals.turn().await.expect("a turn");
    let letters = letters.lock().expect("letters").clone();
    assert_eq!(letters.len(), 1, "{letters:?}");
    let readers: Vec<&str> = letters[0]
        .lines()
        .filter(|line| line.starts_with("RCPT"))
        .collect();
    assert_eq!(readers, ["RCPT TO:<ada@acme.com>"]);
    let (head, _) = letters[0].split_once("\n\n").expect("a body");
    assert!(
        head.contains("Subject: Degraded: Weekly <sales> Bcc: eve@evil.example"),
        "{head}"
    );
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(letters[0].contains("Weekly &lt;sales&gt;"), "{}", letters[0]);
}

/// With `starttls`, which is what is taken when nothing is said, neither password nor letter is ever in the clear.
#[tokio::test]
async fn nothing_is_said_in_the_clear_where_it_is_to_be_sealed() {
    for seal in [Seal::Nothing, Seal::Offered] {
        let (port, letters) = mail_catcher(seal).await;
        let bench = Bench::new(&[&format!(
            "name = 'mail'\nkind = 'email'\nhost = '127.0.0.1'\nport = {port}\nuser = 'tailwater'\n\
             secret_file = 'secret'\nfrom = 'data@acme.com'\nto = ['team@acme.com']"
        )]);
        bench.build("error");
        let (workspace, mut signals) = bench.process().await;
        signals.turn().await.expect("a turn");
        let delivery = workspace.deliveries(1).await.expect("deliveries").remove(0);
        assert_ne!(delivery.state, DeliveryState::Delivered);
        let error = delivery.error.expect("why");
        assert!(!error.contains(crate::stage::KEY), "{error}");
        let heard = letters.lock().expect("letters").clone();
        match seal {
            Seal::Nothing => assert_eq!(heard, [] as [&str; 0]),
            Seal::Offered => {
                assert_eq!(heard.len(), 1, "{heard:?}");
                // The greeting, then a handshake of TLS (RFC 8446, 5.1).
                let (greeting, sealed) = heard[0].split_once("STARTTLS\n").expect("sealing");
                assert!(
                    greeting.starts_with("EHLO") && greeting.lines().count() == 1,
                    "{greeting}"
                );
                assert_eq!(sealed, "[16, 03]");
            }
        }
    }
}
