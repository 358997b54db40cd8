//! `dynopc test`: what is written, and how it ends.

use crate::support::Folder;

const SOURCE: &str = "\
fn doubled(n: Int) -> Int { n * 2 }

test \"good\" { assert doubled(2) == 4 }

test \"bad <&>\" { assert doubled(2) == 5 }
";

fn texts(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = folder.run(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn exit_codes_and_filters() {
    let folder = Folder::with(SOURCE);
    let (code, out, err) = texts(&folder, &["test"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("1 passed, 1 failed"), "{out}");
    assert!(err.contains("left: 4, right: 5"), "{err}");
    let (code, out, _) = texts(&folder, &["test", "good", "main.dyn"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("1 passed, 0 failed, 1 left out"), "{out}");
    let (code, out, _) = texts(&folder, &["test", "--list"]);
    assert_eq!(code, Some(0));
    assert_eq!(out, "main.dyn:3: good\nmain.dyn:5: bad <&>\n");
    // A misspelt filter must not look like success.
    let (code, _, err) = texts(&folder, &["test", "goood"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("no test"), "{err}");
    folder.write("main.dyn", "test \"broken\" { assert nothing }\n");
    assert_eq!(texts(&folder, &["test"]).0, Some(1));
    assert_eq!(texts(&folder, &["test", "--timeout", "0"]).0, Some(2));
}

#[test]
fn reports_for_machines() {
    let folder = Folder::with(SOURCE);
    let (code, out, _) = texts(&folder, &["test", "--format", "json"]);
    assert_eq!(code, Some(1));
    let lines: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["passed"], true);
    assert_eq!(lines[1]["name"], "bad <&>");
    let message = "the assertion does not hold\nleft: 4\nright: 5";
    assert_eq!(lines[1]["failure"]["message"], message);
    assert_eq!(lines[2]["failed"], 1);
    let (code, out, _) = texts(&folder, &["test", "--format", "junit"]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("<testsuites tests=\"2\" failures=\"1\""),
        "{out}"
    );
    assert!(out.contains("name=\"bad &lt;&amp;&gt;\""), "{out}");
}

#[test]
fn what_goes_wrong_takes_nothing_with_it() {
    let folder = Folder::with(
        "fn deep(n: Int) -> Int { 1 + deep(n + 1) }\n\n\
         fn endless() -> Int {\n    var n = 0\n    while n >= 0 { n = (n + 1) % 7 }\n    n\n}\n\n\
         test \"deep\" { assert deep(0) == 1 }\n\n\
         test \"endless\" { assert endless() == 1 }\n\n\
         test \"good\" { assert true }\n",
    );
    let (code, out, err) = texts(&folder, &["test", "--timeout", "2"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("test good … ok"), "{out}");
    assert!(err.contains("nested too deeply"), "{err}");
    assert!(err.contains("it did not end within 2 s"), "{err}");
}
