#!/usr/bin/env bash
# A training that is killed a few times at random moments comes to what it would have come to.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need setsid ps
need_python h5py

SPINE_BIN=$SPINE_BIN "$SPINE_SOURCE/tools/scripts/crash-test.sh" 8 "$$" || fail "the seed was $$"
