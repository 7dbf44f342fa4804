#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
#   audit.sh ELF
#
# Holds an ELF to what `ram-isr` promises: nothing that runs while the flash is
# busy calls into the flash image or knows an address in it. Prints each breach,
# exits 1 if there was one. Addresses of the area are no breach: they lie behind
# the image and are what the operation is about.
#
# Hexadecimal numbers of eight digits compare as strings.

elf=$1
cross=${CROSS:-arm-none-eabi-}

{
    "${cross}nm" "$elf"
    echo ----
    # A variant without such a section has everything in flash, which the symbols tell.
    "${cross}objdump" -d -j .code_in_ram "$elf" 2>/dev/null
} | awk '
    BEGIN {
        split("SysTick_Handler collect_byte flash_erase flash_program vectorTable", wanted, " ")
    }
    function breach(text) { print text; breaches++ }
    function in_image(address) { return address >= "08000000" && address < image_end }

    /^----$/ {
        disassembly = 1
        image_end = symbol["__flash_image_end"]
        for (i = 1; i in wanted; i++)
            if (!(wanted[i] in symbol) || symbol[wanted[i]] < "20000000")
                breach(wanted[i] ": not in SRAM")
        receiver = "CAN_RX0_IRQHandler" in symbol ? "CAN_RX0_IRQHandler" : "USART1_IRQHandler"
        if (symbol[receiver] < "20000000")
            breach(receiver ": not in SRAM")
        if ("vectorTable" in symbol && symbol["vectorTable"] !~ /[02468ace]00$/)
            breach("vectorTable: not aligned to 512 bytes")
        next
    }
    !disassembly { symbol[$NF] = $1; next }

    /^[0-9a-f]+ <.*>:$/ { where = $2; next }

    # A literal, be it a pointer to a constant or where a veneer goes.
    $3 == ".word" {
        value = substr($4, 3)
        if (in_image(value))
            breach(where " literal " $4 " lies in the flash image")
        next
    }
    # MOVW and MOVT may build an address without a literal.
    $0 ~ /\tmovt\t/ && /#20(48|49|50|51)/ { breach(where " " $0) }
    # Branches, calls, PC-relative loads: objdump prints their target.
    match($0, /[0-9a-f]+ <[^>]*>/) {
        target = substr($0, RSTART, 8)
        if (target < "20000000")
            breach(where " " $0)
    }
    END { exit breaches != 0 }
'
