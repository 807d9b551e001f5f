#!/usr/bin/env python3
"""Does to a real server what the world does to servers, and counts what became of the messages.

    scripts/faults [--long] [--list] [FAULT…]

Short, it takes under three minutes with a debug binary; long, it waits for the real timeouts, with more clients.
The server is .build/debug/brokerctl, or $BROKERCTL. It ends with 1 if a message was lost without a report or given
out twice without need, if a limit was exceeded, or if the server did not end well.
"""

import argparse
import inspect
import resource
import sys
import time
import traceback
from pathlib import Path

# The HTTP client of the conformance suite and the network of the live tests are used here too.
tests = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(tests / "Conformance"), str(tests / "Live")]

import crowd  # noqa: E402
import disorder  # noqa: E402
import interruption  # noqa: E402
import pressure  # noqa: E402
import proxying  # noqa: E402
import resetting  # noqa: E402
import vanishing  # noqa: E402
from ledger import Ledger, Row  # noqa: E402

FAULTS = [
    *interruption.FAULTS,
    *resetting.FAULTS,
    *crowd.FAULTS,
    *vanishing.FAULTS,
    *proxying.FAULTS,
    *pressure.FAULTS,
    *disorder.FAULTS,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="the real times and numbers")
    parser.add_argument("--list", action="store_true", help="name the faults and end")
    parser.add_argument("fault", nargs="*", help="only these, by name")
    options = parser.parse_args()
    names = [fault.__name__ for fault in FAULTS]
    if options.list:
        for fault in FAULTS:
            print(f"{fault.__name__:24} {inspect.getdoc(fault).splitlines()[0]}")
        return 0
    for name in options.fault:
        if name not in names:
            parser.error(f"there is no fault '{name}'; --list names them")
    Ledger.check()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"{'fault':24} {'sent':>7} {'deliv.':>7} {'gap':>6} {'lost':>5} {'doubled':>7} {'inherent':>8} {'s':>6}")
    bad = 0
    for fault in FAULTS:
        if options.fault and fault.__name__ not in options.fault:
            continue
        start = time.monotonic()
        try:
            row = fault(options.long)
        except Exception as error:  # noqa: BLE001: one fault that fails must not hide the others
            if type(error).__name__ in ("NotPermitted", "Missing"):
                print(f"{fault.__name__:24} skipped: {error}", flush=True)
                continue
            traceback.print_exc()
            row = Row(faults=[f"{type(error).__name__}: {error}"])
        bad += not row.is_good
        print(
            f"{fault.__name__:24} {row.sent:7} {row.delivered:7} {row.gap:6} {row.lost:5} {row.doubled:7} "
            f"{row.inherent:8} {time.monotonic() - start:6.1f}",
            flush=True,
        )
        for text in row.notes:
            print(f"    {text}", flush=True)
        for text in row.faults:
            print(f"    FAULT: {text}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
