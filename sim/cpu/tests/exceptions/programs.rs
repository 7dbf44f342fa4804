//! Programs of the exception tests, assembled by hand-run `arm-none-eabi-as -mthumb`: `0xHALF, …, // source`.

pub const ENABLE_37_AND_40_AND_SPIN: &[u16] = &[
    0xF24E, 0x1000, // movw r0, #0xe100
    0xF2CE, 0x0000, // movt r0, #0xe000
    0xF44F, 0x7190, // mov.w r1, #0x120
    0x6041, // str r1, [r0, #4]
    0xF24E, 0x4225, // movw r2, #0xe425
    0xF2CE, 0x0200, // movt r2, #0xe000
    0x2180, // movs r1, #0x80
    0x7011, // strb r1, [r2]
    0x2140, // movs r1, #0x40
    0x70D1, // strb r1, [r2, #3]
    0xE7FE, // b .
];
pub const PEND_40_THEN_RETURN: &[u16] = &[
    0xF24E, 0x2004, // movw r0, #0xe204
    0xF2CE, 0x0000, // movt r0, #0xe000
    0xF44F, 0x7180, // mov.w r1, #0x100
    0x6001, // str r1, [r0]
    0xBF00, // nop
    0x4770, // bx lr
];
pub const STORE_IABR1: &[u16] = &[
    0xF24E, 0x3004, // movw r0, #0xe304
    0xF2CE, 0x0000, // movt r0, #0xe000
    0x6801, // ldr r1, [r0]
    0x2220, // movs r2, #0x20
    0x0612, // lsls r2, r2, #24
    0x6011, // str r1, [r2]
    0xF3EF, 0x8105, // mrs r1, ipsr
    0x6051, // str r1, [r2, #4]
    0x4770, // bx lr
];
pub const COUNT_AT_RAM: &[u16] = &[
    0x2220, // movs r2, #0x20
    0x0612, // lsls r2, r2, #24
    0x6811, // ldr r1, [r2]
    0x3101, // adds r1, #1
    0x6011, // str r1, [r2]
    0x4770, // bx lr
];
pub const TICK_AND_SPIN: &[u16] = &[
    0xF24E, 0x0010, // movw r0, #0xe010
    0xF2CE, 0x0000, // movt r0, #0xe000
    0x2163, // movs r1, #99
    0x6041, // str r1, [r0, #4]
    0x6081, // str r1, [r0, #8]
    0x2107, // movs r1, #7
    0x6001, // str r1, [r0]
    0xE7FE, // b .
];
pub const TICK_THEN_READ_FLASH: &[u16] = &[
    0xB672, // cpsid i
    0xF24E, 0x0010, // movw r0, #0xe010
    0xF2CE, 0x0000, // movt r0, #0xe000
    0x2163, // movs r1, #99
    0x6041, // str r1, [r0, #4]
    0x6081, // str r1, [r0, #8]
    0x2107, // movs r1, #7
    0x6001, // str r1, [r0]
    0x2308, // movs r3, #8
    0x061B, // lsls r3, r3, #24
    0x681B, // ldr r3, [r3]
    0xB662, // cpsie i
    0xE7FE, // b .
];
pub const POLL_COUNTFLAG_3_TIMES: &[u16] = &[
    0xB672, // cpsid i
    0xF24E, 0x0010, // movw r0, #0xe010
    0xF2CE, 0x0000, // movt r0, #0xe000
    0xF240, 0x31E7, // movw r1, #999
    0x6041, // str r1, [r0, #4]
    0x6081, // str r1, [r0, #8]
    0x2105, // movs r1, #5
    0x6001, // str r1, [r0]
    0x2403, // movs r4, #3
    0x6801, // 1: ldr r1, [r0]
    0x03C9, // lsls r1, r1, #15
    0xD5FC, // bpl 1b
    0x3C01, // subs r4, #1
    0xD1FA, // bne 1b
    0xBE03, // bkpt #3
];
pub const SVC_THEN_STOP: &[u16] = &[
    0x2001, // movs r0, #1
    0xDF05, // svc #5
    0xBE01, // bkpt #1
];
pub const SVC_PENDS_PENDSV: &[u16] = &[
    0xF64E, 0x5004, // movw r0, #0xed04
    0xF2CE, 0x0000, // movt r0, #0xe000
    0xF04F, 0x5180, // mov.w r1, #0x10000000
    0x6001, // str r1, [r0]
    0x2320, // movs r3, #0x20
    0x061B, // lsls r3, r3, #24
    0xF04F, 0x010B, // mov.w r1, #11
    0x6019, // str r1, [r3]
    0x4770, // bx lr
];
pub const PENDSV_NOTES_WHAT_CAME_BEFORE: &[u16] = &[
    0x2320, // movs r3, #0x20
    0x061B, // lsls r3, r3, #24
    0x6819, // ldr r1, [r3]
    0x6059, // str r1, [r3, #4]
    0x4770, // bx lr
];
pub const DIVIDE_BY_ZERO: &[u16] = &[
    0xF64E, 0x5014, // movw r0, #0xed14
    0xF2CE, 0x0000, // movt r0, #0xe000
    0xF44F, 0x7104, // mov.w r1, #0x210
    0x6001, // str r1, [r0]
    0xF44F, 0x2180, // mov.w r1, #0x40000
    0x6101, // str r1, [r0, #16]
    0x2200, // movs r2, #0
    0xFBB1, 0xF3F2, // udiv r3, r1, r2
    0xBE00, // bkpt #0
];
pub const STOP_IN_HANDLER: &[u16] = &[
    0xBE66, // bkpt #0x66
];
pub const READ_NOWHERE: &[u16] = &[
    0xF04F, 0x40C0, // mov.w r0, #0x60000000
    0x6801, // ldr r1, [r0]
    0xE7FE, // b .
];
pub const MASKED_WFI: &[u16] = &[
    0xF24E, 0x1000, // movw r0, #0xe100
    0xF2CE, 0x0000, // movt r0, #0xe000
    0x2120, // movs r1, #0x20
    0x6041, // str r1, [r0, #4]
    0xB672, // cpsid i
    0xBF30, // wfi
    0x2501, // movs r5, #1
    0xB662, // cpsie i
    0xBE01, // bkpt #1
];
pub const WFI_WITH_NOTHING: &[u16] = &[
    0xBF30, // wfi
    0xBE01, // bkpt #1
];
pub const SEV_WFE_WFE: &[u16] = &[
    0xBF40, // sev
    0xBF20, // wfe
    0x2501, // movs r5, #1
    0xBF20, // wfe
    0xBE01, // bkpt #1
];
pub const SLEEP_ON_EXIT: &[u16] = &[
    0xF24E, 0x1000, // movw r0, #0xe100
    0xF2CE, 0x0000, // movt r0, #0xe000
    0x2120, // movs r1, #0x20
    0x6041, // str r1, [r0, #4]
    0xF64E, 0x5010, // movw r0, #0xed10
    0xF2CE, 0x0000, // movt r0, #0xe000
    0x2102, // movs r1, #2
    0x6001, // str r1, [r0]
    0xBF30, // wfi
    0x2501, // movs r5, #1
    0xBE01, // bkpt #1
];
pub const SYSTEM_RESET: &[u16] = &[
    0xF64E, 0x500C, // movw r0, #0xed0c
    0xF2CE, 0x0000, // movt r0, #0xe000
    0xF240, 0x0104, // movw r1, #0x0004
    0xF2C0, 0x51FA, // movt r1, #0x05fa
    0x6001, // str r1, [r0]
    0xE7FE, // b .
];
pub const BASEPRI_SECTION: &[u16] = &[
    0xF24E, 0x1000, // movw r0, #0xe100
    0xF2CE, 0x0000, // movt r0, #0xe000
    0xF04F, 0x0120, // mov.w r1, #0x20
    0x6041, // str r1, [r0, #4]
    0xF24E, 0x4225, // movw r2, #0xe425
    0xF2CE, 0x0200, // movt r2, #0xe000
    0x2180, // movs r1, #0x80
    0x7011, // strb r1, [r2]
    0xF381, 0x8811, // msr basepri, r1
    0x2400, // movs r4, #0
    0xF240, 0x35E8, // movw r5, #1000
    0x3D01, // 1: subs r5, #1
    0xD1FD, // bne 1b
    0xF384, 0x8811, // msr basepri, r4
    0xBF00, // nop
    0xBE01, // bkpt #1
];
pub const RECURSE: &[u16] = &[
    0xB5FF, // 1: push {r0-r7, lr}
    0xF7FF, 0xFFFD, // bl 1b
];
pub const IT_BLOCK: &[u16] = &[
    0x2000, // movs r0, #0
    0x2800, // 1: cmp r0, #0
    0xBF06, // itte eq
    0x3101, // addeq r1, #1
    0x3201, // addeq r2, #1
    0x3301, // addne r3, #1
    0xE7F9, // b 1b
];
pub const CLOBBER_AND_RETURN: &[u16] = &[
    0x2009, // movs r0, #9
    0x2000, // movs r0, #0
    0xF04F, 0x0C05, // mov.w r12, #5
    0x2801, // cmp r0, #1
    0x4770, // bx lr
];
pub const RETURN_TO_NOWHERE: &[u16] = &[
    0xF64F, 0x7EE5, // movw lr, #0xffe5
    0xF6CF, 0x7EFF, // movt lr, #0xffff
    0x4770, // bx lr
];
pub const NAKED_RETURN: &[u16] = &[
    0x4770, // bx lr
];
