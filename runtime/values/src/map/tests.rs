//! Maps against a plain model, under seeded random operations.

use dynop_abi::layout::StrRepr;

use super::*;
use crate::memory::live_buffers;
use crate::testing::{int, map_of, str_type};
use crate::text::{self, Text};

/// A small generator: nothing more is needed to vary operations.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}

fn key_text(number: u64) -> String {
    if number.is_multiple_of(2) {
        format!("k{number}")
    } else {
        format!("a key that is longer than fifteen bytes: {number}")
    }
}

unsafe fn contents(map: *mut MapHeader) -> Vec<(String, i64)> {
    let mut all = Vec::new();
    // SAFETY: a valid map of texts to integers.
    unsafe {
        for_each(map, |key, value| {
            let key = text::as_str(&*key.cast::<StrRepr>()).to_owned();
            all.push((key, value.cast::<i64>().read()));
        });
    }
    all
}

#[test]
fn keeps_the_order_of_insertion_under_random_changes() {
    let ty = map_of(str_type(), int());
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let mut model: Vec<(String, i64)> = Vec::new();
        let mut place: *mut MapHeader = std::ptr::null_mut();
        let mut snapshots: Vec<(*mut MapHeader, Vec<(String, i64)>)> = Vec::new();
        let keys = [5, 40, 600][seed as usize % 3];
        for step in 0..1500 {
            let name = key_text(random.below(keys));
            let key = Text::new(name.as_bytes()).unwrap();
            let key: *const u8 = (&raw const *key.repr()).cast();
            let known = model.iter().position(|(k, _)| *k == name);
            // SAFETY: the map is ours and of this type, the key valid.
            unsafe {
                match random.below(10) {
                    0..5 => {
                        let slot = slot(&mut place, key, ty).unwrap();
                        assert_eq!(slot.found, known.is_some());
                        if !slot.found {
                            assert_eq!(slot.value.cast::<i64>().read(), 0);
                        }
                        slot.value.cast::<i64>().write(step);
                        match known {
                            Some(at) => model[at].1 = step,
                            None => model.push((name, step)),
                        }
                    }
                    5..8 => {
                        assert_eq!(remove(&mut place, key, ty).unwrap(), known.is_some());
                        if let Some(at) = known {
                            model.remove(at);
                        }
                    }
                    8 => {
                        let value = get(place, key, ty);
                        assert_eq!(value.is_null(), known.is_none());
                        if let Some(at) = known {
                            assert_eq!(value.cast::<i64>().read(), model[at].1);
                        }
                    }
                    _ if snapshots.len() < 8 => {
                        crate::count::retain(place.cast());
                        if random.below(2) == 0 {
                            crate::share((&raw mut place).cast(), ty);
                        }
                        snapshots.push((place, model.clone()));
                    }
                    _ => {}
                }
                assert_eq!(len(place), model.len());
            }
        }
        // SAFETY: all maps are valid; each snapshot is one owner.
        unsafe {
            assert_eq!(contents(place), model);
            for (map, wanted) in snapshots {
                assert_eq!(contents(map), wanted);
                walk::release_buffer(map.cast(), ty);
            }
            walk::release_buffer(place.cast(), ty);
        }
        assert_eq!(live_buffers(), 0);
    }
}

#[test]
fn a_write_behind_a_read_finds_its_own_entry() {
    let ty = map_of(str_type(), int());
    let mut random = Random::new(9);
    let mut place: *mut MapHeader = std::ptr::null_mut();
    let mut model = std::collections::BTreeMap::<String, i64>::new();
    for step in 0..4_000_i64 {
        let [read, written] = [(); 2].map(|()| key_text(random.below(20)));
        let (read_key, key) = (
            Text::new(read.as_bytes()).unwrap(),
            Text::new(written.as_bytes()).unwrap(),
        );
        let pointer = |key: &Text| -> *const u8 { (&raw const *key.repr()).cast() };
        // SAFETY: the map is ours and of this type, the keys valid.
        unsafe {
            let found = get(place, pointer(&read_key), ty);
            let found = (!found.is_null()).then(|| found.cast::<i64>().read());
            assert_eq!(found, model.get(&read).copied());
            if step % 3 == 0 {
                remove(&mut place, pointer(&read_key), ty).unwrap();
                model.remove(&read);
            }
            // Often the key that was read, also where it has just gone.
            let (name, key) = if step % 2 == 0 {
                (read, &read_key)
            } else {
                (written, &key)
            };
            let slot = slot(&mut place, pointer(key), ty).unwrap();
            assert_eq!(slot.found, model.contains_key(&name));
            slot.value.cast::<i64>().write(step);
            model.insert(name, step);
        }
    }
    // SAFETY: ours.
    unsafe {
        assert_eq!(len(place), model.len());
        walk::release_buffer(place.cast(), ty);
    }
}
