#!/usr/bin/python3
"""A network switch between the hosts of hosts.sh, with cables that are long and thin.

    switch.py DELAY_MS RATE_MBIT PID...  <LIFELINE

Every host, named by a process of it, gets an interface eth0. A frame arrives DELAY_MS after it was
sent, and no host is sent more than RATE_MBIT million bits a second. Ends when LIFELINE is closed.
(Linux has netem for that, which many kernels are built without.)
"""
import ctypes
import fcntl
import heapq
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
LONGEST = 65536


def plug_in(pid):
    """The other end of the cable to a host: an interface lives in the network that made it."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/proc/{pid}/ns/net", "rb") as network:
        if libc.setns(network.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    port = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(port, TUNSETIFF, struct.pack("16sH22x", b"eth0", IFF_TAP | IFF_NO_PI))
    return port


class Switch:
    def __init__(self, ports, delay, rate):
        self.ports, self.delay, self.rate = ports, delay, rate
        self.free_at = dict.fromkeys(ports, 0.0)  # when the cable to a port has sent what it was given
        self.learnt = {}  # which port an address is at
        self.queue, self.number = [], 0

    def accept(self, port, frame):
        """Queue a frame for where it goes: to all others if that isn't known."""
        target, source = frame[:6], frame[6:12]
        self.learnt[source] = port
        known = self.learnt.get(target)
        for out in [known] if known in self.ports else [p for p in self.ports if p != port]:
            sent = max(time.monotonic(), self.free_at[out]) + 8 * len(frame) / self.rate
            self.free_at[out] = sent
            self.number += 1
            heapq.heappush(self.queue, (sent + self.delay, self.number, out, frame))

    def deliver(self):
        """Hand over the frames that are due; returns the seconds until the next one is."""
        while self.queue:
            left = self.queue[0][0] - time.monotonic()
            if left > 0:
                return left
            _, _, out, frame = heapq.heappop(self.queue)
            try:
                os.write(out, frame)
            except OSError:
                pass  # the host is down, or too busy: a frame may get lost
        return None

    def run(self, lifeline):
        while True:
            ready, _, _ = select.select([lifeline, *self.ports], [], [], self.deliver())
            if lifeline in ready:
                return
            for port in ready:
                try:
                    while True:
                        self.accept(port, os.read(port, LONGEST))
                except BlockingIOError:
                    pass
                except OSError:  # the host is gone
                    self.ports.remove(port)


def main():
    delay, rate = float(sys.argv[1]) / 1e3, float(sys.argv[2]) * 1e6
    Switch([plug_in(pid) for pid in sys.argv[3:]], delay, rate).run(sys.stdin.fileno())


main()
