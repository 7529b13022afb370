#!/usr/bin/env bash
# Make every file call, lock and allocation of the programs fail, one a run, and judge what comes of
# it (tests/faults/campaign.py has the options; without any, all faults: hours):
#
#     tools/scripts/faults.sh [--sample N] [--seed S] [--only SCENARIO,...] [--results FILE] ...
#
# Uses the programs of build-test/, or of SPINE_BUILD. Linux on x86-64.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/faults/environment.sh
. tests/faults/environment.sh
exec tests/faults/campaign.py "$@"
