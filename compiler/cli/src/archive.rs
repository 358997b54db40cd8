//! Whether a file is what the linker takes: an archive of objects, or an object. What is not is told by its name, before the
//! linker is given it.

/// What an archive begins with.
const ARCHIVE: &[u8] = b"!<arch>\n";
/// The same for one that only names its objects.
const THIN: &[u8] = b"!<thin>\n";
/// How long the record before each member is.
const HEADER: usize = 60;

/// Says why a file is no static library, if it is none.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub fn check(bytes: &[u8]) -> Result<(), String> {
    if bytes.starts_with(THIN) {
        return Err("it is a thin archive, which names objects and has none".into());
    }
    match bytes.strip_prefix(ARCHIVE) {
        Some(members) => check_members(members),
        None => check_object(bytes).map_err(str::to_owned),
    }
}

fn check_members(mut rest: &[u8]) -> Result<(), String> {
    while !rest.is_empty() {
        let cut = || "its end is missing".to_owned();
        let (header, behind) = rest.split_at_checked(HEADER).ok_or_else(cut)?;
        if header[58..] != *b"`\n" {
            return Err("what stands between its members is broken".into());
        }
        let size = std::str::from_utf8(&header[48..58]).unwrap_or_default();
        let size: usize = size.trim().parse().map_err(|_| cut())?;
        let (member, behind) = behind.split_at_checked(size).ok_or_else(cut)?;
        // Members begin at even places.
        rest = behind.get(size % 2..).unwrap_or_default();
        let name = String::from_utf8_lossy(&header[..16]);
        let name = name.trim();
        // Tables of symbols and of long names.
        if matches!(name, "/" | "//" | "/SYM64/") || name.starts_with("__.SYMDEF") {
            continue;
        }
        check_object(member).map_err(|why| {
            let name = name.trim_end_matches('/');
            format!("of its member `{name}`, {why}")
        })?;
    }
    Ok(())
}

fn check_object(bytes: &[u8]) -> Result<(), &'static str> {
    const RELOCATABLE: u8 = 1;
    const SHARED: u8 = 3;
    const X86_64: u8 = 62;
    if bytes.starts_with(b"BC\xC0\xDE") {
        return Err("it is code of LLVM: compile it without `-flto`");
    }
    if !bytes.starts_with(b"\x7fELF") {
        return Err("it does not begin as one does");
    }
    if bytes.get(..6) != Some(b"\x7fELF\x02\x01") || bytes.get(18..20) != Some(&[X86_64, 0]) {
        return Err("it is made for another machine");
    }
    match bytes.get(16) {
        Some(&RELOCATABLE) => Ok(()),
        Some(&SHARED) => Err("it is a shared library, or a program"),
        _ => Err("it is no object that can be linked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: u8, machine: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[16], bytes[18]) = (kind, machine);
        bytes
    }

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = ARCHIVE.to_vec();
        for (name, member) in members {
            let header = format!("{name:<16}{:<32}{:<10}`\n", "", member.len());
            bytes.extend(header.as_bytes());
            bytes.extend_from_slice(member);
            bytes.resize(bytes.len().next_multiple_of(2), b'\n');
        }
        bytes
    }

    #[test]
    fn what_can_be_linked() {
        let good = object(1, 62);
        assert_eq!(check(&good), Ok(()));
        assert_eq!(check(&archive(&[])), Ok(()));
        let members: [(&str, &[u8]); 3] = [("/", b"abc"), ("a.o/", &good), ("b.o/", &good)];
        let whole = archive(&members);
        assert_eq!(check(&whole), Ok(()));
        for (bytes, why) in [
            (b"hello".to_vec(), "does not begin"),
            (object(3, 62), "shared library"),
            (object(1, 183), "another machine"),
            (THIN.to_vec(), "thin"),
            (whole[..whole.len() - 1].to_vec(), "its end is missing"),
            (archive(&[("a.o/", b"x")]), "`a.o`, it does not begin"),
        ] {
            let said = check(&bytes).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
        for cut in 0..whole.len() {
            // A cut between members is a whole archive of fewer.
            let _ = check(&whole[..cut]);
        }
    }
}
