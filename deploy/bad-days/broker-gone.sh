#!/usr/bin/env bash
# The broker gone under load for so many minutes (10): memory and records once a tenth of it, and at the end what the log
# holds of what was acknowledged.
set -euo pipefail
export BROKER_GONE_SECONDS=$((${1:-10} * 60))
exec "$(dirname "${BASH_SOURCE[0]}")/run" one_node::a_broker_that_is_gone_under_load_costs_time_and_neither_records_nor_memory
