//! Objects made by hand are linked, inspected and run.

mod common;

use std::io::ErrorKind;
use std::process::{Command, Output};

use common::{
    GREETING, SOURCE_NAME, VERSION, hand_made_object, object_with_an_undefined_symbol,
    write_executable,
};
use dynop_link::{LinkError, LinkOptions, Linker, Strip, link_executable};

fn run(bytes: &[u8]) -> Output {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = write_executable(directory.path(), bytes);
    loop {
        match Command::new(&path).output() {
            // A process that another test started while the file was written holds it until its own program begins.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {}
            output => return output.expect("the executable starts"),
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// The object's own code ran, then the runtime's `main`, which read the object's data.
fn expect_a_whole_run(output: &Output) {
    assert_eq!(String::from_utf8_lossy(&output.stdout), GREETING);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains(&VERSION.to_string()), "{complaint}");
    assert!(
        output.status.code().is_some_and(|code| code != 0),
        "{:?}",
        output.status
    );
}

#[test]
fn a_hand_made_object_becomes_an_executable_that_runs() {
    let bytes = link_executable(&hand_made_object(), &LinkOptions::default()).expect("it links");
    expect_a_whole_run(&run(&bytes));
}

#[test]
fn it_runs_at_every_degree_of_stripping_and_shrinks() {
    let object = hand_made_object();
    let sizes = [Strip::Nothing, Strip::Debug, Strip::All].map(|strip| {
        let bytes = link_executable(
            &object,
            &LinkOptions {
                strip,
                ..LinkOptions::default()
            },
        )
        .expect("it links");
        expect_a_whole_run(&run(&bytes));
        assert_eq!(
            contains(&bytes, SOURCE_NAME),
            strip == Strip::Nothing,
            "debug information, {strip:?}"
        );
        assert_eq!(
            contains(&bytes, "hand_made_greeting"),
            strip != Strip::All,
            "symbols, {strip:?}"
        );
        bytes.len()
    });
    assert!(sizes[0] >= sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
    // Without symbols and lines it does not matter whether the embedded archive was stripped. Half of it is the C library.
    assert!(sizes[2] < 2 << 20, "{sizes:?}");
}

#[test]
fn the_same_object_gives_the_same_bytes() {
    let object = hand_made_object();
    let first = link_executable(&object, &LinkOptions::default()).expect("it links");
    for _ in 0..4 {
        let again = link_executable(&object, &LinkOptions::default()).expect("it links again");
        assert!(first == again, "two links of one object differ");
    }
}

#[test]
fn links_on_several_threads_do_not_disturb_each_other() {
    let object = hand_made_object();
    let expected = link_executable(&object, &LinkOptions::default()).expect("it links");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let bytes = link_executable(&object, &LinkOptions::default()).expect("it links");
                assert!(bytes == expected);
            });
        }
    });
}

/// A static position-independent executable: relocatable, no interpreter, no needed libraries, stack not executable.
#[test]
fn the_executable_is_a_static_pie() {
    let bytes = link_executable(&hand_made_object(), &LinkOptions::default()).expect("it links");
    let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let u32_at = |at: usize| u32::from(u16_at(at)) | u32::from(u16_at(at + 2)) << 16;
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    assert_eq!(&bytes[..4], b"\x7fELF");
    assert_eq!(u16_at(16), 3, "type ET_DYN");
    let (table, entry_size, count) = (
        u64_at(32) as usize,
        u16_at(54) as usize,
        u16_at(56) as usize,
    );
    let segments: Vec<usize> = (0..count).map(|index| table + index * entry_size).collect();
    let kinds: Vec<u32> = segments.iter().map(|segment| u32_at(*segment)).collect();
    assert!(!kinds.contains(&3), "no PT_INTERP in {kinds:x?}");
    assert!(
        kinds.contains(&0x6474_E550),
        "PT_GNU_EH_FRAME in {kinds:x?}"
    );
    assert!(kinds.contains(&0x6474_E552), "PT_GNU_RELRO in {kinds:x?}");
    for segment in segments {
        let flags = u32_at(segment + 4);
        assert_ne!(flags & 3, 3, "a segment is writable and executable");
        if u32_at(segment) == 2 {
            let (from, size) = (u64_at(segment + 8) as usize, u64_at(segment + 32) as usize);
            let tags: Vec<u64> = (from..from + size).step_by(16).map(u64_at).collect();
            assert!(!tags.contains(&1), "no DT_NEEDED in {tags:x?}");
        }
    }
}

#[test]
fn an_undefined_symbol_is_an_error_that_names_it() {
    let error = link_executable(&object_with_an_undefined_symbol(), &LinkOptions::default());
    let Err(LinkError::Linker(message)) = error else {
        panic!("{error:?}")
    };
    assert!(message.contains("dyn_that_nobody_wrote"), "{message}");

    // The process is as able to link as before.
    assert!(link_executable(&hand_made_object(), &LinkOptions::default()).is_ok());
}

#[test]
fn what_is_no_object_is_an_error() {
    let object = hand_made_object();
    for bad in [
        &b""[..],
        b"hello",
        &object[..40],
        &object[..object.len() / 2],
    ] {
        let result = link_executable(bad, &LinkOptions::default());
        assert!(
            matches!(result, Err(LinkError::Linker(_))),
            "{} bytes: {:?}",
            bad.len(),
            result.map(|bytes| bytes.len())
        );
    }
}

#[test]
fn the_c_compiler_links_the_same_object() {
    let options = LinkOptions {
        linker: Linker::Cc,
        ..LinkOptions::default()
    };
    let bytes = link_executable(&hand_made_object(), &options).expect("cc links it");
    expect_a_whole_run(&run(&bytes));
    let error =
        link_executable(&object_with_an_undefined_symbol(), &options).expect_err("cc refuses it");
    assert!(
        error.to_string().contains("dyn_that_nobody_wrote"),
        "{error}"
    );
}
