//! The instruction set: what follows each opcode on which lines, and what it does.
//!
//! The W25Q64JV and the W25Q128JV have the same one. Opcodes and what they carry: data sheets, instruction set tables 1 and 2
//! (reference/i2c_spi_qspi.md s3 for those that it lists \[S\], the others \[M\]).

/// How many data lines carry a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// IO0 in, IO1 out.
    One,
    /// IO0 and IO1.
    Two,
    /// IO0 to IO3.
    Four,
}

impl Lines {
    /// Bits that one clock carries.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

/// What a read reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The array, on and on.
    Array,
    /// Status register 1, 2 or 3 (index from 0), over and over.
    Status(u8),
    /// Manufacturer, type, capacity.
    Jedec,
    /// Manufacturer and device id, in the order that the address says.
    ManufacturerDevice,
    /// The device id, over and over.
    Device,
    /// The unique id.
    Unique,
    /// The parameter table.
    Sfdp,
}

/// What an instruction does once chip select is released behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It was a read: nothing.
    None,
    WriteEnable,
    VolatileWriteEnable,
    WriteDisable,
    Program,
    /// Of this many bytes around the address.
    Erase(u32),
    ChipErase,
    /// Of this register (index from 0).
    WriteStatus(u8),
    Suspend,
    Resume,
    EnableReset,
    Reset,
    PowerDown,
    Release,
    /// How far a quad read runs before it wraps.
    Wrap,
}

/// What follows the dummy clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// The device drives.
    Out(Source, Lines),
    /// The host drives.
    In(Lines),
    /// Nothing.
    None,
}

/// One instruction.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) opcode: u8,
    /// For reports.
    pub(super) name: &'static str,
    /// Lines of the 24 address bits, if it has an address.
    pub(super) address: Option<Lines>,
    /// Eight mode bits follow the address, on its lines.
    pub(super) mode: bool,
    /// Clocks between these and the data.
    pub(super) dummy: u8,
    pub(super) data: Data,
    pub(super) effect: Effect,
    /// Heeded while BUSY is 1.
    pub(super) while_busy: bool,
}

impl Command {
    /// Needs QE.
    pub(super) fn is_quad(&self) -> bool {
        let four = Some(Lines::Four);
        self.address == four
            || matches!(self.data, Data::Out(_, Lines::Four) | Data::In(Lines::Four))
    }
}

/// The table in one line an instruction.
const fn row(
    opcode: u8,
    name: &'static str,
    address: Option<Lines>,
    dummy: u8,
    data: Data,
    effect: Effect,
) -> Command {
    Command {
        opcode,
        name,
        address,
        mode: false,
        dummy,
        data,
        effect,
        while_busy: false,
    }
}

const fn always(command: Command) -> Command {
    Command {
        while_busy: true,
        ..command
    }
}

const fn with_mode(command: Command) -> Command {
    Command {
        mode: true,
        ..command
    }
}

const ONE: Option<Lines> = Some(Lines::One);
const fn out(source: Source) -> Data {
    Data::Out(source, Lines::One)
}
const IN: Data = Data::In(Lines::One);

/// All of them, by opcode.
static COMMANDS: [Command; 37] = [
    row(
        0x01,
        "write status register 1",
        None,
        0,
        IN,
        Effect::WriteStatus(0),
    ),
    row(0x02, "page program", ONE, 0, IN, Effect::Program),
    row(0x03, "read", ONE, 0, out(Source::Array), Effect::None),
    row(
        0x04,
        "write disable",
        None,
        0,
        Data::None,
        Effect::WriteDisable,
    ),
    always(row(
        0x05,
        "read status register 1",
        None,
        0,
        out(Source::Status(0)),
        Effect::None,
    )),
    row(
        0x06,
        "write enable",
        None,
        0,
        Data::None,
        Effect::WriteEnable,
    ),
    row(0x0B, "fast read", ONE, 8, out(Source::Array), Effect::None),
    row(
        0x11,
        "write status register 3",
        None,
        0,
        IN,
        Effect::WriteStatus(2),
    ),
    always(row(
        0x15,
        "read status register 3",
        None,
        0,
        out(Source::Status(2)),
        Effect::None,
    )),
    row(
        0x20,
        "sector erase",
        ONE,
        0,
        Data::None,
        Effect::Erase(0x1000),
    ),
    row(
        0x31,
        "write status register 2",
        None,
        0,
        IN,
        Effect::WriteStatus(1),
    ),
    row(
        0x32,
        "quad page program",
        ONE,
        0,
        Data::In(Lines::Four),
        Effect::Program,
    ),
    always(row(
        0x35,
        "read status register 2",
        None,
        0,
        out(Source::Status(1)),
        Effect::None,
    )),
    row(
        0x3B,
        "fast read dual output",
        ONE,
        8,
        Data::Out(Source::Array, Lines::Two),
        Effect::None,
    ),
    row(
        0x4B,
        "read unique id",
        None,
        32,
        out(Source::Unique),
        Effect::None,
    ),
    row(
        0x50,
        "write enable for volatile status",
        None,
        0,
        Data::None,
        Effect::VolatileWriteEnable,
    ),
    row(
        0x52,
        "32 KB block erase",
        ONE,
        0,
        Data::None,
        Effect::Erase(0x8000),
    ),
    row(0x5A, "read SFDP", ONE, 8, out(Source::Sfdp), Effect::None),
    row(0x60, "chip erase", None, 0, Data::None, Effect::ChipErase),
    always(row(
        0x66,
        "enable reset",
        None,
        0,
        Data::None,
        Effect::EnableReset,
    )),
    row(
        0x6B,
        "fast read quad output",
        ONE,
        8,
        Data::Out(Source::Array, Lines::Four),
        Effect::None,
    ),
    always(row(0x75, "suspend", None, 0, Data::None, Effect::Suspend)),
    // Three dummy bytes on four lines, then W7-0.
    row(
        0x77,
        "set burst with wrap",
        Some(Lines::Four),
        0,
        Data::In(Lines::Four),
        Effect::Wrap,
    ),
    row(0x7A, "resume", None, 0, Data::None, Effect::Resume),
    row(
        0x90,
        "read manufacturer and device id",
        ONE,
        0,
        out(Source::ManufacturerDevice),
        Effect::None,
    ),
    with_mode(row(
        0x92,
        "read manufacturer and device id dual I/O",
        Some(Lines::Two),
        0,
        Data::Out(Source::ManufacturerDevice, Lines::Two),
        Effect::None,
    )),
    with_mode(row(
        0x94,
        "read manufacturer and device id quad I/O",
        Some(Lines::Four),
        4,
        Data::Out(Source::ManufacturerDevice, Lines::Four),
        Effect::None,
    )),
    always(row(0x99, "reset", None, 0, Data::None, Effect::Reset)),
    row(
        0x9F,
        "read JEDEC id",
        None,
        0,
        out(Source::Jedec),
        Effect::None,
    ),
    row(
        0xAB,
        "release power-down",
        None,
        24,
        out(Source::Device),
        Effect::Release,
    ),
    row(0xB9, "power-down", None, 0, Data::None, Effect::PowerDown),
    with_mode(row(
        0xBB,
        "fast read dual I/O",
        Some(Lines::Two),
        0,
        Data::Out(Source::Array, Lines::Two),
        Effect::None,
    )),
    row(0xC7, "chip erase", None, 0, Data::None, Effect::ChipErase),
    row(
        0xD8,
        "64 KB block erase",
        ONE,
        0,
        Data::None,
        Effect::Erase(0x1_0000),
    ),
    with_mode(row(
        0xEB,
        "fast read quad I/O",
        Some(Lines::Four),
        4,
        Data::Out(Source::Array, Lines::Four),
        Effect::None,
    )),
    // What a host sends to leave continuous read mode, or QPI: no instruction of a part in SPI mode.
    row(0xFF, "no operation", None, 0, Data::None, Effect::None),
    row(0x00, "no operation", None, 0, Data::None, Effect::None),
];

/// The instruction `opcode`, if the part has it.
pub(super) fn command(opcode: u8) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.opcode == opcode)
}

/// The name of `opcode` in reports.
#[must_use]
pub fn command_name(opcode: u8) -> Option<&'static str> {
    command(opcode).map(|c| c.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_opcode_stands_twice_and_only_quad_instructions_need_qe() {
        for (n, command) in COMMANDS.iter().enumerate() {
            assert!(COMMANDS[n + 1..].iter().all(|c| c.opcode != command.opcode));
        }
        let quad: Vec<u8> = COMMANDS
            .iter()
            .filter(|c| c.is_quad())
            .map(|c| c.opcode)
            .collect();
        assert_eq!(quad, [0x32, 0x6B, 0x77, 0x94, 0xEB]);
        let busy: Vec<u8> = COMMANDS
            .iter()
            .filter(|c| c.while_busy)
            .map(|c| c.opcode)
            .collect();
        assert_eq!(busy, [0x05, 0x15, 0x35, 0x66, 0x75, 0x99]);
    }
}
