//! Unicorn's memory: pieces of the 4 GB map, made when they are first touched, whose bytes we own.
//!
//! Nothing in them is true for longer than one instruction, except the code that unicorn has translated: for that a
//! *shadow* beside each piece remembers which halfwords the translation was made from.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use unicorn_engine::Unicorn;
use unicorn_engine::unicorn_const::Prot;

use crate::EngineError;
use crate::code::Code;
use crate::stepper::Shared;

/// Bits of an address inside one piece.
const PIECE_BITS: u32 = 16;
const PIECE: usize = 1 << PIECE_BITS;
/// Alignment that unicorn's pages have.
const PAGE: usize = 4096;
/// A shadow entry whose halfword unicorn's translation, if there is one, was made from.
const KNOWN: u32 = 1 << 16;

/// 64 KB of unicorn's memory.
struct Piece {
    bytes: NonNull<u8>,
    /// One entry for each halfword that has been executed; empty until then.
    shadow: Vec<u32>,
}

impl Piece {
    const LAYOUT: Layout = match Layout::from_size_align(PIECE, PAGE) {
        Ok(layout) => layout,
        Err(_) => panic!("a power of two"),
    };

    fn new() -> Self {
        // SAFETY: the layout is not empty.
        let bytes = unsafe { alloc_zeroed(Self::LAYOUT) };
        let Some(bytes) = NonNull::new(bytes) else {
            handle_alloc_error(Self::LAYOUT)
        };
        Self {
            bytes,
            shadow: Vec::new(),
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout. Unicorn, which has the pointer too, is closed before its data
        // (which owns the pieces) is dropped.
        unsafe { dealloc(self.bytes.as_ptr(), Self::LAYOUT) }
    }
}

/// All pieces that exist.
pub(crate) struct Scratch {
    /// One entry for each 64 KB of the map: index into `pieces` plus 1.
    index: Vec<u16>,
    pieces: Vec<Piece>,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            index: vec![0; 1 << (32 - PIECE_BITS)],
            pieces: Vec::new(),
        }
    }

    fn piece(&mut self, addr: u32) -> Option<&mut Piece> {
        let index = self.index[(addr >> PIECE_BITS) as usize];
        self.pieces.get_mut(usize::from(index).wrapping_sub(1))
    }

    /// Makes the piece around `addr` exist. False: unicorn did not take it.
    pub(crate) fn map(uc: &mut Unicorn<Shared>, addr: u32) -> bool {
        if uc.get_data_mut().scratch.piece(addr).is_some() {
            return true;
        }
        let piece = Piece::new();
        let at = u64::from(addr >> PIECE_BITS << PIECE_BITS);
        // SAFETY: the allocation has this size and lives as long as unicorn, see `Piece::drop`.
        if unsafe { uc.mem_map_ptr(at, PIECE as u64, Prot::ALL, piece.bytes.as_ptr().cast()) }
            .is_err()
        {
            return false;
        }
        let scratch = &mut uc.get_data_mut().scratch;
        scratch.pieces.push(piece);
        // At most 65536 pieces of 64 KB: the number of the last one would not fit, and no firmware touches them all.
        scratch.index[(addr >> PIECE_BITS) as usize] =
            u16::try_from(scratch.pieces.len()).unwrap_or(0);
        true
    }

    /// Puts a value where unicorn is about to read it.
    pub(crate) fn poke(uc: &mut Unicorn<Shared>, addr: u32, size: u32, value: u32) {
        for i in 0..size {
            let at = addr.wrapping_add(i);
            if uc.get_data_mut().scratch.piece(at).is_none() && !Self::map(uc, at) {
                return;
            }
            let Some(piece) = uc.get_data_mut().scratch.piece(at) else {
                return;
            };
            let byte = (value >> (8 * i)) as u8;
            // SAFETY: the offset is below the size of the piece; unicorn is in our callback and reads the byte only after
            // we return.
            unsafe {
                let place = piece.bytes.as_ptr().add(at as usize % PIECE);
                if *place != byte {
                    *place = byte;
                    if let Some(entry) = piece.shadow.get_mut(at as usize % PIECE / 2) {
                        *entry = 0;
                    }
                }
            }
        }
    }

    /// Unicorn stores to `addr`: its copy of code there is not what was translated any more.
    pub(crate) fn forget_code(&mut self, addr: u32, size: u32) {
        for i in 0..size {
            let at = addr.wrapping_add(i);
            if let Some(piece) = self.piece(at)
                && let Some(entry) = piece.shadow.get_mut(at as usize % PIECE / 2)
            {
                *entry = 0;
            }
        }
    }

    /// Makes sure that unicorn executes `code` at `pc`. True: it did not know it.
    pub(crate) fn sync_code(
        uc: &mut Unicorn<Shared>,
        pc: u32,
        code: Code,
    ) -> Result<bool, EngineError> {
        let mut changed = Self::sync_half(uc, pc, code.first)?;
        if let Some(second) = code.second {
            changed |= Self::sync_half(uc, pc.wrapping_add(2), second)?;
        }
        if changed {
            // Memory that changes from outside does not invalidate a translation, also not one of zeros that unicorn made
            // when this was the target of a branch.
            uc.ctl_remove_cache(u64::from(pc), u64::from(pc) + u64::from(code.size()))?;
        }
        Ok(changed)
    }

    fn sync_half(uc: &mut Unicorn<Shared>, addr: u32, half: u16) -> Result<bool, EngineError> {
        if uc.get_data_mut().scratch.piece(addr).is_none() && !Self::map(uc, addr) {
            return Err(EngineError::NoMemory);
        }
        let Some(piece) = uc.get_data_mut().scratch.piece(addr) else {
            return Err(EngineError::NoMemory);
        };
        if piece.shadow.is_empty() {
            piece.shadow = vec![0; PIECE / 2];
        }
        let at = addr as usize % PIECE;
        let wanted = u32::from(half) | KNOWN;
        if piece.shadow[at / 2] == wanted {
            return Ok(false);
        }
        piece.shadow[at / 2] = wanted;
        // SAFETY: `at` is even and below the size of the piece; unicorn is not running.
        unsafe {
            piece
                .bytes
                .as_ptr()
                .add(at)
                .cast::<u16>()
                .write(half.to_le())
        };
        Ok(true)
    }
}
