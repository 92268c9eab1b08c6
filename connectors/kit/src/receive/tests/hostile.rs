//! What no good client does.

use super::*;

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let house = House::new().await;
    let whole = request("one", "key", BODY);
    for cut in [whole.len() - 1, whole.len() - BODY.len() + 1, whole.len() - BODY.len()] {
        let mut stream = house.connect().await;
        stream.write_all(&whole[..cut]).await.unwrap();
        stream.shutdown().await.unwrap();
        let _whatever_it_says = Said::read(&mut stream).await;
        assert!(house.names("staged").is_empty() && house.names("spooled").is_empty(), "{cut}");
    }
    // The line breaks while the server waits for more.
    let mut stream = house.connect().await;
    stream.write_all(&whole[..whole.len() - 5]).await.unwrap();
    while house.names("staged").is_empty() {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while !house.names("staged").is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.post("one", "key", BODY).await.status, 202, "its key is free again");
    assert_eq!(house.spooled(), [BODY]);
}

#[tokio::test]
async fn a_body_is_bounded_in_size_whether_it_says_so_or_not() {
    let house = House::with(|options| options.body_bytes_max = 1_000).await;
    let long = "x".repeat(1_001);
    house.post("one", "key", &long).await.refused(413, "BODY_TOO_LARGE");
    let chunked = String::from_utf8(request("one", "key", "")).unwrap();
    let chunked = chunked.replace("content-length: 0", "transfer-encoding: chunked");
    let body = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    house.raw(format!("{chunked}{body}").as_bytes()).await.refused(413, "BODY_TOO_LARGE");
    // A length is not believed before the bytes are there.
    let claims = chunked.replace("transfer-encoding: chunked", "content-length: 99999999999999999999");
    assert_eq!(house.raw(claims.as_bytes()).await.status, 400);
    assert!(house.names("staged").is_empty() && house.names("spooled").is_empty());
    let good = format!("{chunked}{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    assert_eq!(house.raw(good.as_bytes()).await.status, 202);
    assert_eq!(house.spooled(), [BODY]);
}

#[tokio::test]
async fn whoever_says_nothing_or_little_holds_a_place_for_a_while_only() {
    let house = House::with(|options| {
        options.head_max = Duration::from_millis(200);
        options.stall_max = Duration::from_millis(200);
    })
    .await;
    for beginning in ["", "POST /subm", "POST /submissions HTTP/1.1\r\nhost: localhost\r\nx-a"] {
        let mut stream = house.connect().await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let said = Said::read(&mut stream).await;
        assert!(said.status == 0 || said.status == 408, "{beginning}: {said:?}");
    }
    let whole = request("one", "key", BODY);
    let mut stream = house.connect().await;
    stream.write_all(&whole[..whole.len() - 5]).await.unwrap();
    Said::read(&mut stream).await.refused(408, "BODY_TOO_SLOW");
    assert!(house.names("staged").is_empty());
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_however_steadily_it_comes() {
    let house = House::with(|options| {
        options.body_max = Duration::from_millis(300);
        options.body_rate_min = 1 << 20;
    })
    .await;
    let whole = request("one", "key", &"x".repeat(100_000));
    let mut stream = house.connect().await;
    let (head, body) = whole.split_at(whole.len() - 100_000);
    stream.write_all(head).await.unwrap();
    let (mut read, mut write) = tokio::io::split(stream);
    let trickling = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(10));
        for byte in body_of(100_000) {
            every.tick().await;
            if write.write_all(&[byte]).await.is_err() || write.flush().await.is_err() {
                return;
            }
        }
    });
    let mut answer = vec![0; 256];
    let count = read.read(&mut answer).await.unwrap();
    trickling.abort();
    assert!(answer[..count].starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer[..count]));
    assert_eq!(body.len(), 100_000);
    assert!(house.names("spooled").is_empty());
}

fn body_of(length: usize) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(b'x', length)
}

#[tokio::test]
async fn connections_are_bounded_and_come_to_their_turn() {
    let house = House::with(|options| {
        options.connections_max = 2;
        options.head_max = Duration::from_millis(300);
    })
    .await;
    let idle = [house.connect().await, house.connect().await];
    // Both places are held by whoever says nothing; this one waits until they are given up.
    assert_eq!(house.post("one", "key", BODY).await.status, 202);
    drop(idle);
}

#[tokio::test]
async fn a_caller_has_so_many_posts_in_hand_and_a_key_one() {
    let house = House::with(|options| options.of_caller_max = 2).await;
    let begin = async |key: &str| {
        let whole = request("one", key, BODY);
        let mut stream = house.connect().await;
        let before = house.names("staged").len();
        stream.write_all(&whole[..whole.len() - 5]).await.unwrap();
        while house.names("staged").len() == before {
            tokio::task::yield_now().await;
        }
        stream
    };
    let mut first = begin("first").await;
    let said = house.post("one", "first", BODY).await;
    said.refused(409, "KEY_IN_USE");
    assert_eq!(said.header("retry-after"), Some("30"));
    let second = begin("second").await;
    house.post("one", "third", BODY).await.refused(429, "TOO_MANY_AT_ONCE");
    assert_eq!(house.post("other", "third", BODY).await.status, 202, "others are not kept out by it");
    first.write_all(&BODY.as_bytes()[BODY.len() - 5..]).await.unwrap();
    assert_eq!(Said::read(&mut first).await.status, 202);
    drop(second);
}

#[tokio::test]
async fn heads_that_make_no_sense_are_refused_and_say_why() {
    let house = House::new().await;
    let good = String::from_utf8(request("one", "key", BODY)).unwrap();
    for (bad, status, code) in [
        (good.replace("idempotency-key: key\r\n", ""), 400, "KEY_MISSING"),
        (good.replace("idempotency-key: key", "idempotency-key: key\r\nidempotency-key: key"), 400, "KEY_MISSING"),
        (good.replace("idempotency-key: key", "idempotency-key: two words"), 400, "KEY_MISSING"),
        (good.replace("idempotency-key: key", "idempotency-key: "), 400, "KEY_MISSING"),
        (good.replace("idempotency-key: key", &format!("idempotency-key: {}", "k".repeat(256))), 400, "KEY_MISSING"),
        (good.replace("text/csv; charset=utf-8", "text/html"), 415, "MEDIA_TYPE_UNSUPPORTED"),
        (good.replace("text/csv; charset=utf-8", "text/csv\r\ncontent-type: text/html"), 415, "MEDIA_TYPE_UNSUPPORTED"),
        (good.replace("content-type", "content-encoding: gzip\r\ncontent-type"), 415, "MEDIA_TYPE_UNSUPPORTED"),
        (good.replace("POST", "PUT"), 405, "METHOD_NOT_ALLOWED"),
        (good.replace("/submissions", "/elsewhere"), 404, "NO_SUCH_PATH"),
        (good.replace("/submissions", "/submissions/"), 404, "NO_SUCH_SUBMISSION"),
    ] {
        let said = house.raw(bad.as_bytes()).await;
        if code == "NO_SUCH_SUBMISSION" {
            assert!(matches!(said.status, 404 | 405), "{said:?}");
            continue;
        }
        said.refused(status, code);
        assert!(!said.body.contains("9991234567") && !said.body.contains("two words"), "{said:?}");
    }
    let long = good.replace("host: localhost", &format!("host: localhost\r\nx-long: {}", "x".repeat(64 << 10)));
    assert_eq!(house.raw(long.as_bytes()).await.status, 431);
    let many: String = (0..200).map(|at| format!("x-{at}: 1\r\n")).collect();
    let many = good.replace("host: localhost\r\n", &format!("host: localhost\r\n{many}"));
    assert_eq!(house.raw(many.as_bytes()).await.status, 431);
    assert_eq!(house.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not http at all\r\n\r\n").await.status, 400);
    house.raw(&request("one", "empty", "")).await.refused(400, "BODY_UNREADABLE");
    assert!(house.names("staged").is_empty() && house.names("spooled").is_empty());
    assert_eq!(house.post("one", "good", BODY).await.status, 202);
}

#[tokio::test]
async fn a_files_name_leads_nowhere() {
    let house = House::new().await;
    let good = String::from_utf8(request("one", "key", BODY)).unwrap();
    for (at, name) in ["../../escaped.csv", "..", "/etc/passwd", "a.part", ".hidden", "C:\\x\\y.csv"].iter().enumerate()
    {
        let named = good
            .replace("toy-2025-01-16.csv", name)
            .replace("idempotency-key: key", &format!("idempotency-key: k{at}"));
        assert_eq!(house.raw(named.as_bytes()).await.status, 202, "{name}");
    }
    let mut names = Vec::new();
    for folder in house.names("spooled") {
        names.extend(house.names(&format!("spooled/{folder}")));
    }
    assert_eq!(names, ["escaped.csv", "file", "passwd", "a.part_", "hidden", "y.csv"]);
}
