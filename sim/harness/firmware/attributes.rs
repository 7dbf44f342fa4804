//! `.ARM.attributes`: which processor the file was built for (Arm ABI addenda, "Build attributes").

use super::error::ElfError;

const TAG_CPU_RAW_NAME: u64 = 4;
const TAG_CPU_NAME: u64 = 5;
const TAG_CPU_ARCH: u64 = 6;
const TAG_CPU_ARCH_PROFILE: u64 = 7;
const TAG_COMPATIBILITY: u64 = 32;

/// The attributes that decide whether a core can run the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub cpu_name: Option<String>,
    pub arch: Option<u64>,
    pub profile: Option<char>,
}

/// Refuses a file for a processor that is not ARMv7-M or ARMv6-M.
///
/// Without the section only the entry point tells: an M-profile core starts in Thumb state, so an even entry
/// is Arm code.
pub(super) fn check(section: Option<&[u8]>, entry: u32) -> Result<(), ElfError> {
    let attributes = section.map(parse).unwrap_or_default();
    let named = |what: &str| match &attributes.cpu_name {
        Some(name) => format!("{what} ({name})"),
        None => what.to_owned(),
    };
    let at = "Tag_CPU_arch_profile in .ARM.attributes";
    match attributes.profile {
        Some('M') => {}
        Some('A') => {
            return Err(ElfError::Profile {
                built_for: named("the A profile"),
                at,
            });
        }
        Some('R') => {
            return Err(ElfError::Profile {
                built_for: named("the R profile"),
                at,
            });
        }
        Some(_) | None if section.is_none() || attributes.arch.is_none() => {
            if entry != 0 && entry & 1 == 0 {
                return Err(ElfError::Profile {
                    built_for: "Arm (not Thumb) code".to_owned(),
                    at: "e_entry is even and there is no .ARM.attributes section",
                });
            }
        }
        Some(_) | None => {}
    }
    let at = "Tag_CPU_arch in .ARM.attributes";
    match attributes.arch {
        Some(0..=9) => Err(ElfError::Profile {
            built_for: named("a processor before ARMv7"),
            at,
        }),
        Some(14 | 15) => Err(ElfError::Profile {
            built_for: named("ARMv8-A or ARMv8-R"),
            at,
        }),
        Some(16 | 17 | 21) => Err(ElfError::Profile {
            built_for: named("ARMv8-M"),
            at,
        }),
        _ => Ok(()),
    }
}

/// Reads what is there; a malformed section reads as far as it makes sense.
pub(super) fn parse(section: &[u8]) -> Attributes {
    let mut found = Attributes::default();
    let Some((b'A', mut rest)) = section.split_first().map(|(v, r)| (*v, r)) else {
        return found;
    };
    while let Some(length) = word(rest) {
        let Some(subsection) = rest.get(4..length) else {
            break;
        };
        let (vendor, body) = string(subsection);
        if vendor == "aeabi" {
            file_attributes(body, &mut found);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

fn file_attributes(mut body: &[u8], found: &mut Attributes) {
    // Tag_File (1) first; sections and symbols (2, 3) are obsolete and follow it.
    while let (Some(1), Some(size)) = (body.first(), body.get(1..).and_then(word)) {
        let Some(mut list) = body.get(5..size) else {
            return;
        };
        while !list.is_empty() {
            let (tag, rest) = uleb(list);
            list = match tag {
                TAG_CPU_RAW_NAME | TAG_CPU_NAME => {
                    let (name, rest) = string(rest);
                    if tag == TAG_CPU_NAME {
                        found.cpu_name = Some(name);
                    }
                    rest
                }
                TAG_COMPATIBILITY => string(uleb(rest).1).1,
                _ if tag > TAG_COMPATIBILITY && tag % 2 == 1 => string(rest).1,
                _ => {
                    let (value, rest) = uleb(rest);
                    match tag {
                        TAG_CPU_ARCH => found.arch = Some(value),
                        TAG_CPU_ARCH_PROFILE => {
                            found.profile = u8::try_from(value)
                                .ok()
                                .map(char::from)
                                .filter(char::is_ascii_uppercase);
                        }
                        _ => {}
                    }
                    rest
                }
            };
        }
        body = body.get(size..).unwrap_or_default();
    }
}

fn word(data: &[u8]) -> Option<usize> {
    let bytes: [u8; 4] = data.get(..4)?.try_into().ok()?;
    let value = u32::from_le_bytes(bytes) as usize;
    (value >= 5).then_some(value)
}

fn string(data: &[u8]) -> (String, &[u8]) {
    let end = data.iter().position(|b| *b == 0).unwrap_or(data.len());
    (
        String::from_utf8_lossy(&data[..end]).into_owned(),
        data.get(end + 1..).unwrap_or_default(),
    )
}

fn uleb(data: &[u8]) -> (u64, &[u8]) {
    let mut value = 0u64;
    for (i, byte) in data.iter().enumerate() {
        if i < 9 {
            value |= u64::from(byte & 0x7F) << (7 * i);
        }
        if byte & 0x80 == 0 {
            return (value, &data[i + 1..]);
        }
    }
    (value, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(profile: u8, arch: u8) -> Vec<u8> {
        let list = [&[5][..], b"7-X\0", &[6, arch, 7, profile, 8, 0, 9, 2]].concat();
        let file = [&[1][..], &((5 + list.len()) as u32).to_le_bytes(), &list].concat();
        let body = [&b"aeabi\0"[..], &file].concat();
        [b"A", &((4 + body.len()) as u32).to_le_bytes()[..], &body].concat()
    }

    #[test]
    fn a_cortex_a_binary_is_refused_and_a_cortex_m_binary_is_not() {
        assert!(check(Some(&section(b'M', 10)), 0x0800_0001).is_ok());
        let error = check(Some(&section(b'A', 10)), 0x0800_0001).unwrap_err();
        assert_eq!(
            error.to_string(),
            "built for the A profile (7-X) (Tag_CPU_arch_profile in .ARM.attributes): this chip has an ARMv7-M core"
        );
    }

    #[test]
    fn without_attributes_an_even_entry_is_arm_code() {
        assert!(check(None, 0x0800_0100).is_err());
        assert!(check(None, 0x0800_0101).is_ok());
    }

    #[test]
    fn garbage_is_read_without_a_panic() {
        for n in 0..40 {
            let mut s = section(b'M', 10);
            s.truncate(n);
            let _ = parse(&s);
        }
        let _ = parse(&[b'A', 255, 255, 255, 255, 1, 2, 3]);
    }
}
