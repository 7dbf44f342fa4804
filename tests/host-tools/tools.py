#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Real host programs at the ports of the simulated chip: sb, sx, pyserial, python-can.

    tools.py FLASHSTALL [CASE ...]

Each case starts `flashstall serve` on a scenario of this folder, lets a program
that somebody else wrote talk to the firmware, and looks at the report. Each is
then replayed from its recording, which must give the same report.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import can
import serial

HERE = os.path.dirname(os.path.abspath(__file__))
FLASHSTALL = os.path.abspath(sys.argv[1])

# A board wants some milliseconds before it listens; idle time goes by ten times as fast in there.
BOOT = 0.1


class Served:
    """A running `flashstall serve`, and what it said in the end."""

    def __init__(self, scenario, port, *options, once=True):
        self.folder = tempfile.TemporaryDirectory(prefix="flashstall-")
        self.tty = os.path.join(self.folder.name, "tty")
        self.live = os.path.join(self.folder.name, "live.json")
        self.recording = os.path.join(self.folder.name, "recorded.toml")
        command = [FLASHSTALL, "serve", os.path.join(HERE, scenario), "--pty", f"{port}={self.tty}",
                   "--pace", "fast", "--max-time", "300s", "--json", self.live,
                   "--record", self.recording, *options]
        if once:
            command += ["--once", "--wait"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        give_up = time.monotonic() + 30
        while not os.path.exists(self.tty):
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < give_up, "no terminal after 30 s"
            time.sleep(0.01)

    def report(self, expected):
        """Waits for the end: the report. `expected`: the exit code."""
        notes = self.process.communicate(timeout=300)[1]
        assert self.process.returncode == expected, f"exit {self.process.returncode}: {notes}"
        with open(self.live) as file:
            live = json.load(file)
        replayed = os.path.join(self.folder.name, "replayed.json")
        again = subprocess.run([FLASHSTALL, "run", self.recording, "--json", replayed],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert again.returncode == expected, again.stdout
        with open(replayed) as file:
            replay = json.load(file)
        # The two scenario files lie in different folders.
        live["firmware"]["elf"] = replay["firmware"]["elf"]
        assert live == replay, "the recording gives another report"
        assert not os.path.islink(self.tty), "the link was left behind"
        return live, notes


def noise(count):
    return random.Random(count).randbytes(count)


def transfer(tool, scenario, count):
    """A file by a tool of lrzsz, whose standard input and output are the terminal."""
    served = Served(scenario, "USART1")
    path = os.path.join(served.folder.name, "image.bin")
    with open(path, "wb") as file:
        file.write(noise(count))
    with open(served.tty, "r+b", buffering=0) as tty:
        sent = subprocess.run([*tool, path], stdin=tty, stdout=tty, stderr=subprocess.PIPE, timeout=300)
    assert sent.returncode == 0, sent.stderr.decode(errors="replace")
    report, _ = served.report(0)
    assert report["wires"][0]["lost"] == 0
    assert report["stalls"]["fetch"]["count"] + report["stalls"]["vector"]["count"] > 0
    return report


def sb():
    """64 KB by YMODEM: complete, and the flash holds what was sent (the firmware's CRC says so)."""
    report = transfer(["sb", "-q"], "ymodem.toml", 65536)
    assert report["time_s"] > 65536 * 10 / 115200, "faster than the line"


def sx():
    """The same by XMODEM-CRC, in blocks of 128 bytes."""
    transfer(["sx", "-q"], "xmodem.toml", 8192)


def handshake(port, image, page=2048):
    """The host's side of our own protocol, by pyserial."""
    time.sleep(BOOT)
    port.write(b"FSB1" + struct.pack("<II", len(image), zlib.crc32(image)))
    for at in range(0, len(image), page):
        assert port.read(1) == b"\x06", "no ACK"
        port.write(image[at:at + page])
    answers = port.read(2)
    return answers


def pyserial():
    """The handshake boot loader, at the rate that the client sets."""
    served = Served("handshake.toml", "USART1", "--speed", "client")
    with serial.Serial(served.tty, 115200, timeout=20) as port:
        assert handshake(port, noise(8192)) == b"\x06K"
    report, notes = served.report(0)
    assert report["wires"][0]["sent"] == 8192 + 12, report["wires"]


def wrong_rate():
    """A client that sets another rate than the firmware has hears nothing that makes sense, and is told of it."""
    served = Served("handshake.toml", "USART1", "--speed", "client")
    with serial.Serial(served.tty, 57600, timeout=1) as port:
        time.sleep(BOOT)
        port.write(b"FSB1" + struct.pack("<II", 8, 0))
        assert port.read(1) != b"\x06"
    report, _ = served.report(1)
    assert report["wires"][0]["delivered"] == 0 or report["wires"][0]["lost"] > 0, report["wires"]


def stream():
    """As dfu tools without a handshake do it: the image at once. Bytes are lost in each erase."""
    served = Served("stream.toml", "USART1")
    image = noise(8192)
    with serial.Serial(served.tty, 115200, timeout=20) as port:
        time.sleep(BOOT)
        port.write(b"FSB1" + struct.pack("<II", len(image), zlib.crc32(image)) + image)
        assert port.read(1) == b"F", "the boot loader says that the image is complete"
    report, _ = served.report(0)
    assert report["wires"][0]["lost"] >= 229, report["wires"]


def slcan():
    """An image over CAN, by python-can and its slcan interface."""
    served = Served("can.toml", "CAN1")
    image = noise(4096)
    with can.Bus(interface="slcan", channel=served.tty, bitrate=500000, sleep_after_open=0.2) as bus:
        def send(identifier, data):
            bus.send(can.Message(arbitration_id=identifier, data=data, is_extended_id=False), timeout=20)

        def answer():
            message = bus.recv(20)
            assert message is not None and message.arbitration_id == 0x180, message
            return message.data[0]

        send(0x100, struct.pack("<II", len(image), zlib.crc32(image)))
        for page in range(0, len(image), 2048):
            assert answer() == 0x06, "no ACK"
            for at in range(page, page + 2048, 8):
                send(0x101, image[at:at + 8])
        assert answer() == 0x06, "no ACK for the last page"
        assert answer() == ord("K"), "not verified"
    served.report(0)


def reopen():
    """A hundred times opened and closed while the chip runs: it goes on as if nothing had happened, and Ctrl-C ends it with the report."""
    served = Served("handshake.toml", "USART1", once=False)
    for _ in range(100):
        with serial.Serial(served.tty, 115200, timeout=0):
            pass
        # The far end is looked at every half millisecond of simulated time.
        time.sleep(0.002)
    with serial.Serial(served.tty, 115200, timeout=20) as port:
        assert handshake(port, noise(2048)) == b"\x06K"
        # The firmware stores its status before the client can look away.
        time.sleep(0.2)
    served.process.send_signal(2)
    _, notes = served.report(0)
    assert "opened" in notes, notes


CASES = [sb, sx, pyserial, wrong_rate, stream, slcan, reopen]


def main():
    wanted = sys.argv[2:] or [case.__name__ for case in CASES]
    for case in CASES:
        if case.__name__ in wanted:
            start = time.monotonic()
            case()
            print(f"{case.__name__}: {case.__doc__.strip()} ok, {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
