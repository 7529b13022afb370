#!/usr/bin/env bash
# Kill trainings, conversions, merges, encodings and sweeps N times, start them again on other numbers of
# ranks, and judge what comes of it (tests/faults/kills.py says more and has the options):
#
#     tools/scripts/kills.sh N [--seed S] [--only PROGRAM,...] [--jobs J] [--seconds T]
#
# Uses the programs of build-test/, or of SPINE_BUILD. Linux on x86-64.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/faults/environment.sh
. tests/faults/environment.sh
exec tests/faults/kills.py "$@"
