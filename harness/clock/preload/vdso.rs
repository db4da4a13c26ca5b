//! Owns the way to the system's own clock: the function that the kernel maps into every process (vdso(7)), so that
//! asking it costs no call to the kernel; and that call, where there is no such function.

use core::ffi::c_int;
use core::mem::transmute;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::{Timespec, system};

#[cfg(target_arch = "x86_64")]
const NAME: &[u8] = b"__vdso_clock_gettime\0";
#[cfg(target_arch = "aarch64")]
const NAME: &[u8] = b"__kernel_clock_gettime\0";

type ClockGettime = unsafe extern "C" fn(c_int, *mut Timespec) -> c_int;

/// The address of the function; 0 if it was not found, or not yet.
static FOUND: AtomicUsize = AtomicUsize::new(0);

/// The system's clock.
///
/// # Safety
/// `time` is null or may be written to.
pub(crate) unsafe fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    let found = FOUND.load(Ordering::Relaxed);
    let result = if found == 0 {
        // SAFETY: the same promise.
        unsafe { system::clock_gettime(clock, time) }
    } else {
        // SAFETY: what the kernel exports under this name has this type.
        let function = unsafe { transmute::<usize, ClockGettime>(found) };
        // SAFETY: the same promise.
        (unsafe { function(clock, time) }) as isize
    };
    if result == 0 { 0 } else { -1 }
}

/// Looks for the function, once.
pub(crate) fn find() {
    if let Some(image) = image() {
        // SAFETY: the kernel says that there is an image of a shared library.
        if let Some(address) = unsafe { symbol(image) } {
            FOUND.store(address, Ordering::Relaxed);
        }
    }
}

/// Where the kernel has put its library: getauxval(3), from the source. Pairs of a tag and a value are read one by one,
/// since room for all of them would be cleared with a function of the C library.
fn image() -> Option<usize> {
    const AT_SYSINFO_EHDR: usize = 33;
    const PAIRS_MAX: usize = 128;
    let file = system::File::open(c"/proc/self/auxv".as_ptr().cast())?;
    let mut pairs = (0..PAIRS_MAX).map_while(|_| {
        let mut pair = [0_usize; 2];
        (file.read(&mut pair) == size_of_val(&pair)).then_some(pair)
    });
    pairs.find(|[tag, _]| *tag == AT_SYSINFO_EHDR).map(|[_, image]| image).filter(|image| *image != 0)
}

/// elf(5), as far as it is needed: sizes and places on 64-bit systems, in bytes.
mod elf {
    pub(super) const PROGRAM_HEADERS_AT: usize = 32;
    pub(super) const PROGRAM_HEADER_COUNT_AT: usize = 56;
    pub(super) const PROGRAM_HEADER: usize = 56;
    pub(super) const LOAD: u32 = 1;
    pub(super) const DYNAMIC: u32 = 2;
    pub(super) const SYMBOL: usize = 24;
    pub(super) const HASH: usize = 4;
    pub(super) const STRINGS: usize = 5;
    pub(super) const SYMBOLS: usize = 6;
}

/// The word at an address.
///
/// # Safety
/// There is one.
unsafe fn read<T: Copy>(address: usize) -> T {
    // SAFETY: the caller's word; nothing is assumed of how it is aligned.
    unsafe { (address as *const T).read_unaligned() }
}

/// The address of the function in the library at `image`.
///
/// # Safety
/// There is an ELF image.
unsafe fn symbol(image: usize) -> Option<usize> {
    // SAFETY: the caller's word, here and below.
    let tables = unsafe { Tables::of(image) }?;
    (0..tables.count).find_map(|index| {
        let entry = tables.symbols + index * elf::SYMBOL;
        // SAFETY: the table has that many entries: the name's place comes first,
        let name = unsafe { read::<u32>(entry) } as usize;
        // SAFETY: the section, 0 for what is not in this library, at 6,
        let section = unsafe { read::<u16>(entry + 6) };
        // SAFETY: and the value at 8.
        let value = unsafe { read::<usize>(entry + 8) };
        // SAFETY: names end with a zero, and so does ours: the comparison goes no further.
        let is_it = (0..NAME.len()).all(|at| unsafe { read::<u8>(tables.strings + name + at) } == NAME[at]);
        (is_it && section != 0).then_some(tables.bias + value)
    })
}

/// Where the tables of a library are.
struct Tables {
    /// What is to be added to an address in it.
    bias: usize,
    symbols: usize,
    strings: usize,
    count: usize,
}

impl Tables {
    /// # Safety
    /// There is an ELF image at `image`.
    unsafe fn of(image: usize) -> Option<Self> {
        // SAFETY: the head of the image says where the headers of its parts are
        let headers = image + unsafe { read::<usize>(image + elf::PROGRAM_HEADERS_AT) };
        // SAFETY: and how many there are.
        let header_count = usize::from(unsafe { read::<u16>(image + elf::PROGRAM_HEADER_COUNT_AT) });
        let (mut bias, mut dynamic) = (None, None);
        for header in (0..header_count).map(|index| headers + index * elf::PROGRAM_HEADER) {
            // SAFETY: each begins with its kind,
            let kind = unsafe { read::<u32>(header) };
            // SAFETY: has its place in the file at 8,
            let offset = unsafe { read::<usize>(header + 8) };
            // SAFETY: and its address at 16.
            let address = unsafe { read::<usize>(header + 16) };
            match kind {
                elf::LOAD if bias.is_none() => bias = Some(image.wrapping_add(offset).wrapping_sub(address)),
                elf::DYNAMIC => dynamic = Some(image + offset),
                _ => {}
            }
        }
        // SAFETY: that is where the header says that it is.
        unsafe { Self::listed(bias?, dynamic?) }
    }

    /// # Safety
    /// There is a dynamic section at `dynamic`.
    unsafe fn listed(bias: usize, mut dynamic: usize) -> Option<Self> {
        let (mut symbols, mut strings, mut hash) = (None, None, None);
        loop {
            // SAFETY: pairs of a tag and a value follow each other until a tag is 0.
            let [tag, value] = unsafe { read::<[usize; 2]>(dynamic) };
            match tag {
                0 => break,
                elf::SYMBOLS => symbols = Some(bias.wrapping_add(value)),
                elf::STRINGS => strings = Some(bias.wrapping_add(value)),
                elf::HASH => hash = Some(bias.wrapping_add(value)),
                _ => {}
            }
            dynamic += size_of::<[usize; 2]>();
        }
        let (symbols, strings) = (symbols?, strings?);
        let count = match hash {
            // SAFETY: the second word of the hash table is the number of symbols.
            Some(hash) => (unsafe { read::<u32>(hash + 4) }) as usize,
            // Without one: linkers put the names behind the symbols.
            None => strings.checked_sub(symbols)? / elf::SYMBOL,
        };
        Some(Self { bias, symbols, strings, count })
    }
}
