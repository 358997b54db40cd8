//! `--link`: libraries made by the machine's C compiler, and files that are none.

use std::process::Command;

use crate::support::Folder;

const SOURCE: &str = "\
extern fn plus_one(n: Int) -> Int = \"plus_one\"
extern fn half(x: Float) -> Float = \"half\"

op use_them(n: Int) -> (Int, Float) { (plus_one(n), half(3.0)) }

job main(n: Int = 4) -> (Int, Float) { use_them(n) }

test \"of a library\" { assert plus_one(1) == 2 }
";

fn folder() -> Folder {
    let folder = Folder::with(SOURCE);
    folder.write(
        "one.c",
        "#include <stdint.h>\nint64_t plus_one(int64_t n) { return n + 1; }\n",
    );
    folder.write("two.c", "double half(double x) { return x / 2; }\n");
    folder.write(
        "lost.c",
        "double lost(double); double half(double x) { return lost(x); }\n",
    );
    folder.write("main.c", "int main(void) { return 3; }\n");
    let done = Command::new("bash")
        .current_dir(folder.path())
        .args([
            "-ec",
            "for name in one two lost main; do cc -c $name.c; ar rcs lib$name.a $name.o; done; \
             cc -shared -fPIC -o libone.so one.c; ar rcT thin.a one.o; head -c 200 libone.a > cut.a",
        ])
        .status();
    assert!(done.is_ok_and(|status| status.success()), "a C compiler");
    folder
}

#[test]
fn libraries_and_objects() {
    let folder = folder();
    for libraries in [
        ["--link", "libone.a", "--link", "libtwo.a"],
        ["--link", "one.o", "--link", "two.o"],
    ] {
        let run = [&["run"], &libraries[..], &["main.dyn", "--n", "6"]].concat();
        let output = folder.run(&run);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text, "[7,1.5]\n", "{output:?}");
    }
    let test = ["test", "--link", "libone.a", "--link", "libtwo.a"];
    assert_eq!(folder.run(&test).status.code(), Some(0));
}

#[test]
fn what_can_not_be_linked() {
    let folder = folder();
    let said = |libraries: &[&str]| {
        let mut arguments = vec!["build", "main.dyn", "-o", "out"];
        for library in libraries {
            arguments.extend(["--link", library]);
        }
        let output = folder.run(&arguments);
        assert!(!output.status.success(), "{libraries:?}");
        assert!(!folder.path().join("out").exists());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (libraries, why) in [
        (&["absent.a"][..], "can't read the library absent.a"),
        (&["."], "can't read the library"),
        (&["one.c"], "it does not begin as one does"),
        (&["libone.so"], "it is a shared library"),
        (&["thin.a"], "it is a thin archive"),
        (&["cut.a"], "its end is missing"),
        (&["libone.a"], "no library has the symbol `half`"),
        (&["libone.a", "liblost.a"], "needs another one"),
        (&["libone.a", "libtwo.a", "main.o"], "is there twice"),
    ] {
        let said = said(libraries);
        assert!(said.contains(why), "{libraries:?}: {said}");
        assert!(!said.contains("panicked"), "{libraries:?}: {said}");
    }
}
