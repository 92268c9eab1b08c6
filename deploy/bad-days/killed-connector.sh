#!/usr/bin/env bash
# A connector killed so many times (100), each time after the log acknowledged and before it noted that it did: what the log
# then holds, and what a timeline shows of it.
set -euo pipefail
export CONNECTOR_KILLS=${1:-100}
exec "$(dirname "${BASH_SOURCE[0]}")/run" killed_connector::killed_between_acknowledgement_and_cursor_it_doubles_nothing_in_a_timeline
